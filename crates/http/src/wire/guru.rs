//! Gurus on the wire.

use errand_domain::{Guru, GuruSettings, ModelSettings, Problem, guru::PlannerChoice};
use errand_engine::access::{Caller, Scope};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::planner::PlannerBody;

#[derive(Debug, Serialize, ToSchema)]
pub struct GuruReply {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub instructions: String,
    pub example_questions: Vec<String>,
    pub action_limit: Option<u32>,
    pub parallel_actions: u32,
    pub time_zone: String,
    /// Days that history is kept; null for the operator's setting.
    pub retention_days: Option<u32>,
    /// Whether askers may make links that show a conversation to people who are not signed in.
    pub public_links: bool,
    /// What the caller may do here: any of `ask`, `run` and `manage`.
    pub scopes: Vec<&'static str>,
    /// `embedded` or `llm`.
    pub planner: &'static str,
    /// The language model, as `provider:model`; null for the built-in planner.
    pub model: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

impl GuruReply {
    /// The guru as this caller sees it.
    pub fn of(guru: Guru, caller: &Caller) -> Self {
        let scopes = caller.scopes(guru.id).into_iter().map(Scope::as_str).collect();
        let settings = guru.settings;
        Self {
            id: guru.id.to_string(),
            slug: guru.slug.to_string(),
            name: settings.name,
            instructions: settings.instructions,
            example_questions: settings.example_questions,
            action_limit: settings.action_limit,
            parallel_actions: settings.parallel_actions,
            time_zone: settings.time_zone,
            retention_days: settings.retention_days,
            public_links: settings.public_links,
            planner: match settings.planner {
                PlannerChoice::Embedded => "embedded",
                PlannerChoice::Llm(_) => "llm",
            },
            scopes,
            model: settings.planner.model().map(ModelSettings::label),
            created_at: guru.created_at.to_rfc3339(),
            updated_at: guru.updated_at.to_rfc3339(),
        }
    }
}

/// What is left out takes its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuru {
    #[schema(min_length = 1, max_length = 48)]
    pub slug: String,
    /// Its slug when left out.
    pub name: Option<String>,
    pub instructions: Option<String>,
    pub example_questions: Option<Vec<String>>,
    /// How many actions it may have; null for the operator's default.
    pub action_limit: Option<u32>,
    pub parallel_actions: Option<u32>,
    pub time_zone: Option<String>,
    /// Days that history is kept; the operator's setting when left out.
    pub retention_days: Option<u32>,
    /// Whether askers may make links that show a conversation to people who are not signed in; no when left out.
    pub public_links: Option<bool>,
}

impl NewGuru {
    pub fn into_settings(self) -> GuruSettings {
        let defaults = GuruSettings::default();
        GuruSettings {
            name: self.name.unwrap_or(self.slug),
            instructions: self.instructions.unwrap_or(defaults.instructions),
            example_questions: self.example_questions.unwrap_or(defaults.example_questions),
            action_limit: self.action_limit,
            parallel_actions: self.parallel_actions.unwrap_or(defaults.parallel_actions),
            time_zone: self.time_zone.unwrap_or(defaults.time_zone),
            planner: defaults.planner,
            retention_days: self.retention_days,
            public_links: self.public_links.unwrap_or(defaults.public_links),
        }
    }
}

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuruChange {
    pub name: Option<String>,
    pub instructions: Option<String>,
    pub example_questions: Option<Vec<String>>,
    /// How many actions it may have; null sets it back to the operator's default.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    #[allow(clippy::option_option)]
    pub action_limit: Option<Option<u32>>,
    pub parallel_actions: Option<u32>,
    pub time_zone: Option<String>,
    /// Days that history is kept; null sets it back to the operator's setting.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    #[allow(clippy::option_option)]
    pub retention_days: Option<Option<u32>>,
    /// Whether askers may make links that show a conversation to people who are not signed in; links that were made
    /// stop showing anything to them as soon as it is off.
    pub public_links: Option<bool>,
    /// Who decides what runs; given as a whole.
    pub planner: Option<PlannerBody>,
}

/// Tells a null, which says something, from a field that is not there.
#[allow(clippy::option_option)] // outer: whether it was given; inner: the value
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl GuruChange {
    pub fn apply(self, mut settings: GuruSettings) -> Result<GuruSettings, Problem> {
        settings.name = self.name.unwrap_or(settings.name);
        settings.instructions = self.instructions.unwrap_or(settings.instructions);
        settings.example_questions = self.example_questions.unwrap_or(settings.example_questions);
        settings.action_limit = self.action_limit.unwrap_or(settings.action_limit);
        settings.parallel_actions = self.parallel_actions.unwrap_or(settings.parallel_actions);
        settings.time_zone = self.time_zone.unwrap_or(settings.time_zone);
        settings.retention_days = self.retention_days.unwrap_or(settings.retention_days);
        settings.public_links = self.public_links.unwrap_or(settings.public_links);
        if let Some(planner) = self.planner {
            settings.planner = planner.into_choice()?;
        }
        Ok(settings)
    }
}
