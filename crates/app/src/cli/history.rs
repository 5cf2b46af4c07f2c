//! `errand history`: what ran, and one run with everything that is known of it.

use errand_domain::{ExecutionStatus, HostContact, HttpExchange, Source, execution::Phase};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    action::run::Ending,
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{
        Output, Tone, human_arguments, human_bytes, human_ms, human_time, one_line, plain, status_tone,
    },
};
use crate::client::{Call, read};

const AFTER_HELP: &str = "\
Examples:
  errand history --action refund_lookup --status failed,timed_out
  errand history --text 12345 --since 2026-11-01T00:00:00Z
  errand history run_01j…                    one run: request, answer, hosts, where the time went
  errand history --json --limit 1000 | jq -r '.items[] | [.id, .status] | @tsv'";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct HistoryArgs {
    /// Show this run alone (`run_…`)
    #[arg(conflicts_with_all = ["action", "status", "source", "text", "since", "until", "vote", "limit"])]
    id: Option<String>,
    /// Only runs of this action
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// Only these statuses, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = statuses())]
    status: Vec<String>,
    /// Only runs from this source
    #[arg(long, value_parser = sources())]
    source: Option<String>,
    /// Only runs whose question, arguments or output contain this
    #[arg(long)]
    text: Option<String>,
    /// Only runs since then, such as 2026-11-23T08:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only runs before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only runs for questions whose answer got this vote
    #[arg(long, value_parser = ["up", "down"])]
    vote: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

fn statuses() -> clap::builder::PossibleValuesParser {
    ExecutionStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().into()
}

fn sources() -> clap::builder::PossibleValuesParser {
    Source::ALL.iter().map(|source| source.as_str()).collect::<Vec<_>>().into()
}

/// The API's own maximum of a page.
const PAGE_ITEMS_MAX: u32 = 200;

pub async fn run(context: &Context, args: HistoryArgs) -> Result<Exit, Failure> {
    let door = context.door().await?;
    match &args.id {
        Some(id) => one(context, &door, id).await,
        None => list(context, &door, &args).await,
    }
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Value>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Run {
    id: String,
    action: String,
    source: String,
    status: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    arguments: Map<String, Value>,
    created_at: String,
    duration_ms: Option<f64>,
}

async fn list(context: &Context, door: &Door, args: &HistoryArgs) -> Result<Exit, Failure> {
    let (items, has_more) = collect(door, args).await?;
    let reply = json!({ "items": items, "has_more": has_more });
    context.output.show(&reply, || {
        if items.is_empty() {
            context.output.line("Nothing ran that fits.")?;
            return Ok(());
        }
        let mut table = context.output.table(&[
            "when",
            "run",
            "action",
            "status",
            "source",
            "took",
            "question or arguments",
        ]);
        for item in &items {
            table.add_row(row(&read(item)?));
        }
        context.output.print_table(&table)?;
        if has_more {
            context.output.hint("There is more: raise `--limit` or narrow it down.");
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn collect(door: &Door, args: &HistoryArgs) -> Result<(Vec<Value>, bool), Failure> {
    let wanted = args.limit as usize;
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let left = u32::try_from(wanted - items.len()).unwrap_or(PAGE_ITEMS_MAX);
        let query = query(args, left.min(PAGE_ITEMS_MAX), cursor.as_deref());
        let call = Call { method: Method::GET, path: &[&door.guru, "executions"], query: &query, body: None };
        let page: Page = read(&door.client.call(call).await?)?;
        let was_empty = page.items.is_empty();
        items.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() || was_empty || items.len() >= wanted {
            return Ok((items, cursor.is_some()));
        }
    }
}

fn query<'a>(args: &HistoryArgs, limit: u32, cursor: Option<&str>) -> Vec<(&'a str, String)> {
    let status = (!args.status.is_empty()).then(|| args.status.join(","));
    let given = [
        ("action", args.action.clone()),
        ("status", status),
        ("source", args.source.clone()),
        ("text", args.text.clone()),
        ("from", args.since.clone()),
        ("to", args.until.clone()),
        ("vote", args.vote.clone()),
        ("limit", Some(limit.to_string())),
        ("cursor", cursor.map(str::to_owned)),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn row(run: &Run) -> [String; 7] {
    let why = if run.question.is_empty() { human_arguments(&run.arguments) } else { run.question.clone() };
    [
        human_time(&run.created_at),
        plain(&run.id).into_owned(),
        plain(&run.action).into_owned(),
        run.status.clone(),
        run.source.clone(),
        run.duration_ms.map_or_else(|| "–".to_owned(), human_ms),
        one_line(&why, QUESTION_CHARS_SHOWN),
    ]
}

const QUESTION_CHARS_SHOWN: usize = 60;

/// What the list doesn't have.
#[derive(Deserialize)]
struct Story {
    #[serde(flatten)]
    run: Run,
    action_version: u32,
    output: Option<String>,
    #[serde(default)]
    output_truncated: bool,
    error: Option<String>,
    ending: Option<Ending>,
    stderr: Option<String>,
    #[serde(default)]
    exchanges: Vec<HttpExchange<String>>,
    #[serde(default)]
    contacts: Vec<HostContact>,
    #[serde(default)]
    phases: Vec<Phase>,
    #[serde(default)]
    masked_count: u32,
    #[serde(default)]
    feedback: Vec<Vote>,
}

#[derive(Deserialize)]
struct Vote {
    vote: String,
    comment: Option<String>,
}

async fn one(context: &Context, door: &Door, id: &str) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "executions", id]).await?;
    context.output.show(&reply, || {
        let story: Story = read(&reply)?;
        for line in story_lines(&context.output, &story) {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn story_lines(output: &Output, story: &Story) -> Vec<String> {
    let run = &story.run;
    let status = output.paint(status_tone(&run.status).unwrap_or(Tone::Warning), &run.status);
    let took = run.duration_ms.map_or_else(String::new, |ms| format!(" in {}", human_ms(ms)));
    let mut lines = vec![
        format!("{} {status}{took}", output.paint(Tone::Strong, &plain(&run.id))),
        format!(
            "{} version {}, from {}, {}",
            plain(&run.action),
            story.action_version,
            run.source,
            human_time(&run.created_at)
        ),
    ];
    if !run.question.is_empty() {
        lines.push(format!("question: {}", plain(&run.question)));
    }
    if !run.arguments.is_empty() {
        lines.push(format!("arguments: {}", human_arguments(&run.arguments)));
    }
    lines.extend(
        story.error.as_deref().map(|error| format!("{} {}", output.paint(Tone::Bad, "error:"), plain(error))),
    );
    lines.extend(story.ending.as_ref().map(|ending| format!("ended by: {}", plain(&ending.words()))));
    if story.masked_count > 0 {
        lines.push(match story.masked_count {
            1 => "masked: once".to_owned(),
            count => format!("masked: {count} times"),
        });
    }
    lines.extend(story.feedback.iter().map(|one| {
        let comment = one.comment.as_deref().map_or_else(String::new, |text| format!(": {}", plain(text)));
        format!("voted {}{comment}", plain(&one.vote))
    }));
    for exchange in &story.exchanges {
        lines.extend(exchange_lines(output, exchange));
    }
    lines.extend(contact_lines(output, &story.contacts));
    lines.extend(phase_lines(output, &story.phases));
    if let Some(text) = story.output.as_deref().filter(|text| !text.is_empty()) {
        lines.push(heading(output, if story.output_truncated { "output (cut)" } else { "output" }));
        lines.push(plain(text).into_owned());
    }
    if let Some(text) = story.stderr.as_deref().filter(|text| !text.is_empty()) {
        lines.push(heading(output, "standard error"));
        lines.push(plain(text).into_owned());
    }
    lines
}

fn heading(output: &Output, title: &str) -> String {
    format!("\n{}", output.paint(Tone::Strong, title))
}

fn exchange_lines(output: &Output, exchange: &HttpExchange<String>) -> Vec<String> {
    let mut lines = vec![heading(output, "request")];
    lines.push(format!("{} {}", exchange.method, plain(&exchange.url)));
    lines.extend(header_lines(output, &exchange.request_headers));
    lines.extend(
        exchange.request_body.as_deref().filter(|body| !body.is_empty()).map(|body| plain(body).into_owned()),
    );
    let status = exchange.status.map_or_else(|| "no answer came".to_owned(), |status| status.to_string());
    lines.push(heading(output, "answer"));
    lines.push(status);
    lines.extend(header_lines(output, &exchange.response_headers));
    lines.extend(
        exchange
            .response_body
            .as_deref()
            .filter(|body| !body.is_empty())
            .map(|body| plain(body).into_owned()),
    );
    if exchange.response_truncated {
        lines.push(output.paint(Tone::Dim, "(cut: the answer was longer)"));
    }
    lines
}

fn header_lines(output: &Output, headers: &[(String, String)]) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| {
            format!("{} {}", output.paint(Tone::Dim, &format!("{}:", plain(name))), plain(value))
        })
        .collect()
}

fn contact_lines(output: &Output, contacts: &[HostContact]) -> Vec<String> {
    let mut lines: Vec<String> = contacts
        .iter()
        .map(|contact| {
            let address = contact
                .address
                .as_deref()
                .map_or_else(String::new, |address| format!(" ({})", plain(address)));
            let what = contact.refused.as_deref().map_or_else(
                || {
                    format!(
                        "{} sent, {} received",
                        human_bytes(contact.bytes_sent),
                        human_bytes(contact.bytes_received)
                    )
                },
                |reason| format!("{} {}", output.paint(Tone::Bad, "refused:"), plain(reason)),
            );
            format!("{}:{}{address} {what}", plain(&contact.host), contact.port)
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, heading(output, "hosts"));
    }
    lines
}

const BAR_CELLS: u64 = 40;

/// A waterfall: each phase where it lies in the run.
fn phase_lines(output: &Output, phases: &[Phase]) -> Vec<String> {
    let Some(whole) =
        phases.iter().map(|phase| phase.start_us + phase.duration_us).max().filter(|us| *us > 0)
    else {
        return Vec::new();
    };
    let name_width = phases.iter().map(|phase| phase.name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![heading(output, "time")];
    for phase in phases {
        let before = phase.start_us * BAR_CELLS / whole;
        let length =
            (phase.duration_us * BAR_CELLS / whole).max(1).min(BAR_CELLS - before.min(BAR_CELLS - 1));
        let repeat = |text: &str, times: u64| text.repeat(usize::try_from(times).unwrap_or(0));
        let bar = format!(
            "{}{}{}",
            repeat(" ", before.min(BAR_CELLS - 1)),
            repeat("█", length),
            repeat(" ", BAR_CELLS.saturating_sub(before + length))
        );
        lines.push(format!(
            "{:<name_width$} {} {}",
            plain(&phase.name),
            output.paint(Tone::Accent, &bar),
            human_ms(ms(phase.duration_us))
        ));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> Value {
        json!({
            "id": "run_1", "action": "refund_lookup", "action_version": 2, "kind": "api_call", "source": "web", "status": "succeeded",
            "turn_id": "turn_1", "conversation_id": "conv_1", "question": "Where is my\nrefund?", "arguments": {"order_id": "12345"},
            "output": "{\"status\":\"pending\"}", "output_truncated": false, "error": null,
            "created_at": "2026-11-23T08:00:05.123Z", "started_at": null, "finished_at": null, "duration_ms": 84.2,
            "exchanges": [{"method": "GET", "url": "https://x.test/12345", "request_headers": [["authorization", "••••"]], "request_body": null,
                "status": 200, "response_headers": [], "response_body": "{}", "response_truncated": false}],
            "contacts": [{"host": "x.test", "port": 443, "address": "203.0.113.7", "bytes_sent": 400, "bytes_received": 2100, "refused": null},
                {"host": "169.254.169.254", "port": 80, "address": null, "bytes_sent": 0, "bytes_received": 0, "refused": "link-local"}],
            "phases": [{"name": "connect", "start_us": 0, "duration_us": 21_000}, {"name": "wait", "start_us": 21_000, "duration_us": 63_000}],
            "masked_count": 1, "events": [],
        })
    }

    #[test]
    fn a_run_is_a_row() {
        let run: Run = read(&story()).expect("an execution as the server sends it");
        let expect = [
            "2026-11-23 08:00:05Z",
            "run_1",
            "refund_lookup",
            "succeeded",
            "web",
            "84 ms",
            "Where is my refund?",
        ];
        assert_eq!(row(&run), expect);
    }

    #[test]
    fn a_run_is_told_whole() {
        let story: Story = read(&story()).expect("an execution as the server sends it");
        let expect = "\
run_1 succeeded in 84 ms
refund_lookup version 2, from web, 2026-11-23 08:00:05Z
question: Where is my
refund?
arguments: order_id=12345
masked: once

request
GET https://x.test/12345
authorization: ••••

answer
200
{}

hosts
x.test:443 (203.0.113.7) 400 B sent, 2 kB received
169.254.169.254:80 refused: link-local

time
connect ██████████                               21 ms
wait              ██████████████████████████████ 63 ms

output
{\"status\":\"pending\"}";
        assert_eq!(story_lines(&Output::plain(), &story).join("\n"), expect);
    }

    #[test]
    fn filters_become_the_query() {
        let args = HistoryArgs {
            id: None,
            action: Some("refund_lookup".to_owned()),
            status: vec!["failed".to_owned(), "timed_out".to_owned()],
            source: None,
            text: Some("a b".to_owned()),
            since: None,
            until: None,
            vote: None,
            limit: 5,
        };
        let expect = [
            ("action", "refund_lookup"),
            ("status", "failed,timed_out"),
            ("text", "a b"),
            ("limit", "5"),
            ("cursor", "run_9"),
        ];
        assert_eq!(query(&args, 5, Some("run_9")), expect.map(|(name, value)| (name, value.to_owned())));
    }
}
