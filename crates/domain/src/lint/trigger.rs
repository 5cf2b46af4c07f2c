//! Triggers: a condition, about one thing, and not another action's.

use std::collections::BTreeMap;

use crate::ActionSpec;

use super::{
    Advice, advise,
    wording::{GENERIC_WORDS, human, topic_of_name, topic_of_trigger, trigger_of_name},
    words::{content, is_empty_word, is_english, listed, words},
};

/// How a condition starts.
const CONDITIONS: &[&str] = &[
    "when", "whenever", "if", "once", "after", "before", "as", "in", "each", "every", "for", "on", "only",
    "while",
];

/// Verbs that do something at the other end; reading ("check", "find") and asking are not among them.
pub(super) const DEEDS: &[&str] = &[
    "add", "approve", "book", "cancel", "create", "delete", "disable", "email", "enable", "file", "issue",
    "notify", "open", "post", "refund", "reject", "remove", "reset", "send", "submit", "update",
];

/// Verbs that read; beside a deed on another object they make a second task.
const READS: &[&str] = &["check", "fetch", "find", "list", "retrieve", "show"];

/// What stands between a verb and its object; a "refund status" has none.
const DETERMINERS: &[&str] = &["a", "an", "all", "any", "my", "our", "the", "their"];

/// Words shared by two triggers before they count as overlapping, and the share of all their words.
const SHARED_WORDS_MIN: usize = 2;
const SHARED_PERCENT_MIN: usize = 60;

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec, others: &[&ActionSpec]) {
    if is_english(&spec.trigger) {
        // An accompanying action never fires on its own trigger; the text only says what it is for.
        if spec.runs_with.is_empty() {
            lint_condition(found, spec);
            lint_vague(found, spec);
        }
        lint_two_tasks(found, "trigger", &spec.trigger);
    }
    for other in others {
        lint_overlap(found, spec, other);
    }
}

fn lint_condition(found: &mut Vec<Advice>, spec: &ActionSpec) {
    let words = words(&spec.trigger);
    let Some(first) = words.first() else { return };
    if CONDITIONS.contains(&first.as_str()) {
        return;
    }
    let text = spec.trigger.trim();
    let topic = topic_of_trigger(text);
    let proposal = match first.as_str() {
        "user" | "users" | "customer" | "customers" | "someone" => format!("When the {}", lower_first(text)),
        "the" | "a" | "an" if second_is(&words, &["user", "users", "customer", "customers", "employee"]) => {
            format!("When {}", lower_first(text))
        }
        verb if second_is(&words, DETERMINERS) && (DEEDS.contains(&verb) || READS.contains(&verb)) => {
            format!("When the user asks to {}", lower_first(text))
        }
        "look" => format!("When the user asks to {}", lower_first(text)),
        _ => format!("When the user asks about {}", lower_first(topic)),
    };
    advise(found, "trigger_not_a_condition", "trigger", "The trigger says what is done, not when.", proposal);
}

fn second_is(words: &[String], expected: &[&str]) -> bool {
    words.get(1).is_some_and(|word| expected.contains(&word.as_str()))
}

fn lint_vague(found: &mut Vec<Advice>, spec: &ActionSpec) {
    let content = content(&spec.trigger);
    if content.values().any(|word| !GENERIC_WORDS.contains(&word.as_str())) {
        return;
    }
    let why = if content.is_empty() {
        "The trigger names no topic, so it fits every question.".to_owned()
    } else {
        format!(
            "The trigger names only {}, which fits every question.",
            listed(content.values().map(String::as_str))
        )
    };
    advise(found, "vague_trigger", "trigger", why, trigger_of_name(spec));
}

/// Two things to do in one text, joined by "and" or "and then".
pub(super) fn lint_two_tasks(found: &mut Vec<Advice>, field: &str, text: &str) {
    let Some((first, second)) = two_tasks(text) else {
        return;
    };
    let (first, second) = (first.trim_end_matches([',', ';', '.', ' ']), second.trim_end_matches(['.', ' ']));
    let message = format!("`{field}` describes two tasks: what comes before and `{second}`.");
    let proposal = match field {
        "trigger" => format!(
            "Make two actions: one with the trigger `{first}`, one with `When the user asks to {second}`. If they \
             always go together, let the second accompany the first with `runs_with`."
        ),
        _ => format!(
            "Keep `{first}` here and make an action of its own for `{second}`: an answer only presents."
        ),
    };
    advise(found, "two_tasks", field, message, proposal);
}

/// The text up to the joint, and the second task from its verb on.
fn two_tasks(text: &str) -> Option<(&str, &str)> {
    let spans = spans(text);
    for (index, (_, _, word)) in spans.iter().enumerate() {
        let joint = word == "and" || word == "then";
        let verb_at = (index + 1..spans.len())
            .find(|at| !matches!(spans[*at].2.as_str(), "then" | "also" | "to" | "and"));
        let (true, Some(verb_at)) = (joint && index > 0, verb_at) else {
            continue;
        };
        let verb = spans[verb_at].2.as_str();
        let after_then = spans[index..verb_at].iter().any(|(_, _, word)| word == "then");
        let second_is_task = DEEDS.contains(&verb) && has_object(&spans[verb_at + 1..]);
        let first_is_task = after_then || has_task(&spans[..index]);
        if second_is_task && first_is_task {
            return Some((&text[..spans[index].0], &text[spans[verb_at].0..]));
        }
    }
    None
}

/// Words with their byte ranges.
fn spans(text: &str) -> Vec<(usize, usize, String)> {
    let mut spans = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                spans.push((from, at, text[from..at].to_lowercase()));
                start = None;
            }
            _ => {}
        }
    }
    spans
}

/// A verb with an object of its own: "cancel an order", not the "find" of "find and cancel an order".
fn has_task(spans: &[(usize, usize, String)]) -> bool {
    spans.iter().enumerate().any(|(at, (_, _, word))| {
        let verb = DEEDS.contains(&word.as_str()) || READS.contains(&word.as_str());
        let noun =
            at > 0 && matches!(spans[at - 1].2.as_str(), "a" | "an" | "the" | "their" | "about" | "of");
        verb && !noun && has_object(&spans[at + 1..])
    })
}

/// Whether a thing is named; "it" and "them" are the thing that was named before.
fn has_object(spans: &[(usize, usize, String)]) -> bool {
    spans.iter().any(|(_, _, word)| !is_empty_word(word) && word != "then")
}

fn lint_overlap(found: &mut Vec<Advice>, spec: &ActionSpec, other: &ActionSpec) {
    if spec.runs_with.contains(&other.name) || other.runs_with.contains(&spec.name) {
        return;
    }
    let (mine, theirs) = (content(&spec.trigger), content(&other.trigger));
    let shared: Vec<&str> =
        mine.iter().filter(|(stem, _)| theirs.contains_key(*stem)).map(|(_, word)| word.as_str()).collect();
    let all = mine.len() + theirs.len() - shared.len();
    let same_text = !mine.is_empty() && shared.len() == all;
    if !same_text && (shared.len() < SHARED_WORDS_MIN || shared.len() * 100 < all * SHARED_PERCENT_MIN) {
        return;
    }
    advise(
        found,
        "overlapping_triggers",
        "trigger",
        format!(
            "The triggers of `{}` and `{}` share {}: one question may fire both.",
            spec.name,
            other.name,
            listed(shared)
        ),
        apart(spec, other, &mine, &theirs),
    );
}

/// What would tell the two apart.
fn apart(
    spec: &ActionSpec,
    other: &ActionSpec,
    mine: &BTreeMap<String, String>,
    theirs: &BTreeMap<String, String>,
) -> String {
    let own: Vec<&str> =
        mine.iter().filter(|(stem, _)| !theirs.contains_key(*stem)).map(|(_, word)| word.as_str()).collect();
    let trigger = spec.trigger.trim().trim_end_matches('.');
    let other_topic = topic_of_name(other).unwrap_or_else(|| human(other.name.as_str()));
    if own.is_empty() {
        let topic = topic_of_name(spec).unwrap_or_else(|| human(spec.name.as_str()));
        return format!("Say what is special here: `{trigger}, that is {topic}, not {other_topic}`.");
    }
    format!(
        "Lead with what only this action knows ({}): `{trigger}, and not about {other_topic}`.",
        listed(own)
    )
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    // "PTO balance" keeps its capitals.
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}
