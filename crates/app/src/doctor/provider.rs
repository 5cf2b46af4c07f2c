//! Whether the identity provider that people sign in by is there and is who it is said to be.

use errand_engine::clock::Clock;

use super::{Finding, Verdict};
use crate::config::Config;

/// Nothing when none is set.
pub(super) async fn look(config: &Config) -> Option<Finding> {
    const WHAT: &str = "sign-in";
    let broken = |message: String| {
        Finding::new(
            WHAT,
            Verdict::Broken,
            message,
            "Look at the section `[oidc]` of the settings (docs/oidc.md).",
        )
    };
    let known = match config.oidc.open(&config.public_url) {
        Ok(known) => known?,
        Err(error) => return Some(broken(format!("{error:#}."))),
    };
    Some(match known.provider.look(Clock::System.now()).await {
        Ok(()) => Finding::good(WHAT, format!("The identity provider {} answers.", known.provider.issuer())),
        Err(error) => broken(format!("Of {}: {error}.", known.provider.issuer())),
    })
}
