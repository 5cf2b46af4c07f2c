//! Running labelled questions through a planner, on all cores.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use errand_domain::Plan;
use errand_planners::{
    Catalogue, CatalogueAction, PlanRequest, Planner,
    embedded::EmbeddedPlanner,
    evaluate::{Case, Outcome, Report, judge},
    trail,
};
use futures_util::{StreamExt as _, stream};
use jiff::Zoned;

use crate::{Engine, catalogue::GuruView, error::Result};

/// Questions put to a language model at a time: providers count requests.
const MODEL_CASES_AT_ONCE: usize = 4;

/// What one case led to.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// Place of the case in the list that was run.
    pub case: usize,
    pub outcome: Outcome,
    pub plan: Plan,
    pub took_ms: f64,
}

impl CaseResult {
    /// Nothing at all was wrong.
    pub fn is_right(&self) -> bool {
        let outcome = &self.outcome;
        outcome.exact()
            && outcome.arguments_wrong.is_empty()
            && outcome.arguments_missed.is_empty()
            && outcome.arguments_invented.is_empty()
    }
}

/// All results, in the order of the cases, with their figures.
#[derive(Debug, Clone)]
pub struct LabResults {
    pub planner: String,
    pub report: Report,
    pub cases: Vec<CaseResult>,
}

impl LabResults {
    fn of(planner: &str, mut cases: Vec<CaseResult>) -> Self {
        cases.sort_by_key(|result| result.case);
        let outcomes: Vec<Outcome> = cases.iter().map(|result| result.outcome.clone()).collect();
        let took_ms: Vec<f64> = cases.iter().map(|result| result.took_ms).collect();
        Self { planner: planner.to_owned(), report: Report::new(&outcomes, &took_ms), cases }
    }
}

/// Encodes what is not yet encoded, on all cores.
pub fn prepare(planner: &EmbeddedPlanner, actions: &mut [CatalogueAction]) {
    let per_thread = actions.len().div_ceil(cores()).max(1);
    thread::scope(|scope| {
        for part in actions.chunks_mut(per_thread) {
            scope.spawn(move || {
                for action in part.iter_mut().filter(|action| action.prepared.is_none()) {
                    action.prepared = Some(Arc::new(planner.prepare(&action.trigger, &action.examples)));
                }
            });
        }
    });
}

/// Runs all cases as asked at `now`. Each thread takes the next case until there is none, so that no core waits.
pub fn run_cases(
    planner: &EmbeddedPlanner,
    actions: &[CatalogueAction],
    cases: &[Case],
    now: &Zoned,
) -> LabResults {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(cases.len()));
    thread::scope(|scope| {
        for _ in 0..cores().min(cases.len()) {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    own.push(run_case(planner, actions, case, at, now));
                }
                results.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
            });
        }
    });
    LabResults::of(planner.model(), results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn run_case(
    planner: &EmbeddedPlanner,
    actions: &[CatalogueAction],
    case: &Case,
    at: usize,
    now: &Zoned,
) -> CaseResult {
    let request = request_of(planner, actions, case, now);
    let begun = Instant::now();
    let plan = planner.plan(&request);
    result(at, case, &request, plan, begun)
}

fn result(at: usize, case: &Case, request: &PlanRequest, plan: Plan, begun: Instant) -> CaseResult {
    let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    let outcome = judge(&plan, case, &request.catalogue, request.now.date());
    CaseResult { case: at, outcome, plan: trail::complete(plan, request), took_ms }
}

/// The case as a request, its earlier turns decided one after another by the embedded planner.
fn request_of(
    planner: &EmbeddedPlanner,
    actions: &[CatalogueAction],
    case: &Case,
    now: &Zoned,
) -> PlanRequest {
    let offered = actions.iter().filter(|action| case.offers(action)).cloned().collect();
    let catalogue = Arc::new(Catalogue { actions: offered });
    let request = |question: &str, turns: Vec<errand_planners::PastTurn>| PlanRequest {
        question: question.to_owned(),
        turns,
        catalogue: Arc::clone(&catalogue),
        now: now.clone(),
    };
    let turns = case.turns(|question, turns| planner.plan(&request(question, turns.to_vec())));
    request(&case.question, turns)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl Engine {
    /// Runs the cases on the guru's enabled actions, with the planner given.
    pub(crate) async fn run_lab(
        &self,
        guru: &Arc<GuruView>,
        planner: Planner,
        cases: Vec<Case>,
    ) -> Result<LabResults> {
        let now = self.clock().zoned(&guru.guru.settings.time_zone);
        let actions = guru.catalogue.actions.clone();
        match planner {
            Planner::Embedded(embedded) => {
                tokio::task::spawn_blocking(move || run_cases(&embedded, &actions, &cases, &now))
                    .await
                    .map_err(|error| crate::EngineError::internal("running a suite", error))
            }
            Planner::Llm(llm) => {
                let embedded = Arc::clone(&llm.embedded);
                let planner = Planner::Llm(llm);
                let asked = tokio::task::spawn_blocking(move || {
                    let asked = cases.into_iter().enumerate();
                    asked
                        .map(|(at, case)| (at, request_of(&embedded, &actions, &case, &now), case))
                        .collect::<Vec<_>>()
                });
                let asked =
                    asked.await.map_err(|error| crate::EngineError::internal("running a suite", error))?;
                let runs = asked
                    .into_iter()
                    .map(|(at, request, case)| self.run_model_case(guru, &planner, at, request, case));
                let results: Vec<Result<CaseResult>> =
                    stream::iter(runs).buffer_unordered(MODEL_CASES_AT_ONCE).collect().await;
                let results = results.into_iter().collect::<Result<Vec<_>>>()?;
                Ok(LabResults::of(planner.model(), results))
            }
        }
    }

    async fn run_model_case(
        &self,
        guru: &Arc<GuruView>,
        planner: &Planner,
        at: usize,
        request: PlanRequest,
        case: Case,
    ) -> Result<CaseResult> {
        let begun = Instant::now();
        let plan = self.decide(guru, planner, request.clone()).await?;
        Ok(result(at, &case, &request, plan, begun))
    }
}
