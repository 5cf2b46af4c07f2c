//! `errand key`: API keys for programs, made on the server's own machine.

use errand_engine::{Engine, access::Scope};
use errand_storage::users::api_keys;
use serde_json::json;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::human_time,
};
use crate::serve;

#[derive(Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// Make a key and show it, this once
    Create {
        /// What it is for, as the list shows it
        name: String,
        /// What it may do: `ask` questions, `run` actions directly, `manage` everything of a guru
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', default_value = "ask", value_parser = read_scope)]
        scopes: Vec<Scope>,
        /// For all gurus, not only the one given by --guru
        #[arg(long)]
        all_gurus: bool,
    },
    /// List the keys: names and scopes, never the keys themselves
    #[command(visible_alias = "ls")]
    List,
    /// End a key
    Rm {
        /// The key's id, as `errand key list` shows it
        id: errand_domain::ApiKeyId,
    },
}

fn read_scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| "choose among `ask`, `run` and `manage`".to_owned())
}

/// Works on the database itself: whoever may read the data directory may do everything anyway.
pub async fn run(context: &Context, command: KeyCommand) -> Result<Exit, Failure> {
    let (engine, _) =
        serve::open_ledger(&context.config).await.map_err(|error| Failure::of_report(&error))?;
    match command {
        KeyCommand::Create { name, scopes, all_gurus } => {
            create(context, &engine, &name, &scopes, all_gurus).await
        }
        KeyCommand::List => list(context, &engine).await,
        KeyCommand::Rm { id } => remove(context, &engine, id).await,
    }
}

async fn create(
    context: &Context,
    engine: &Engine,
    name: &str,
    scopes: &[Scope],
    all_gurus: bool,
) -> Result<Exit, Failure> {
    let guru = match &context.remote.guru {
        Some(slug) if !all_gurus => {
            let view = engine.guru_view(slug).await.map_err(|error| Failure::of_report(&error.into()))?;
            let missing = || {
                Failure::new(
                    "not_found",
                    format!("There is no guru `{slug}` here."),
                    "`errand guru list` shows the gurus.",
                )
            };
            Some(view.ok_or_else(missing)?.guru.id)
        }
        _ if all_gurus => None,
        _ => {
            return Err(Failure::usage(
                "It is not said for which guru the key is.",
                "Give --guru SLUG, or --all-gurus.",
            ));
        }
    };
    let key =
        engine.create_api_key(name, scopes, guru).await.map_err(|error| Failure::of_report(&error.into()))?;
    let text = key.text.expose();
    context.output.show(&json!({ "id": key.id.to_string(), "key": text }), || {
        context.output.line(text)?;
        context.output.hint("It is not shown again; send it in the header `x-api-key`.");
        Ok(())
    })?;
    Ok(Exit::Done)
}

async fn list(context: &Context, engine: &Engine) -> Result<Exit, Failure> {
    let keys =
        api_keys::list(&engine.db().reader).await.map_err(|error| Failure::of_report(&error.into()))?;
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "id": key.id.to_string(),
                "name": key.name,
                "scopes": key.scopes,
                "guru_id": key.guru_id.map(|id| id.to_string()),
                "created_at": key.created_at.to_rfc3339(),
            })
        })
        .collect();
    context.output.show(&json!({ "items": rows }), || {
        let mut table = context.output.table(&["id", "name", "scopes", "guru", "made"]);
        table.add_rows(keys.iter().map(|key| {
            let guru = key.guru_id.map_or_else(|| "all".to_owned(), |id| id.to_string());
            [
                key.id.to_string(),
                key.name.clone(),
                key.scopes.join(", "),
                guru,
                human_time(&key.created_at.to_rfc3339()),
            ]
        }));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

async fn remove(context: &Context, engine: &Engine, id: errand_domain::ApiKeyId) -> Result<Exit, Failure> {
    let removed = engine.revoke_api_key(id).await.map_err(|error| Failure::of_report(&error.into()))?;
    if !removed {
        return Err(Failure::new(
            "not_found",
            format!("There is no key `{id}`."),
            "`errand key list` shows the keys.",
        ));
    }
    context.output.show(&json!({ "removed": id.to_string() }), || {
        Ok(context.output.line(format!("Ended {id}; a running server knows within two seconds."))?)
    })?;
    Ok(Exit::Done)
}
