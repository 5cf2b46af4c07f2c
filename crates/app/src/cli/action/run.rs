//! `errand action test` and `run`: one execution. A test shows what a script prints as it comes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        context::{Context, Door},
        failure::{Exit, Failure},
        output::{Output, Tone, human_ms, plain, status_tone},
    },
    client::read,
};

use super::live::{self, Shown};

pub const AFTER_HELP: &str = "\
Values are read by the type that the parameter declares: `3` is a number for a number and text for a string.

Examples:
  errand action test refund_lookup order_id=12345
  errand action test create_bug summary=\"The export does nothing\" priority=High
  errand action test refund_lookup order_id=12345 --dry-run    what would be sent, or given to the script
  errand action run refund_lookup --arguments '{\"order_id\": \"12345\"}' --json | jq .output";

#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Name of the action
    name: String,
    /// Arguments by parameter
    #[arg(value_name = "KEY=VALUE", value_parser = pair)]
    pairs: Vec<(String, String)>,
    /// All arguments as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "pairs", value_parser = object)]
    arguments: Option<Map<String, Value>>,
    /// Run nothing: show the request that would be sent, or what the script would be given
    #[arg(long)]
    dry_run: bool,
}

/// What the run counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Test,
    Run,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Run => "run",
        }
    }
}

pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, such as order_id=12345".to_owned()),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("write a JSON object, such as {{\"order_id\": \"12345\"}}: {error}"))
}

#[derive(Debug, Deserialize)]
struct Run {
    id: String,
    status: String,
    output: Option<String>,
    #[serde(default)]
    output_truncated: bool,
    error: Option<String>,
    duration_ms: Option<f64>,
    ending: Option<Ending>,
    stderr: Option<String>,
    masked_count: Option<u32>,
}

impl Run {
    fn exit(&self) -> Exit {
        if self.status == "succeeded" { Exit::Done } else { Exit::Failed }
    }
}

/// How a script ended, when it did not end well.
#[derive(Debug, Deserialize)]
pub struct Ending {
    reason: String,
    exit_code: Option<i32>,
    line: Option<u32>,
}

impl Ending {
    /// `out of memory`, `exit code 3`, `exception at line 7`.
    pub fn words(&self) -> String {
        let mut words = self.reason.replace('_', " ");
        if let (Some(code), "exit_code") = (self.exit_code, self.reason.as_str()) {
            words = format!("exit code {code}");
        }
        if let Some(line) = self.line {
            words = format!("{words} at line {line}");
        }
        words
    }
}

pub async fn run(context: &Context, door: &Door, args: RunArgs, verb: Verb) -> Result<Exit, Failure> {
    let body = json!({ "arguments": arguments(args.pairs, args.arguments)? });
    if args.dry_run {
        let preview = door.client.post(&[&door.guru, "actions", &args.name, "preview"], Some(&body)).await?;
        context.output.show(&preview, || Ok(context.output.line(preview_text(&preview))?))?;
        return Ok(Exit::Done);
    }
    let spinner = context.output.spinner(&format!("Running {}", args.name));
    if verb == Verb::Test && !context.output.json {
        let screen = live::Screen::new(&context.output, spinner);
        let watched = live::test(door, &args.name, &body, screen).await?;
        let run: Run = read(&watched.execution)?;
        show(&context.output, &run, watched.shown)?;
        return Ok(run.exit());
    }
    let reply = door.client.post(&[&door.guru, "actions", &args.name, verb.as_str()], Some(&body)).await;
    spinner.finish_and_clear();
    let reply = with_story(door, reply?).await?;
    let run: Run = read(&reply)?;
    context.output.show(&reply, || show(&context.output, &run, Shown::Nothing))?;
    Ok(run.exit())
}

/// Text stays text here: the server knows the declared types and reads values by them.
pub fn arguments(
    pairs: Vec<(String, String)>,
    object: Option<Map<String, Value>>,
) -> Result<Map<String, Value>, Failure> {
    let mut arguments = object.unwrap_or_default();
    for (name, value) in pairs {
        if arguments.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Failure::usage(
                format!("`{name}` is given twice."),
                "Give each parameter one value.",
            ));
        }
    }
    Ok(arguments)
}

/// How often something was masked stands in the history alone, which a key that may only run can't read.
async fn with_story(door: &Door, reply: Value) -> Result<Value, Failure> {
    if reply.get("masked_count").is_some() {
        return Ok(reply);
    }
    let id = reply.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(door.client.get(&[&door.guru, "executions", &id]).await.unwrap_or(reply))
}

/// The request or the script's surroundings, laid out.
fn preview_text(preview: &Value) -> String {
    let shown = preview.get("request").or_else(|| preview.get("script")).unwrap_or(preview);
    plain(&serde_json::to_string_pretty(shown).unwrap_or_default()).into_owned()
}

/// The output alone on standard output, so that it can be piped; the rest beside it.
fn show(output: &Output, run: &Run, shown: Shown) -> Result<(), Failure> {
    output.aside(summary(output, run));
    if let Some(error) = &run.error {
        output.aside(format!("  {}", plain(error)));
    }
    if let Some(text) = run.stderr.as_deref().filter(|text| !text.is_empty()) {
        output.aside(output.paint_aside(Tone::Dim, plain(text).trim_end()));
    }
    if let Some(text) = run.output.as_deref().filter(|text| !text.is_empty() && shown == Shown::Nothing) {
        output.line(plain(&pretty(text)).trim_end())?;
    }
    if run.output_truncated {
        output.hint("The output is cut at the operator's limit.");
    }
    Ok(())
}

fn summary(output: &Output, run: &Run) -> String {
    let status = output.paint_aside(status_tone(&run.status).unwrap_or(Tone::Warning), &run.status);
    let duration = run.duration_ms.map_or_else(String::new, |ms| format!(" in {}", human_ms(ms)));
    let masked = match run.masked_count {
        None | Some(0) => String::new(),
        Some(1) => ", a secret masked once".to_owned(),
        Some(count) => format!(", secrets masked {count} times"),
    };
    let ending = run.ending.as_ref().map_or_else(String::new, |ending| format!(" ({})", ending.words()));
    format!("{status}{ending}{duration}{masked}  {}", output.paint_aside(Tone::Dim, &run.id))
}

/// JSON is laid out, anything else stays as it is.
fn pretty(text: &str) -> String {
    let value =
        serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array());
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_pairs_or_one_object() {
        fn check(words: &[&str], expect: Result<Value, &str>) {
            let pairs: Result<Vec<_>, _> = words.iter().map(|word| pair(word)).collect();
            let got = pairs
                .map_err(|_| "syntax".to_owned())
                .and_then(|pairs| arguments(pairs, None).map_err(|failure| failure.code));
            assert_eq!(got.map(Value::Object), expect.map_err(str::to_owned), "{words:?}");
        }
        check(&[], Ok(json!({})));
        check(
            &["order_id=12345", "note=a=b", "empty="],
            Ok(json!({"order_id": "12345", "note": "a=b", "empty": ""})),
        );
        check(&["a=1", "a=2"], Err("usage"));
        check(&["a"], Err("syntax"));
        check(&["=1"], Err("syntax"));
        assert_eq!(object("{\"a\": 1}").map(Value::Object), Ok(json!({"a": 1})));
        assert!(object("[1]").is_err());
    }

    #[test]
    fn a_run_is_summed_up_in_a_line() {
        fn check(reply: &Value, expect: &str) {
            let run: Run = read(reply).expect("an execution as the server sends it");
            assert_eq!(summary(&Output::plain(), &run), expect);
        }
        check(
            &json!({"id": "run_1", "status": "succeeded", "output": "{}", "error": null, "duration_ms": 84.2, "masked_count": 2}),
            "succeeded in 84 ms, secrets masked 2 times  run_1",
        );
        check(
            &json!({"id": "run_1", "status": "failed", "output": "", "error": "No.", "duration_ms": 12.0,
                "ending": {"reason": "exception", "exit_code": 1, "line": 7}}),
            "failed (exception at line 7) in 12 ms  run_1",
        );
        check(
            &json!({"id": "run_1", "status": "failed", "output": "", "error": "No.", "duration_ms": null,
                "ending": {"reason": "exit_code", "exit_code": 3}}),
            "failed (exit code 3)  run_1",
        );
        check(
            &json!({"id": "run_1", "status": "refused", "output": null, "error": "No.", "duration_ms": null}),
            "refused  run_1",
        );
    }

    #[test]
    fn json_is_laid_out() {
        assert_eq!(pretty("{\"a\":1}"), "{\n  \"a\": 1\n}");
        assert_eq!(pretty("plain"), "plain");
        assert_eq!(pretty("12"), "12");
    }
}
