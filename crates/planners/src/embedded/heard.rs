//! What a tuned encoder is asked about a turn, and what its answers make fire.
//!
//! It was trained to say what a whole question asks for, given what was said before it; so the whole question
//! decides first. Its clauses are asked only for what else the question wants. Vectors alone are quick and coarse:
//! they say which few actions come into question, and the turn is read with each of these to tell them apart.

use std::ops::Range;

use errand_domain::Arguments;

use super::{
    EmbeddedPlanner,
    arguments::Sources,
    calibration::Calibration,
    clauses,
    decide::{Firing, GENERAL, Utterance, Verdict, claims_of},
    dialogue::{self, Act, Reading},
    pointed::Heard,
    score,
    words::words,
};
use crate::{PlanRequest, Prepared};

/// The question without what it denies or asks in general, then each of its clauses where several ask for something.
pub(super) fn utterances(request: &PlanRequest, reading: &Reading) -> Vec<Utterance> {
    let asks = |act: &Act| matches!(act, Act::Request);
    let requests = reading.clauses.iter().filter(|clause| asks(&clause.act)).count();
    let dropped = |act: &Act| matches!(act, Act::Negated | Act::General { .. });
    let kept: Vec<_> = reading.clauses.iter().filter(|clause| !dropped(&clause.act)).collect();
    let mut found = Vec::new();
    let says = |range: &Range<usize>| words(&request.question[range.clone()]).len() >= SAYS_MORE;
    let supplies = kept.iter().any(|clause| clause.act == Act::Supply && says(&clause.range));
    let bare = requests == 0 && supplies && opens_or_answers(request);
    if requests > 0 || bare || (accepts(request, reading) && !kept.is_empty()) {
        let ranges: Vec<_> = kept.iter().map(|clause| clause.range.clone()).collect();
        let text = ranges.iter().map(|range| &request.question[range.clone()]).collect::<Vec<_>>().join(". ");
        let whole = ranges.len() == reading.clauses.len();
        let talks = |range: &Range<usize>| dialogue::states(&request.question[range.clone()]);
        let states =
            kept.iter().all(|clause| clause.act == Act::Courtesy || talks(&clause.range)) && !reading.agrees;
        let states = states || bare;
        found.push(Utterance { text, ranges: (!whole).then_some(ranges), states, ..Utterance::default() });
    }
    for (at, clause) in reading.clauses.iter().enumerate() {
        let general = match &clause.act {
            Act::Request if requests > 1 => None,
            Act::General { markers } => Some(markers.clone()),
            _ => continue,
        };
        let text = dialogue::without_contrast(clauses::without_lead(&request.question[clause.range.clone()]));
        let ranges = Some(vec![clause.range.clone()]);
        found.push(Utterance { text, clause: Some(at), general, ranges, ..Utterance::default() });
    }
    found
}

/// Words from which on a clause says more than a value: "12345" asks for nothing, "zero bags in economy" may.
const SAYS_MORE: usize = 4;

/// A value alone may ask for something where nothing was said before, or where the assistant proposes something.
fn opens_or_answers(request: &PlanRequest) -> bool {
    request.turns.last().is_none_or(|last| last.missing.is_empty() && last.answer.trim_end().ends_with('?'))
}

/// "Yes, please" may ask for what the assistant offered.
fn accepts(request: &PlanRequest, reading: &Reading) -> bool {
    reading.agrees && !reading.declines && !request.turns.is_empty()
}

/// What an action gains, in log-odds, where the assistant has just asked for one of its parameters and the question
/// gives a value; and where it ran last and the question asks for the same again.
const PENDING: f32 = 3.0;
const AGAIN: f32 = 1.5;

/// How far, in log-odds, a clause must prefer a further action to each that fires already: a clause that would suit
/// both says the same thing in other words.
const APART: f32 = 3.0;

/// How far, in log-odds, an action may lie behind the best and still be read for: farther where the reading with the
/// best did not settle it. And the least score for it.
const IN_REACH: f32 = 2.5;
const IN_REACH_IN_DOUBT: f32 = 6.0;
const SETTLED: f32 = 3.0;
const WORTH_READING: f32 = 0.05;

/// What the best action must reach, and how far it must lead, both in log-odds, for its vector and words to be enough:
/// a reading costs as much as the question's own encoding.
const BEYOND_DOUBT: f32 = 2.2;
const LEADS_CLEARLY: f32 = 4.0;

/// What a reading says for an action at most, in log-odds: what could not get past the best even so is not read for,
/// unless a clause may want it beside the best.
const SPEAKS_FOR_MOST: f32 = 4.0;

/// Cosine from which two triggers say the same but for a word or so.
const SAME: f32 = 0.95;

/// With how many actions a turn is read for the sake of the whole question, and of each clause.
const READ_FOR_QUESTION: usize = 4;
const READ_FOR_CLAUSE: usize = 2;

/// Reads the turn with each action that comes into question for one of the utterances, where there is a doubt.
fn read(
    calibration: &Calibration,
    (request, heard, prepared): (&PlanRequest, &Heard<'_>, &[&Prepared]),
    utterances: &[Utterance],
    judged: &mut [Vec<Verdict>],
) {
    let actions = &request.catalogue.actions;
    let alone = utterances.len() == 1;
    let mut settled = vec![false; utterances.len()];
    for ((utterance, row), settled) in utterances.iter().zip(&*judged).zip(&mut settled) {
        let mut order: Vec<usize> = (0..row.len()).filter(|at| actions[*at].runs_with.is_empty()).collect();
        order.sort_by(|a, b| row[*b].log_odds.total_cmp(&row[*a].log_odds));
        let Some(best) = order.first().map(|at| row[*at].log_odds) else { continue };
        let count = if utterance.clause.is_some() { READ_FOR_CLAUSE } else { READ_FOR_QUESTION };
        let next = order.get(1).map_or(f32::NEG_INFINITY, |at| row[*at].log_odds);
        *settled = best > BEYOND_DOUBT && best - next > LEADS_CLEARLY;
        if *settled {
            continue;
        }
        let (mut reach, mut reached) = (IN_REACH_IN_DOUBT, f32::NEG_INFINITY);
        for (place, at) in order.iter().copied().enumerate().take(count) {
            let log_odds = row[at].log_odds;
            if log_odds < best - reach
                || Calibration::score(log_odds) < WORTH_READING
                || (alone && calibration.with_reading(log_odds, SPEAKS_FOR_MOST) < reached)
            {
                break;
            }
            let like = |other: &&usize| {
                actions[at].parameters == actions[**other].parameters
                    && alike(prepared[at], prepared[**other])
            };
            if let Some(other) = order[..place].iter().find(like) {
                heard.take_as_read(&actions[at], &actions[*other]);
            }
            let Some(asked) = heard.asked(&actions[at]) else { break };
            reached = reached.max(calibration.with_reading(log_odds, asked));
            if asked > SETTLED {
                reach = IN_REACH;
            }
        }
    }
    // What was read for another utterance says nothing against what one settled without.
    for (verdict_row, _) in judged.iter_mut().zip(settled).filter(|(_, settled)| !settled) {
        for (action, verdict) in actions.iter().zip(verdict_row) {
            let Some(asked) = heard.asked_already(action) else { continue };
            verdict.asked = Some(asked);
            verdict.log_odds = calibration.with_reading(verdict.log_odds, asked);
            let score = Calibration::score(verdict.log_odds);
            verdict.score = if verdict.general { score * GENERAL } else { score };
        }
    }
}

/// Whether two actions' triggers say the same but for a word or so: then a reading tells them apart no better than
/// their vectors and words do.
fn alike(one: &Prepared, other: &Prepared) -> bool {
    one.trigger_rows == other.trigger_rows
        && (0..one.trigger_rows).all(|row| match (one.vector(row), other.vector(row)) {
            (Some(one), Some(other)) => score::dot(one, other) >= SAME,
            _ => false,
        })
}

/// The whole question's best action, then what single clauses ask for beside it.
pub(super) fn choose(
    planner: &EmbeddedPlanner,
    (request, prepared): (&PlanRequest, &[&Prepared]),
    (reading, sources): (&Reading, &Sources<'_>),
    utterances: &[Utterance],
    judged: &mut [Vec<Verdict>],
) -> Vec<Firing> {
    let valued = !sources.question.typed.is_empty();
    let calibration = planner.calibration();
    if let Some(heard) = &sources.heard {
        read(calibration, (request, heard, prepared), utterances, judged);
    }
    for (utterance, row) in utterances.iter().zip(&mut *judged) {
        lean((request, reading, valued), utterance, row);
    }
    let mut firings: Vec<Firing> = Vec::new();
    for (utterance, row) in utterances.iter().zip(&*judged) {
        for (action, score) in claims_of(calibration, request, utterance, row) {
            // The reading is of the whole turn: which of two a clause means, its own vector and words say.
            let own = |action: usize| calibration.log_odds(&row[action].features);
            let apart = firings.iter().all(|firing| own(action) - own(firing.action) >= APART);
            if let Some(firing) = firings.iter_mut().find(|firing| firing.action == action) {
                firing.clauses.extend(utterance.clause);
            } else if utterance.clause.is_none()
                || utterance.general.is_some()
                || (score >= calibration.fires_also && apart)
            {
                firings.push(Firing {
                    action,
                    score,
                    clauses: utterance.clause.into_iter().collect(),
                    known: Arguments::new(),
                    asked_for: Vec::new(),
                    points_back: reading.points_back || reading.agrees,
                    because: None,
                });
            }
        }
    }
    if let [only] = firings.as_mut_slice() {
        only.clauses.clear();
    }
    firings.sort_by_key(|firing| firing.clauses.first().copied().unwrap_or_default());
    firings
}

/// Lets the conversation's state speak: what was asked for is likely what is answered.
fn lean(
    (request, reading, valued): (&PlanRequest, &Reading, bool),
    utterance: &Utterance,
    row: &mut [Verdict],
) {
    let Some(last) = request.turns.last() else { return };
    let asks = reading.clauses.iter().any(|clause| dialogue::asks(&request.question[clause.range.clone()]));
    let supplies = reading.clauses.iter().any(|clause| clause.act == Act::Supply) || (valued && !asks);
    for (action, verdict) in request.catalogue.actions.iter().zip(row) {
        let pending = supplies && last.missing.iter().any(|(name, ..)| *name == action.name);
        let again = reading.again && last.fired.iter().any(|(name, _)| *name == action.name);
        let gain = if pending { PENDING } else { 0.0 } + if again { AGAIN } else { 0.0 };
        if gain > 0.0 && utterance.general.is_none() && action.runs_with.is_empty() {
            verdict.log_odds += gain;
            verdict.score = Calibration::score(verdict.log_odds);
        }
    }
}
