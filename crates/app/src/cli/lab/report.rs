//! A run's figures for people, and the marks that it must reach.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::{
    failure::Failure,
    output::{Output, Tone, one_line, plain},
};

/// What a run must reach; under one of them the exit code is 1.
#[derive(Debug, Default, clap::Args)]
pub struct Marks {
    /// Least F1 of firing, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_f1: Option<f64>,
    /// Least share of cases in which exactly the expected actions fire
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_exact: Option<f64>,
    /// Least share of expected arguments that are right
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_arguments: Option<f64>,
    /// Greatest share of cases of none in which something fires
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_false_fires: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "write a number such as 0.95".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("choose 0 to 1".to_owned()) }
}

#[derive(Debug, Deserialize)]
pub struct Report {
    cases: usize,
    firing: Firing,
    arguments: Arguments,
    false_fire_rate: f64,
    confusions: Vec<Confusion>,
    latency_ms: Latency,
}

#[derive(Debug, Deserialize)]
struct Firing {
    precision: f64,
    recall: f64,
    f1: f64,
    exact_set: f64,
    top1: f64,
}

#[derive(Debug, Deserialize)]
struct Arguments {
    exact: f64,
    filled: f64,
    false_filled: f64,
}

#[derive(Debug, Deserialize)]
struct Confusion {
    expected: Option<String>,
    fired: Option<String>,
    count: usize,
}

#[derive(Debug, Deserialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

impl Marks {
    /// A sentence for each mark that was missed.
    pub fn missed_by(&self, report: &Report) -> Vec<String> {
        let least = [
            ("F1 of firing", self.min_f1, report.firing.f1),
            ("The exact set", self.min_exact, report.firing.exact_set),
            ("Arguments", self.min_arguments, report.arguments.exact),
        ];
        let under = least.into_iter().filter_map(|(what, mark, got)| {
            let mark = mark.filter(|mark| got < *mark)?;
            Some(format!("{what}: {got:.3} is under the mark of {mark:.3}."))
        });
        let over = self.max_false_fires.filter(|mark| report.false_fire_rate > *mark);
        let over = over
            .map(|mark| format!("False fires: {:.3} is over the mark of {mark:.3}.", report.false_fire_rate));
        under.chain(over).collect()
    }
}

const CONFUSIONS_SHOWN_MAX: usize = 10;
const QUESTION_CHARS_SHOWN: usize = 120;

pub fn print(output: &Output, result: &Value, report: &Report, wrong: bool) -> Result<(), Failure> {
    let planner = result["planner"].as_str().unwrap_or_default();
    output.line(format!(
        "{} cases, planned by {}",
        report.cases,
        output.paint(Tone::Strong, &plain(planner))
    ))?;
    let before: Option<Report> = serde_json::from_value(result["before"].clone()).ok();
    let mut table = output.table(&["", "now", "before"]);
    let rows = rows(report);
    let old = before.as_ref().map(self::rows);
    table.add_rows(rows.iter().enumerate().map(|(at, (name, value))| {
        let old =
            old.as_ref().and_then(|old| old.get(at)).map_or_else(String::new, |(_, value)| value.clone());
        [(*name).to_owned(), value.clone(), old]
    }));
    output.print_table(&table)?;
    let name = |name: &Option<String>| {
        name.as_deref().map_or_else(|| "nothing".to_owned(), |name| plain(name).into_owned())
    };
    for confusion in report.confusions.iter().take(CONFUSIONS_SHOWN_MAX) {
        output.line(format!(
            "{:>4} × {} fired instead of {}",
            confusion.count,
            name(&confusion.fired),
            name(&confusion.expected)
        ))?;
    }
    if wrong {
        for failure in result["failures"].as_array().into_iter().flatten() {
            let question = failure["question"].as_str().unwrap_or_default();
            output.line(output.paint(Tone::Strong, &one_line(question, QUESTION_CHARS_SHOWN)))?;
            for part in ["wrong", "missed", "arguments_wrong", "arguments_missed", "arguments_invented"] {
                let found = failure["outcome"][part].as_array().filter(|list| !list.is_empty());
                let list =
                    found.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
                if !list.is_empty() {
                    output.line(format!("  {}: {}", part.replace('_', " "), plain(&list)))?;
                }
            }
        }
    }
    Ok(())
}

fn rows(report: &Report) -> Vec<(&'static str, String)> {
    let share = |value: f64| format!("{value:.3}");
    vec![
        ("firing: F1", share(report.firing.f1)),
        ("firing: precision", share(report.firing.precision)),
        ("firing: recall", share(report.firing.recall)),
        ("exact set", share(report.firing.exact_set)),
        ("likeliest right", share(report.firing.top1)),
        ("false fires", share(report.false_fire_rate)),
        ("arguments right", share(report.arguments.exact)),
        ("arguments filled", share(report.arguments.filled)),
        ("arguments filled that were to stay empty", share(report.arguments.false_filled)),
        ("latency p50", format!("{:.1} ms", report.latency_ms.p50)),
        ("latency p99", format!("{:.1} ms", report.latency_ms.p99)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(f1: f64, false_fires: f64) -> Report {
        Report {
            cases: 10,
            firing: Firing { precision: f1, recall: f1, f1, exact_set: 0.9, top1: 1.0 },
            arguments: Arguments { exact: 0.8, filled: 0.9, false_filled: 0.0 },
            false_fire_rate: false_fires,
            confusions: Vec::new(),
            latency_ms: Latency { p50: 1.0, p99: 2.0 },
        }
    }

    #[test]
    fn a_missed_mark_is_named() {
        let marks = Marks { min_f1: Some(0.95), max_false_fires: Some(0.01), ..Marks::default() };
        assert!(marks.missed_by(&report(0.95, 0.01)).is_empty());
        assert_eq!(
            marks.missed_by(&report(0.9, 0.1)),
            [
                "F1 of firing: 0.900 is under the mark of 0.950.",
                "False fires: 0.100 is over the mark of 0.010."
            ]
        );
    }
}
