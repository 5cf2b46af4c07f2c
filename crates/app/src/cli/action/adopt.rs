//! `errand action from-curl|from-openapi`: actions made of what is there already.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Action, import_line, read_text};
use crate::{
    cli::{
        context::{Context, Door},
        failure::{Exit, Failure},
        output::{Output, Tone, plain},
    },
    client::read,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Credentials in the command are never written into the action: it names a secret in their place.\n\nExamples:\n  errand action from-curl < command.txt          look at what it would become\n  errand action from-curl --save --store-credentials command.txt"
)]
pub struct FromCurlArgs {
    /// File with the command; `-` for standard input. Not an argument: other users of a machine see those
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
    /// Save the action, disabled
    #[arg(long)]
    save: bool,
    /// Store the credentials that stand in the command as secrets
    #[arg(long)]
    store_credentials: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand action from-openapi https://api.example.com/openapi.json\n  errand action from-openapi shop.yaml --operation get_order --operation \"GET /orders\" --save"
)]
pub struct FromOpenApiArgs {
    /// The document: a file (`-` for standard input) or an address, which the server fetches
    #[arg(value_name = "FILE|URL")]
    source: String,
    /// Only this operation, by its name or by method and path; may be given several times
    #[arg(long = "operation", value_name = "NAME")]
    operations: Vec<String>,
    /// Save the actions, disabled
    #[arg(long)]
    save: bool,
}

#[derive(Deserialize)]
struct Proposals {
    items: Vec<Proposal>,
    left_out: usize,
}

#[derive(Deserialize)]
struct Proposal {
    origin: String,
    name: String,
    definition: Value,
    secrets: Vec<Secret>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct Secret {
    name: String,
    place: String,
    found: bool,
    stored: bool,
}

pub async fn from_curl(context: &Context, door: &Door, args: FromCurlArgs) -> Result<Exit, Failure> {
    let command = read_text(&args.file)?;
    let body = json!({ "command": command, "store_credentials": args.store_credentials });
    let reply = door.client.post(&[&door.guru, "import", "curl"], Some(&body)).await?;
    finish(context, door, &reply, vec![read(&reply)?], args.save).await
}

pub async fn from_openapi(context: &Context, door: &Door, args: FromOpenApiArgs) -> Result<Exit, Failure> {
    let is_address = args.source.starts_with("https://") || args.source.starts_with("http://");
    let body = if is_address {
        json!({ "url": args.source, "operations": args.operations })
    } else {
        json!({ "document": read_text(args.source.as_ref())?, "operations": args.operations })
    };
    let reply = door.client.post(&[&door.guru, "import", "openapi"], Some(&body)).await?;
    let proposals: Proposals = read(&reply)?;
    if proposals.left_out > 0 {
        context.output.hint(&format!("{} more operations were left out.", proposals.left_out));
    }
    finish(context, door, &reply, proposals.items, args.save).await
}

/// Saves what was proposed, or shows it.
async fn finish(
    context: &Context,
    door: &Door,
    reply: &Value,
    proposals: Vec<Proposal>,
    save: bool,
) -> Result<Exit, Failure> {
    if !save {
        context.output.show(reply, || show(&context.output, &proposals))?;
        return Ok(Exit::Done);
    }
    let mut saved = Vec::new();
    for proposal in &proposals {
        let action = door.client.post(&[&door.guru, "actions", "import"], Some(&proposal.definition)).await?;
        if !context.output.json {
            context.output.line(import_line(&context.output, &read::<Action>(&action)?))?;
        }
        saved.push(action);
    }
    if context.output.json {
        context.output.print_json(&json!({ "items": saved }))?;
    }
    Ok(Exit::Done)
}

fn show(output: &Output, proposals: &[Proposal]) -> Result<(), Failure> {
    match proposals {
        [] => output.line("No operation fits.")?,
        [proposal] => {
            output.line(serde_json::to_string_pretty(&proposal.definition).unwrap_or_default())?;
            for line in notes(output, proposal) {
                output.aside(line);
            }
        }
        several => {
            let mut table = output.table(&["name", "operation", "secrets"]);
            table.add_rows(several.iter().map(|one| {
                let secrets: Vec<_> = one.secrets.iter().map(|secret| secret.name.as_str()).collect();
                [plain(&one.name).into_owned(), plain(&one.origin).into_owned(), secrets.join(", ")]
            }));
            output.print_table(&table)?;
        }
    }
    output.hint("Nothing is saved; do it with `--save`.");
    Ok(())
}

fn notes(output: &Output, proposal: &Proposal) -> Vec<String> {
    let secrets = proposal.secrets.iter().map(|secret| {
        let todo = match (secret.stored, secret.found) {
            (true, _) => "is stored".to_owned(),
            (false, true) => "was found: store it with `--store-credentials`".to_owned(),
            (false, false) => format!("is needed: run `errand secret set {}`", secret.name),
        };
        format!(
            "{} {} ({}) {todo}",
            output.paint_aside(Tone::Warning, "secret:"),
            secret.name,
            plain(&secret.place)
        )
    });
    let notes = proposal
        .notes
        .iter()
        .map(|note| format!("{} {}", output.paint_aside(Tone::Dim, "note:"), plain(note)));
    secrets.chain(notes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_says_what_is_still_to_do() {
        let proposal = json!({
            "origin": "GET /orders", "name": "list_orders", "definition": {}, "notes": ["`--insecure` was left out."],
            "secrets": [
                {"name": "SHOP_API_KEY", "place": "header `Authorization`", "found": true, "stored": false},
                {"name": "SHOP_USER", "place": "query parameter `user`", "found": false, "stored": false},
                {"name": "SHOP_TOKEN", "place": "header `X-Token`", "found": true, "stored": true},
            ],
        });
        let proposal: Proposal = read(&proposal).expect("a proposal as the server sends it");
        let expect = [
            "secret: SHOP_API_KEY (header `Authorization`) was found: store it with `--store-credentials`",
            "secret: SHOP_USER (query parameter `user`) is needed: run `errand secret set SHOP_USER`",
            "secret: SHOP_TOKEN (header `X-Token`) is stored",
            "note: `--insecure` was left out.",
        ];
        assert_eq!(notes(&Output::plain(), &proposal), expect);
    }
}
