//! One assistant.

use serde::{Deserialize, Serialize};

use crate::{GuruId, GuruSlug, ModelSettings, Problem, Problems, UnixMillis, limits};

#[derive(Debug, Clone, PartialEq)]
pub struct Guru {
    pub id: GuruId,
    pub slug: GuruSlug,
    pub settings: GuruSettings,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// What a guru admin may set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuruSettings {
    pub name: String,
    /// The guru's rules ("prompt").
    pub instructions: String,
    /// Questions shown to a new asker.
    pub example_questions: Vec<String>,
    /// How many actions it may have; None takes the operator's default.
    pub action_limit: Option<u32>,
    /// Actions of one turn that run at a time.
    pub parallel_actions: u32,
    /// IANA name; relative dates and schedules are meant in it.
    pub time_zone: String,
    pub planner: PlannerChoice,
    /// How long history is kept; None takes the operator's setting.
    pub retention_days: Option<u32>,
    /// Whether askers may make links that show a conversation to whoever has them, signed in or not.
    pub public_links: bool,
}

impl Default for GuruSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            instructions: String::new(),
            example_questions: Vec::new(),
            action_limit: None,
            parallel_actions: limits::PARALLEL_ACTIONS_DEFAULT,
            time_zone: "UTC".to_owned(),
            planner: PlannerChoice::Embedded,
            retention_days: None,
            public_links: false,
        }
    }
}

/// Who decides what runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlannerChoice {
    /// In this process: no key, no network.
    Embedded,
    /// A language model, with the embedded planner standing in when it fails.
    Llm(Box<ModelSettings>),
}

impl PlannerChoice {
    pub fn model(&self) -> Option<&ModelSettings> {
        match self {
            Self::Embedded => None,
            Self::Llm(settings) => Some(settings),
        }
    }
}

impl GuruSettings {
    /// All rules a guru's settings must keep.
    pub fn check(&self) -> Result<(), Problems> {
        let mut found = Vec::new();
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0 || name_chars > limits::TITLE_CHARS_MAX {
            found.push(
                Problem::new(
                    "bad_name",
                    "The guru's name is empty or too long.",
                    format!("Give it 1 to {} characters.", limits::TITLE_CHARS_MAX),
                )
                .at("name"),
            );
        }
        if self.instructions.chars().count() > limits::INSTRUCTIONS_CHARS_MAX {
            found.push(
                Problem::new(
                    "too_long",
                    "The guru's instructions are too long.",
                    format!("Keep them within {} characters.", limits::INSTRUCTIONS_CHARS_MAX),
                )
                .at("instructions"),
            );
        }
        found.extend(self.check_example_questions());
        if self.parallel_actions == 0 || self.parallel_actions > limits::PARALLEL_ACTIONS_MAX {
            found.push(
                Problem::new(
                    "out_of_range",
                    format!("{} actions at a time is out of range.", self.parallel_actions),
                    format!("Choose 1 to {}.", limits::PARALLEL_ACTIONS_MAX),
                )
                .at("parallel_actions"),
            );
        }
        if self.retention_days.is_some_and(|days| days == 0 || days > limits::RETENTION_DAYS_MAX) {
            found.push(
                Problem::new(
                    "out_of_range",
                    "History can't be kept for that many days.",
                    format!(
                        "Choose 1 to {}, or none to take the operator's setting.",
                        limits::RETENTION_DAYS_MAX
                    ),
                )
                .at("retention_days"),
            );
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            found.push(
                Problem::new(
                    "bad_time_zone",
                    format!("`{}` is not a known time zone.", self.time_zone),
                    "Give an IANA name such as `Europe/Berlin`.",
                )
                .at("time_zone"),
            );
        }
        found.extend(self.planner.model().into_iter().flat_map(ModelSettings::check));
        Problems::or(found, ())
    }

    fn check_example_questions(&self) -> Option<Problem> {
        let too_long = |question: &String| question.chars().count() > limits::EXAMPLE_CHARS_MAX;
        if self.example_questions.len() <= limits::EXAMPLES_PER_ACTION_MAX
            && !self.example_questions.iter().any(too_long)
        {
            return None;
        }
        let (count, chars) = (limits::EXAMPLES_PER_ACTION_MAX, limits::EXAMPLE_CHARS_MAX);
        let hint = format!("Keep to {count} questions of {chars} characters each.");
        Some(
            Problem::new("too_long", "The example questions are too many or too long.", hint)
                .at("example_questions"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_questions_have_bounds() {
        let check = |questions: Vec<String>, expect: bool| {
            let settings = GuruSettings {
                name: "Acme".to_owned(),
                example_questions: questions,
                ..GuruSettings::default()
            };
            assert_eq!(settings.check().is_ok(), expect);
        };
        check(vec!["x".repeat(limits::EXAMPLE_CHARS_MAX); limits::EXAMPLES_PER_ACTION_MAX], true);
        check(vec!["x".to_owned(); limits::EXAMPLES_PER_ACTION_MAX + 1], false);
        check(vec!["x".repeat(limits::EXAMPLE_CHARS_MAX + 1)], false);
    }
}
