//! Wording the answer without a language model: what ran and what it gave back, what is missing, what went wrong.
//! An answer says that something was done only from an execution that the ledger holds as succeeded.

pub mod claims;
pub mod markdown;
pub mod template;
pub mod written;

use errand_domain::{Action, ExecutionStatus, GuruSettings, Missing, Parameter};

use crate::run::Finished;

/// One execution's part of the answer.
pub fn section(action: &Action, finished: &Finished) -> String {
    if finished.status != ExecutionStatus::Succeeded {
        return failure(action, finished);
    }
    let output = finished.output.as_deref().unwrap_or_default();
    let worded = action.spec.answer.as_deref().and_then(|template| {
        template::render(template, output, &finished.arguments)
            .inspect_err(|problem| tracing::warn!(action = %action.spec.name, problem = %problem.message, "answer template failed"))
            .ok()
    });
    let mut text = match worded {
        Some(text) if !text.is_empty() => text,
        _ => format!("**{}**\n\n{}", title(action.spec.name.as_str()), markdown::render_output(output)),
    };
    if finished.output_truncated {
        text.push_str("\n\n_The result was longer than what is kept; this is its beginning._");
    }
    text
}

fn failure(action: &Action, finished: &Finished) -> String {
    let what = match finished.status {
        ExecutionStatus::TimedOut => "did not answer in time",
        ExecutionStatus::Refused => "could not be started",
        ExecutionStatus::Cancelled => "was cancelled before it finished",
        ExecutionStatus::Unknown => "was interrupted; whether it took effect is not known",
        _ => "failed",
    };
    let why =
        finished.error.as_deref().map(|error| format!(": {}", markdown::escape(error))).unwrap_or_default();
    let stop = if why.ends_with('.') { "" } else { "." };
    let said = finished.output.as_deref().map_or_else(String::new, what_it_said);
    format!("**{}** {what}{why}{stop}{said}", title(action.spec.name.as_str()))
}

/// The beginning of what came back with a failure: usually the other system's own reason.
fn what_it_said(output: &str) -> String {
    let line = output.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return String::new();
    }
    let mut short: String = line.chars().take(FAILURE_CHARS_SHOWN_MAX).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    format!("\n\nIt said: {}", markdown::escape(&short))
}

const FAILURE_CHARS_SHOWN_MAX: usize = 300;

/// Asks for exactly what one action still lacks.
pub fn ask_for(action: &Action, missing: &Missing) -> String {
    let name = title(action.spec.name.as_str());
    let wanted: Vec<&Parameter> =
        missing.parameters.iter().filter_map(|name| action.spec.parameter(name.as_str())).collect();
    if let [only] = wanted.as_slice() {
        return format!("**{name}** needs one more thing: {}. What is it?", describe(only));
    }
    let list: Vec<_> = wanted.iter().map(|parameter| format!("- {}", describe(parameter))).collect();
    format!("**{name}** needs a few more things:\n\n{}", list.join("\n"))
}

fn describe(parameter: &Parameter) -> String {
    let name = parameter.name.as_str().replace('_', " ");
    let detail = first_sentence(parameter.description.trim());
    let values = if parameter.values.is_empty() {
        String::new()
    } else {
        format!(" (one of {})", parameter.values.join(", "))
    };
    if detail.is_empty() {
        format!("the **{name}**{values}")
    } else {
        format!("the **{name}** — {}{values}", markdown::escape(detail))
    }
}

/// The rest of a description is for the planner ("take it as written").
fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}

/// When nothing fired and nothing was asked for.
pub fn nothing_applies(settings: &GuruSettings, actions: &[std::sync::Arc<Action>]) -> String {
    let mut examples: Vec<&str> = settings.example_questions.iter().map(String::as_str).collect();
    if examples.is_empty() {
        examples = actions
            .iter()
            .filter(|a| a.enabled)
            .filter_map(|a| a.spec.examples.first())
            .map(String::as_str)
            .collect();
    }
    if examples.is_empty() {
        return "No action of this guru applies to that, and it has no enabled actions yet.".to_owned();
    }
    let list: Vec<_> = examples
        .iter()
        .take(EXAMPLES_OFFERED_MAX)
        .map(|example| format!("- {}", markdown::escape(example)))
        .collect();
    format!(
        "No action of this guru applies to that, so nothing was run. You can ask, for example:\n\n{}",
        list.join("\n")
    )
}

const EXAMPLES_OFFERED_MAX: usize = 3;

/// `refund_lookup` → `Refund lookup`.
pub fn title(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut characters = spaced.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
