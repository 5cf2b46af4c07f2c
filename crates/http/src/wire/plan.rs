//! Plans on the wire.

use errand_domain::{Arguments, Plan};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

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
            notices: plan.notices,
        }
    }
}

pub fn arguments_json(arguments: &Arguments) -> Value {
    Value::Object(arguments.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
}
