//! One plan against what was expected of its turn.

use std::collections::{BTreeMap, BTreeSet};

use errand_domain::{ArgValue, Arguments, Considered, Plan, plan::Place};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Case;
use crate::{Catalogue, recognise};

/// One turn's verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Actions expected and fired (or asked for their missing arguments).
    pub right: Vec<String>,
    /// Fired without being expected.
    pub wrong: Vec<String>,
    /// Expected and not fired.
    pub missed: Vec<String>,
    /// Whether the action that was judged likeliest is one of those expected; None where nothing is.
    pub best_is_right: Option<bool>,
    /// How likely that action was said to be, in hundredths; None where nothing was judged.
    pub best_score_percent: Option<u8>,
    /// `action.parameter` with the right value.
    pub arguments_right: Vec<String>,
    /// `action.parameter: got (expected)`.
    pub arguments_wrong: Vec<String>,
    /// Expected values that were left empty.
    pub arguments_missed: Vec<String>,
    /// Values given where none was expected; only those found, not defaults.
    pub arguments_invented: Vec<String>,
    /// Parameters of rightly fired actions that were to stay empty.
    pub arguments_to_leave: usize,
    /// Of the expected values, those that stand in the conversation, and how many of these are right.
    pub in_text: usize,
    pub in_text_right: usize,
    /// The same for those that stand in the question itself.
    pub in_question: usize,
    pub in_question_right: usize,
    pub expected_nothing: bool,
}

impl Outcome {
    /// Whether exactly the expected actions fired.
    pub fn exact(&self) -> bool {
        self.wrong.is_empty() && self.missed.is_empty()
    }
}

/// Compares a plan with what was expected. An action that asks for a missing argument counts as fired. `today` lets
/// an expected "Friday" equal a planned ISO date.
pub fn judge(plan: &Plan, case: &Case, catalogue: &Catalogue, today: Date) -> Outcome {
    let expected = &case.expected;
    let mut outcome = Outcome {
        expected_nothing: expected.is_empty(),
        best_is_right: (!expected.is_empty())
            .then(|| best(plan).is_some_and(|best| expected.contains_key(best.action.as_str()))),
        best_score_percent: best(plan).map(|best| percent(best.score)),
        ..Outcome::default()
    };
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    let steps = plan.steps.iter().map(|step| (step.action.as_str(), &step.arguments, &step.origins));
    let asked =
        plan.missing.iter().map(|missing| (missing.action.as_str(), &missing.arguments, &missing.origins));
    for (action, arguments, origins) in steps.chain(asked) {
        if !fired.insert(action) {
            continue;
        }
        let Some(wanted) = expected.get(action) else {
            if !case.also.iter().any(|other| other == action) {
                outcome.wrong.push(action.to_owned());
            }
            continue;
        };
        outcome.right.push(action.to_owned());
        let given: BTreeSet<&str> = origins
            .iter()
            .filter(|origin| origin.place != Place::Default)
            .map(|origin| origin.parameter.as_str())
            .collect();
        let told = Told { action, arguments, given: &given, wanted };
        judge_arguments(&told, case, today, &mut outcome);
        outcome.arguments_to_leave += to_leave(catalogue, &told);
    }
    outcome.missed = expected.keys().filter(|action| !fired.contains(action.as_str())).cloned().collect();
    outcome
}

/// The action judged likeliest, whether or not it fires.
fn best(plan: &Plan) -> Option<&Considered> {
    plan.considered.iter().max_by(|a, b| a.score.total_cmp(&b.score).then(a.fires.cmp(&b.fires)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent(score: f32) -> u8 {
    (score.clamp(0.0, 1.0) * 100.0).round() as u8
}

/// What a plan says of one action's parameters, and what was expected.
struct Told<'a> {
    action: &'a str,
    arguments: &'a Arguments,
    /// Parameters whose value was found, not filled in.
    given: &'a BTreeSet<&'a str>,
    wanted: &'a BTreeMap<String, Option<Vec<String>>>,
}

fn judge_arguments(told: &Told<'_>, case: &Case, today: Date, outcome: &mut Outcome) {
    for (parameter, accepted) in told.wanted {
        let Some(accepted) = accepted else { continue };
        let place = format!("{}.{parameter}", told.action);
        let value = told.arguments.get(parameter.as_str());
        let right = value.is_some_and(|value| accepted.iter().any(|other| same(value, other, today)));
        let in_question = accepted.iter().any(|value| stands_in(value, &case.question));
        let in_text =
            in_question || accepted.iter().any(|value| case.before.iter().any(|text| stands_in(value, text)));
        outcome.in_question += usize::from(in_question);
        outcome.in_question_right += usize::from(in_question && right);
        outcome.in_text += usize::from(in_text);
        outcome.in_text_right += usize::from(in_text && right);
        match value {
            Some(_) if right => outcome.arguments_right.push(place),
            Some(value) => {
                outcome.arguments_wrong.push(format!("{place}: {value} ({})", accepted.join(" | ")));
            }
            None => outcome.arguments_missed.push(place),
        }
    }
    let expected = |name: &str| told.wanted.get(name).is_some_and(Option::is_some);
    let invented = told
        .arguments
        .iter()
        .filter(|(name, _)| told.given.contains(name.as_str()) && !expected(name.as_str()));
    outcome
        .arguments_invented
        .extend(invented.map(|(name, value)| format!("{}.{name}: {value}", told.action)));
}

/// Parameters for which no value was expected.
fn to_leave(catalogue: &Catalogue, told: &Told<'_>) -> usize {
    let action = catalogue.actions.iter().find(|action| action.name.as_str() == told.action);
    let names = action.into_iter().flat_map(|action| &action.parameters);
    names.filter(|parameter| !told.wanted.get(parameter.name.as_str()).is_some_and(Option::is_some)).count()
}

/// Whether the value stands in the text as words of their own.
fn stands_in(value: &str, text: &str) -> bool {
    let (value, text) = (value.trim().to_lowercase(), text.to_lowercase());
    let edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    !value.is_empty()
        && text.match_indices(&value).any(|(at, found)| {
            edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next())
        })
}

/// Equal but for case, spaces, closing punctuation and the way a date or number is written.
fn same(value: &ArgValue, accepted: &str, today: Date) -> bool {
    let plain = |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', '!', '?']).to_lowercase()
    };
    let text = value.to_string();
    if plain(&text) == plain(accepted) {
        return true;
    }
    let number =
        |text: &str| errand_domain::parameter::number_from_text(text).and_then(|number| number.as_f64());
    if let (Some(a), Some(b)) = (number(&text), number(accepted)) {
        return (a - b).abs() < 1e-9;
    }
    text.parse::<Date>().is_ok_and(|date| recognise::parse_date(accepted, today) == Some(date))
}

#[cfg(test)]
mod tests {
    use errand_domain::{Missing, Step, plan::Origin};

    use super::*;
    use crate::evaluate::{read_cases, read_catalogue};

    const CATALOGUE: &str = r#"{
        "book": {"trigger": "When the user wants to book", "parameters": [
            {"name": "date", "type": "string", "description": "Day", "required": true},
            {"name": "city", "type": "string", "description": "City"}]},
        "other": {"trigger": "When the user wants something else"}
    }"#;

    /// A plan that fires `book` with these arguments, or asks for its date where that is not among them.
    fn plan(arguments: &[(&str, &str)]) -> Plan {
        let catalogue = read_catalogue(CATALOGUE).expect("a catalogue");
        let book = catalogue[0].clone();
        let mut plan = Plan::empty("test");
        let given: Arguments = arguments
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), ArgValue::String((*value).to_owned())))
            .collect();
        let origins = given
            .keys()
            .map(|name| Origin { parameter: name.clone(), place: Place::Question { start: 0, end: 1 } })
            .collect();
        if arguments.iter().any(|(name, _)| *name == "date") {
            plan.steps.push(Step {
                action_id: book.id,
                action: book.name.clone(),
                action_version: 1,
                arguments: given,
                origins,
                runs_with: None,
            });
        } else {
            plan.missing.push(Missing {
                action_id: book.id,
                action: book.name.clone(),
                action_version: 1,
                arguments: given,
                origins,
                parameters: vec!["date".parse().expect("a name")],
            });
        }
        plan.considered.push(Considered { action: book.name, score: 0.9, fires: true, evidence: Vec::new() });
        plan
    }

    fn check(case: &str, arguments: &[(&str, &str)], expect: &str) {
        let cases = read_cases(case).expect("a case");
        let catalogue = Catalogue { actions: read_catalogue(CATALOGUE).expect("a catalogue") };
        let outcome = judge(&plan(arguments), &cases[0], &catalogue, jiff::civil::date(2026, 11, 19));
        let told = format!(
            "right {:?} wrong {:?} missed {:?} best {:?}; args {}/{}/{} invented {} of {}; in text {}/{}",
            outcome.right,
            outcome.wrong,
            outcome.missed,
            outcome.best_is_right,
            outcome.arguments_right.len(),
            outcome.arguments_wrong.len(),
            outcome.arguments_missed.len(),
            outcome.arguments_invented.len(),
            outcome.arguments_to_leave,
            outcome.in_text_right,
            outcome.in_text,
        );
        assert_eq!(told, expect, "{case}");
    }

    #[test]
    fn a_plan_is_judged_by_actions_and_values() {
        check(
            r#"{"question": "book Friday in Bonn", "expected": {"book": {"date": ["Friday"], "city": ["Bonn"]}}}"#,
            &[("date", "2026-11-20"), ("city", "Köln")],
            r#"right ["book"] wrong [] missed [] best Some(true); args 1/1/0 invented 0 of 0; in text 1/2"#,
        );
        check(
            r#"{"question": "book", "expected": {"book": {"date": null}}}"#,
            &[("city", "Bonn")],
            r#"right ["book"] wrong [] missed [] best Some(true); args 0/0/0 invented 1 of 2; in text 0/0"#,
        );
        check(
            r#"{"question": "thanks", "expected": {}}"#,
            &[],
            r#"right [] wrong ["book"] missed [] best None; args 0/0/0 invented 0 of 0; in text 0/0"#,
        );
        check(
            r#"{"question": "x", "expected": {"other": {}}, "also": ["book"]}"#,
            &[],
            r#"right [] wrong [] missed ["other"] best Some(false); args 0/0/0 invented 0 of 0; in text 0/0"#,
        );
    }
}
