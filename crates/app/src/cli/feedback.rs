//! `errand feedback`: what askers thought of answers.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    context::{Context, Door},
    failure::{Exit, Failure},
    output::{human_time, one_line, plain},
};
use crate::client::{Call, read};

#[derive(Debug, clap::Subcommand)]
pub enum FeedbackCommand {
    /// List votes with their questions, newest answer first
    #[command(visible_alias = "ls")]
    List {
        /// Only these
        #[arg(long, value_parser = ["up", "down"])]
        vote: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Vote on an answer of your own, in place of the vote before
    Vote {
        /// The turn, as `errand ask --json` names it (`turn_…`)
        turn: String,
        #[arg(value_parser = ["up", "down"])]
        vote: String,
        /// What was good or wrong
        #[arg(long)]
        comment: Option<String>,
    },
    /// Take your vote on an answer back
    #[command(visible_alias = "delete")]
    Rm {
        /// The turn (`turn_…`)
        turn: String,
    },
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Judged>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Judged {
    turn_id: String,
    vote: String,
    comment: Option<String>,
    question: String,
    updated_at: String,
}

pub async fn run(context: &Context, command: FeedbackCommand) -> Result<Exit, Failure> {
    let door = context.door().await?;
    match command {
        FeedbackCommand::List { vote, limit } => list(context, &door, vote, limit).await,
        FeedbackCommand::Vote { turn, vote, comment } => {
            let body = json!({ "vote": vote, "comment": comment });
            let reply = door.client.put(&[&door.guru, "turns", &turn, "feedback"], &body).await?;
            context
                .output
                .show(&reply, || Ok(context.output.line(format!("Voted `{}` {vote}.", plain(&turn)))?))?;
            Ok(Exit::Done)
        }
        FeedbackCommand::Rm { turn } => {
            door.client.delete(&[&door.guru, "turns", &turn, "feedback"]).await?;
            context.output.show(&json!({ "deleted": turn }), || {
                Ok(context.output.line(format!("There is no vote of yours on `{}` now.", plain(&turn)))?)
            })?;
            Ok(Exit::Done)
        }
    }
}

const TEXT_CHARS_SHOWN: usize = 60;

async fn list(context: &Context, door: &Door, vote: Option<String>, limit: u32) -> Result<Exit, Failure> {
    let mut query = vec![("limit", limit.to_string())];
    query.extend(vote.map(|vote| ("vote", vote)));
    let path = [door.guru.as_str(), "feedback"];
    let reply =
        door.client.call(Call { method: Method::GET, path: &path, query: &query, body: None }).await?;
    context.output.show(&reply, || {
        let page: Page = read(&reply)?;
        if page.items.is_empty() {
            context.output.line("Nobody voted so.")?;
            return Ok(());
        }
        let mut table = context.output.table(&["when", "vote", "turn", "question", "comment"]);
        table.add_rows(page.items.iter().map(row));
        context.output.print_table(&table)?;
        if page.next_cursor.is_some() {
            context.output.hint("There is more: raise `--limit`.");
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn row(one: &Judged) -> [String; 5] {
    [
        human_time(&one.updated_at),
        one.vote.clone(),
        plain(&one.turn_id).into_owned(),
        one_line(&one.question, TEXT_CHARS_SHOWN),
        one.comment.as_deref().map_or_else(|| "–".to_owned(), |text| one_line(text, TEXT_CHARS_SHOWN)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_is_a_row() {
        let one = json!({
            "turn_id": "turn_1", "vote": "down", "comment": "wrong\norder", "question": "Where is it?",
            "answer": null, "created_at": "2026-11-30T09:00:00Z", "updated_at": "2026-11-30T09:00:05Z",
        });
        let one: Judged = read(&one).expect("a vote as the server sends it");
        assert_eq!(row(&one), ["2026-11-30 09:00:05Z", "down", "turn_1", "Where is it?", "wrong order"]);
    }
}
