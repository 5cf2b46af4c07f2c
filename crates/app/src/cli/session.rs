//! `errand session`: where people are signed in.

use serde::Deserialize;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::{human_time, plain},
    user::{id_of, said},
};
use crate::client::read;

#[derive(Debug, clap::Subcommand)]
pub enum SessionCommand {
    /// List where somebody is signed in
    #[command(visible_alias = "ls")]
    List {
        /// Their e-mail address
        email: String,
    },
    /// End one session; `errand user sign-out` ends all
    #[command(visible_alias = "rm")]
    End {
        /// Their e-mail address
        email: String,
        /// The session's id, as `errand session list` shows it
        id: String,
    },
}

#[derive(Deserialize)]
struct Sessions {
    items: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    begun_with: Option<String>,
    user_agent: Option<String>,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
}

pub async fn run(context: &Context, command: SessionCommand) -> Result<Exit, Failure> {
    let client = context.client()?;
    match command {
        SessionCommand::List { email } => {
            let user = id_of(&client, &email).await?;
            let reply = client.get(&["users", &user, "sessions"]).await?;
            context.output.show(&reply, || {
                let sessions: Sessions = read(&reply)?;
                if sessions.items.is_empty() {
                    context.output.line(format!("{} is signed in nowhere.", plain(&email)))?;
                    return Ok(());
                }
                let columns = ["id", "begun with", "browser", "since", "last seen", "ends"];
                let mut table = context.output.table(&columns);
                table.add_rows(sessions.items.iter().map(|session| {
                    let known = |text: &Option<String>| plain(text.as_deref().unwrap_or("–")).into_owned();
                    [
                        session.id.clone(),
                        known(&session.begun_with),
                        known(&session.user_agent),
                        human_time(&session.created_at),
                        human_time(&session.last_seen_at),
                        human_time(&session.expires_at),
                    ]
                }));
                Ok(context.output.print_table(&table)?)
            })?;
            Ok(Exit::Done)
        }
        SessionCommand::End { email, id } => {
            let user = id_of(&client, &email).await?;
            let reply = client.delete(&["users", &user, "sessions", &id]).await?;
            said(context, &reply, &format!("Ended {}.", plain(&id)))
        }
    }
}
