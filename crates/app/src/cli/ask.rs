//! `errand ask`: one question; what ran for it, live; the answer; where it came from.

mod session;

use std::io::{IsTerminal as _, Read as _};

use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    context::{Context, Door},
    failure::{Exit, Failure},
    markdown::Renderer,
    output::{Output, Tone, human_arguments, human_ms, one_line, plain, status_tone},
};
use crate::client::{Plan, TurnEvent, read};

const AFTER_HELP: &str = "\
Examples:
  errand ask \"I asked for a refund three days ago, order 12345, where is it?\"
  errand ask --continue \"And order 12360?\"
  errand ask --plan \"I was charged twice, ana@acme.test\"      decide, run nothing
  errand ask --explain \"Where is my package?\"                 also why each action fired or did not
  echo \"Where is order 12345?\" | errand ask --json | jq -r .content";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct AskArgs {
    /// The question; left out or `-`, it is read from standard input
    question: Option<String>,
    /// Go on with this conversation
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Go on with the conversation of the last `errand ask`
    #[arg(long = "continue", short = 'c', conflicts_with = "session")]
    goes_on: bool,
    /// Show what the planner weighed: every action with its score and what spoke for and against it
    #[arg(long, conflicts_with = "plan")]
    explain: bool,
    /// Only plan: show what would run with which arguments, and run nothing
    #[arg(long)]
    plan: bool,
    /// Show the answer as it is written (the default)
    #[arg(long, conflicts_with = "no_stream")]
    stream: bool,
    /// Show the answer once it is complete
    #[arg(long)]
    no_stream: bool,
}

pub async fn run(context: &Context, args: AskArgs) -> Result<Exit, Failure> {
    let question = question(args.question.as_deref())?;
    let door = context.door().await?;
    let session = match (args.session, args.goes_on) {
        (Some(session), _) => Some(session),
        (None, true) => Some(session::last(context, &door)?),
        (None, false) => None,
    };
    if args.plan {
        return dry_run(context, &door, &json!({ "question": question, "session_id": session })).await;
    }
    let question =
        Question { text: question, session, explain: args.explain, whole: args.no_stream && !args.stream };
    if context.output.json {
        ask_for_json(context, &door, question).await
    } else {
        ask_live(context, &door, question).await
    }
}

struct Question {
    text: String,
    session: Option<String>,
    explain: bool,
    /// Show the answer once it is complete.
    whole: bool,
}

fn question(given: Option<&str>) -> Result<String, Failure> {
    if let Some(text) = given.filter(|text| *text != "-") {
        return Ok(text.to_owned());
    }
    let mut stdin = std::io::stdin();
    let mut text = String::new();
    if given.is_some() || !stdin.is_terminal() {
        stdin.read_to_string(&mut text).map_err(|error| {
            Failure::usage(format!("The question could not be read: {error}."), "Send UTF-8 text.")
        })?;
    }
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Failure::usage(
            "There is no question.",
            "Write it behind the command: `errand ask \"Where is order 12345?\"`.",
        ));
    }
    Ok(text)
}

async fn dry_run(context: &Context, door: &Door, body: &Value) -> Result<Exit, Failure> {
    let spinner = context.output.spinner("Planning");
    let reply = door.client.post(&[&door.guru, "plan"], Some(body)).await;
    spinner.finish_and_clear();
    let reply = reply?;
    context.output.show(&reply, || {
        let plan: Plan = read(&reply)?;
        for line in
            plan_lines(&context.output, &plan).into_iter().chain(explanation_lines(&context.output, &plan))
        {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn ask_for_json(context: &Context, door: &Door, question: Question) -> Result<Exit, Failure> {
    let body = json!({ "question": question.text, "session_id": question.session });
    let mut reply = door.client.post(&[&door.guru, "answer"], Some(&body)).await?;
    if let Some(session) = reply.get("session_id").and_then(Value::as_str) {
        session::keep(context, door, session);
    }
    if question.explain {
        let turn_id = reply.get("turn_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let turn = door.client.get(&[&door.guru, "turns", &turn_id]).await?;
        if let Some(fields) = reply.as_object_mut() {
            fields.insert("plan".to_owned(), turn.get("plan").cloned().unwrap_or_default());
        }
    }
    context.output.print_json(&reply)?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
}

/// The stream doesn't name its conversation, so a new one is made first.
async fn ask_live(context: &Context, door: &Door, question: Question) -> Result<Exit, Failure> {
    let session = match question.session {
        Some(session) => session,
        None => read::<Conversation>(&door.client.post(&[&door.guru, "conversations"], None).await?)?.id,
    };
    session::keep(context, door, &session);
    let body = json!({ "question": question.text, "session_id": session, "stream": true });
    let mut events = door.client.events(&[&door.guru, "answer"], &body).await?;
    let mut screen = Screen::new(&context.output, question.whole);
    while let Some(event) = events.next().await? {
        if question.explain
            && let TurnEvent::Planned { plan } = &event
        {
            screen.tell(&explanation_lines(&context.output, plan));
        }
        screen.show(event)?;
    }
    let exit = screen.finish()?;
    context.output.hint(&format!("session: {session}  (go on with `errand ask --continue \"…\"`)"));
    Ok(exit)
}

/// The terminal while an answer comes in: what ran on standard error, the answer on standard output.
struct Screen<'a> {
    output: &'a Output,
    spinner: ProgressBar,
    renderer: Renderer<'a>,
    /// Held back until the end when the answer is wanted whole.
    whole: Option<String>,
    /// Arguments of what runs, by execution.
    running: Vec<(String, Map<String, Value>)>,
    references: Vec<String>,
    has_text: bool,
    ends_with_break: bool,
    end: Option<(String, Option<String>)>,
}

impl<'a> Screen<'a> {
    fn new(output: &'a Output, whole: bool) -> Self {
        Self {
            output,
            spinner: output.spinner("Planning"),
            renderer: Renderer::new(output),
            whole: whole.then(String::new),
            running: Vec::new(),
            references: Vec::new(),
            has_text: false,
            ends_with_break: true,
            end: None,
        }
    }

    fn show(&mut self, event: TurnEvent) -> Result<(), Failure> {
        match event {
            TurnEvent::Planned { plan } => self.planned(&plan),
            TurnEvent::ActionStarted { execution_id, action, arguments } => {
                self.spinner.set_message(format!("Running {}", plain(&action)));
                self.running.push((execution_id, arguments));
            }
            TurnEvent::ActionOutput { text, .. } => self.printed(&text),
            TurnEvent::ActionFinished { execution_id, action, status, duration_us, error } => {
                let arguments = self.take_arguments(&execution_id);
                let run = FinishedRun {
                    action: &action,
                    arguments: &arguments,
                    status: &status,
                    ms: duration_us / 1_000.0,
                    error: error.as_deref(),
                };
                self.tell(&[run_line(self.output, &run)]);
                self.references.push(format!("{}  {}", plain(&execution_id), plain(&action)));
            }
            TurnEvent::AnswerText { text } => self.answer(&text)?,
            TurnEvent::TurnFinished { status, error } => self.end = Some((status, error)),
            TurnEvent::Other => {}
        }
        Ok(())
    }

    fn planned(&mut self, plan: &Plan) {
        let notices: Vec<String> = plan
            .notices
            .iter()
            .map(|notice| self.output.paint_aside(Tone::Warning, &plain(notice)))
            .collect();
        self.tell(&notices);
        self.spinner.set_message(match plan.steps.as_slice() {
            [] => "Answering".to_owned(),
            [step] => format!("Running {}", plain(&step.action)),
            steps => format!("Running {} actions", steps.len()),
        });
    }

    /// The last line that a script printed shows what it is at.
    fn printed(&self, text: &str) {
        if let Some(line) = text.lines().rev().find(|line| !line.trim().is_empty()) {
            self.spinner.set_message(one_line(line, OUTPUT_CHARS_SHOWN));
        }
    }

    fn take_arguments(&mut self, execution_id: &str) -> Map<String, Value> {
        let at = self.running.iter().position(|(id, _)| id == execution_id);
        at.map(|at| self.running.swap_remove(at).1).unwrap_or_default()
    }

    fn tell(&self, lines: &[String]) {
        self.spinner.suspend(|| {
            for line in lines {
                self.output.aside(line);
            }
        });
    }

    fn answer(&mut self, text: &str) -> Result<(), Failure> {
        if let Some(whole) = &mut self.whole {
            whole.push_str(text);
            return Ok(());
        }
        self.write(text)
    }

    /// A person gets readable text, a pipe the Markdown itself.
    fn write(&mut self, text: &str) -> Result<(), Failure> {
        if !self.has_text {
            self.spinner.finish_and_clear();
            if !self.references.is_empty() && self.output.is_terminal {
                self.output.aside("");
            }
            self.has_text = true;
        }
        let shown = if self.output.is_terminal { self.renderer.push(text) } else { plain(text).into_owned() };
        self.put(&shown)
    }

    fn put(&mut self, shown: &str) -> Result<(), Failure> {
        if !shown.is_empty() {
            self.ends_with_break = shown.ends_with('\n');
            self.output.piece(shown)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        if let Some(whole) = self.whole.take() {
            self.write(&whole)?;
        }
        self.spinner.finish_and_clear();
        let rest = std::mem::replace(&mut self.renderer, Renderer::new(self.output)).finish();
        self.put(&rest)?;
        if !self.ends_with_break {
            self.put("\n")?;
        }
        if !self.references.is_empty() {
            self.output.hint("");
            for reference in &self.references {
                self.output.hint(&format!("reference: {reference}"));
            }
        }
        self.verdict()
    }

    fn verdict(self) -> Result<Exit, Failure> {
        match self.end {
            Some((status, _)) if status == "done" => Ok(Exit::Done),
            Some((status, error)) => Err(Failure::new(
                "turn_not_done",
                error.unwrap_or_else(|| format!("The answer ended as `{status}`.")),
                "`errand history` shows what ran; ask again.",
            )),
            None => Err(Failure::new(
                "broken_off",
                "The answer broke off before its end.",
                "`errand history` shows what ran; ask again.",
            )),
        }
    }
}

struct FinishedRun<'a> {
    action: &'a str,
    arguments: &'a Map<String, Value>,
    status: &'a str,
    ms: f64,
    error: Option<&'a str>,
}

/// `✓ refund_lookup order_id=12345 84 ms`
fn run_line(output: &Output, run: &FinishedRun<'_>) -> String {
    let tone = status_tone(run.status).unwrap_or(Tone::Warning);
    let mark = output.paint_aside(tone, if tone == Tone::Good { "✓" } else { "✗" });
    let mut parts =
        vec![mark, output.paint_aside(Tone::Strong, &plain(run.action)), human_arguments(run.arguments)];
    parts.push(output.paint_aside(Tone::Dim, &human_ms(run.ms)));
    if tone != Tone::Good {
        parts.push(output.paint_aside(tone, run.status));
        parts.push(run.error.map_or_else(String::new, |error| one_line(error, ERROR_CHARS_SHOWN)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

const ERROR_CHARS_SHOWN: usize = 300;
const OUTPUT_CHARS_SHOWN: usize = 80;

/// What would run, and what is missing.
fn plan_lines(output: &Output, plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &plan.steps {
        let companion =
            step.runs_with.as_ref().map_or_else(String::new, |action| format!(" (with {})", plain(action)));
        let arguments = human_arguments(&step.arguments);
        lines.push(format!(
            "{} {} {arguments}{companion}",
            output.paint(Tone::Good, "would run"),
            output.paint(Tone::Strong, &plain(&step.action))
        ));
    }
    for missing in &plan.missing {
        let known = human_arguments(&missing.arguments);
        let asked = plain(&missing.parameters.join(", ")).into_owned();
        lines.push(format!(
            "{} {} {known} lacks {asked}",
            output.paint(Tone::Warning, "would ask"),
            output.paint(Tone::Strong, &plain(&missing.action))
        ));
    }
    if lines.is_empty() {
        lines.push("No action would run.".to_owned());
    }
    lines.extend(plan.notices.iter().map(|notice| output.paint(Tone::Warning, &plain(notice))));
    lines
}

/// Every action that was judged, with what spoke for and against it.
fn explanation_lines(output: &Output, plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("Decided by {}:", plain(&plan.planner))];
    for judged in &plan.considered {
        let (mark, tone) = if judged.fires { ("fires", Tone::Good) } else { ("rests", Tone::Dim) };
        lines.push(format!(
            "  {} {:.2} {}",
            output.paint(tone, mark),
            judged.score,
            output.paint(Tone::Strong, &plain(&judged.action))
        ));
        lines.extend(judged.evidence.iter().map(|evidence| {
            format!("             {}", output.paint(Tone::Dim, &one_line(evidence, EVIDENCE_CHARS_SHOWN)))
        }));
    }
    if plan.considered.is_empty() {
        lines.push("  The guru has no enabled action.".to_owned());
    }
    lines
}

const EVIDENCE_CHARS_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn check_run(status: &str, error: Option<&str>, expect: &str) {
        let arguments = json!({ "order_id": "12345" });
        let arguments = arguments.as_object().expect("an object");
        let run = FinishedRun { action: "refund_lookup", arguments, status, ms: 84.2, error };
        assert_eq!(run_line(&Output::plain(), &run), expect);
    }

    #[test]
    fn finished_runs_are_one_line() {
        check_run("succeeded", None, "✓ refund_lookup order_id=12345 84 ms");
        check_run(
            "timed_out",
            Some("It took\ntoo long."),
            "✗ refund_lookup order_id=12345 84 ms timed_out It took too long.",
        );
    }

    fn plan() -> Plan {
        let plan = json!({
            "version": 1, "planner": "embedded-lexical", "notices": ["working without the language model"],
            "steps": [{"action": "refund_lookup", "action_version": 2, "arguments": {"order_id": "12345"}, "origins": [], "runs_with": null}],
            "missing": [{"action": "order_status", "arguments": {}, "parameters": ["order_id"]}],
            "considered": [{"action": "refund_lookup", "score": 0.914, "fires": true, "evidence": ["`refund` is in the trigger"]},
                           {"action": "sla_breach", "score": 0.1, "fires": false, "evidence": []}],
        });
        read(&plan).expect("a plan as the server sends it")
    }

    #[test]
    fn a_dry_run_says_what_would_run_and_why() {
        assert_eq!(
            plan_lines(&Output::plain(), &plan()),
            [
                "would run refund_lookup order_id=12345",
                "would ask order_status  lacks order_id",
                "working without the language model"
            ]
        );
        assert_eq!(
            explanation_lines(&Output::plain(), &plan()),
            [
                "Decided by embedded-lexical:",
                "  fires 0.91 refund_lookup",
                "             `refund` is in the trigger",
                "  rests 0.10 sla_breach"
            ]
        );
    }

    fn check_end(events: Vec<TurnEvent>, expect: Result<Exit, &str>) {
        let output = Output::plain_json();
        let mut screen = Screen::new(&output, false);
        for event in events {
            screen.show(event).expect("an event that can be shown");
        }
        assert_eq!(screen.finish().map_err(|failure| failure.code), expect.map_err(str::to_owned));
    }

    #[test]
    fn the_exit_code_tells_how_the_turn_ended() {
        let end = |status: &str| TurnEvent::TurnFinished { status: status.to_owned(), error: None };
        check_end(vec![end("done")], Ok(Exit::Done));
        check_end(vec![end("failed")], Err("turn_not_done"));
        check_end(vec![TurnEvent::Other], Err("broken_off"));
    }
}
