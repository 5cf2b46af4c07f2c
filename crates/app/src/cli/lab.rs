//! `errand lab`: does the right action fire, and nothing else? With files alone, or on a guru of the server.

mod files;
mod report;

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use self::report::{Marks, Report};
use super::{
    action::read_text,
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{Tone, one_line, plain},
};
use crate::client::read;

#[derive(Debug, clap::Subcommand)]
pub enum LabCommand {
    /// Run labelled questions through a planner; fails under a mark, for CI
    Run(RunArgs),
    /// List the guru's suites
    #[command(visible_alias = "ls")]
    List,
    /// Add the lines of a case file to a suite, which is made when it is not there
    Import(ImportArgs),
    /// Make a case of a turn in the history
    Add(AddArgs),
    /// Pairs of actions that fire on each other's questions, and the words that cause it
    Overlaps(OverlapArgs),
    /// Try an edited trigger on what was asked before; nothing is run or saved
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand lab run --catalogue actions.json --cases cases.jsonl --min-f1 0.95\n  errand lab run --suite refunds --guru support\n  errand lab run --cases cases.jsonl --guru support --planner embedded --json\n\nExit codes: 0 done, 1 under a mark."
)]
pub struct RunArgs {
    /// Actions as a file: one JSON object, names with `trigger` and `parameters`; no server is needed then
    #[arg(long, value_name = "FILE", requires = "cases")]
    catalogue: Option<PathBuf>,
    /// Case file, one JSON object a line; `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "suite")]
    cases: Option<PathBuf>,
    /// A suite of the guru, by its name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["cases", "catalogue"])]
    suite: Option<String>,
    /// `embedded`; `lexical` (with --catalogue): by words alone; `guru`: the one that the guru uses
    #[arg(long, value_name = "PLANNER")]
    planner: Option<PlannerArg>,
    /// The moment at which the cases are asked, such as 2026-11-19T10:00[Europe/Berlin] [default: now]
    #[arg(long, value_name = "TIME", requires = "catalogue")]
    now: Option<String>,
    /// Show each case that came out wrong
    #[arg(long)]
    wrong: bool,
    #[command(flatten)]
    marks: Marks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PlannerArg {
    Guru,
    Embedded,
    Lexical,
}

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Case file, one JSON object a line; `-` for standard input
    file: PathBuf,
    /// Name of the suite
    #[arg(long)]
    suite: String,
}

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The turn's id (`turn_…`)
    turn: String,
    /// Name of the suite
    #[arg(long)]
    suite: String,
}

#[derive(Debug, clap::Args)]
pub struct OverlapArgs {
    /// Actions as a file; no server is needed then
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The action
    #[arg(required_unless_present = "file")]
    action: Option<String>,
    /// Its trigger as it would be
    #[arg(long, required_unless_present = "file")]
    trigger: Option<String>,
    /// An action file to try as if it were saved; with an action's name, as its next version
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trigger", "examples"])]
    file: Option<PathBuf>,
    /// An example as it would be; give it again for each [default: as they are]
    #[arg(long = "example", value_name = "QUESTION")]
    examples: Vec<String>,
    /// The latest turns to try it on
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=500))]
    turns: u32,
}

pub async fn run(context: &Context, command: LabCommand) -> Result<Exit, Failure> {
    match command {
        LabCommand::Run(args) => run_cases(context, args).await,
        LabCommand::List => list(context).await,
        LabCommand::Import(args) => import(context, args).await,
        LabCommand::Add(args) => add(context, args).await,
        LabCommand::Overlaps(args) => overlaps(context, args).await,
        LabCommand::Replay(args) => replay(context, args).await,
    }
}

async fn run_cases(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let result = match (&args.catalogue, &args.cases) {
        (Some(catalogue), Some(cases)) => {
            let asked = files::Asked {
                catalogue,
                cases,
                lexical: args.planner == Some(PlannerArg::Lexical),
                now: args.now.as_deref(),
            };
            files::run(context, &asked)?
        }
        _ => run_on_server(context, &args).await?,
    };
    let report: Report = read(&result["report"])?;
    let missed = args.marks.missed_by(&report);
    let mut printed = result["report"].clone();
    printed["planner"] = result["planner"].clone();
    if args.wrong {
        printed["failures"] = result["failures"].clone();
    }
    context.output.show(&printed, || {
        report::print(&context.output, &result, &report, args.wrong)?;
        for mark in &missed {
            context.output.line(context.output.paint(Tone::Bad, mark))?;
        }
        Ok(())
    })?;
    Ok(if missed.is_empty() { Exit::Done } else { Exit::Failed })
}

async fn run_on_server(context: &Context, args: &RunArgs) -> Result<Value, Failure> {
    let planner = match args.planner {
        None | Some(PlannerArg::Guru) => "guru",
        Some(PlannerArg::Embedded) => "embedded",
        Some(PlannerArg::Lexical) => {
            return Err(Failure::usage(
                "`--planner lexical` works on files only.",
                "Give --catalogue and --cases, or choose `embedded` or `guru`.",
            ));
        }
    };
    let door = context.door().await?;
    let spinner = context.output.spinner("Running the cases");
    let result = if let Some(name) = &args.suite {
        let suite = find_suite(&door, name).await?.ok_or_else(|| no_suite(name))?;
        door.client
            .post(&[&door.guru, "lab", "suites", &suite, "run"], Some(&json!({ "planner": planner })))
            .await
    } else {
        let path = args
            .cases
            .as_deref()
            .ok_or_else(|| Failure::usage("There are no cases.", "Give --cases or --suite."))?;
        let cases = files::case_lines(&read_text(path)?)?;
        door.client
            .post(&[&door.guru, "lab", "run"], Some(&json!({ "planner": planner, "cases": cases })))
            .await
    };
    spinner.finish_and_clear();
    result
}

#[derive(Deserialize)]
struct Suites {
    items: Vec<Suite>,
}

#[derive(Deserialize)]
struct Suite {
    id: String,
    name: String,
    action: Option<String>,
    cases: u32,
}

async fn find_suite(door: &Door, name: &str) -> Result<Option<String>, Failure> {
    let suites: Suites = read(&door.client.get(&[&door.guru, "lab", "suites"]).await?)?;
    Ok(suites.items.into_iter().find(|suite| suite.name == name || suite.id == name).map(|suite| suite.id))
}

fn no_suite(name: &str) -> Failure {
    Failure::new(
        "no_suite",
        format!("There is no suite `{name}`."),
        "`errand lab list` shows the suites; `errand lab import` makes one of a case file.",
    )
}

async fn list(context: &Context) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let reply = door.client.get(&[&door.guru, "lab", "suites"]).await?;
    context.output.show(&reply, || {
        let suites: Suites = read(&reply)?;
        if suites.items.is_empty() {
            context
                .output
                .line("There are no suites. Make one with `errand lab import cases.jsonl --suite NAME`.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["suite", "cases", "action", "id"]);
        table.add_rows(suites.items.iter().map(|suite| {
            let action = suite.action.as_deref().unwrap_or("all");
            [
                plain(&suite.name).into_owned(),
                suite.cases.to_string(),
                plain(action).into_owned(),
                suite.id.clone(),
            ]
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

/// The server takes so many cases in one request without its body growing too large.
const CASES_PER_REQUEST: usize = 200;

async fn import(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let cases = files::case_lines(&read_text(&args.file)?)?;
    let door = context.door().await?;
    let suite = suite_or_new(&door, &args.suite).await?;
    for part in cases.chunks(CASES_PER_REQUEST) {
        door.client
            .post(&[&door.guru, "lab", "suites", &suite, "cases"], Some(&json!({ "cases": part })))
            .await?;
    }
    context.output.show(&json!({ "suite": suite, "added": cases.len() }), || {
        Ok(context.output.line(format!("{} cases added to `{}`.", cases.len(), plain(&args.suite)))?)
    })?;
    Ok(Exit::Done)
}

async fn add(context: &Context, args: AddArgs) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let suite = suite_or_new(&door, &args.suite).await?;
    let body = json!({ "turn_id": args.turn });
    let added =
        door.client.post(&[&door.guru, "lab", "suites", &suite, "cases", "from-turn"], Some(&body)).await?;
    context.output.show(&added, || {
        context
            .output
            .line(format!("Added to `{}`, with what fired as the expected:", plain(&args.suite)))?;
        context.output.line(plain(&added["case"]["expected"].to_string()))?;
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn suite_or_new(door: &Door, name: &str) -> Result<String, Failure> {
    if let Some(id) = find_suite(door, name).await? {
        return Ok(id);
    }
    let made = door.client.post(&[&door.guru, "lab", "suites"], Some(&json!({ "name": name }))).await?;
    let suite: Suite = read(&made)?;
    Ok(suite.id)
}

#[derive(Deserialize)]
struct Overlaps {
    items: Vec<OverlapRow>,
}

#[derive(Deserialize)]
struct OverlapRow {
    first: String,
    second: String,
    together: usize,
    instead: usize,
    questions: Vec<String>,
    words: Vec<String>,
    suggestion: String,
}

async fn overlaps(context: &Context, args: OverlapArgs) -> Result<Exit, Failure> {
    let reply = if let Some(catalogue) = &args.catalogue {
        files::overlaps(context, catalogue)?
    } else {
        let door = context.door().await?;
        door.client.get(&[&door.guru, "lab", "overlaps"]).await?
    };
    context.output.show(&reply, || {
        let overlaps: Overlaps = read(&reply)?;
        if overlaps.items.is_empty() {
            context.output.line("No two actions fire on each other's questions.")?;
        }
        for pair in &overlaps.items {
            let head = format!("{} and {}", plain(&pair.first), plain(&pair.second));
            context.output.line(context.output.paint(Tone::Strong, &head))?;
            context
                .output
                .line(format!("  both fire on {}, only the other on {}", pair.together, pair.instead))?;
            for question in &pair.questions {
                context.output.line(format!("  e.g. {}", one_line(question, QUESTION_CHARS_SHOWN)))?;
            }
            if !pair.words.is_empty() {
                context.output.line(format!("  because of: {}", plain(&pair.words.join(", "))))?;
            }
            context.output.line(format!("  {}", plain(&pair.suggestion)))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

const QUESTION_CHARS_SHOWN: usize = 120;

#[derive(Deserialize)]
struct Replay {
    turns: usize,
    changes: Vec<TurnChange>,
}

#[derive(Deserialize)]
struct TurnChange {
    question: String,
    before: Vec<String>,
    after: Vec<String>,
}

async fn replay(context: &Context, args: ReplayArgs) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let (path, body) = if let Some(file) = &args.file {
        let definition: Value = serde_json::from_str(&read_text(file)?).map_err(|error| {
            Failure::usage(format!("`{}`: {error}.", file.display()), "Give an action file.")
        })?;
        let body = json!({ "definition": definition, "replaces": args.action, "turns": args.turns });
        (["drafts", "replay"], body)
    } else {
        let mut body = json!({ "action": args.action, "trigger": args.trigger, "turns": args.turns });
        if !args.examples.is_empty() {
            body["examples"] = json!(args.examples);
        }
        (["lab", "replay"], body)
    };
    let reply = door.client.post(&[&door.guru, path[0], path[1]], Some(&body)).await?;
    context.output.show(&reply, || {
        let replayed: Replay = read(&reply)?;
        context.output.line(format!(
            "{} of {} turns would go otherwise.",
            replayed.changes.len(),
            replayed.turns
        ))?;
        let told = |list: &[String]| if list.is_empty() { "nothing".to_owned() } else { list.join("; ") };
        for change in &replayed.changes {
            context.output.line(
                context.output.paint(Tone::Strong, &one_line(&change.question, QUESTION_CHARS_SHOWN)),
            )?;
            context.output.line(format!("  now:   {}", plain(&told(&change.before))))?;
            context.output.line(format!("  then:  {}", plain(&told(&change.after))))?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
