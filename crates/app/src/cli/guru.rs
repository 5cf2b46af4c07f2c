//! `errand guru`: which assistants the server has, and which planner each uses.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::{Tone, human_ms, plain},
};
use crate::client::{Call, read};

#[derive(Debug, clap::Subcommand)]
pub enum GuruCommand {
    /// List the gurus that you may use
    #[command(visible_alias = "ls")]
    List,
    /// Make a guru: a set of actions and secrets of its own
    New(NewArgs),
    /// Show, choose or test the planner of the guru: the built-in one or a language model
    #[command(subcommand)]
    Planner(PlannerCommand),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand guru new shop --name \"The shop's helper\"\n  export ERRAND_GURU=shop"
)]
pub struct NewArgs {
    /// Its name in addresses and at the command line: small letters, digits and dashes
    slug: String,
    /// Its name in the dashboard and the chat [default: the slug]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
pub enum PlannerCommand {
    /// Show the planner's settings
    Show,
    /// Choose the planner; what is left out takes its default
    #[command(
        after_help = "Examples:\n  errand secret set OPENAI_API_KEY\n  errand guru planner set llm --model gpt-5-mini --api-key-secret OPENAI_API_KEY\n  errand guru planner set llm --model qwen3:8b --base-url http://127.0.0.1:11434/v1    (opened by the operator)\n  errand guru planner set embedded"
    )]
    Set(Box<SetArgs>),
    /// Ask the guru's language model one word
    Test,
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// `embedded` or `llm`
    kind: Kind,
    /// `openai` (any server that speaks chat completions), `anthropic` or `gemini`
    #[arg(long)]
    provider: Option<String>,
    /// Another server than the provider's own
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// As the provider names it
    #[arg(long)]
    model: Option<String>,
    /// Name of the secret that holds the key
    #[arg(long, value_name = "NAME")]
    api_key_secret: Option<String>,
    #[arg(long)]
    temperature: Option<f64>,
    /// `low`, `medium` or `high`
    #[arg(long)]
    reasoning: Option<String>,
    /// `schema`, `tool` or `prompt`
    #[arg(long, value_name = "MODE")]
    structured_output: Option<String>,
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    #[arg(long, value_name = "TOKENS")]
    output_tokens_max: Option<u32>,
    /// `false` composes the answers from the results instead
    #[arg(long)]
    writes_answers: Option<bool>,
    /// Actions that the model is shown at once
    #[arg(long, value_name = "COUNT")]
    candidates_max: Option<u32>,
    /// Price of a million input tokens
    #[arg(long, value_name = "PRICE")]
    input_price: Option<f64>,
    #[arg(long, value_name = "PRICE")]
    output_price: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Embedded,
    Llm,
}

#[derive(Deserialize)]
struct Gurus {
    items: Vec<Guru>,
}

#[derive(Deserialize)]
struct Guru {
    slug: String,
    name: String,
    planner: String,
    model: Option<String>,
    time_zone: String,
}

pub async fn run(context: &Context, command: GuruCommand) -> Result<Exit, Failure> {
    match command {
        GuruCommand::List => list(context).await,
        GuruCommand::New(args) => new(context, &args).await,
        GuruCommand::Planner(PlannerCommand::Show) => show(context).await,
        GuruCommand::Planner(PlannerCommand::Set(args)) => set(context, &args).await,
        GuruCommand::Planner(PlannerCommand::Test) => test(context).await,
    }
}

async fn list(context: &Context) -> Result<Exit, Failure> {
    let reply = context.client()?.get(&["gurus"]).await?;
    context.output.show(&reply, || {
        let gurus: Gurus = read(&reply)?;
        if gurus.items.is_empty() {
            context.output.line("There are no gurus. Make one with `errand guru new` or in the dashboard, or start the server with `errand serve --demo`.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["slug", "name", "planner", "time zone"]);
        table.add_rows(gurus.items.iter().map(|guru| {
            let planner = guru.model.as_ref().unwrap_or(&guru.planner);
            [&guru.slug, &guru.name, planner, &guru.time_zone].map(|text| plain(text).into_owned())
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

async fn new(context: &Context, args: &NewArgs) -> Result<Exit, Failure> {
    let body = json!({ "slug": args.slug, "name": args.name.as_ref().unwrap_or(&args.slug) });
    let guru = context.client()?.post(&["gurus"], Some(&body)).await?;
    context.output.show(&guru, || {
        let slug = plain(&args.slug);
        context
            .output
            .line(format!("Made the guru `{slug}`. Name it with `--guru {slug}` or ERRAND_GURU."))?;
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn show(context: &Context) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let planner = door.client.get(&["gurus", &door.guru, "planner"]).await?;
    print_planner(context, &planner)?;
    Ok(Exit::Done)
}

fn print_planner(context: &Context, planner: &Value) -> Result<(), Failure> {
    context.output.show(planner, || {
        for (name, value) in planner.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            context.output.line(format!("{}  {}", context.output.paint(Tone::Dim, name), plain(&text)))?;
        }
        Ok(())
    })
}

async fn set(context: &Context, args: &SetArgs) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let planner = body(args);
    let change = json!({ "planner": planner });
    let call = Call { method: Method::PATCH, path: &["gurus", &door.guru], query: &[], body: Some(&change) };
    door.client.call(call).await?;
    let saved = door.client.get(&["gurus", &door.guru, "planner"]).await?;
    print_planner(context, &saved)?;
    if saved["kind"] == "llm" {
        context.output.hint("See whether it answers: `errand guru planner test`.");
    }
    Ok(Exit::Done)
}

fn body(args: &SetArgs) -> Value {
    if args.kind == Kind::Embedded {
        return json!({ "kind": "embedded" });
    }
    let all = json!({
        "kind": "llm", "provider": args.provider, "base_url": args.base_url, "model": args.model,
        "api_key_secret": args.api_key_secret, "temperature": args.temperature, "reasoning": args.reasoning,
        "structured_output": args.structured_output, "timeout_ms": args.timeout_ms,
        "output_tokens_max": args.output_tokens_max, "writes_answers": args.writes_answers,
        "candidates_max": args.candidates_max, "input_price": args.input_price, "output_price": args.output_price,
    });
    let given: Map<String, Value> = all
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Value::Object(given)
}

async fn test(context: &Context) -> Result<Exit, Failure> {
    let door = context.door().await?;
    let reply = door.client.post(&["gurus", &door.guru, "planner", "test"], Some(&Value::Null)).await?;
    let ok = reply["ok"] == true;
    context.output.show(&reply, || {
        let call = &reply["call"];
        let model = plain(call["model"].as_str().unwrap_or_default()).into_owned();
        let took = human_ms(call["duration_ms"].as_f64().unwrap_or_default());
        if ok {
            context
                .output
                .line(format!("{} {model} answered in {took}.", context.output.paint(Tone::Good, "✓")))?;
        } else {
            let why = plain(call["error"].as_str().unwrap_or("It gave nothing.")).into_owned();
            context.output.line(format!("{} {model}: {why}", context.output.paint(Tone::Bad, "✗")))?;
        }
        Ok(())
    })?;
    Ok(if ok { Exit::Done } else { Exit::Failed })
}
