//! `errand action versions|diff|restore`: what an action said before, and back to it.

use serde::Deserialize;
use serde_json::Value;

use super::{Action, NameArgs};
use crate::{
    cli::{
        context::{Context, Door},
        failure::{Exit, Failure},
        output::{Output, Tone, human_time, plain},
    },
    client::{Call, read},
};

#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// Name of the action
    name: String,
    /// The older version [default: the one before the newer]
    #[arg(long, value_name = "VERSION")]
    from: Option<u32>,
    /// The newer version [default: the present one]
    #[arg(long, value_name = "VERSION")]
    to: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Name of the action
    name: String,
    /// Number of the version to bring back
    version: u32,
}

/// More versions than people look at; the page's maximum.
const VERSIONS_SHOWN_MAX: &str = "200";

#[derive(Deserialize)]
struct Versions {
    items: Vec<Version>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as on the wire")]
struct Version {
    version: u32,
    author: Option<String>,
    created_at: String,
}

pub async fn list(context: &Context, door: &Door, args: &NameArgs) -> Result<Exit, Failure> {
    let query = [("limit", VERSIONS_SHOWN_MAX.to_owned())];
    let path = [door.guru.as_str(), "actions", &args.name, "versions"];
    let call = Call { method: reqwest::Method::GET, path: &path, query: &query, body: None };
    let reply = door.client.call(call).await?;
    context.output.show(&reply, || {
        let versions: Versions = read(&reply)?;
        let mut table = context.output.table(&["version", "saved", "by"]);
        table.add_rows(versions.items.iter().map(|version| {
            let author = version.author.as_deref().unwrap_or("–");
            [version.version.to_string(), human_time(&version.created_at), plain(author).into_owned()]
        }));
        context.output.print_table(&table)?;
        if versions.next_cursor.is_some() {
            context.output.hint(&format!("These are the newest {VERSIONS_SHOWN_MAX}."));
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

#[derive(Deserialize)]
struct Difference {
    from: Version,
    to: Version,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
    before: Option<Value>,
    after: Option<Value>,
}

pub async fn diff(context: &Context, door: &Door, args: DiffArgs) -> Result<Exit, Failure> {
    let to = match args.to {
        Some(version) => version,
        None => read::<Action>(&door.client.get(&[&door.guru, "actions", &args.name]).await?)?.version,
    };
    let query: Vec<_> = args.from.iter().map(|from| ("from", from.to_string())).collect();
    let number = to.to_string();
    let path = [door.guru.as_str(), "actions", &args.name, "versions", &number, "diff"];
    let call = Call { method: reqwest::Method::GET, path: &path, query: &query, body: None };
    let reply = door.client.call(call).await?;
    context.output.show(&reply, || {
        let difference: Difference = read(&reply)?;
        for line in diff_lines(&context.output, &difference) {
            context.output.line(line)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn diff_lines(output: &Output, difference: &Difference) -> Vec<String> {
    let (from, to) = (&difference.from, &difference.to);
    let mut lines = vec![output.paint(
        Tone::Strong,
        &format!(
            "version {} ({}) → version {} ({})",
            from.version,
            human_time(&from.created_at),
            to.version,
            human_time(&to.created_at)
        ),
    )];
    if difference.changes.is_empty() {
        lines.push("They say the same.".to_owned());
    }
    for change in &difference.changes {
        lines.push(plain(&change.field).into_owned());
        let (before, after) = (text_lines(change.before.as_ref()), text_lines(change.after.as_ref()));
        let (head, tail) = common_ends(&before, &after);
        let removed = before[head..before.len() - tail].iter().map(|line| (Tone::Bad, "- ", line));
        let added = after[head..after.len() - tail].iter().map(|line| (Tone::Good, "+ ", line));
        for (tone, sign, line) in removed.chain(added) {
            lines.push(output.paint(tone, &format!("  {sign}{}", plain(line))));
        }
    }
    lines
}

fn text_lines(value: Option<&Value>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::String(text)) => text.split('\n').map(str::to_owned).collect(),
        Some(other) => vec![other.to_string()],
    }
}

/// How many lines at the beginning, and how many of the rest at the end, are the same in both.
fn common_ends(before: &[String], after: &[String]) -> (usize, usize) {
    let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let (before, after) = (&before[head..], &after[head..]);
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
    (head, tail)
}

pub async fn restore(context: &Context, door: &Door, args: RestoreArgs) -> Result<Exit, Failure> {
    let version = args.version.to_string();
    let path = [door.guru.as_str(), "actions", &args.name, "versions", &version, "restore"];
    let reply = door.client.post(&path, None).await?;
    context.output.show(&reply, || {
        let action: Action = read(&reply)?;
        Ok(context.output.line(format!(
            "`{}` says what version {version} said; this is version {}.",
            plain(&action.name),
            action.version
        ))?)
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "tests write the values in place")]
    fn check(changes: Value, expect: &[&str]) {
        let side =
            |version: u32| json!({"version": version, "author": null, "created_at": "2026-11-23T08:00:05Z"});
        let difference = json!({"from": side(1), "to": side(2), "changes": changes});
        let difference: Difference = read(&difference).expect("a difference as the server sends it");
        assert_eq!(diff_lines(&Output::plain(), &difference)[1..], *expect);
    }

    #[test]
    fn a_difference_shows_the_lines_that_differ() {
        check(json!([]), &["They say the same."]);
        check(
            json!([{"field": "run.code", "before": "a\nb\nc\n", "after": "a\nB\nB\nc\n"}]),
            &["run.code", "  - b", "  + B", "  + B"],
        );
        check(
            json!([
                {"field": "timeout_ms", "before": 5000, "after": null},
                {"field": "answer", "before": null, "after": "Done."},
            ]),
            &["timeout_ms", "  - 5000", "answer", "  + Done."],
        );
    }
}
