//! Finding the words behind each argument again, for the record: which turn, which text, which bytes.

use errand_domain::{
    ActionName, Arguments, Plan,
    plan::{Origin, Place, Trail},
};

use crate::PlanRequest;

/// Actions of a plan's record; a large catalogue's are cut to the likeliest.
pub const CONSIDERED_MAX: usize = 60;

/// Completes a plan's record: where its arguments' words stand, and no more actions than anybody reads.
pub fn complete(mut plan: Plan, request: &PlanRequest) -> Plan {
    let steps = plan.steps.iter().map(|step| (&step.action, &step.arguments, &step.origins));
    let lacking = plan.missing.iter().map(|lack| (&lack.action, &lack.arguments, &lack.origins));
    let trail = steps
        .chain(lacking)
        .flat_map(|(action, arguments, origins)| {
            origins.iter().filter_map(move |origin| find(action, arguments, origin, request))
        })
        .collect();
    plan.trail = trail;
    let fired = plan.considered.iter().filter(|judged| judged.fires).count();
    let kept = CONSIDERED_MAX.max(fired);
    plan.considered_left_out += plan.considered.len().saturating_sub(kept);
    plan.considered.truncate(kept);
    plan
}

fn find(action: &ActionName, arguments: &Arguments, origin: &Origin, request: &PlanRequest) -> Option<Trail> {
    let value = arguments.get(&origin.parameter)?.to_string();
    let (turns_ago, in_answer, text, place) = match &origin.place {
        Place::Question { start, end } => (0, false, request.question.as_str(), Some((*start, *end))),
        Place::Earlier { turns_ago, in_answer } => {
            let turn = request.turns.len().checked_sub(*turns_ago).and_then(|at| request.turns.get(at))?;
            let text = if *in_answer { &turn.answer } else { &turn.question };
            (*turns_ago, *in_answer, text.as_str(), stands_in(&value, text))
        }
        Place::Default | Place::Model => return None,
    };
    let (start, end) = place?;
    let words = text.get(start..end)?.to_owned();
    Some(Trail {
        action: action.clone(),
        parameter: origin.parameter.clone(),
        turns_ago,
        in_answer,
        start,
        end,
        words,
    })
}

fn stands_in(value: &str, text: &str) -> Option<(usize, usize)> {
    if value.is_empty() {
        return None;
    }
    let start = text.find(value).or_else(|| text.to_ascii_lowercase().find(&value.to_ascii_lowercase()))?;
    Some((start, start + value.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use errand_domain::{ArgValue, Step};

    use super::*;
    use crate::{Catalogue, PastTurn};

    fn check(place: Place, value: &str, expect: Option<(usize, bool, &str)>) {
        let turn = PastTurn {
            question: "Order A-17?".to_owned(),
            answer: "It is late.".to_owned(),
            ..PastTurn::default()
        };
        let request = PlanRequest {
            question: "Refund order 55012 please".to_owned(),
            turns: vec![turn],
            catalogue: Arc::new(Catalogue::default()),
            now: "2026-11-19T10:00:00+01:00[Europe/Berlin]".parse().expect("a time"),
        };
        let parameter: errand_domain::ParameterName = "order_id".parse().expect("a name");
        let step = Step {
            action_id: "act_00000000000000000000000000000001".parse().expect("an id"),
            action: "refund".parse().expect("a name"),
            action_version: 1,
            arguments: [(parameter.clone(), ArgValue::String(value.to_owned()))].into(),
            origins: vec![Origin { parameter, place }],
            runs_with: None,
        };
        let plan = complete(Plan { steps: vec![step], ..Plan::empty("test") }, &request);
        let got = plan.trail.first().map(|trail| (trail.turns_ago, trail.in_answer, trail.words.as_str()));
        assert_eq!(got, expect);
    }

    #[test]
    fn words_are_found_again() {
        check(Place::Question { start: 13, end: 18 }, "55012", Some((0, false, "55012")));
        check(Place::Earlier { turns_ago: 1, in_answer: false }, "a-17", Some((1, false, "A-17")));
        check(Place::Earlier { turns_ago: 1, in_answer: true }, "a-17", None);
        check(Place::Earlier { turns_ago: 4, in_answer: false }, "a-17", None);
        check(Place::Default, "x", None);
        check(Place::Question { start: 13, end: 99 }, "55012", None);
    }
}
