//! The plan: steps, what is missing, and the reasons for every action.

use errand_domain::{
    Arguments, Considered, Missing, Parameter, ParameterName, Plan, Step,
    plan::{Origin, Place},
};

use super::{
    EmbeddedPlanner,
    arguments::{self, Extracted, Sources},
    calibration::Calibration,
    decide::{self, Decision, Firing, Verdict},
    dialogue,
};
use crate::{CatalogueAction, PlanRequest, Prepared};

pub(super) fn plan(planner: &EmbeddedPlanner, request: &PlanRequest, prepared: &[&Prepared]) -> Plan {
    let today = request.now.date();
    let sources = Sources::new(planner, request);
    let reading = dialogue::read(&request.question, &request.turns, today);
    let decision = decide::decide(planner, request, prepared, &reading, &sources);
    let mut plan = Plan::empty(planner.model());
    for firing in &decision.firings {
        let ask = decide::ask(request, &reading, firing, &decision.firings);
        let found = arguments::extract(&ask, &sources);
        settle(ask.action, found, None, &mut plan);
    }
    accompany(request, &sources, &mut plan);
    plan.considered = considered(planner, request, &decision, &plan);
    plan
}

/// How each action was judged, without a plan being made of it.
pub(super) fn verdicts(
    planner: &EmbeddedPlanner,
    request: &PlanRequest,
    prepared: &[&Prepared],
) -> Vec<Verdict> {
    let today = request.now.date();
    let sources = Sources::new(planner, request);
    let reading = dialogue::read(&request.question, &request.turns, today);
    decide::decide(planner, request, prepared, &reading, &sources).verdicts
}

/// Fills in defaults; a step when nothing required is missing, else a question.
fn settle(action: &CatalogueAction, mut found: Extracted, runs_with: Option<&Step>, plan: &mut Plan) {
    let lacking = |parameter: &&Parameter| {
        parameter.required && parameter.default.is_none() && !found.arguments.contains_key(&parameter.name)
    };
    let lacking: Vec<ParameterName> =
        action.parameters.iter().filter(lacking).map(|parameter| parameter.name.clone()).collect();
    if lacking.is_empty() {
        fill_in_defaults(action, &mut found);
    }
    let Extracted { arguments, origins } = found;
    let (action_id, name, action_version) = (action.id, action.name.clone(), action.version);
    if lacking.is_empty() {
        let runs_with = runs_with.map(|step| step.action.clone());
        plan.steps.push(Step { action_id, action: name, action_version, arguments, origins, runs_with });
    } else {
        plan.missing.push(Missing {
            action_id,
            action: name,
            action_version,
            arguments,
            origins,
            parameters: lacking,
        });
    }
}

fn fill_in_defaults(action: &CatalogueAction, found: &mut Extracted) {
    for parameter in action.parameters.iter().filter(|parameter| parameter.default.is_some()) {
        let default = parameter.default.as_ref().and_then(|value| parameter.accept(value).ok());
        if let (false, Some(value)) = (found.arguments.contains_key(&parameter.name), default) {
            found.arguments.insert(parameter.name.clone(), value);
            found.origins.push(Origin { parameter: parameter.name.clone(), place: Place::Default });
        }
    }
}

/// Actions that run with one that fires share its arguments by name; they never fire on their own.
fn accompany(request: &PlanRequest, sources: &Sources<'_>, plan: &mut Plan) {
    let leaders = plan.steps.clone();
    for action in request.catalogue.actions.iter().filter(|action| !action.runs_with.is_empty()) {
        let Some(leader) = leaders.iter().find(|step| action.runs_with.contains(&step.action)) else {
            continue;
        };
        let ask = arguments::Ask {
            action,
            focus: Vec::new(),
            foreign: Vec::new(),
            known: Arguments::new(),
            asked_for: Vec::new(),
            points_back: false,
        };
        let mut found = arguments::extract(&ask, sources);
        for parameter in &action.parameters {
            let shared = leader.arguments.get(&parameter.name).and_then(|value| parameter.accept(value).ok());
            let Some(value) = shared else { continue };
            found.arguments.insert(parameter.name.clone(), value);
            found.origins.retain(|origin| origin.parameter != parameter.name);
            found
                .origins
                .extend(leader.origins.iter().find(|origin| origin.parameter == parameter.name).cloned());
        }
        settle(action, found, Some(leader), plan);
    }
}

fn considered(
    planner: &EmbeddedPlanner,
    request: &PlanRequest,
    decision: &Decision,
    plan: &Plan,
) -> Vec<Considered> {
    let mut all: Vec<Considered> = Vec::new();
    for (at, action) in request.catalogue.actions.iter().enumerate() {
        let verdict = &decision.verdicts[at];
        let firing = decision.firings.iter().find(|firing| firing.action == at);
        let with = plan
            .steps
            .iter()
            .find(|step| step.action == action.name)
            .and_then(|step| step.runs_with.as_ref());
        let fires = firing.is_some() || with.is_some();
        let score = firing.map_or(verdict.score, |firing| firing.score.max(verdict.score));
        let mut evidence: Vec<String> =
            firing.and_then(|firing| firing.because.clone()).into_iter().collect();
        evidence.extend(with.map(|leader| format!("Runs whenever `{leader}` does.")));
        if !fires {
            evidence.push(against(planner, action, verdict, &decision.firings, request));
        }
        evidence.extend(supporting(action, verdict));
        all.push(Considered { action: action.name.clone(), score, fires, evidence });
    }
    all.sort_by(|a, b| b.fires.cmp(&a.fires).then(b.score.total_cmp(&a.score)));
    all
}

/// What speaks for the action, strongest first.
fn supporting(action: &CatalogueAction, verdict: &Verdict) -> Vec<String> {
    let features = &verdict.features;
    let mut evidence = Vec::new();
    if let Some(row) = features.row {
        let examples_from = action.examples.len();
        let rows = features.trigger_rows;
        let what = row
            .checked_sub(rows)
            .filter(|at| *at < examples_from)
            .map(|at| format!("the example “{}”", action.examples[at]));
        let what = what.unwrap_or_else(|| "the trigger".to_owned());
        evidence.push(format!("Its meaning is near {what} ({:.2}).", features.nearest));
    }
    if let Some(asked) = verdict.asked {
        let likely = Calibration::score(asked);
        evidence.push(format!("Read together with the question, it is what is asked for with {likely:.2}."));
    }
    if !features.overlap.shared.is_empty() {
        let shared: Vec<String> =
            features.overlap.shared.iter().take(5).map(|word| format!("“{word}”")).collect();
        evidence.push(format!("It shares {} with the action.", shared.join(", ")));
    }
    if let (None, Some(at)) = (features.row, features.overlap.example_row) {
        evidence
            .extend(action.examples.get(at).map(|example| format!("The nearest example is “{example}”.")));
    }
    evidence
}

/// Why an action does not fire.
fn against(
    planner: &EmbeddedPlanner,
    action: &CatalogueAction,
    verdict: &Verdict,
    firings: &[Firing],
    request: &PlanRequest,
) -> String {
    let fires = planner.calibration().fires;
    if let Some(leader) = action.runs_with.first() {
        return format!("It only runs together with `{leader}`.");
    }
    if verdict.general {
        return "The question is about how things are in general, not about a case.".to_owned();
    }
    if verdict.score >= fires
        && let Some(firing) = firings.first()
    {
        return format!("`{}` fits the same words better.", request.catalogue.actions[firing.action].name);
    }
    if verdict.features.row.is_none() && verdict.features.overlap.shared.is_empty() {
        return "Nothing in the question speaks for it.".to_owned();
    }
    format!("The evidence is too weak: {:.2} of the {fires:.2} needed.", verdict.score)
}
