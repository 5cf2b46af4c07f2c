//! What a planner decided for a turn: which actions fire with which arguments, which lack one, and why.

use serde::{Deserialize, Serialize};

use crate::{ActionId, ActionName, Arguments, ModelCall, ParameterName};

/// Version of the stored plan format.
pub const PLAN_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub version: u32,
    /// Which planner decided, for the record: `embedded`, `embedded-lexical`, `llm:<model>`.
    pub planner: String,
    pub steps: Vec<Step>,
    pub missing: Vec<Missing>,
    /// Every action that was judged, best first.
    pub considered: Vec<Considered>,
    /// Actions that were judged and are not listed, since the catalogue is large; all of them scored lower.
    #[serde(default)]
    pub considered_left_out: usize,
    /// Where the words behind each argument stand.
    #[serde(default)]
    pub trail: Vec<Trail>,
    /// What the language model was asked for this turn, in order; empty where none was.
    #[serde(default)]
    pub model_calls: Vec<ModelCall>,
    /// What the asker or operator should know of how this was decided ("working without the language model").
    pub notices: Vec<String>,
}

impl Plan {
    pub fn empty(planner: impl Into<String>) -> Self {
        Self {
            version: PLAN_VERSION,
            planner: planner.into(),
            steps: Vec::new(),
            missing: Vec::new(),
            considered: Vec::new(),
            considered_left_out: 0,
            trail: Vec::new(),
            model_calls: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// One action that fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub action_id: ActionId,
    pub action: ActionName,
    pub action_version: u32,
    /// Complete: every required parameter has a value here or a default that was filled in.
    pub arguments: Arguments,
    /// Where each argument came from.
    pub origins: Vec<Origin>,
    /// The action that this one accompanies (`runs_with`), when it does.
    pub runs_with: Option<ActionName>,
}

/// An action that would fire but lacks a required argument; the answer asks for exactly these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    pub action_id: ActionId,
    pub action: ActionName,
    pub action_version: u32,
    /// What is known already.
    pub arguments: Arguments,
    pub origins: Vec<Origin>,
    /// In the action's order; never empty.
    pub parameters: Vec<ParameterName>,
}

/// Where an argument was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub parameter: ParameterName,
    #[serde(flatten)]
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Place {
    /// The question itself: byte range of the words used.
    Question { start: usize, end: usize },
    /// An earlier turn, counted backwards (1 = the one before), its question or its answer.
    Earlier { turns_ago: usize, in_answer: bool },
    /// The parameter's default.
    Default,
    /// A model gave it without saying where from.
    Model,
}

/// The words that an argument was taken from, found again in the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    pub action: ActionName,
    pub parameter: ParameterName,
    /// 0: the question itself; 1: the turn before it, and so on.
    pub turns_ago: usize,
    /// In the answer of that turn rather than in its question.
    pub in_answer: bool,
    /// Bytes of that text.
    pub start: usize,
    pub end: usize,
    pub words: String,
}

/// One judged action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Considered {
    pub action: ActionName,
    /// 0 (surely not) to 1 (surely); comparable within one plan only.
    pub score: f32,
    pub fires: bool,
    /// What spoke for or against it, in words, strongest first.
    pub evidence: Vec<String>,
}
