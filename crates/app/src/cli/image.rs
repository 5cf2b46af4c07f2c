//! `errand image`: makes, lists and deletes the file systems that Python actions run in.

mod registry;

use std::{fs, path::PathBuf};

use errand_sandbox::image::{
    self, BuildRequest, Image, ImageError, Origin, Progress, Recipe, Reporter, Requirements, Store,
    UnpackRequest,
};
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::{Output, Tone, human_bytes, one_line},
};
use crate::config::{Config, environment};

const NOTE_CHARS_SHOWN: usize = 60;

#[derive(Debug, clap::Subcommand)]
pub enum ImageCommand {
    /// Make the image of this version and use it; one that is there already is used at once
    #[command(
        after_help = "Needs `mmdebstrap` and `bwrap` (Debian's packages mmdebstrap and bubblewrap), and as an ordinary user `newuidmap` (uidmap) with\na range of subordinate ids. Takes some minutes and 600 MB. A build that was cut goes on where it stopped.\n\nExamples:\n  errand image build\n  errand image build --requirements more.txt    with packages of your own"
    )]
    Build(BuildArgs),
    /// Make an image out of a container image with Python 3.13, and use it
    #[command(
        after_help = "SOURCE is an archive (`docker save`, `podman save`, OCI layout), a folder with an OCI layout, or a reference such as\n`registry.example.com/team/python:3.13`, which is pulled. ERRAND_REGISTRY_USER and ERRAND_REGISTRY_PASSWORD sign in.\n\nExamples:\n  errand image unpack image.tar\n  errand image unpack docker.io/library/python:3.13-slim"
    )]
    Unpack {
        /// Archive, folder or reference
        source: String,
    },
    /// List the images
    #[command(visible_alias = "ls")]
    List,
    /// Use another image that is there; a running server does so after a restart
    Use {
        /// As `errand image list` shows it
        id: String,
    },
    /// Delete images; the one in use stays
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    /// Add the packages of this file, one a line, with versions and hashes or without
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// Take Debian's packages from this mirror instead of the one that apt is set to
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// Build it even if it is there
    #[arg(long)]
    anew: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct RemoveArgs {
    /// As `errand image list` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All but the one in use, and what builds left that were cut
    #[arg(long)]
    unused: bool,
}

pub async fn run(context: &Context, command: ImageCommand) -> Result<Exit, Failure> {
    let (config, output) = (&context.config, &context.output);
    let store = Store::new(&config.image_dir);
    match command {
        ImageCommand::Build(args) => build(config, output, &store, args).await,
        ImageCommand::Unpack { source } => unpack(output, &store, &source).await,
        ImageCommand::List => list(output, &store),
        ImageCommand::Use { id } => tell(output, &store.use_image(&id)?, "is in use from now on"),
        ImageCommand::Remove(args) => remove(output, &store, args).await,
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        Self::new(error.code, error.message, error.hint)
    }
}

async fn build(config: &Config, output: &Output, store: &Store, args: BuildArgs) -> Result<Exit, Failure> {
    let requirements = args.requirements.or_else(|| config.image_requirements.clone());
    let requirements = requirements.map(|path| read_requirements(&path)).transpose()?;
    let request = BuildRequest {
        recipe: Recipe { requirements },
        environment: environment(),
        built_at: now(),
        mirror: args.mirror,
        anew: args.anew,
    };
    let (reporter, progress) = Reporter::channel();
    let built = until_interrupted(output, progress, image::build(store, &request, &reporter)).await?;
    let what = if built.was_there { "is there already and in use" } else { "is built and in use" };
    tell(output, &built.image, what)
}

fn read_requirements(path: &std::path::Path) -> Result<Requirements, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Ok(Requirements::parse(&text)?)
}

async fn unpack(output: &Output, store: &Store, source: &str) -> Result<Exit, Failure> {
    let (reporter, progress) = Reporter::channel();
    let is_here = PathBuf::from(source).exists();
    let work = async {
        // A pull that was cut goes on from what lies there.
        let pulled = if is_here { None } else { Some(registry::pull(output, store, source).await?) };
        let request = UnpackRequest {
            source: pulled.clone().unwrap_or_else(|| source.into()),
            reference: source.to_owned(),
            environment: environment(),
            built_at: now(),
        };
        let image = image::unpack(store, &request, &reporter).await?;
        if let Some(folder) = pulled {
            fs::remove_dir_all(&folder).map_err(|error| Failure::file("delete", &folder, &error))?;
        }
        Ok::<Image, Failure>(image)
    };
    let image = until_interrupted(output, progress, work).await?;
    if !image.manifest.missing.is_empty() {
        let missing = image.manifest.missing.join(", ");
        output.aside(output.paint_aside(Tone::Warning, &format!("Scripts won't find in it: {missing}.")));
    }
    if !image.manifest.is_compiled {
        output.aside(
            "Not all of its modules could be compiled (that takes `bwrap`): importing them takes longer.",
        );
    }
    tell(output, &image, "is unpacked and in use")
}

/// Shows progress while the work goes on; Ctrl-C ends it and what it started.
async fn until_interrupted<T, E: Into<Failure>>(
    output: &Output,
    progress: UnboundedReceiver<Progress>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done.map_err(Into::into),
        () = show(output, progress) => Err(Failure::new("progress", "The progress display ended.", "Run it again.")),
        () = told_to_stop() => Err(Failure::new(
            "interrupted",
            "It was interrupted.",
            "Run it again: a build goes on after its last whole step, a pull with what was fetched.",
        )),
    }
}

/// By Ctrl-C, by whoever ends processes, or by a terminal that closes: what was started must end too.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let [terminate, hang_up] = [SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let (Ok(mut terminate), Ok(mut hang_up)) = (terminate, hang_up) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// One bar, or in a log one line a stage.
async fn show(output: &Output, mut progress: UnboundedReceiver<Progress>) {
    let mut bar: Option<ProgressBar> = None;
    let mut title = String::new();
    while let Some(progress) = progress.recv().await {
        match progress {
            Progress::Stage { stage, number, of } => {
                title = format!("{number}/{of} {}", stage.title());
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
                bar = Some(output.step_bar(&title));
            }
            Progress::Step { done, total } => {
                let bar = bar.get_or_insert_with(|| output.step_bar(&title));
                if total > 0 {
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
            Progress::Note(text) => {
                if title.is_empty() {
                    // Nothing has begun, and this says why; in a log too.
                    title.clone_from(&text);
                }
                let bar = bar.get_or_insert_with(|| output.step_bar(&title));
                bar.set_message(one_line(&text, NOTE_CHARS_SHOWN));
            }
        }
    }
    // Whoever reports has more to do, and nothing more to say.
    std::future::pending::<()>().await;
}

fn list(output: &Output, store: &Store) -> Result<Exit, Failure> {
    let images = store.list()?;
    let current = store.current()?.map(|image| image.id);
    let is_current = |image: &Image| current.as_deref() == Some(image.id.as_str());
    let items: Vec<Value> = images.iter().map(|image| summary(image, is_current(image))).collect();
    output.show(&json!({ "image_dir": store.folder(), "items": items }), || {
        if images.is_empty() {
            output.line(format!("There is no image in `{}`.", store.folder().display()))?;
            output.hint("`errand image build` makes one.");
            return Ok(());
        }
        let mut table = output.table(&["id", "in use", "made", "from", "packages", "libraries", "size"]);
        for image in &images {
            let manifest = &image.manifest;
            table.add_row([
                image.id.clone(),
                if is_current(image) { "yes".to_owned() } else { String::new() },
                super::output::human_time(&manifest.built_at),
                origin(&manifest.origin),
                manifest.debian.len().to_string(),
                manifest.libraries.len().to_string(),
                human_bytes(manifest.bytes),
            ]);
        }
        Ok(output.print_table(&table)?)
    })?;
    if !store.leftovers()?.is_empty() {
        output.hint(
            "A build was cut: run it again, or delete what it left with `errand image remove --unused`.",
        );
    }
    Ok(Exit::Done)
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Recipe { release, .. } => format!("Debian {release}"),
        Origin::Container { reference, .. } => one_line(reference, NOTE_CHARS_SHOWN),
    }
}

async fn remove(output: &Output, store: &Store, args: RemoveArgs) -> Result<Exit, Failure> {
    let ids = if args.unused {
        let current = store.current()?.map(|image| image.id);
        let all = store.list()?.into_iter().map(|image| image.id);
        all.filter(|id| Some(id) != current.as_ref()).collect()
    } else {
        args.ids
    };
    let spinner = output.spinner("Deleting");
    let mut removed = ids.iter().try_for_each(|id| store.remove(id)).map(|()| 0);
    if args.unused && removed.is_ok() {
        removed = store.remove_leftovers(&Reporter::silent()).await;
    }
    spinner.finish_and_clear();
    let leftovers = removed?;
    output.show(&json!({ "removed": ids, "leftovers_removed": leftovers }), || {
        let mut what = ids.clone();
        if leftovers > 0 {
            what.push(format!("what {leftovers} unfinished builds left"));
        }
        let none = "Nothing to delete.".to_owned();
        Ok(output.line(if what.is_empty() { none } else { format!("Deleted: {}.", what.join(", ")) })?)
    })?;
    Ok(Exit::Done)
}

fn tell(output: &Output, image: &Image, what: &str) -> Result<Exit, Failure> {
    output.show(&summary(image, true), || {
        output.line(format!(
            "The image `{}` {what}: {} packages, {} libraries, {} in `{}`.",
            image.id,
            image.manifest.debian.len(),
            image.manifest.libraries.len(),
            human_bytes(image.manifest.bytes),
            image.root.display()
        ))?;
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn summary(image: &Image, is_current: bool) -> Value {
    let manifest = &image.manifest;
    json!({
        "id": image.id,
        "in_use": is_current,
        "root": image.root,
        "origin": manifest.origin,
        "built_at": manifest.built_at,
        "python": manifest.python,
        "packages": manifest.debian.len(),
        "libraries": manifest.libraries.len(),
        "missing": manifest.missing,
        "files_sha256": manifest.files_sha256,
        "bytes": manifest.bytes,
    })
}

/// Now, to the second: nobody asks when in a second an image was made.
fn now() -> String {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
