//! Figures of a planner on labelled turns: which actions fired and which arguments they got. Pure: cases and plans
//! in, figures out; the trigger lab and the tests share it.

use std::collections::{BTreeMap, BTreeSet};

use errand_domain::{ArgValue, Arguments, Plan};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{PastTurn, recognise};

/// Accepted values by parameter, by action that is to fire. Empty: nothing may fire.
pub type Expected = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// One turn's verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Actions expected and fired (or asked for their missing arguments).
    pub right: Vec<String>,
    /// Fired without being expected.
    pub wrong: Vec<String>,
    /// Expected and not fired.
    pub missed: Vec<String>,
    /// `action.parameter` with the right value.
    pub arguments_right: Vec<String>,
    /// `action.parameter: got (expected)`.
    pub arguments_wrong: Vec<String>,
    /// Expected values that were left empty.
    pub arguments_missed: Vec<String>,
    /// Values given where none was expected; only those found, not defaults.
    pub arguments_invented: Vec<String>,
    pub expected_nothing: bool,
}

/// Sums over many turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub cases: usize,
    pub cases_exact: usize,
    pub cases_of_none: usize,
    pub false_fires: usize,
    pub right: usize,
    pub wrong: usize,
    pub missed: usize,
    pub arguments_right: usize,
    pub arguments_wrong: usize,
    pub arguments_missed: usize,
    pub arguments_invented: usize,
}

/// Compares a plan with what was expected. An action that asks for a missing argument counts as fired. `today` lets
/// an expected "Friday" equal a planned ISO date.
pub fn judge(plan: &Plan, expected: &Expected, today: Date) -> Outcome {
    let mut outcome = Outcome { expected_nothing: expected.is_empty(), ..Outcome::default() };
    let mut fired: BTreeSet<&str> = BTreeSet::new();
    let steps = plan.steps.iter().map(|step| (step.action.as_str(), &step.arguments, &step.origins));
    let asked =
        plan.missing.iter().map(|missing| (missing.action.as_str(), &missing.arguments, &missing.origins));
    for (action, arguments, origins) in steps.chain(asked) {
        if !fired.insert(action) {
            continue;
        }
        let Some(wanted) = expected.get(action) else {
            outcome.wrong.push(action.to_owned());
            continue;
        };
        outcome.right.push(action.to_owned());
        let given: BTreeSet<&str> = origins
            .iter()
            .filter(|origin| origin.place != errand_domain::plan::Place::Default)
            .map(|origin| origin.parameter.as_str())
            .collect();
        judge_arguments(action, arguments, &given, wanted, today, &mut outcome);
    }
    outcome.missed = expected.keys().filter(|action| !fired.contains(action.as_str())).cloned().collect();
    outcome
}

fn judge_arguments(
    action: &str,
    arguments: &Arguments,
    given: &BTreeSet<&str>,
    wanted: &BTreeMap<String, Vec<String>>,
    today: Date,
    outcome: &mut Outcome,
) {
    for (parameter, accepted) in wanted {
        let place = format!("{action}.{parameter}");
        match arguments.get(parameter.as_str()) {
            Some(value) if accepted.iter().any(|other| same(value, other, today)) => {
                outcome.arguments_right.push(place);
            }
            Some(value) => {
                outcome.arguments_wrong.push(format!("{place}: {value} ({})", accepted.join(" | ")));
            }
            None => outcome.arguments_missed.push(place),
        }
    }
    let invented = arguments
        .iter()
        .filter(|(name, _)| given.contains(name.as_str()) && !wanted.contains_key(name.as_str()));
    outcome.arguments_invented.extend(invented.map(|(name, value)| format!("{action}.{name}: {value}")));
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

impl Figures {
    pub fn add(&mut self, outcome: &Outcome) {
        self.cases += 1;
        self.cases_exact += usize::from(outcome.wrong.is_empty() && outcome.missed.is_empty());
        self.cases_of_none += usize::from(outcome.expected_nothing);
        self.false_fires += usize::from(outcome.expected_nothing && !outcome.wrong.is_empty());
        self.right += outcome.right.len();
        self.wrong += outcome.wrong.len();
        self.missed += outcome.missed.len();
        self.arguments_right += outcome.arguments_right.len();
        self.arguments_wrong += outcome.arguments_wrong.len();
        self.arguments_missed += outcome.arguments_missed.len();
        self.arguments_invented += outcome.arguments_invented.len();
    }

    /// Of what fired, the share that should have.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of what should have fired, the share that did.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub fn f1(&self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }

    /// Share of turns in which exactly the expected actions fired.
    pub fn exact_set(&self) -> f64 {
        share(self.cases_exact, self.cases)
    }

    /// Share of turns that should fire nothing and did fire.
    pub fn false_fire_rate(&self) -> f64 {
        if self.cases_of_none == 0 { 0.0 } else { share(self.false_fires, self.cases_of_none) }
    }

    /// Of the expected arguments of actions that rightly fired, the share with an accepted value.
    pub fn argument_accuracy(&self) -> f64 {
        share(self.arguments_right, self.arguments_right + self.arguments_wrong + self.arguments_missed)
    }

    /// Of the arguments given, the share that nobody expected.
    pub fn invention_rate(&self) -> f64 {
        let given = self.arguments_right + self.arguments_wrong + self.arguments_invented;
        if given == 0 { 0.0 } else { share(self.arguments_invented, given) }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cases: precision {:.3}, recall {:.3}, F1 {:.3}, exact set {:.3}, false fires {:.3} of {}; arguments {:.3} of {}, invented {:.3}",
            self.cases,
            self.precision(),
            self.recall(),
            self.f1(),
            self.exact_set(),
            self.false_fire_rate(),
            self.cases_of_none,
            self.argument_accuracy(),
            self.arguments_right + self.arguments_wrong + self.arguments_missed,
            self.invention_rate(),
        )
    }
}

/// 1 where there is nothing to get wrong. Counts of cases are far below what an `f64` holds exactly.
#[allow(clippy::cast_precision_loss)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// One labelled turn, as a line of a case file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Names of the actions on offer; all of the catalogue when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Earlier texts, oldest first: the asker's and the assistant's in turn, the last one the assistant's.
    #[serde(default)]
    pub before: Vec<String>,
    pub question: String,
    pub expected: Expected,
}

impl Case {
    /// The earlier turns as a planner sees them. What each of them fired or lacked is what `decide` makes of it:
    /// a case file holds words only.
    pub fn turns(&self, mut decide: impl FnMut(&str, &[PastTurn]) -> Plan) -> Vec<PastTurn> {
        let mut turns: Vec<PastTurn> = Vec::new();
        for pair in self.before.chunks(2) {
            let [question, answer] = pair else { continue };
            let plan = decide(question, &turns);
            turns.push(PastTurn {
                question: question.clone(),
                answer: answer.clone(),
                fired: plan.steps.into_iter().map(|step| (step.action, step.arguments)).collect(),
                missing: plan
                    .missing
                    .into_iter()
                    .map(|lack| (lack.action, lack.arguments, lack.parameters))
                    .collect(),
            });
        }
        turns
    }
}
