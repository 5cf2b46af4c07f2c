//! `errand share`: links that show a conversation to others.

use serde::Deserialize;
use serde_json::json;

use super::{
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{human_time, one_line, plain},
};
use crate::client::read;

#[derive(Debug, clap::Subcommand)]
pub enum ShareCommand {
    /// Make a link to a conversation of your own; it shows what was said so far
    Create(CreateArgs),
    /// List the links of a conversation, or of the whole guru
    #[command(visible_alias = "ls")]
    List {
        /// The conversation (`conv_…`); all of the guru's when left out
        conversation: Option<String>,
    },
    /// End a link at once
    #[command(visible_alias = "delete")]
    Rm {
        /// The link's id (`share_…`)
        id: String,
    },
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  errand share create conv_01j…\n  errand share create conv_01j… --anyone --days 7     where the guru allows public links"
)]
pub struct CreateArgs {
    /// The conversation, as `errand ask --json` names it (`session_id`)
    conversation: String,
    /// Let in who is not signed in, too
    #[arg(long)]
    anyone: bool,
    /// How many days it lasts [default: 30]
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    audience: String,
    expires_at: String,
    path: String,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    id: String,
    conversation_id: String,
    audience: String,
    made_by: String,
    expires_at: String,
    title: Option<String>,
}

pub async fn run(context: &Context, command: ShareCommand) -> Result<Exit, Failure> {
    let door = context.door().await?;
    match command {
        ShareCommand::Create(args) => create(context, &door, args).await,
        ShareCommand::List { conversation } => list(context, &door, conversation.as_deref()).await,
        ShareCommand::Rm { id } => {
            door.client.delete(&[&door.guru, "shares", &id]).await?;
            context.output.show(&json!({ "deleted": id }), || {
                Ok(context.output.line(format!("`{}` shows nothing any more.", plain(&id)))?)
            })?;
            Ok(Exit::Done)
        }
    }
}

async fn create(context: &Context, door: &Door, args: CreateArgs) -> Result<Exit, Failure> {
    let audience = if args.anyone { "anyone" } else { "members" };
    let mut body = json!({ "audience": audience });
    if let Some(days) = args.days {
        body["expires_in_days"] = days.into();
    }
    let path = [door.guru.as_str(), "conversations", &args.conversation, "shares"];
    let reply = door.client.post(&path, Some(&body)).await?;
    context.output.show(&reply, || {
        let made: Made = read(&reply)?;
        context.output.line(format!("{}{}", door.client.server(), plain(&made.path)))?;
        context.output.hint(&format!(
            "For {}, until {}. It is shown this once; end it with `errand share rm {}`.",
            readers(&made.audience),
            human_time(&made.expires_at),
            plain(&made.id)
        ));
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn readers(audience: &str) -> &str {
    match audience {
        "anyone" => "whoever has it",
        _ => "who is signed in and may ask this guru",
    }
}

const TITLE_CHARS_SHOWN: usize = 40;

async fn list(context: &Context, door: &Door, conversation: Option<&str>) -> Result<Exit, Failure> {
    let reply = match conversation {
        Some(id) => door.client.get(&[&door.guru, "conversations", id, "shares"]).await?,
        None => door.client.get(&[&door.guru, "shares"]).await?,
    };
    context.output.show(&reply, || {
        let page: Page = read(&reply)?;
        if page.items.is_empty() {
            context.output.line("There are no links.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["link", "conversation", "for", "made by", "ends"]);
        table.add_rows(page.items.iter().map(row));
        Ok(context.output.print_table(&table)?)
    })?;
    Ok(Exit::Done)
}

fn row(link: &Link) -> [String; 5] {
    let conversation =
        link.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&link.conversation_id);
    [
        plain(&link.id).into_owned(),
        one_line(conversation, TITLE_CHARS_SHOWN),
        plain(&link.audience).into_owned(),
        plain(&link.made_by).into_owned(),
        human_time(&link.expires_at),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_row() {
        let link = json!({
            "id": "share_1", "conversation_id": "conv_1", "audience": "members", "made_by": "ana@acme.test",
            "created_at": "2026-11-30T09:00:00Z", "expires_at": "2026-12-30T09:00:00Z",
        });
        let link: Link = read(&link).expect("a link as the server sends it");
        assert_eq!(row(&link), ["share_1", "conv_1", "members", "ana@acme.test", "2026-12-30 09:00:00Z"]);
    }
}
