//! Better wordings, made from what the action says elsewhere: its name, its parameters and their types.

use crate::{ActionSpec, Parameter, ParameterType};

use super::words::{is_empty_word, name_words, words};

/// Words of a name that say what is done to the topic, not what the topic is.
const NAME_VERBS: &[&str] = &[
    "api", "call", "check", "fetch", "find", "get", "list", "lookup", "look", "query", "read", "search",
    "show", "up",
];

/// Words that name nothing in particular.
pub(super) const GENERIC_WORDS: &[&str] = &[
    "action",
    "anything",
    "data",
    "details",
    "everything",
    "general",
    "help",
    "info",
    "information",
    "inquiry",
    "inquiries",
    "issue",
    "issues",
    "problem",
    "problems",
    "query",
    "queries",
    "related",
    "request",
    "requests",
    "something",
    "stuff",
    "support",
    "task",
    "test",
    "thing",
    "things",
    "topic",
    "topics",
    "various",
];

/// What the action is about, by its name: `refund_lookup` → "refund". None when the name says nothing either.
pub(super) fn topic_of_name(spec: &ActionSpec) -> Option<String> {
    let kept: Vec<String> = name_words(spec.name.as_str())
        .into_iter()
        .filter(|word| !NAME_VERBS.contains(&word.as_str()) && !GENERIC_WORDS.contains(&word.as_str()))
        .filter(|word| !word.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}

/// A trigger in the recommended form, from the action's name and its required parameters.
pub(super) fn trigger_of_name(spec: &ActionSpec) -> String {
    let topic =
        topic_of_name(spec).unwrap_or_else(|| "the status of one order (name the very thing)".to_owned());
    let given: Vec<String> =
        spec.parameters.iter().filter(|p| p.required).map(|p| human(p.name.as_str())).collect();
    if given.is_empty() {
        format!("When the user asks about {topic}")
    } else {
        format!("When the user asks about {topic} and gives the {}", given.join(" and the "))
    }
}

/// What is left of a trigger without "When the user asks about …", as written.
pub(super) fn topic_of_trigger(trigger: &str) -> &str {
    let mut rest = trigger.trim();
    while let Some(word) = rest.split_whitespace().next() {
        let frame = words(word).iter().all(|word| is_empty_word(word));
        let left = rest[word.len()..].trim_start();
        if !frame || left.is_empty() {
            break;
        }
        rest = left;
    }
    rest.trim_end_matches(['.', '!', '?', ';', ','])
}

/// `order_id` → "order ID".
pub(super) fn human(name: &str) -> String {
    let spelled = |word: String| match word.as_str() {
        "id" | "url" | "sku" | "ip" => word.to_uppercase(),
        _ => word,
    };
    name_words(name).into_iter().map(spelled).collect::<Vec<_>>().join(" ")
}

/// What kind of value a parameter takes, as far as its name, type and list of values tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    OneOf,
    Boolean,
    Amount,
    Count,
    Email,
    Date,
    Identifier,
    Text,
}

impl Kind {
    pub(super) fn of(parameter: &Parameter) -> Self {
        let name = name_words(parameter.name.as_str());
        let holds = |candidates: &[&str]| name.iter().any(|word| candidates.contains(&word.as_str()));
        match parameter.kind {
            _ if !parameter.values.is_empty() => Self::OneOf,
            ParameterType::Boolean => Self::Boolean,
            ParameterType::Number if holds(&["amount", "price", "total", "sum", "cost", "fee"]) => {
                Self::Amount
            }
            ParameterType::Number => Self::Count,
            ParameterType::String if holds(&["email", "mail"]) => Self::Email,
            ParameterType::String if holds(&["date", "day", "since", "until"]) => Self::Date,
            ParameterType::String if holds(&["id", "number", "code", "reference", "ref", "sku", "key"]) => {
                Self::Identifier
            }
            ParameterType::String => Self::Text,
        }
    }

    /// A value of this kind as somebody would type it.
    pub(super) fn sample(self, parameter: &Parameter) -> String {
        match self {
            Self::OneOf => parameter.values.first().cloned().unwrap_or_default(),
            Self::Boolean => "yes".to_owned(),
            Self::Amount => "49.90".to_owned(),
            Self::Count => "4".to_owned(),
            Self::Email => "ana@example.com".to_owned(),
            Self::Date => "2026-03-14".to_owned(),
            Self::Identifier => "12345".to_owned(),
            Self::Text => format!("<a {}>", human(parameter.name.as_str())),
        }
    }
}

/// A description that tells a planner what to look for.
pub(super) fn description(parameter: &Parameter) -> String {
    let name = human(parameter.name.as_str());
    match Kind::of(parameter) {
        Kind::OneOf => {
            format!("The {name} that the user names or implies: one of {}.", parameter.values.join(", "))
        }
        Kind::Boolean => {
            format!("Whether {name}: true when the user says so, false when the user denies it.")
        }
        Kind::Amount => {
            format!("The {name} that the user names, as a number without currency sign, such as 49.90.")
        }
        Kind::Count => {
            format!("The {name} that the user names, as a plain number, such as 4; \"four\" counts too.")
        }
        Kind::Email => format!("The {name} that the user gives, in the form ana@example.com."),
        Kind::Date => {
            format!(
                "The {name} that the user means, as YYYY-MM-DD; \"next Friday\" counts from the day of asking."
            )
        }
        Kind::Identifier => format!(
            "The {name} as the user writes it, such as 12345 or ORD-55871, without a leading # or other words."
        ),
        Kind::Text => {
            format!("The {name} in the user's own words, such as … (write one that users would type).")
        }
    }
}

/// A question that would fire the action and names every required parameter.
pub(super) fn example(spec: &ActionSpec) -> String {
    let topic = match topic_of_trigger(&spec.trigger) {
        "" => topic_of_name(spec).unwrap_or_else(|| human(spec.name.as_str())),
        topic => topic.to_owned(),
    };
    let given: Vec<String> = spec
        .parameters
        .iter()
        .filter(|parameter| parameter.required && parameter.default.is_none())
        .map(|p| format!(" The {} is {}.", human(p.name.as_str()), Kind::of(p).sample(p)))
        .collect();
    format!("I have a question about {topic}.{}", given.concat())
}
