//! Reading catalogues and case files, and planning their turns.

use std::{collections::BTreeMap, error::Error, path::Path, str::FromStr, sync::Arc};

use errand_domain::{Parameter, Plan, Problem};
use errand_planners::{
    Catalogue, CatalogueAction, PastTurn, PlanRequest,
    embedded::EmbeddedPlanner,
    evaluate::{Case, Figures, Outcome, judge},
};
use serde::Deserialize;

/// The moment at which all cases are asked: a Thursday.
pub(crate) const NOW: &str = "2026-11-19T10:00:00+01:00[Europe/Berlin]";

#[derive(Debug, Deserialize)]
struct Entry {
    trigger: String,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(default)]
    runs_with: Vec<String>,
}

/// Actions by name, prepared by the planner.
pub(crate) fn catalogue(
    path: &Path,
    planner: &EmbeddedPlanner,
) -> Result<Vec<CatalogueAction>, Box<dyn Error>> {
    let entries: BTreeMap<String, Entry> = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    entries.into_iter().enumerate().map(|(at, (name, entry))| action(at, &name, entry, planner)).collect()
}

fn action(
    at: usize,
    name: &str,
    entry: Entry,
    planner: &EmbeddedPlanner,
) -> Result<CatalogueAction, Box<dyn Error>> {
    Ok(CatalogueAction {
        id: valid(&format!("act_{at:032x}"))?,
        version: 1,
        name: valid(name)?,
        prepared: Some(Arc::new(planner.prepare(&entry.trigger, &entry.examples))),
        trigger: entry.trigger,
        examples: entry.examples,
        parameters: entry.parameters,
        runs_with: entry.runs_with.iter().map(|leader| valid(leader)).collect::<Result<_, _>>()?,
    })
}

fn valid<T: FromStr<Err = Problem>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|problem: Problem| problem.message)
}

pub(crate) fn cases(path: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let lines = std::fs::read_to_string(path)?;
    lines.lines().filter(|line| !line.trim().is_empty()).map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// What one case asks of a planner, its earlier turns planned one after another.
pub(crate) fn request(
    planner: &EmbeddedPlanner,
    all: &[CatalogueAction],
    case: &Case,
) -> Result<PlanRequest, Box<dyn Error>> {
    let offered = |action: &&CatalogueAction| {
        case.actions.is_empty() || case.actions.iter().any(|name| *name == action.name.as_str())
    };
    let catalogue = Arc::new(Catalogue { actions: all.iter().filter(offered).cloned().collect() });
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
        let plan = planner.plan(&request(planner, all, case)?);
        let outcome = judge(&plan, &case.expected, now.date());
        told(case, &plan, &outcome);
        figures.add(&outcome);
    }
    Ok(figures)
}
