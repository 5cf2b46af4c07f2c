//! `errand doctor`: what this machine and installation can do, what is wrong, and how to mend it. It looks and never
//! changes anything.

mod image;
mod machine;
mod provider;
mod sandbox;
mod server;

use errand_storage::Location;
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::{
        context::Context,
        failure::{Exit, Failure},
        output::{Output, Tone, plain},
    },
    config::VARIABLES,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 when nothing is broken, 1 when something is.")]
pub struct DoctorArgs {
    /// List the environment variables that Errand reads
    #[arg(long)]
    variables: bool,
}

/// How a thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Good,
    /// Worth knowing; nothing to mend.
    Note,
    /// It works, and should be mended.
    Warning,
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: &'static str,
    pub verdict: Verdict,
    pub message: String,
    /// How to mend it; empty when there is nothing to mend.
    pub hint: String,
}

impl Finding {
    pub fn new(
        what: &'static str,
        verdict: Verdict,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { what, verdict, message: message.into(), hint: hint.into() }
    }

    pub fn good(what: &'static str, message: impl Into<String>) -> Self {
        Self::new(what, Verdict::Good, message, "")
    }
}

pub async fn run(context: &Context, args: DoctorArgs) -> Result<Exit, Failure> {
    if args.variables {
        return variables(&context.output);
    }
    let findings = look(context).await;
    let is_broken = findings.iter().any(|finding| finding.verdict == Verdict::Broken);
    context.output.show(
        &json!({ "version": env!("CARGO_PKG_VERSION"), "healthy": !is_broken, "findings": findings }),
        || {
            for finding in &findings {
                for line in lines(&context.output, finding) {
                    context.output.line(line)?;
                }
            }
            Ok(())
        },
    )?;
    Ok(if is_broken { Exit::Failed } else { Exit::Done })
}

async fn look(context: &Context) -> Vec<Finding> {
    let config = &context.config;
    let spinner = context.output.spinner("Looking");
    let location = match &config.database_url {
        Some(url) => url.parse::<Location>().map_err(|error| error.to_string()),
        None => Ok(Location::Sqlite(config.sqlite_file())),
    };
    let mut findings = vec![machine::data_dir(&config.data_dir), machine::master_key(config)];
    findings.push(match location {
        Ok(location) => machine::database(&location).await,
        Err(error) => Finding::new(
            "database",
            Verdict::Broken,
            error,
            "Set `database_url` to `postgres://user@host/database`.",
        ),
    });
    findings.push(machine::model(&config.model_dir));
    findings.extend(machine::egress(&config.egress_open));
    findings.push(image::look(config));
    findings.extend(sandbox::look(config).await);
    findings.extend(provider::look(config).await);
    findings.extend(server::look(context).await);
    spinner.finish_and_clear();
    findings
}

fn lines(output: &Output, finding: &Finding) -> Vec<String> {
    let (mark, tone) = match finding.verdict {
        Verdict::Good => ("✓", Tone::Good),
        Verdict::Note => ("·", Tone::Dim),
        Verdict::Warning => ("!", Tone::Warning),
        Verdict::Broken => ("✗", Tone::Bad),
    };
    let mut lines = vec![format!(
        "{} {} {}",
        output.paint(tone, mark),
        output.paint(Tone::Strong, &format!("{:<14}", finding.what)),
        plain(&finding.message)
    )];
    if !finding.hint.is_empty() {
        lines.push(format!("{:17}{}", "", output.paint(Tone::Dim, &plain(&finding.hint))));
    }
    lines
}

fn variables(output: &Output) -> Result<Exit, Failure> {
    let items: Vec<_> =
        VARIABLES.iter().map(|(name, meaning)| json!({ "name": name, "meaning": meaning })).collect();
    output.show(&json!({ "items": items }), || {
        let mut table = output.table(&["variable", "what it sets"]);
        table.add_rows(VARIABLES.iter().map(|(name, meaning)| [*name, *meaning]));
        Ok(output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_how_to_mend_it() {
        let finding =
            Finding::new("data directory", Verdict::Warning, "Others can read it.", "Run `chmod 700`.");
        assert_eq!(
            lines(&Output::plain(), &finding),
            ["! data directory Others can read it.", "                 Run `chmod 700`."]
        );
        assert_eq!(lines(&Output::plain(), &Finding::good("model", "Fine.")), ["✓ model          Fine."]);
    }
}
