//! Driving a planner: it says what it wants to know, this asks, until there is a plan.

use std::sync::Arc;

use errand_domain::{ModelCall, Plan, guru::PlannerChoice, limits, model::ModelPurpose};
use errand_planners::{Effect, Input, PastTurn, PlanRequest, Planner, Planning, llm::LlmPlanner, trail};

use crate::{Engine, EngineError, catalogue::GuruView, error::Result, model::Asking};

/// Questions that a planner may put to its model for one decision: the first and one repair, and no endless talk.
const MODEL_QUESTIONS_MAX: usize = 3;

impl Engine {
    pub(crate) fn request(&self, guru: &GuruView, question: String, turns: Vec<PastTurn>) -> PlanRequest {
        debug_assert!(turns.len() <= usize::try_from(limits::HISTORY_TURNS_MAX).unwrap_or(usize::MAX) + 1);
        PlanRequest {
            question,
            turns,
            catalogue: Arc::clone(&guru.catalogue),
            now: self.clock().zoned(&guru.guru.settings.time_zone),
        }
    }

    /// The planner that the guru chose.
    pub(crate) fn planner_of(&self, guru: &GuruView) -> Planner {
        match (&guru.guru.settings.planner, self.planner()) {
            (PlannerChoice::Llm(settings), Planner::Embedded(embedded)) => Planner::Llm(LlmPlanner {
                embedded: Arc::clone(embedded),
                label: settings.label(),
                candidates_max: usize::try_from(settings.candidates_max).unwrap_or(usize::MAX),
                mark: new_mark(),
            }),
            (_, planner) => planner.clone(),
        }
    }

    /// The plan for one request, with the record of how it came about.
    pub(crate) async fn decide(
        &self,
        guru: &Arc<GuruView>,
        planner: &Planner,
        request: PlanRequest,
    ) -> Result<Plan> {
        let mut calls: Vec<ModelCall> = Vec::new();
        let mut planning = planner.begin();
        let mut input = Input::Begin(request.clone());
        loop {
            let (next, effect) = step(planning, input).await?;
            planning = next;
            let prompt = match effect {
                Effect::Done(plan) => {
                    let plan = Plan { model_calls: calls, ..plan };
                    return Ok(trail::complete(plan, &request));
                }
                Effect::AskModel(prompt) => prompt,
            };
            let model = guru.guru.settings.planner.model().filter(|_| calls.len() < MODEL_QUESTIONS_MAX);
            let Some(settings) = model else {
                input = Input::ModelFailed { reason: "It may not be asked again.".to_owned() };
                continue;
            };
            let asking = Asking { settings, purpose: ModelPurpose::Plan, prompt: &prompt };
            let answered = self.ask_model(guru, asking, |_| ()).await;
            calls.push(answered.call);
            input = match answered.result {
                Ok(reply) => Input::ModelAnswered(reply),
                Err(reason) => Input::ModelFailed { reason },
            };
        }
    }
}

/// Deciding is computing, so it has a thread of its own.
async fn step(mut planning: Planning, input: Input) -> Result<(Planning, Effect)> {
    tokio::task::spawn_blocking(move || {
        let effect = planning.step(input);
        (planning, effect)
    })
    .await
    .map_err(|error| EngineError::internal("planning", error))
}

/// A word that nobody can know beforehand, to mark data in a prompt with.
pub(crate) fn new_mark() -> String {
    format!("{:016x}", rand::random::<u64>())
}
