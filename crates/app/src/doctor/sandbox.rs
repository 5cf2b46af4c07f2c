//! Whether Python actions can run on this machine: each thing that the sandbox needs, and a script run as a proof.

use errand_sandbox::{Requirement, RequirementState, image::Store};

use super::{Finding, Verdict};
use crate::config::Config;

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    if !config.sandbox.enabled {
        let hint = "Set `sandbox.enabled` to true to have them.";
        return vec![Finding::new("python", Verdict::Note, "Python actions are switched off.", hint)];
    }
    // What is wrong with the image is said beside this already.
    let Ok(Some(image)) = Store::new(&config.image_dir).current() else { return Vec::new() };
    let mut settings = config.sandbox.settings(image.root, &config.limits);
    // The proof needs one child, not a pool.
    settings.ready_children = 0;
    errand_sandbox::check(&settings).await.into_iter().map(finding).collect()
}

fn finding(requirement: Requirement) -> Finding {
    let verdict = match requirement.state {
        RequirementState::Met => Verdict::Good,
        RequirementState::Improvable => Verdict::Note,
        RequirementState::Missing => Verdict::Broken,
    };
    Finding::new(requirement.what, verdict, requirement.message, requirement.remedy)
}
