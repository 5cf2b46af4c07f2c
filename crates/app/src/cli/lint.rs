//! `errand action lint`: the rules and the advice, offline for files, or for every action of a guru.

use std::{collections::BTreeSet, path::PathBuf};

use errand_domain::{
    ActionSpec, SecretName,
    action_file::ActionFile,
    limits::Limits,
    lint::{Advice, lint},
};
use serde::{Deserialize, Serialize};

use super::{
    action::{Actions, read_text},
    context::Context,
    failure::{Exit, Failure, RuleBroken},
    output::{Output, Tone, plain},
};
use crate::client::read;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand action lint actions/*.json\n  errand action lint --strict refund_lookup.json    for CI: advice fails too\n  errand action lint --all"
)]
pub struct LintArgs {
    /// Action files; `-` for standard input. They are read together: overlaps between them are found
    #[arg(required_unless_present = "all", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Every action of the guru, as the server has it
    #[arg(long, conflicts_with = "files")]
    all: bool,
    /// Fail on advice too
    #[arg(long)]
    strict: bool,
}

/// What was found in one action.
#[derive(Debug, Serialize)]
struct Findings {
    /// The file, or the action's name.
    place: String,
    /// Broken rules: it would be refused.
    errors: Vec<RuleBroken>,
    advice: Vec<Advice>,
}

pub async fn run(context: &Context, args: LintArgs) -> Result<Exit, Failure> {
    let found =
        if args.all { lint_guru(context).await? } else { lint_files(&args.files, &context.config.limits)? };
    let value = serde_json::json!({ "items": found });
    context.output.show(&value, || {
        for findings in &found {
            for line in lines(&context.output, findings) {
                context.output.line(line)?;
            }
        }
        Ok(())
    })?;
    let has_errors = found.iter().any(|findings| !findings.errors.is_empty());
    let has_advice = found.iter().any(|findings| !findings.advice.is_empty());
    Ok(if has_errors || (args.strict && has_advice) { Exit::Failed } else { Exit::Done })
}

fn lint_files(files: &[PathBuf], limits: &Limits) -> Result<Vec<Findings>, Failure> {
    let mut checked = Vec::new();
    for path in files {
        checked.push((path.display().to_string(), check(&read_text(path)?, limits)));
    }
    let secrets = assumed_secrets(checked.iter().filter_map(|(_, spec)| spec.as_ref().ok()));
    Ok(advise(checked, &secrets))
}

fn check(text: &str, limits: &Limits) -> Result<ActionSpec, Vec<RuleBroken>> {
    let file = ActionFile::from_json(text).map_err(|problem| vec![RuleBroken::from(&problem)])?;
    file.check(limits).map_err(|problems| problems.0.iter().map(RuleBroken::from).collect())
}

/// Offline nobody knows the stored secrets: a name in capitals is taken for one.
fn assumed_secrets<'a>(specs: impl Iterator<Item = &'a ActionSpec>) -> BTreeSet<SecretName> {
    specs
        .flat_map(ActionSpec::secrets)
        .filter(|name| !name.as_str().bytes().any(|byte| byte.is_ascii_lowercase()))
        .collect()
}

#[derive(Deserialize)]
struct Secrets {
    items: Vec<SecretItem>,
}

#[derive(Deserialize)]
struct SecretItem {
    name: String,
}

async fn lint_guru(context: &Context) -> Result<Vec<Findings>, Failure> {
    let door = context.door().await?;
    let actions: Actions = read(&door.client.get(&[&door.guru, "actions"]).await?)?;
    let secrets: Secrets = read(&door.client.get(&[&door.guru, "secrets"]).await?)?;
    let secrets = secrets.items.iter().filter_map(|secret| secret.name.parse().ok()).collect();
    let checked = actions
        .items
        .into_iter()
        .map(|action| (action.name, check(&action.definition.to_string(), &context.config.limits)));
    Ok(advise(checked.collect(), &secrets))
}

fn advise(
    checked: Vec<(String, Result<ActionSpec, Vec<RuleBroken>>)>,
    secrets: &BTreeSet<SecretName>,
) -> Vec<Findings> {
    let specs: Vec<ActionSpec> = checked.iter().filter_map(|(_, spec)| spec.as_ref().ok().cloned()).collect();
    let others: Vec<&ActionSpec> = specs.iter().collect();
    let findings = checked.into_iter().map(|(place, spec)| match spec {
        Ok(spec) => Findings { place, errors: Vec::new(), advice: lint(&spec, &others, secrets) },
        Err(errors) => Findings { place, errors, advice: Vec::new() },
    });
    findings.collect()
}

fn lines(output: &Output, findings: &Findings) -> Vec<String> {
    let place = output.paint(Tone::Strong, &plain(&findings.place));
    if findings.errors.is_empty() && findings.advice.is_empty() {
        return vec![format!("{} {place}", output.paint(Tone::Good, "✓"))];
    }
    let mut lines = vec![place];
    for error in &findings.errors {
        let field = error.field.as_deref().map_or_else(String::new, |field| format!("{field}: "));
        lines.push(format!(
            "  {} {}{}",
            output.paint(Tone::Bad, "error"),
            plain(&field),
            plain(&error.message)
        ));
        lines.push(format!("        {}", output.paint(Tone::Dim, &plain(&error.hint))));
    }
    for advice in &findings.advice {
        lines.push(format!(
            "  {} {}: {} [{}]",
            output.paint(Tone::Warning, "advice"),
            plain(&advice.field),
            plain(&advice.message),
            advice.code
        ));
        lines.push(format!("         {}", output.paint(Tone::Dim, &plain(&advice.proposal))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"version": 1, "name": "refund_lookup", "trigger": "When the user asks about the status of a refund of an order",
        "examples": ["I asked for a refund three days ago, order 12345, where is it?", "Has the refund for ORD-55871 gone out?"],
        "parameters": [{"name": "order_id", "type": "string", "description": "The order's ID as the user writes it, such as 12345 or ORD-55871", "required": true}],
        "run": {"type": "api_call", "method": "GET", "url": "https://api.shop.example.com/v1/orders/{order_id}",
            "headers": [{"name": "Authorization", "value": "Bearer {SHOP_API_KEY}"}]},
        "usage": "State the refund's status first, then the amount and the expected date, then the next step."}"#;

    fn check_text(text: &str, errors: &[&str], advice: &[&str]) {
        let checked = vec![("file".to_owned(), check(text, &Limits::default()))];
        let secrets = assumed_secrets(checked.iter().filter_map(|(_, spec)| spec.as_ref().ok()));
        let found = advise(checked, &secrets);
        let codes: Vec<&str> = found[0].errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, errors, "{found:?}");
        let codes: Vec<&str> = found[0].advice.iter().map(|advice| advice.code).collect();
        assert_eq!(codes, advice, "{found:?}");
    }

    #[test]
    fn files_are_checked_offline() {
        check_text(GOOD, &[], &[]);
        check_text("{", &["bad_json"], &[]);
        check_text("{\"version\": 2}", &["bad_version"], &[]);
        check_text(&GOOD.replace("https://", "gopher://"), &["bad_url"], &[]);
        check_text(&GOOD.replace("{SHOP_API_KEY}", "{shop_key}"), &[], &["unknown_placeholder"]);
    }
}
