//! Reading catalogues and case files, and planning their turns.

use std::{error::Error, path::Path, sync::Arc};

use errand_domain::Plan;
use errand_planners::{
    Catalogue, CatalogueAction, PastTurn, PlanRequest,
    embedded::EmbeddedPlanner,
    evaluate::{Case, Figures, Outcome, judge, read_cases, read_catalogue},
};

/// The moment at which all cases are asked: a Thursday.
pub(crate) const NOW: &str = "2026-11-19T10:00:00+01:00[Europe/Berlin]";

/// Actions by name, prepared by the planner.
pub(crate) fn catalogue(
    path: &Path,
    planner: &EmbeddedPlanner,
) -> Result<Vec<CatalogueAction>, Box<dyn Error>> {
    let mut actions = read_catalogue(&std::fs::read_to_string(path)?).map_err(|problem| problem.message)?;
    for action in &mut actions {
        action.prepared = Some(Arc::new(planner.prepare(&action.trigger, &action.examples)));
    }
    Ok(actions)
}

pub(crate) fn cases(path: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    Ok(read_cases(&std::fs::read_to_string(path)?).map_err(|problem| problem.message)?)
}

/// What one case asks of a planner, its earlier turns planned one after another.
pub(crate) fn request(
    planner: &EmbeddedPlanner,
    all: &[CatalogueAction],
    case: &Case,
) -> Result<PlanRequest, Box<dyn Error>> {
    let catalogue =
        Arc::new(Catalogue { actions: all.iter().filter(|action| case.offers(action)).cloned().collect() });
    let now: jiff::Zoned = NOW.parse()?;
    let request = |question: &str, turns: &[PastTurn]| PlanRequest {
        question: question.to_owned(),
        turns: turns.to_vec(),
        catalogue: Arc::clone(&catalogue),
        now: now.clone(),
    };
    let turns = case.turns(|question, turns| planner.plan(&request(question, turns)));
    Ok(request(&case.question, &turns))
}

/// Every case's outcome with its figures; `told` hears of each.
pub(crate) fn evaluate(
    planner: &EmbeddedPlanner,
    all: &[CatalogueAction],
    cases: &[Case],
    mut told: impl FnMut(&Case, &Plan, &Outcome),
) -> Result<Figures, Box<dyn Error>> {
    let now: jiff::Zoned = NOW.parse()?;
    let mut figures = Figures::default();
    for case in cases {
        let request = request(planner, all, case)?;
        let plan = planner.plan(&request);
        let outcome = judge(&plan, case, &request.catalogue, now.date());
        told(case, &plan, &outcome);
        figures.add(&outcome);
    }
    Ok(figures)
}
