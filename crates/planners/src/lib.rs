//! Deciding: question and catalogue in, plan out.
//!
//! A planner is pure: it gets an [`Input`] and answers with an [`Effect`]; whoever drives it (the engine) performs
//! the effect and feeds the outcome back. So a plan can be previewed, replayed and tested without running anything.
//! This crate must not run actions, read a database, mask, or read a clock: the time of asking is in the request.

pub mod embedded;
pub mod evaluate;
pub mod llm;
mod prepared;
mod recognise;
pub mod trail;

pub use errand_domain::{ModelPrompt, ModelReply, ModelRole};
pub use prepared::{Prepared, PreparedError};

use std::sync::Arc;

use errand_domain::{ActionId, ActionName, Arguments, Parameter, Plan};

/// What a planner decides on.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    pub question: String,
    /// Earlier turns of the conversation, oldest first, at most `limits::HISTORY_TURNS_MAX`.
    pub turns: Vec<PastTurn>,
    pub catalogue: Arc<Catalogue>,
    /// The moment of asking in the guru's time zone; relative dates are meant in it.
    pub now: jiff::Zoned,
}

/// One earlier question with what came of it.
#[derive(Debug, Clone, Default)]
pub struct PastTurn {
    pub question: String,
    pub answer: String,
    /// Actions that ran, with their arguments.
    pub fired: Vec<(ActionName, Arguments)>,
    /// Actions that were asked for and lacked arguments: name, what was known, what was missing.
    pub missing: Vec<(ActionName, Arguments, Vec<errand_domain::ParameterName>)>,
}

/// The enabled actions of one guru, ready to be judged.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub actions: Vec<CatalogueAction>,
}

#[derive(Debug, Clone)]
pub struct CatalogueAction {
    pub id: ActionId,
    pub version: u32,
    pub name: ActionName,
    pub trigger: String,
    pub examples: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub runs_with: Vec<ActionName>,
    /// What [`Planner::prepare`] made of trigger and examples when the action was saved; None where it has not run
    /// (the planner then makes it again for this request).
    pub prepared: Option<Arc<Prepared>>,
}

/// What a planner is told.
#[derive(Debug, Clone)]
pub enum Input {
    Begin(PlanRequest),
    /// The language model answered the last [`Effect::AskModel`].
    ModelAnswered(ModelReply),
    /// It could not be asked or gave nothing usable, even after retries.
    ModelFailed {
        reason: String,
    },
}

/// What a planner wants done.
#[derive(Debug, Clone)]
pub enum Effect {
    AskModel(ModelPrompt),
    Done(Plan),
}

/// The planners there are. A closed set: a new one makes the compiler list every place to visit.
#[derive(Debug, Clone)]
pub enum Planner {
    Embedded(Arc<embedded::EmbeddedPlanner>),
    Llm(llm::LlmPlanner),
}

impl Planner {
    /// Starts deciding on one request; feed the effects' outcomes to [`Planning::step`].
    pub fn begin(&self) -> Planning {
        match self {
            Self::Embedded(planner) => Planning::Embedded(Arc::clone(planner)),
            Self::Llm(planner) => Planning::Llm(llm::LlmPlanning::new(planner.clone())),
        }
    }

    /// Computes what is kept beside a saved action. Costs one encoding per statement and example.
    pub fn prepare(&self, trigger: &str, examples: &[String]) -> Option<Prepared> {
        match self {
            Self::Embedded(planner) => Some(planner.prepare(trigger, examples)),
            Self::Llm(planner) => Some(planner.embedded.prepare(trigger, examples)),
        }
    }

    /// Name for the record and for stored vectors: `embedded/minilm-l6-v2` or `embedded-lexical`.
    pub fn model(&self) -> &str {
        match self {
            Self::Embedded(planner) => planner.model(),
            Self::Llm(planner) => &planner.label,
        }
    }
}

/// One decision under way.
#[derive(Debug)]
pub enum Planning {
    Embedded(Arc<embedded::EmbeddedPlanner>),
    Llm(llm::LlmPlanning),
}

impl Planning {
    /// One event in, one effect out. The embedded planner answers `Begin` with `Done` at once.
    pub fn step(&mut self, input: Input) -> Effect {
        match (self, input) {
            (Self::Embedded(planner), Input::Begin(request)) => Effect::Done(planner.plan(&request)),
            (Self::Embedded(planner), Input::ModelAnswered(_) | Input::ModelFailed { .. }) => {
                Effect::Done(Plan::empty(planner.model()))
            }
            (Self::Llm(planning), input) => planning.step(input),
        }
    }
}
