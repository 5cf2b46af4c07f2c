//! `errand audit`: who changed what, and whether anybody tampered with the record of it.

use serde::Deserialize;
use serde_json::Value;

use super::{
    context::Context,
    failure::{Exit, Failure},
    output::{Output, Tone, human_time, one_line, plain},
};
use crate::client::{Call, read};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --guru it shows that guru's changes, without it those of the whole installation.\n\nExamples:\n  errand audit --verb action --limit 50\n  errand audit --actor ana@acme.test --guru demo\n  errand audit --check"
)]
pub struct AuditArgs {
    /// Walk the chain of hashes and say whether it is whole
    #[arg(long, conflicts_with_all = ["actor", "verb", "object", "limit"])]
    check: bool,
    /// Only what this person or key did
    #[arg(long)]
    actor: Option<String>,
    /// Only this verb, such as `action.update`, or every verb of a noun, such as `action`
    #[arg(long)]
    verb: Option<String>,
    /// Only what was done to objects whose name contains this
    #[arg(long)]
    object: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Entry>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    seq: i64,
    at: String,
    actor: String,
    origin: String,
    verb: String,
    object: String,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
    before: Option<Value>,
    after: Option<Value>,
}

pub async fn run(context: &Context, args: AuditArgs) -> Result<Exit, Failure> {
    if args.check {
        return check(context).await;
    }
    let client = context.client()?;
    let given = [("actor", args.actor), ("verb", args.verb), ("object", args.object)];
    let mut query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    query.push(("limit", args.limit.to_string()));
    let guru = context.remote.guru.as_deref().filter(|guru| !guru.is_empty());
    let path = [guru.unwrap_or("system"), "audit"];
    let reply =
        client.call(Call { method: reqwest::Method::GET, path: &path, query: &query, body: None }).await?;
    context.output.show(&reply, || {
        let page: Page = read(&reply)?;
        for entry in &page.items {
            for line in lines(&context.output, entry) {
                context.output.line(line)?;
            }
        }
        if page.next_cursor.is_some() {
            context.output.hint("There is more: raise `--limit` or narrow it down.");
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

const VALUE_CHARS_SHOWN: usize = 60;

fn lines(output: &Output, entry: &Entry) -> Vec<String> {
    let from =
        if entry.origin.is_empty() { String::new() } else { format!(" from {}", plain(&entry.origin)) };
    let mut lines = vec![format!(
        "{} {} {} {} {}{from}",
        output.paint(Tone::Dim, &format!("{:>5}", entry.seq)),
        human_time(&entry.at),
        output.paint(Tone::Strong, &plain(&entry.verb)),
        plain(&entry.object),
        output.paint(Tone::Dim, &format!("by {}", plain(&entry.actor))),
    )];
    let shown = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "–".to_owned(), |value| one_line(&value.to_string(), VALUE_CHARS_SHOWN))
    };
    lines.extend(entry.changes.iter().map(|change| {
        format!(
            "      {}: {} → {}",
            plain(&change.field),
            plain(&shown(&change.before)),
            plain(&shown(&change.after))
        )
    }));
    lines
}

#[derive(Deserialize)]
struct Check {
    intact: bool,
    seq: Option<i64>,
    hash: Option<String>,
    broken_at: Option<i64>,
}

/// A broken chain is a failure of the command, so that a script notices.
async fn check(context: &Context) -> Result<Exit, Failure> {
    let reply = context.client()?.get(&["system", "audit", "check"]).await?;
    let check: Check = read(&reply)?;
    context.output.show(&reply, || {
        if check.intact {
            context.output.line(format!(
                "{} {} entries, each as it was written",
                context.output.paint(Tone::Good, "intact:"),
                check.seq.unwrap_or_default()
            ))?;
            context.output.line(format!("head: {}", check.hash.as_deref().unwrap_or_default()))?;
            context.output.hint("Keep the head elsewhere: a log that was rewritten whole has another one.");
        } else {
            context.output.line(format!(
                "{} entry {} is missing, changed or too many",
                context.output.paint(Tone::Bad, "broken:"),
                check.broken_at.unwrap_or_default()
            ))?;
        }
        Ok(())
    })?;
    Ok(if check.intact { Exit::Done } else { Exit::Failed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_shows_what_changed() {
        let entry = json!({
            "seq": 7, "at": "2026-11-23T08:00:05Z", "actor": "ana@acme.test", "origin": "203.0.113.7",
            "verb": "action.update", "object": "action refund", "guru_id": null, "before": {}, "after": {}, "hash": "00",
            "changes": [{"field": "trigger", "before": "a", "after": "b"}, {"field": "answer", "before": null, "after": "c"}],
        });
        let entry: Entry = read(&entry).expect("an entry as the server sends it");
        let expect = [
            "    7 2026-11-23 08:00:05Z action.update action refund by ana@acme.test from 203.0.113.7",
            "      trigger: \"a\" → \"b\"",
            "      answer: – → \"c\"",
        ];
        assert_eq!(lines(&Output::plain(), &entry), expect);
    }
}
