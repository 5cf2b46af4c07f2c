//! Many verdicts as figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Outcome;

/// What a run over a case file printed as JSON says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub cases: usize,
    pub firing: FiringFigures,
    pub arguments: ArgumentFigures,
    /// Of the turns in which nothing may fire, the share in which something did.
    pub false_fire_rate: f64,
    /// What fired in the place of what, commonest first.
    pub confusions: Vec<Confusion>,
    /// Whether the likeliest action was right as often as its score says.
    pub reliability: Vec<Reliability>,
    pub latency_ms: Latency,
}

/// Which actions fired.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FiringFigures {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Share of turns in which exactly the expected actions fired.
    pub exact_set: f64,
    /// Share of turns that expect something in which the likeliest action is expected, whether or not it fired.
    pub top1: f64,
}

/// Which values the rightly fired actions got.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArgumentFigures {
    /// Of the expected values, the share given right.
    pub exact: f64,
    /// Of the expected values, the share given at all.
    pub filled: f64,
    /// Of the parameters that were to stay empty, the share filled with something found.
    pub false_filled: f64,
    /// `exact` over the expected values that stand in the conversation word for word.
    pub exact_in_text: f64,
    /// `exact` over those that stand in the question itself.
    pub exact_in_question: f64,
    /// Expected values, those in the conversation, those in the question.
    pub expected: usize,
    pub expected_in_text: usize,
    pub expected_in_question: usize,
}

/// How often one action fired in the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// None: nothing was to fire.
    pub expected: Option<String>,
    /// None: nothing fired.
    pub fired: Option<String>,
    pub count: usize,
}

/// Turns whose likeliest action had a score of one tenth of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Mean score.
    pub score: f64,
    /// Share of the turns in which that action was expected.
    pub right: f64,
    pub cases: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

impl Report {
    /// `took_ms` holds how long each plan took, in any order; empty where nobody measured.
    pub fn new(outcomes: &[Outcome], took_ms: &[f64]) -> Self {
        let mut figures = Figures::default();
        for outcome in outcomes {
            figures.add(outcome);
        }
        Self {
            cases: figures.cases,
            firing: figures.firing(),
            arguments: figures.arguments(),
            false_fire_rate: figures.false_fire_rate(),
            confusions: confusions(outcomes),
            reliability: reliability(outcomes),
            latency_ms: Latency::of(took_ms),
        }
    }
}

impl Latency {
    fn of(took_ms: &[f64]) -> Self {
        let mut sorted = took_ms.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |hundredths: usize| {
            let rank = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
            sorted.get(rank).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99) }
    }
}

fn reliability(outcomes: &[Outcome]) -> Vec<Reliability> {
    let mut tenths = [(0, 0, 0); 10];
    for outcome in outcomes {
        let Some(percent) = outcome.best_score_percent else { continue };
        let (scores, right, cases) = &mut tenths[usize::from(percent / 10).min(9)];
        *scores += usize::from(percent);
        *right += usize::from(outcome.best_is_right == Some(true));
        *cases += 1;
    }
    let told = tenths.into_iter().filter(|(_, _, cases)| *cases > 0);
    told.map(|(scores, right, cases)| Reliability {
        score: share(scores, cases * 100),
        right: share(right, cases),
        cases,
    })
    .collect()
}

fn confusions(outcomes: &[Outcome]) -> Vec<Confusion> {
    let mut counts: BTreeMap<(Option<&str>, Option<&str>), usize> = BTreeMap::new();
    for outcome in outcomes {
        if outcome.exact() {
            continue;
        }
        let missed = if outcome.missed.is_empty() { vec![None] } else { names(&outcome.missed) };
        let wrong = if outcome.wrong.is_empty() { vec![None] } else { names(&outcome.wrong) };
        for expected in &missed {
            for fired in &wrong {
                *counts.entry((*expected, *fired)).or_default() += 1;
            }
        }
    }
    let mut found: Vec<Confusion> = counts
        .into_iter()
        .map(|((expected, fired), count)| Confusion {
            expected: expected.map(str::to_owned),
            fired: fired.map(str::to_owned),
            count,
        })
        .collect();
    found.sort_by_key(|confusion| std::cmp::Reverse(confusion.count));
    found
}

fn names(list: &[String]) -> Vec<Option<&str>> {
    list.iter().map(|name| Some(name.as_str())).collect()
}

/// Sums over many turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub cases: usize,
    pub cases_exact: usize,
    pub cases_of_none: usize,
    pub cases_best_right: usize,
    pub false_fires: usize,
    pub right: usize,
    pub wrong: usize,
    pub missed: usize,
    pub arguments_right: usize,
    pub arguments_wrong: usize,
    pub arguments_missed: usize,
    pub arguments_invented: usize,
    pub arguments_to_leave: usize,
    pub in_text: usize,
    pub in_text_right: usize,
    pub in_question: usize,
    pub in_question_right: usize,
}

impl Figures {
    pub fn add(&mut self, outcome: &Outcome) {
        self.cases += 1;
        self.cases_exact += usize::from(outcome.exact());
        self.cases_of_none += usize::from(outcome.expected_nothing);
        self.cases_best_right += usize::from(outcome.best_is_right == Some(true));
        self.false_fires += usize::from(outcome.expected_nothing && !outcome.wrong.is_empty());
        self.right += outcome.right.len();
        self.wrong += outcome.wrong.len();
        self.missed += outcome.missed.len();
        self.arguments_right += outcome.arguments_right.len();
        self.arguments_wrong += outcome.arguments_wrong.len();
        self.arguments_missed += outcome.arguments_missed.len();
        self.arguments_invented += outcome.arguments_invented.len();
        self.arguments_to_leave += outcome.arguments_to_leave;
        self.in_text += outcome.in_text;
        self.in_text_right += outcome.in_text_right;
        self.in_question += outcome.in_question;
        self.in_question_right += outcome.in_question_right;
    }

    fn firing(&self) -> FiringFigures {
        FiringFigures {
            precision: self.precision(),
            recall: self.recall(),
            f1: self.f1(),
            exact_set: self.exact_set(),
            top1: share(self.cases_best_right, self.cases - self.cases_of_none),
        }
    }

    fn arguments(&self) -> ArgumentFigures {
        let given = self.arguments_right + self.arguments_wrong;
        ArgumentFigures {
            exact: self.argument_accuracy(),
            filled: share(given, given + self.arguments_missed),
            false_filled: self.false_filled(),
            exact_in_text: share(self.in_text_right, self.in_text),
            exact_in_question: share(self.in_question_right, self.in_question),
            expected: given + self.arguments_missed,
            expected_in_text: self.in_text,
            expected_in_question: self.in_question,
        }
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

    /// Of the parameters that were to stay empty, the share filled with something found.
    pub fn false_filled(&self) -> f64 {
        if self.arguments_to_leave == 0 {
            0.0
        } else {
            share(self.arguments_invented, self.arguments_to_leave)
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (firing, arguments) = (self.firing(), self.arguments());
        write!(
            f,
            "{} cases: precision {:.3}, recall {:.3}, F1 {:.3}, exact set {:.3}, top-1 {:.3}, false fires {:.3} of {}; \
             arguments {:.3} of {}, in the text {:.3} of {}, in the question {:.3} of {}, false fills {:.3} of {}",
            self.cases,
            firing.precision,
            firing.recall,
            firing.f1,
            firing.exact_set,
            firing.top1,
            self.false_fire_rate(),
            self.cases_of_none,
            arguments.exact,
            arguments.expected,
            arguments.exact_in_text,
            self.in_text,
            arguments.exact_in_question,
            self.in_question,
            arguments.false_filled,
            self.arguments_to_leave,
        )
    }
}

/// 1 where there is nothing to get wrong. Counts of cases are far below what an `f64` holds exactly.
#[allow(clippy::cast_precision_loss)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(right: &[&str], wrong: &[&str], missed: &[&str]) -> Outcome {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Outcome {
            expected_nothing: right.is_empty() && missed.is_empty(),
            best_is_right: (!right.is_empty() || !missed.is_empty()).then_some(!right.is_empty()),
            right: list(right),
            wrong: list(wrong),
            missed: list(missed),
            ..Outcome::default()
        }
    }

    #[test]
    fn figures_are_shares_of_what_was_judged() {
        let outcomes = [
            outcome(&["a"], &[], &[]),
            outcome(&[], &["b"], &["a"]),
            outcome(&[], &["b"], &["a"]),
            outcome(&[], &[], &["c"]),
            outcome(&[], &["b"], &[]),
            outcome(&[], &[], &[]),
        ];
        let report = Report::new(&outcomes, &[4.0, 1.0, 2.0, 3.0]);
        let FiringFigures { precision, recall, f1, exact_set, top1 } = report.firing;
        assert_eq!(
            format!("{precision:.2} {recall:.2} {f1:.3} {exact_set:.3} {top1:.2}"),
            "0.25 0.25 0.250 0.333 0.25"
        );
        assert!((report.false_fire_rate - 0.5).abs() < 1e-9);
        assert_eq!(report.latency_ms, Latency { p50: 2.0, p99: 4.0 });
        let told: Vec<_> = report
            .confusions
            .iter()
            .map(|pair| format!("{:?} → {:?} {}", pair.expected, pair.fired, pair.count))
            .collect();
        assert_eq!(told, [r#"Some("a") → Some("b") 2"#, r#"None → Some("b") 1"#, r#"Some("c") → None 1"#]);
    }

    #[test]
    fn the_report_reads_back_from_its_json() {
        let report = Report::new(&[outcome(&["a"], &[], &[])], &[]);
        let json = serde_json::to_string(&report).expect("it can be written");
        assert_eq!(serde_json::from_str::<Report>(&json).expect("it can be read"), report);
    }
}
