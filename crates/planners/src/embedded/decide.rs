//! From scores to the actions that fire.

use std::ops::Range;

use errand_domain::{Arguments, ParameterName, plan::Place};

use super::{
    EmbeddedPlanner,
    arguments::{self, Ask, Sources},
    calibration::Calibration,
    clauses,
    dialogue::{self, Act, Reading},
    heard,
    lexical::{self, Weighted},
    pointed::Heard,
    role,
    score::{self, Features},
};
use crate::{PlanRequest, Prepared, recognise::Kind};

/// Something that is compared with the actions: a clause, the whole turn, or an offer that the turn accepts.
#[derive(Debug, Default)]
pub(super) struct Utterance {
    pub text: String,
    /// The clause that it is; None for the whole turn and for an offer.
    pub clause: Option<usize>,
    /// Terms of the words that make it a general question.
    pub general: Option<Vec<u64>>,
    /// It neither asks nor complains.
    pub states: bool,
    pub offered: bool,
    /// Where it stands in the question; None for all of it.
    pub ranges: Option<Vec<Range<usize>>>,
}

/// What utterances are compared with.
#[derive(Debug)]
struct Scene<'a> {
    request: &'a PlanRequest,
    /// Preparations with the terms of the actions' names, in the catalogue's order.
    actions: Vec<(&'a Prepared, Vec<u64>)>,
    /// Kinds of values in the question.
    kinds: &'a [Kind],
    heard: Option<&'a Heard<'a>>,
}

/// How one action was judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub score: f32,
    pub log_odds: f32,
    pub features: Features,
    /// Judged by a question about how things are in general, which it is not for.
    pub general: bool,
    /// What the tuned encoder said of it, in log-odds, where the turn was read with it.
    pub asked: Option<f32>,
}

/// An action that fires, before its arguments are sought.
#[derive(Debug)]
pub(crate) struct Firing {
    pub action: usize,
    pub score: f32,
    /// The clauses that ask for it; none when the turn as a whole does.
    pub clauses: Vec<usize>,
    pub known: Arguments,
    pub asked_for: Vec<ParameterName>,
    pub points_back: bool,
    /// Why it fires where its score does not say it.
    pub because: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Decision {
    /// One per action, in the catalogue's order.
    pub verdicts: Vec<Verdict>,
    pub firings: Vec<Firing>,
}

/// A score for what the conversation itself makes certain.
const CONTINUED: f32 = 0.95;

pub(crate) fn decide(
    planner: &EmbeddedPlanner,
    request: &PlanRequest,
    prepared: &[&Prepared],
    reading: &Reading,
    sources: &Sources<'_>,
) -> Decision {
    let utterances = if sources.heard.is_some() {
        heard::utterances(request, reading)
    } else {
        utterances(request, reading)
    };
    let named: Vec<(&Prepared, Vec<u64>)> = prepared
        .iter()
        .zip(&request.catalogue.actions)
        .map(|(prepared, action)| (*prepared, lexical::name_terms(action)))
        .collect();
    let kinds: Vec<Kind> = sources.question.typed.iter().map(|candidate| candidate.kind).collect();
    let count = named.len();
    let scene = Scene { request, actions: named, kinds: &kinds, heard: sources.heard.as_ref() };
    let mut judged: Vec<Vec<Verdict>> =
        utterances.iter().map(|utterance| judge(planner, utterance, &scene)).collect();
    let mut firings = if sources.heard.is_some() {
        heard::choose(planner, (request, prepared), (reading, sources), &utterances, &mut judged)
    } else {
        choose(planner, request, reading, &utterances, &judged)
    };
    continue_pending(request, reading, sources, &mut firings);
    if firings.is_empty() && reading.again {
        ask_again(request, reading, sources, &mut firings);
    }
    Decision { verdicts: best_of(&judged, count), firings }
}

fn utterances(request: &PlanRequest, reading: &Reading) -> Vec<Utterance> {
    let text = |at: usize| {
        let clause = &request.question[reading.clauses[at].range.clone()];
        dialogue::without_contrast(clauses::without_lead(clause))
    };
    let mut found = Vec::new();
    let mut whole = Vec::new();
    for (at, clause) in reading.clauses.iter().enumerate() {
        let general = match &clause.act {
            Act::Request => None,
            Act::General { markers } => Some(markers.clone()),
            Act::Supply => {
                whole.push(text(at));
                continue;
            }
            Act::Courtesy | Act::Negated => continue,
        };
        if general.is_none() {
            whole.push(text(at));
        }
        let states = dialogue::states(&request.question[clause.range.clone()]);
        let text = text(at);
        let head = dialogue::head(&text).filter(|_| !states).map(str::to_owned);
        found.extend(head.map(|head| Utterance {
            text: head,
            clause: Some(at),
            general: general.clone(),
            states,
            offered: false,
            ranges: None,
        }));
        found.push(Utterance { text, clause: Some(at), general, states, offered: false, ranges: None });
    }
    if whole.len() > 1 && found.iter().any(|utterance| utterance.general.is_none()) {
        let states = found.iter().all(|utterance| utterance.states);
        let text = whole.join(". ");
        found.push(Utterance { text, clause: None, general: None, states, offered: false, ranges: None });
    }
    if let Some(offer) = &reading.offer {
        found.push(Utterance {
            text: offer.clone(),
            clause: None,
            general: None,
            states: false,
            offered: true,
            ranges: None,
        });
    }
    found
}

/// What is left of a score where the question is a general one.
pub(super) const GENERAL: f32 = 0.1;

/// How many of the best are looked at for whether the turn has the values they need; the rest can't win by that.
const FITTED: usize = 16;

fn judge(planner: &EmbeddedPlanner, utterance: &Utterance, scene: &Scene<'_>) -> Vec<Verdict> {
    let weighted = Weighted::new(&utterance.text, &scene.actions);
    if weighted.is_empty() && scene.heard.is_none() {
        return vec![Verdict::default(); scene.actions.len()];
    }
    let vector = match scene.heard {
        Some(heard) => Some(heard.vector(utterance.ranges.as_deref())),
        None => planner.encode(&utterance.text),
    };
    let calibration = planner.calibration();
    let verdict = |(prepared, name): &(&Prepared, Vec<u64>)| {
        let features = score::features(vector.as_deref(), &weighted, prepared, name);
        let general = utterance.general.as_ref().is_some_and(|markers| !meant(markers, prepared));
        Verdict { log_odds: calibration.log_odds(&features), features, general, ..Verdict::default() }
    };
    let mut verdicts: Vec<Verdict> = scene.actions.iter().map(verdict).collect();
    let mut order: Vec<usize> = (0..verdicts.len()).collect();
    order.sort_by(|a, b| verdicts[*b].log_odds.total_cmp(&verdicts[*a].log_odds));
    for at in order.into_iter().take(FITTED) {
        verdicts[at].features.fit = role::fit(&scene.request.catalogue.actions[at].parameters, scene.kinds);
        verdicts[at].log_odds = calibration.log_odds(&verdicts[at].features);
    }
    for verdict in &mut verdicts {
        let score = Calibration::score(verdict.log_odds);
        verdict.score = if verdict.general { score * GENERAL } else { score };
    }
    lead_by_companions(scene.request, &mut verdicts);
    verdicts
}

/// "Take Friday off and tell my boss" may be likest to the notice that goes with the request: words that ask for an
/// accompanying action ask for the one it runs with, if that is likely at all.
fn lead_by_companions(request: &PlanRequest, verdicts: &mut [Verdict]) {
    let actions = &request.catalogue.actions;
    for (at, companion) in actions.iter().enumerate() {
        for leader in (0..actions.len()).filter(|leader| companion.runs_with.contains(&actions[*leader].name))
        {
            let lifted = verdicts[at].score.min(verdicts[leader].score * 2.0);
            if lifted > verdicts[leader].score && verdicts[leader].score > LEADER_LIKELY {
                verdicts[leader].score = lifted;
                verdicts[leader].log_odds = verdicts[leader].log_odds.max((lifted / (1.0 - lifted)).ln());
            }
        }
    }
}

/// What the leading action must reach by itself to be lifted by its companion.
const LEADER_LIKELY: f32 = 0.25;

/// An action whose trigger speaks of policies is for questions about policies.
fn meant(markers: &[u64], prepared: &Prepared) -> bool {
    let trigger = &prepared.terms[..prepared.trigger_rows.min(prepared.terms.len())];
    markers.iter().any(|marker| trigger.iter().any(|row| row.binary_search(marker).is_ok()))
}

fn best_of(judged: &[Vec<Verdict>], count: usize) -> Vec<Verdict> {
    let best = |action: usize| {
        judged.iter().map(|row| &row[action]).max_by(|a, b| a.score.total_cmp(&b.score)).cloned()
    };
    (0..count).map(|action| best(action).unwrap_or_default()).collect()
}

/// One utterance's claim that an action fires.
#[derive(Debug, Clone, Copy)]
struct Claim {
    action: usize,
    score: f32,
    utterance: usize,
}

/// Each clause fires its best action; the turn as a whole only where no clause does.
fn choose(
    planner: &EmbeddedPlanner,
    request: &PlanRequest,
    reading: &Reading,
    utterances: &[Utterance],
    judged: &[Vec<Verdict>],
) -> Vec<Firing> {
    let mut claims: Vec<Claim> = Vec::new();
    for (at, row) in judged.iter().enumerate() {
        claims.extend(
            claims_of(planner.calibration(), request, &utterances[at], row).map(|(action, score)| Claim {
                action,
                score,
                utterance: at,
            }),
        );
    }
    if claims.iter().any(|claim| utterances[claim.utterance].clause.is_some()) {
        claims.retain(|claim| {
            utterances[claim.utterance].clause.is_some() || utterances[claim.utterance].offered
        });
    }
    claims.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut firings: Vec<Firing> = Vec::new();
    for claim in claims {
        let utterance = &utterances[claim.utterance];
        if let Some(firing) = firings.iter_mut().find(|firing| firing.action == claim.action) {
            firing.clauses.extend(utterance.clause);
        } else if firings.is_empty() || claim.score >= planner.calibration().fires_also {
            firings.push(Firing {
                action: claim.action,
                score: claim.score,
                clauses: utterance.clause.into_iter().collect(),
                known: Arguments::new(),
                asked_for: Vec::new(),
                points_back: reading.points_back || utterance.offered,
                because: utterance
                    .offered
                    .then(|| "The question accepts what the assistant offered to do.".to_owned()),
            });
        }
    }
    firings.sort_by_key(|firing| firing.clauses.first().copied().unwrap_or_default());
    firings
}

/// The best action of an utterance, and those that are as good; where the turn was read with some, one of these.
pub(super) fn claims_of<'v>(
    calibration: &'v Calibration,
    request: &PlanRequest,
    utterance: &Utterance,
    row: &'v [Verdict],
) -> impl Iterator<Item = (usize, f32)> + 'v {
    let any_read = row.iter().any(|verdict| verdict.asked.is_some());
    let alone: Vec<usize> = (0..row.len())
        .filter(|at| request.catalogue.actions[*at].runs_with.is_empty())
        .filter(|at| !any_read || row[*at].asked.is_some())
        .collect();
    let best = alone.iter().copied().reduce(|a, b| if row[b].score > row[a].score { b } else { a });
    let needed = if utterance.states { calibration.fires_on_statement } else { calibration.fires };
    let second =
        alone.iter().filter(|at| Some(**at) != best).map(|at| row[*at].log_odds).max_by(f32::total_cmp);
    let best = best.filter(|best| {
        let leads = second.is_some_and(|second| row[*best].log_odds - second >= calibration.lead);
        row[*best].score >= needed
            || (leads && !utterance.states && row[*best].score >= calibration.fires_ahead)
    });
    alone.into_iter().filter_map(move |at| {
        let best = best?;
        let near = row[at].score >= calibration.fires_also
            && row[at].log_odds > row[best].log_odds - calibration.margin;
        (at == best || near).then_some((at, row[at].score))
    })
}

/// The last turn lacked arguments; a value for one of them continues its action.
fn continue_pending(
    request: &PlanRequest,
    reading: &Reading,
    sources: &Sources<'_>,
    firings: &mut Vec<Firing>,
) {
    let Some(last) = request.turns.last() else { return };
    let others = firings.len();
    for (name, known, missing) in &last.missing {
        let Some(action) = request.catalogue.actions.iter().position(|action| action.name == *name) else {
            continue;
        };
        if let Some(firing) = firings.iter_mut().find(|firing| firing.action == action) {
            firing.known.clone_from(known);
            firing.asked_for.clone_from(missing);
            continue;
        }
        let supplied = reading.clauses.iter().any(|clause| clause.act == Act::Supply);
        let unrelated = others > 0 && !supplied;
        let refused = reading.declines && !supplied;
        let talk = reading.clauses.iter().all(|clause| !matches!(clause.act, Act::Supply | Act::Request))
            && !reading.agrees;
        if unrelated || refused || talk {
            continue;
        }
        let firing = Firing {
            action,
            score: CONTINUED,
            clauses: Vec::new(),
            known: known.clone(),
            asked_for: missing.clone(),
            points_back: reading.agrees,
            because: Some(format!("The assistant asked for {}, and this is the reply.", listed(missing))),
        };
        let found = arguments::extract(&ask(request, reading, &firing, firings), sources);
        let from_here = |place: &Place| {
            matches!(place, Place::Question { .. })
                || (reading.agrees && *place == Place::Earlier { turns_ago: 1, in_answer: true })
        };
        if found.origins.iter().any(|origin| missing.contains(&origin.parameter) && from_here(&origin.place))
        {
            firings.push(firing);
        }
    }
}

/// "And for order 222?": what ran last, with the value that is new.
fn ask_again(request: &PlanRequest, reading: &Reading, sources: &Sources<'_>, firings: &mut Vec<Firing>) {
    let Some(last) = request.turns.iter().rev().take(2).find(|turn| !turn.fired.is_empty()) else {
        return;
    };
    for (name, arguments) in &last.fired {
        let position = request
            .catalogue
            .actions
            .iter()
            .position(|action| action.name == *name && action.runs_with.is_empty());
        let Some(action) = position else { continue };
        let firing = Firing {
            action,
            score: CONTINUED,
            clauses: Vec::new(),
            known: arguments.clone(),
            asked_for: Vec::new(),
            points_back: false,
            because: Some(format!("The question asks for `{name}` again with another value.")),
        };
        let found = arguments::extract(&ask(request, reading, &firing, &[]), sources);
        let changed = found.origins.iter().any(|origin| {
            matches!(origin.place, Place::Question { .. })
                && found.arguments.get(&origin.parameter) != arguments.get(&origin.parameter)
        });
        if changed {
            firings.push(firing);
        }
    }
}

/// Where the arguments of a firing are to be sought, beside the other firings.
pub(crate) fn ask<'a>(
    request: &'a PlanRequest,
    reading: &Reading,
    firing: &Firing,
    all: &[Firing],
) -> Ask<'a> {
    let range = |clause: &usize| reading.clauses[*clause].range.clone();
    let foreign = |other: &&Firing| other.action != firing.action;
    Ask {
        action: &request.catalogue.actions[firing.action],
        focus: firing.clauses.iter().map(range).collect(),
        foreign: all
            .iter()
            .filter(foreign)
            .flat_map(|other| &other.clauses)
            .filter(|at| !firing.clauses.contains(at))
            .map(range)
            .collect(),
        known: firing.known.clone(),
        asked_for: firing.asked_for.clone(),
        points_back: firing.points_back,
    }
}

fn listed(names: &[ParameterName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
