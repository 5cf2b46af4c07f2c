//! Plans on the wire.

use errand_domain::{Arguments, Plan, plan::Trail};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::planner::ModelCallReply;

#[derive(Debug, Serialize, ToSchema)]
pub struct PlanReply {
    pub version: u32,
    /// Which planner decided.
    pub planner: String,
    /// Actions that fire, with complete arguments.
    pub steps: Vec<StepReply>,
    /// Actions that lack a required argument.
    pub missing: Vec<MissingReply>,
    /// Every action that was judged, best first.
    pub considered: Vec<ConsideredReply>,
    /// Actions of a large catalogue that were judged and are not listed; all scored lower.
    pub considered_left_out: usize,
    /// Where the words behind each argument stand.
    pub trail: Vec<TrailReply>,
    /// What the language model was asked for; empty where none was.
    pub model_calls: Vec<ModelCallReply>,
    pub notices: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepReply {
    pub action: String,
    pub action_version: u32,
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// Where each argument came from.
    #[schema(value_type = Vec<Object>)]
    pub origins: Value,
    /// The action that it accompanies, when it does.
    pub runs_with: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MissingReply {
    pub action: String,
    /// What is known already.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// Names of what is missing.
    pub parameters: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConsideredReply {
    pub action: String,
    /// 0 to 1; comparable within one plan only.
    pub score: f32,
    pub fires: bool,
    pub evidence: Vec<String>,
}

/// Words of the conversation that an argument was taken from.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrailReply {
    pub action: String,
    pub parameter: String,
    /// 0 for the question itself, 1 for the turn before it.
    pub turns_ago: usize,
    /// In that turn's answer rather than its question.
    pub in_answer: bool,
    /// Bytes of that text, in UTF-8.
    pub start: usize,
    pub end: usize,
    pub words: String,
}

impl From<Trail> for TrailReply {
    fn from(trail: Trail) -> Self {
        Self {
            action: trail.action.to_string(),
            parameter: trail.parameter.to_string(),
            turns_ago: trail.turns_ago,
            in_answer: trail.in_answer,
            start: trail.start,
            end: trail.end,
            words: trail.words,
        }
    }
}

impl From<Plan> for PlanReply {
    fn from(plan: Plan) -> Self {
        Self {
            version: plan.version,
            planner: plan.planner,
            steps: plan
                .steps
                .into_iter()
                .map(|step| StepReply {
                    action: step.action.to_string(),
                    action_version: step.action_version,
                    arguments: arguments_json(&step.arguments),
                    origins: serde_json::to_value(&step.origins).unwrap_or_default(),
                    runs_with: step.runs_with.map(|name| name.to_string()),
                })
                .collect(),
            missing: plan
                .missing
                .into_iter()
                .map(|missing| MissingReply {
                    action: missing.action.to_string(),
                    arguments: arguments_json(&missing.arguments),
                    parameters: missing.parameters.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            considered: plan
                .considered
                .into_iter()
                .map(|considered| ConsideredReply {
                    action: considered.action.to_string(),
                    score: considered.score,
                    fires: considered.fires,
                    evidence: considered.evidence,
                })
                .collect(),
            considered_left_out: plan.considered_left_out,
            trail: plan.trail.into_iter().map(TrailReply::from).collect(),
            model_calls: plan.model_calls.into_iter().map(ModelCallReply::from).collect(),
            notices: plan.notices,
        }
    }
}

pub fn arguments_json(arguments: &Arguments) -> Value {
    Value::Object(arguments.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
}
