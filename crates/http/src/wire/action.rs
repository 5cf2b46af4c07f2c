//! Actions on the wire. The definition is the action file, the same text that export writes and git keeps.

use errand_domain::{action_file::ActionFile, lint::Advice};
use errand_engine::manage::actions::{ActionDetails, ActionList};
use errand_storage::executions;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::ProblemBody;

#[derive(Debug, Serialize, ToSchema)]
pub struct ActionReply {
    pub id: String,
    pub name: String,
    /// `api_call`, `python` or `agent`.
    pub kind: &'static str,
    pub version: u32,
    pub enabled: bool,
    /// The newest version that was tested.
    pub tested_version: Option<u32>,
    /// Why the system disabled it.
    pub disabled_reason: Option<String>,
    /// The action file (`version: 1`), see `schema/action-file.v1.schema.json`.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// Secrets it refers to.
    pub secrets: Vec<String>,
    /// Those of them that the guru does not have.
    pub missing_secrets: Vec<String>,
    pub last_run: Option<LastRun>,
    /// What the builder should know; nothing was refused because of it.
    pub warnings: Vec<ProblemBody>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LastRun {
    pub id: String,
    pub status: &'static str,
    pub at: String,
}

impl From<&executions::LastRun> for LastRun {
    fn from(run: &executions::LastRun) -> Self {
        Self {
            id: run.execution_id.to_string(),
            status: run.status.as_str(),
            at: run.created_at.to_rfc3339(),
        }
    }
}

impl From<ActionDetails> for ActionReply {
    fn from(details: ActionDetails) -> Self {
        let action = details.action;
        Self {
            id: action.id.to_string(),
            name: action.spec.name.to_string(),
            kind: action.spec.body.kind().as_str(),
            version: action.version,
            enabled: action.enabled,
            tested_version: action.tested_version,
            disabled_reason: action.disabled_reason.clone(),
            definition: ActionFile::from(&*action.spec).to_json(),
            secrets: details.secrets.iter().map(ToString::to_string).collect(),
            missing_secrets: details.missing_secrets.iter().map(ToString::to_string).collect(),
            last_run: details.last_run.as_ref().map(LastRun::from),
            warnings: details.warnings.iter().map(ProblemBody::from).collect(),
            created_at: action.created_at.to_rfc3339(),
            updated_at: action.updated_at.to_rfc3339(),
        }
    }
}

/// The guru's actions, all of them: their number is limited.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionsReply {
    pub items: Vec<ActionReply>,
    /// "5 of 10 actions used".
    pub used: u32,
    pub limit: u32,
    pub next_cursor: Option<String>,
}

impl From<ActionList> for ActionsReply {
    fn from(list: ActionList) -> Self {
        Self {
            items: list.items.into_iter().map(ActionReply::from).collect(),
            used: list.used,
            limit: list.limit,
            next_cursor: None,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// Values by parameter: strings, numbers, booleans.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub arguments: serde_json::Map<String, Value>,
}

/// A definition that need not be saved, with arguments to try it with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequestBody {
    /// An action file.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// Values by parameter: strings, numbers, booleans.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub arguments: serde_json::Map<String, Value>,
}

/// A definition that need not be saved, with a question to try it with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftPlanBody {
    /// An action file.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// The action whose next version it is; left out for a new one.
    pub replaces: Option<String>,
    #[schema(min_length = 1, max_length = 8000)]
    pub question: String,
}

/// A definition that need not be saved, to be tried on what was asked before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftReplayBody {
    /// An action file.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// The action whose next version it is; left out for a new one.
    pub replaces: Option<String>,
    /// The latest turns to try it on, 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    pub turns: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AdviceReply {
    pub code: String,
    pub field: String,
    pub message: String,
    /// A better wording, ready to be used.
    pub proposal: String,
}

impl From<Advice> for AdviceReply {
    fn from(advice: Advice) -> Self {
        Self {
            code: advice.code.to_owned(),
            field: advice.field,
            message: advice.message,
            proposal: advice.proposal,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AdviceList {
    pub items: Vec<AdviceReply>,
}

/// One template of the gallery.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateReply {
    pub name: String,
    pub title: String,
    pub summary: String,
    pub category: String,
    pub secrets: Vec<String>,
    /// Markdown.
    pub readme: String,
    #[schema(value_type = Object)]
    pub definition: Value,
}
