//! Advice on actions that are valid and still not good: each with a better wording proposed.
//!
//! A planner can only be as good as the texts it judges by, and a request only as safe as it was written. The rules
//! of language read English; a text in another language is judged only by the rules that need no language.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{ActionSpec, SecretName};

mod answer;
pub(crate) mod credentials;
mod examples;
mod parameters;
mod placeholders;
mod request;
mod trigger;
mod wording;
mod words;

#[cfg(test)]
mod tests;

/// One thing that could be better. `message` says what and why, `proposal` is a wording or a step to take as it
/// stands; `code` is stable for programs; `field` is the path in the action file (`parameters[1].description`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    pub code: &'static str,
    pub field: String,
    pub message: String,
    pub proposal: String,
}

/// Every code of advice; docs/action-file.md explains them.
pub const CODES: &[&str] = &[
    "foreign_example",
    "get_with_side_effect",
    "insecure_url",
    "literal_credential",
    "long_timeout",
    "missing_usage",
    "no_examples",
    "overlapping_triggers",
    "parameter_never_shown",
    "shared_example",
    "short_timeout",
    "thin_description",
    "trigger_not_a_condition",
    "two_tasks",
    "undeclared_secret",
    "unknown_placeholder",
    "unused_parameter",
    "unused_secret",
    "vague_trigger",
    "values_in_words",
];

/// Reads one action the way a careful colleague would, beside the guru's `others` and the names of its `secrets`.
/// An action named like `spec` among the others is taken for an older version of it and left out. Advice comes in
/// the order of the action file's fields; none means that nothing was found.
pub fn lint(spec: &ActionSpec, others: &[&ActionSpec], secrets: &BTreeSet<SecretName>) -> Vec<Advice> {
    let others: Vec<&ActionSpec> = others.iter().copied().filter(|other| other.name != spec.name).collect();
    let mut found = Vec::new();
    trigger::lint(&mut found, spec, &others);
    examples::lint(&mut found, spec, &others);
    parameters::lint(&mut found, spec);
    request::lint(&mut found, spec);
    credentials::lint(&mut found, spec, secrets);
    placeholders::lint(&mut found, spec, secrets);
    answer::lint(&mut found, spec);
    found
}

fn advise(
    found: &mut Vec<Advice>,
    code: &'static str,
    field: impl Into<String>,
    message: impl Into<String>,
    proposal: impl Into<String>,
) {
    debug_assert!(CODES.contains(&code), "`{code}` is missing in CODES");
    found.push(Advice { code, field: field.into(), message: message.into(), proposal: proposal.into() });
}
