//! `errand action`: write, check, test, run and manage actions.

mod adopt;
mod live;
pub mod run;
mod versions;

use std::{
    fs,
    io::{IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};

use errand_domain::action_file::ActionFile;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{
    context::{Context, Door},
    failure::{Exit, Failure, RuleBroken},
    lint, new,
    output::{Output, Tone, human_time, one_line, plain},
};
use crate::client::read;

#[derive(Debug, clap::Subcommand)]
pub enum ActionCommand {
    /// List the guru's actions
    #[command(visible_alias = "ls")]
    List,
    /// Show one action
    Show(NameArgs),
    /// Write a starting action file
    New(new::NewArgs),
    /// Run an action once with given arguments, enabled or not; nothing else is triggered
    #[command(after_help = run::AFTER_HELP)]
    Test(run::RunArgs),
    /// Run an enabled action once
    #[command(after_help = run::AFTER_HELP)]
    Run(run::RunArgs),
    /// Save action files in the guru, disabled
    Import(ImportArgs),
    /// Make an action of a cURL command
    FromCurl(adopt::FromCurlArgs),
    /// Make actions of an OpenAPI document's operations
    #[command(name = "from-openapi")]
    FromOpenApi(adopt::FromOpenApiArgs),
    /// Write an action as a file; secrets are named, never contained
    Export(ExportArgs),
    /// List the versions of an action, newest first
    Versions(NameArgs),
    /// Show what changed between two versions of an action
    Diff(versions::DiffArgs),
    /// Bring a version back; it is saved as the next one
    Restore(versions::RestoreArgs),
    /// Check action files offline, or every action of the guru, and propose better wordings
    Lint(lint::LintArgs),
    /// Let an action fire
    Enable(NameArgs),
    /// Keep an action from firing
    Disable(NameArgs),
    /// Delete an action; its history stays
    #[command(visible_alias = "rm")]
    Delete(DeleteArgs),
}

#[derive(Debug, clap::Args)]
pub struct NameArgs {
    /// Name of the action
    name: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand action import refund_lookup.json\n  errand action import --replace actions/*.json"
)]
pub struct ImportArgs {
    /// Action files; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Save a new version of an action that is there already
    #[arg(long)]
    replace: bool,
    /// Enable what was saved
    #[arg(long)]
    enable: bool,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Name of the action
    name: String,
    /// Write here instead of to standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// Name of the action
    name: String,
    /// Don't ask
    #[arg(long, short = 'y')]
    yes: bool,
}

pub async fn run(context: &Context, command: ActionCommand) -> Result<Exit, Failure> {
    match command {
        ActionCommand::New(args) => new::run(&context.output, args),
        ActionCommand::Lint(args) => lint::run(context, args).await,
        ActionCommand::List => list(context, &context.door().await?).await,
        ActionCommand::Show(args) => show(context, &context.door().await?, &args.name).await,
        ActionCommand::Test(args) => run::run(context, &context.door().await?, args, run::Verb::Test).await,
        ActionCommand::Run(args) => run::run(context, &context.door().await?, args, run::Verb::Run).await,
        ActionCommand::Import(args) => import(context, &context.door().await?, args).await,
        ActionCommand::FromCurl(args) => adopt::from_curl(context, &context.door().await?, args).await,
        ActionCommand::FromOpenApi(args) => adopt::from_openapi(context, &context.door().await?, args).await,
        ActionCommand::Export(args) => export(context, &context.door().await?, args).await,
        ActionCommand::Versions(args) => versions::list(context, &context.door().await?, &args).await,
        ActionCommand::Diff(args) => versions::diff(context, &context.door().await?, args).await,
        ActionCommand::Restore(args) => versions::restore(context, &context.door().await?, args).await,
        ActionCommand::Enable(args) => switch(context, &context.door().await?, &args.name, "enable").await,
        ActionCommand::Disable(args) => switch(context, &context.door().await?, &args.name, "disable").await,
        ActionCommand::Delete(args) => delete(context, &context.door().await?, args).await,
    }
}

#[derive(Debug, Deserialize)]
pub struct Actions {
    pub items: Vec<Action>,
    pub used: u32,
    pub limit: u32,
}

#[derive(Debug, Deserialize)]
pub struct Action {
    pub name: String,
    pub kind: String,
    pub version: u32,
    pub enabled: bool,
    pub tested_version: Option<u32>,
    pub disabled_reason: Option<String>,
    pub definition: Value,
    pub secrets: Vec<String>,
    pub missing_secrets: Vec<String>,
    pub last_run: Option<LastRun>,
    pub warnings: Vec<RuleBroken>,
}

#[derive(Debug, Deserialize)]
pub struct LastRun {
    id: String,
    status: String,
    at: String,
}

async fn list(context: &Context, door: &Door) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "actions"]).await?;
    context.output.show(&reply, || {
        let actions: Actions = read(&reply)?;
        if actions.items.is_empty() {
            context
                .output
                .line(format!("`{}` has no actions. Begin one with `errand action new NAME`.", door.guru))?;
            return Ok(());
        }
        let mut table = context.output.table(&["action", "type", "state", "tested", "last run", "trigger"]);
        table.add_rows(actions.items.iter().map(row));
        context.output.print_table(&table)?;
        context.output.hint(&format!("{} of {} actions used", actions.used, actions.limit));
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn row(action: &Action) -> [String; 6] {
    let trigger = action.definition.get("trigger").and_then(Value::as_str).unwrap_or_default();
    let last_run = action
        .last_run
        .as_ref()
        .map_or_else(|| "never".to_owned(), |run| format!("{} {}", run.status, human_time(&run.at)));
    [
        plain(&action.name).into_owned(),
        action.kind.clone(),
        state(action).to_owned(),
        if action.tested_version == Some(action.version) { "yes" } else { "no" }.to_owned(),
        last_run,
        one_line(trigger, TRIGGER_CHARS_SHOWN),
    ]
}

const TRIGGER_CHARS_SHOWN: usize = 70;

const fn state(action: &Action) -> &'static str {
    if action.enabled { "enabled" } else { "disabled" }
}

async fn show(context: &Context, door: &Door, name: &str) -> Result<Exit, Failure> {
    let reply = door.client.get(&[&door.guru, "actions", name]).await?;
    context.output.show(&reply, || {
        let action: Action = read(&reply)?;
        for line in show_lines(&context.output, &action)? {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn show_lines(output: &Output, action: &Action) -> Result<Vec<String>, Failure> {
    let file = ActionFile::from_value(action.definition.clone())?;
    let field = |name: &str, text: &str| {
        format!("{} {}", output.paint(Tone::Dim, &format!("{name:<10}")), plain(text))
    };
    let mut lines = vec![format!(
        "{} ({}, version {}, {})",
        output.paint(Tone::Strong, &plain(&action.name)),
        action.kind,
        action.version,
        state(action)
    )];
    lines.extend(action.disabled_reason.as_deref().map(|reason| field("why", reason)));
    lines.push(field("trigger", &file.trigger));
    lines.extend(file.examples.iter().map(|example| field("example", example)));
    for parameter in &file.parameters {
        let needed = if parameter.required { "required" } else { "optional" };
        lines.push(field(
            "parameter",
            &format!("{} ({}, {needed}): {}", parameter.name, parameter.kind, parameter.description),
        ));
    }
    for secret in &action.secrets {
        let is_missing = action.missing_secrets.contains(secret);
        lines.push(field("secret", &format!("{secret}{}", if is_missing { " (missing)" } else { "" })));
    }
    lines.extend(
        action
            .last_run
            .as_ref()
            .map(|run| field("last run", &format!("{} {} {}", run.status, human_time(&run.at), run.id))),
    );
    lines.extend(advice_lines(output, action));
    let run = action.definition.get("run").cloned().unwrap_or_default();
    lines.push(field("run", ""));
    lines.push(plain(&serde_json::to_string_pretty(&run).unwrap_or_default()).into_owned());
    Ok(lines)
}

fn advice_lines(output: &Output, action: &Action) -> Vec<String> {
    let warnings = action.warnings.iter().map(|warning| {
        format!(
            "{} {} {}",
            output.paint(Tone::Warning, "warning:"),
            plain(&warning.message),
            plain(&warning.hint)
        )
    });
    warnings.collect()
}

async fn import(context: &Context, door: &Door, args: ImportArgs) -> Result<Exit, Failure> {
    let mut replies = Vec::new();
    for path in &args.files {
        let reply = import_one(door, path, &args).await.map_err(|failure| in_file(path, failure))?;
        if !context.output.json {
            context.output.line(import_line(&context.output, &read(&reply)?))?;
        }
        replies.push(reply);
    }
    if context.output.json {
        context.output.print_json(&Value::Array(replies))?;
    }
    Ok(Exit::Done)
}

async fn import_one(door: &Door, path: &Path, args: &ImportArgs) -> Result<Value, Failure> {
    let file = ActionFile::from_json(&read_text(path)?)?;
    let saved = door.client.post(&[&door.guru, "actions", "import"], Some(&file.to_json())).await;
    let saved = match saved {
        Err(failure) if args.replace && failure.status == Some(StatusCode::CONFLICT.as_u16()) => {
            door.client.put(&[&door.guru, "actions", &file.name], &file.to_json()).await?
        }
        Err(failure) if failure.status == Some(StatusCode::CONFLICT.as_u16()) => {
            return Err(Failure {
                hint: format!("{} With `--replace` it becomes the next version.", failure.hint),
                ..failure
            });
        }
        saved => saved?,
    };
    if args.enable {
        return door.client.post(&[&door.guru, "actions", &file.name, "enable"], None).await;
    }
    Ok(saved)
}

fn import_line(output: &Output, action: &Action) -> String {
    let mut line = format!(
        "{} {} (version {}, {})",
        output.paint(Tone::Good, "saved"),
        output.paint(Tone::Strong, &plain(&action.name)),
        action.version,
        state(action)
    );
    for secret in &action.missing_secrets {
        line.push_str("\n  ");
        line.push_str(&output.paint(Tone::Warning, "missing secret:"));
        line.push_str(" run `errand secret set ");
        line.push_str(&plain(secret));
        line.push('`');
    }
    for warning in advice_lines(output, action) {
        line.push_str("\n  ");
        line.push_str(&warning);
    }
    line
}

/// Says of which file a refusal speaks, when several were given.
pub fn in_file(path: &Path, failure: Failure) -> Failure {
    let place = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    Failure { message: format!("{place}: {}", failure.message), ..failure }
}

/// A file's text, or standard input's for `-`.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::file("read", path, &error))?;
    Ok(text)
}

async fn export(context: &Context, door: &Door, args: ExportArgs) -> Result<Exit, Failure> {
    let file = door.client.get(&[&door.guru, "actions", &args.name, "export"]).await?;
    let Some(path) = args.output else {
        context.output.print_json(&file)?;
        return Ok(Exit::Done);
    };
    let text = serde_json::to_string_pretty(&file).unwrap_or_default() + "\n";
    fs::write(&path, text).map_err(|error| Failure::file("write", &path, &error))?;
    context.output.show(&serde_json::json!({ "written": path }), || {
        Ok(context.output.line(format!("Wrote `{}`.", path.display()))?)
    })?;
    Ok(Exit::Done)
}

async fn switch(context: &Context, door: &Door, name: &str, verb: &str) -> Result<Exit, Failure> {
    let reply = door.client.post(&[&door.guru, "actions", name, verb], None).await?;
    context.output.show(&reply, || {
        let action: Action = read(&reply)?;
        context.output.line(format!(
            "`{}` is {}.",
            plain(&action.name),
            context.output.paint(Tone::Strong, state(&action))
        ))?;
        for warning in advice_lines(&context.output, &action) {
            context.output.line(warning)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn delete(context: &Context, door: &Door, args: DeleteArgs) -> Result<Exit, Failure> {
    if !args.yes {
        confirm(&format!("Delete the action `{}` of `{}`?", args.name, door.guru))?;
    }
    door.client.delete(&[&door.guru, "actions", &args.name]).await?;
    context.output.show(&serde_json::json!({ "deleted": args.name }), || {
        Ok(context.output.line(format!("Deleted `{}`; its history stays.", plain(&args.name)))?)
    })?;
    Ok(Exit::Done)
}

/// Asks a person; where none is, `--yes` must have been said.
pub fn confirm(question: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "This deletes something, and nobody is here to be asked.",
            "Add `--yes`.",
        ));
    }
    let mut answer = String::new();
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new("not_confirmed", "Nothing was deleted.", "Answer `y`, or add `--yes`."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn action(enabled: bool) -> Action {
        let reply = json!({
            "id": "act_1", "name": "refund_lookup", "kind": "api_call", "version": 3, "enabled": enabled, "tested_version": 2,
            "disabled_reason": null, "secrets": ["SHOP_API_KEY"], "missing_secrets": ["SHOP_API_KEY"],
            "last_run": {"id": "run_1", "status": "succeeded", "at": "2026-11-23T08:00:05.123Z"},
            "warnings": [{"code": "never_tested", "message": "Version 3 was never tested.", "hint": "Test it."}],
            "definition": {"version": 1, "name": "refund_lookup", "trigger": "When the user asks about a refund",
                "parameters": [{"name": "order_id", "type": "string", "description": "The order's ID", "required": true}],
                "run": {"type": "api_call", "method": "GET", "url": "https://x.test/{order_id}"}},
        });
        read(&reply).expect("an action as the server sends it")
    }

    #[test]
    fn an_action_is_a_row() {
        let expect = [
            "refund_lookup",
            "api_call",
            "enabled",
            "no",
            "succeeded 2026-11-23 08:00:05Z",
            "When the user asks about a refund",
        ];
        assert_eq!(row(&action(true)), expect);
    }

    #[test]
    fn an_action_is_shown_with_what_it_lacks() {
        let lines = show_lines(&Output::plain(), &action(false)).expect("a readable definition");
        assert_eq!(lines[0], "refund_lookup (api_call, version 3, disabled)");
        assert!(
            lines.contains(&"parameter  order_id (string, required): The order's ID".to_owned()),
            "{lines:?}"
        );
        assert!(lines.contains(&"secret     SHOP_API_KEY (missing)".to_owned()), "{lines:?}");
        assert!(lines.contains(&"warning: Version 3 was never tested. Test it.".to_owned()), "{lines:?}");
    }

    #[test]
    fn an_import_says_what_is_still_to_do() {
        assert_eq!(
            import_line(&Output::plain(), &action(false)),
            "saved refund_lookup (version 3, disabled)\n  missing secret: run `errand secret set SHOP_API_KEY`\n  warning: Version 3 was never tested. Test it."
        );
    }
}
