//! What a tuned encoder is asked about a turn, and what its answers make fire.
//!
//! It was trained to say what a whole question asks for, given what was said before it; so the whole question
//! decides first. Its clauses are asked only for what else the question wants.

use errand_domain::Arguments;

use super::{
    EmbeddedPlanner, clauses,
    decide::{Firing, Utterance, Verdict, claims_of},
    dialogue::{self, Act, Reading},
};
use crate::PlanRequest;

/// The question without what it denies or asks in general, then each of its clauses where several ask for something.
pub(super) fn utterances(request: &PlanRequest, reading: &Reading) -> Vec<Utterance> {
    let asks = |act: &Act| matches!(act, Act::Request);
    let requests = reading.clauses.iter().filter(|clause| asks(&clause.act)).count();
    let dropped = |act: &Act| matches!(act, Act::Negated | Act::General { .. });
    let kept: Vec<_> = reading.clauses.iter().filter(|clause| !dropped(&clause.act)).collect();
    let mut found = Vec::new();
    if requests > 0 || (accepts(request, reading) && !kept.is_empty()) {
        let ranges: Vec<_> = kept.iter().map(|clause| clause.range.clone()).collect();
        let text = ranges.iter().map(|range| &request.question[range.clone()]).collect::<Vec<_>>().join(". ");
        let whole = ranges.len() == reading.clauses.len();
        found.push(Utterance { text, ranges: (!whole).then_some(ranges), ..Utterance::default() });
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

/// "Yes, please" to a question of the assistant may ask for what it offered.
fn accepts(request: &PlanRequest, reading: &Reading) -> bool {
    reading.agrees && request.turns.last().is_some_and(|turn| turn.answer.trim_end().ends_with('?'))
}

/// The whole question's best action, then what single clauses ask for beside it.
pub(super) fn choose(
    planner: &EmbeddedPlanner,
    request: &PlanRequest,
    reading: &Reading,
    utterances: &[Utterance],
    judged: &[Vec<Verdict>],
) -> Vec<Firing> {
    let calibration = planner.calibration();
    let mut firings: Vec<Firing> = Vec::new();
    for (utterance, row) in utterances.iter().zip(judged) {
        for (action, score) in claims_of(calibration, request, utterance, row) {
            if let Some(firing) = firings.iter_mut().find(|firing| firing.action == action) {
                firing.clauses.extend(utterance.clause);
            } else if utterance.clause.is_none()
                || utterance.general.is_some()
                || score >= calibration.fires_also
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
