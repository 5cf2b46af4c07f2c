//! The image that Python actions run in: whether one is there, and what would be in the way of making one.

use errand_sandbox::image::{Image, Store, obstacles};

use super::{Finding, Verdict};
use crate::{
    cli::output::human_bytes,
    config::{Config, environment},
};

const WHAT: &str = "python image";

pub(super) fn look(config: &Config) -> Finding {
    match Store::new(&config.image_dir).current() {
        Ok(Some(image)) => found(&image),
        Ok(None) => missing(config),
        Err(error) => Finding::new(WHAT, Verdict::Broken, error.message, error.hint),
    }
}

fn found(image: &Image) -> Finding {
    let manifest = &image.manifest;
    let about = format!("`{}` in `{}`, {}", image.id, image.root.display(), human_bytes(manifest.bytes));
    if manifest.missing.is_empty() {
        return Finding::good(WHAT, format!("{about}."));
    }
    Finding::new(
        WHAT,
        Verdict::Note,
        format!("{about}. Scripts won't find in it: {}.", manifest.missing.join(", ")),
        "`errand image build` makes one with everything.",
    )
}

fn missing(config: &Config) -> Finding {
    let message = format!("There is none in `{}`: Python actions can't run.", config.image_dir.display());
    let obstacles = obstacles(&environment());
    if obstacles.is_empty() {
        return Finding::new(WHAT, Verdict::Warning, message, "Run `errand image build`.");
    }
    let (what, remedy): (Vec<_>, Vec<_>) =
        obstacles.into_iter().map(|obstacle| (obstacle.what, obstacle.remedy)).unzip();
    Finding::new(
        WHAT,
        Verdict::Warning,
        format!("{message} {}", what.join(" ")),
        format!(
            "{} Then run `errand image build`, or take a container image: `errand image unpack`.",
            remedy.join(" ")
        ),
    )
}
