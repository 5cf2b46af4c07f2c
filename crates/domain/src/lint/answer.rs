//! Usage instructions: how the answer presents the result.

use crate::{ActionBody, ActionSpec};

use super::{
    Advice, advise,
    trigger::lint_two_tasks,
    wording::{human, topic_of_name},
    words::is_english,
};

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec) {
    if !spec.usage.trim().is_empty() {
        if is_english(&spec.usage) {
            lint_two_tasks(found, "usage", &spec.usage);
        }
        return;
    }
    let topic = topic_of_name(spec).unwrap_or_else(|| human(spec.name.as_str()));
    let proposal = if changes_something(spec) {
        format!(
            "Confirm what was done for the {topic}, give its number, and say what happens next. If it failed, say why."
        )
    } else {
        format!(
            "Start with the state of the {topic}, then dates and amounts, then the next step. If nothing was found, say so and ask to check the input."
        )
    };
    advise(
        found,
        "missing_usage",
        "usage",
        "Nothing says how the answer should present the result.",
        proposal,
    );
}

fn changes_something(spec: &ActionSpec) -> bool {
    matches!(&spec.body, ActionBody::ApiCall(call) if !call.method.is_safe())
}
