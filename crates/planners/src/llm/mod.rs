//! The planner that asks a language model.
//!
//! The model proposes; it does not decide. The embedded planner picks the actions that the model is shown
//! ([`prompt`]), the model names those that apply ([`reply`]), and each proposal must then be justified by what the
//! asker said ([`justify`], [`asker`]): a model that obeys a text in an output, an earlier answer or a trigger gets
//! nothing through that the question did not ask for. What gives no usable answer, after one round of repair, is
//! decided by the embedded planner, and the plan says so.

mod asker;
mod justify;
mod prompt;
mod reply;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use errand_domain::{ModelPrompt, ModelRole, Plan};

use crate::{Effect, Input, PlanRequest, embedded::EmbeddedPlanner};

/// Cheap to make, one for each decision: the mark must not be known to anybody beforehand.
#[derive(Debug, Clone)]
pub struct LlmPlanner {
    /// Chooses what the model is shown, and stands in for it.
    pub embedded: Arc<EmbeddedPlanner>,
    /// For the record: `provider:model`.
    pub label: String,
    pub candidates_max: usize,
    /// A random word that marks data in the prompt; no text written before it was made can hold it.
    pub mark: String,
}

/// One decision under way.
#[derive(Debug)]
pub struct LlmPlanning {
    planner: LlmPlanner,
    asked: Option<Box<Asked>>,
}

/// What was asked, and what the answer is judged by.
#[derive(Debug)]
struct Asked {
    request: PlanRequest,
    asker: asker::Asker,
    /// The embedded planner's view of the asker's own words.
    ranked: Plan,
    /// Places in the catalogue of the actions that the model is shown.
    shown: Vec<usize>,
    prompt: ModelPrompt,
    repaired: bool,
}

impl LlmPlanning {
    pub fn new(planner: LlmPlanner) -> Self {
        Self { planner, asked: None }
    }

    pub fn step(&mut self, input: Input) -> Effect {
        match input {
            Input::Begin(request) => self.begin(request),
            Input::ModelAnswered(reply) => self.answered(&reply.text),
            Input::ModelFailed { reason } => Effect::Done(self.stand_in(&reason)),
        }
    }

    fn begin(&mut self, request: PlanRequest) -> Effect {
        if request.catalogue.actions.is_empty() {
            return Effect::Done(Plan::empty(self.planner.label.clone()));
        }
        let asker = asker::Asker::new(&request.question);
        let own = PlanRequest { question: asker.own.clone(), ..request.clone() };
        let ranked = self.planner.embedded.plan(&own);
        let shown = prompt::shown(&request, &ranked, self.planner.candidates_max);
        let prompt = prompt::decide(&request, &shown, &self.planner.mark);
        let effect = Effect::AskModel(prompt.clone());
        self.asked = Some(Box::new(Asked { request, asker, ranked, shown, prompt, repaired: false }));
        effect
    }

    fn answered(&mut self, text: &str) -> Effect {
        let Some(asked) = &mut self.asked else {
            return Effect::Done(Plan::empty(self.planner.label.clone()));
        };
        let read = reply::read(text, &asked.request, &asked.shown);
        match read {
            Ok(reply) if reply.problems.is_empty() || asked.repaired => {
                Effect::Done(justify::plan(asked, &reply, &self.planner.label))
            }
            Ok(reply) => repair(asked, text, &reply.problems),
            Err(problem) if !asked.repaired => repair(asked, text, &[problem]),
            Err(problem) => Effect::Done(self.stand_in(&problem)),
        }
    }

    /// The embedded planner's own plan, with a word on why.
    fn stand_in(&self, reason: &str) -> Plan {
        let Some(asked) = &self.asked else { return Plan::empty(self.planner.label.clone()) };
        let mut plan = self.planner.embedded.plan(&asked.request);
        plan.notices.insert(
            0,
            format!(
                "The language model `{}` could not be used, so the built-in planner decided. {reason}",
                self.planner.label
            ),
        );
        plan
    }
}

/// Shows the model its answer with what is wrong with it, once.
fn repair(asked: &mut Asked, text: &str, problems: &[String]) -> Effect {
    asked.repaired = true;
    let shown: String = text.chars().take(prompt::ANSWER_CHARS_MAX * 4).collect();
    // An empty turn of the assistant's is refused by some servers.
    let shown = if shown.trim().is_empty() { "(nothing)".to_owned() } else { shown };
    asked.prompt.messages.push((ModelRole::Assistant, shown));
    asked.prompt.messages.push((ModelRole::User, prompt::repair(problems)));
    Effect::AskModel(asked.prompt.clone())
}
