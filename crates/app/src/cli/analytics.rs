//! `errand analytics`: how a guru is used.

use serde::Deserialize;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::{human_ms, human_time, one_line, plain},
};
use crate::client::{Call, read};

#[derive(Debug, clap::Args)]
pub struct AnalyticsArgs {
    /// Since then, such as 2026-11-01T00:00:00Z [default: thirty days ago]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to then [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Sum by this
    #[arg(long, default_value = "action", value_parser = ["action", "source", "day", "model", "model-day"])]
    by: String,
    /// Show the questions that no action matched instead
    #[arg(long, conflicts_with = "by")]
    unmatched: bool,
}

#[derive(Deserialize)]
struct Analytics {
    totals: Runs,
    by_action: Vec<Runs>,
    by_source: Vec<Runs>,
    by_day: Vec<Runs>,
    questions: Questions,
    models: Models,
}

#[derive(Deserialize)]
struct Models {
    totals: ModelUse,
    by_model: Vec<ModelUse>,
    by_day: Vec<ModelUse>,
}

#[derive(Deserialize)]
struct ModelUse {
    key: String,
    calls: u32,
    failures: u32,
    input_tokens: u64,
    output_tokens: u64,
    cost: Option<f64>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as on the wire")]
struct Runs {
    key: String,
    runs: u32,
    failures: u32,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
}

#[derive(Deserialize)]
struct Questions {
    asked: u32,
    acted: u32,
    missing: u32,
    unmatched: u32,
    voted_up: u32,
    voted_down: u32,
}

#[derive(Deserialize)]
struct Unmatched {
    items: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    at: String,
}

pub async fn run(context: &Context, args: AnalyticsArgs) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let given = [("from", args.since), ("to", args.until)];
    let query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let path = [door.guru.as_str(), "analytics", "unmatched"];
    let path = if args.unmatched { &path[..] } else { &path[..2] };
    let reply =
        door.client.call(Call { method: reqwest::Method::GET, path, query: &query, body: None }).await?;
    context.output.show(&reply, || {
        if args.unmatched {
            let found: Unmatched = read(&reply)?;
            for one in &found.items {
                context.output.line(format!(
                    "{} {}",
                    human_time(&one.at),
                    one_line(&one.question, QUESTION_CHARS_SHOWN)
                ))?;
            }
            return Ok(());
        }
        let all: Analytics = read(&reply)?;
        match args.by.as_str() {
            "model" => return print_models(context, "model", &all.models.by_model, &all.models.totals),
            "model-day" => return print_models(context, "day", &all.models.by_day, &all.models.totals),
            _ => {}
        }
        let list = match args.by.as_str() {
            "source" => &all.by_source,
            "day" => &all.by_day,
            _ => &all.by_action,
        };
        let mut table = context.output.table(&[args.by.as_str(), "runs", "failed", "p50", "p95"]);
        table.add_rows(list.iter().map(|runs| row(&runs.key, runs)));
        table.add_row(row("all", &all.totals));
        context.output.print_table(&table)?;
        let asked = &all.questions;
        context.output.line(format!(
            "{} questions: {} led to an action, {} lacked something, {} matched nothing",
            asked.asked, asked.acted, asked.missing, asked.unmatched
        ))?;
        context.output.line(format!(
            "{} answers were voted up, {} down (`errand feedback list`)",
            asked.voted_up, asked.voted_down
        ))?;
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn print_models(context: &Context, by: &str, list: &[ModelUse], totals: &ModelUse) -> Result<(), Failure> {
    let mut table = context.output.table(&[by, "calls", "failed", "tokens in", "tokens out", "cost"]);
    table.add_rows(list.iter().map(|sums| model_row(&sums.key, sums)));
    table.add_row(model_row("all", totals));
    Ok(context.output.print_table(&table)?)
}

fn model_row(key: &str, sums: &ModelUse) -> [String; 6] {
    [
        plain(key).into_owned(),
        sums.calls.to_string(),
        sums.failures.to_string(),
        sums.input_tokens.to_string(),
        sums.output_tokens.to_string(),
        sums.cost.map_or_else(|| "–".to_owned(), |cost| format!("{cost:.4}")),
    ]
}

const QUESTION_CHARS_SHOWN: usize = 120;

fn row(key: &str, runs: &Runs) -> [String; 5] {
    let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), human_ms);
    [
        plain(key).into_owned(),
        runs.runs.to_string(),
        runs.failures.to_string(),
        ms(runs.p50_ms),
        ms(runs.p95_ms),
    ]
}
