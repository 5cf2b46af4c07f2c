//! The lab without a server: a catalogue, a case file, and the planner in this process.

use std::path::Path;

use errand_engine::{
    clock::Clock,
    lab::{overlap, run},
};
use errand_planners::{
    CatalogueAction,
    embedded::{EmbeddedPlanner, load_encoder},
    evaluate::{Case, read_cases, read_catalogue},
};
use serde_json::{Value, json};

use crate::cli::{action::read_text, context::Context, failure::Failure};

pub struct Asked<'a> {
    pub catalogue: &'a Path,
    pub cases: &'a Path,
    /// By words alone, whether or not the model is there.
    pub lexical: bool,
    pub now: Option<&'a str>,
}

const FAILURES_SHOWN_MAX: usize = 1_000;

/// In the shape that the server answers in.
pub fn run(context: &Context, asked: &Asked<'_>) -> Result<Value, Failure> {
    let cases = cases(&read_text(asked.cases)?)?;
    let now = moment(asked.now)?;
    let planner = planner(context, asked.lexical);
    let actions = prepared(&planner, asked.catalogue)?;
    let spinner = context.output.spinner("Running the cases");
    let results = run::run_cases(&planner, &actions, &cases, &now);
    spinner.finish_and_clear();
    let wrong = results.cases.iter().filter(|result| !result.is_right()).take(FAILURES_SHOWN_MAX);
    let failures: Vec<Value> = wrong
        .map(|result| {
            let nearest: Vec<Value> = result
                .plan
                .considered
                .iter()
                .take(3)
                .map(|judged| json!({"action": judged.action, "score": judged.score, "fires": judged.fires}))
                .collect();
            json!({
                "at": result.case, "question": cases[result.case].question, "outcome": result.outcome, "nearest": nearest,
            })
        })
        .collect();
    Ok(json!({ "planner": results.planner, "report": results.report, "failures": failures }))
}

pub fn overlaps(context: &Context, catalogue: &Path) -> Result<Value, Failure> {
    let planner = planner(context, false);
    let actions = prepared(&planner, catalogue)?;
    let found = overlap::overlaps(&planner, &actions, &moment(None)?);
    let items: Vec<Value> = found
        .into_iter()
        .map(|pair| {
            json!({
                "first": pair.first, "second": pair.second, "together": pair.together, "instead": pair.instead,
                "questions": pair.questions, "words": pair.words, "suggestion": pair.suggestion,
            })
        })
        .collect();
    Ok(json!({ "items": items }))
}

/// Checked here, so that the refusal names the line.
pub fn case_lines(text: &str) -> Result<Vec<Value>, Failure> {
    let cases = cases(text)?;
    cases.iter().map(|case| serde_json::to_value(case).map_err(|error| bad_case(&error))).collect()
}

fn bad_case(error: &serde_json::Error) -> Failure {
    Failure::new("not_a_case", format!("A case can't be written: {error}."), "See docs/trigger-lab.md.")
}

fn cases(text: &str) -> Result<Vec<Case>, Failure> {
    let cases =
        read_cases(text).map_err(|problem| Failure::new(problem.code, problem.message, problem.hint))?;
    if cases.is_empty() {
        return Err(Failure::new("no_cases", "The case file is empty.", "Write one JSON object a line."));
    }
    Ok(cases)
}

fn planner(context: &Context, lexical: bool) -> EmbeddedPlanner {
    if lexical {
        return EmbeddedPlanner::new(None);
    }
    if let Ok(encoder) = load_encoder(&context.config.model_dir) {
        return EmbeddedPlanner::new(Some(encoder));
    }
    context
        .output
        .hint("The sentence model is not installed, so words alone decide; run `errand model install`.");
    EmbeddedPlanner::new(None)
}

fn prepared(planner: &EmbeddedPlanner, path: &Path) -> Result<Vec<CatalogueAction>, Failure> {
    let mut actions = read_catalogue(&read_text(path)?)
        .map_err(|problem| Failure::new(problem.code, problem.message, problem.hint))?;
    run::prepare(planner, &mut actions);
    Ok(actions)
}

fn moment(given: Option<&str>) -> Result<jiff::Zoned, Failure> {
    let Some(text) = given else { return Ok(Clock::System.zoned("UTC")) };
    text.parse().map_err(|error| {
        Failure::usage(
            format!("`{text}` is no moment with its zone: {error}."),
            "Write one such as 2026-11-19T10:00[Europe/Berlin].",
        )
    })
}
