//! The history's list: newest first, by keyset, every filter along an index.

use errand_domain::{ActionId, Execution, ExecutionId, ExecutionStatus, GuruId, Source, UnixMillis, Vote};

use super::read;
use crate::{
    Read, Result,
    row::{Row, Value, id_bound, values},
};

/// Output that a list shows of each execution; what is longer is cut and marked so. One execution alone has all.
pub const LISTED_OUTPUT_CHARS: usize = 2_000;

/// What to show; an empty filter shows all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    pub action: Option<ActionId>,
    /// Any of these; empty for any status.
    pub statuses: Vec<ExecutionStatus>,
    pub source: Option<Source>,
    /// Occurs in the question, the arguments, the output or the error, in any case (on SQLite for ASCII letters only).
    pub text: Option<String>,
    /// Created at this time or later, by the time in the execution's id.
    pub from: Option<UnixMillis>,
    /// Created at this time or earlier.
    pub to: Option<UnixMillis>,
    /// Led to by a question whose answer somebody voted so on.
    pub vote: Option<Vote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionPage {
    /// The last item of the page before.
    pub after: Option<ExecutionId>,
    pub limit: u32,
}

/// Newest first; outputs cut to [`LISTED_OUTPUT_CHARS`].
pub async fn list(
    mut db: impl Read,
    guru: GuruId,
    filter: &ExecutionFilter,
    page: ExecutionPage,
) -> Result<Vec<Execution>> {
    let (sql, values) = query(guru, filter, page);
    let rows = db.rows("list executions", sql, values).await?;
    rows.iter().map(|row| Ok(cut(read(row)?))).collect()
}

/// How the database would find that page, in its own words: one line per step. For the test that keeps every filter
/// on an index.
#[doc(hidden)]
pub async fn explain(
    mut db: impl Read,
    guru: GuruId,
    filter: &ExecutionFilter,
    page: ExecutionPage,
) -> Result<Vec<String>> {
    let (sql, values) = query(guru, filter, page);
    let rows = db.rows("explain the list of executions", format!("{{explain}} {sql}"), values).await?;
    rows.iter().map(|row| row.get("detail").or_else(|_| row.get("QUERY PLAN"))).collect()
}

/// A set of several statuses is a union of one query per status, each of which walks its index in order and stops at
/// the limit; `status IN (…)` would sort all rows of these statuses first.
pub(super) fn query(guru: GuruId, filter: &ExecutionFilter, page: ExecutionPage) -> (String, Vec<Value>) {
    let mut values = values![Value::shown(guru), upper_bound(filter, page), lower_bound(filter), page.limit];
    let mut conditions = vec!["guru_id = $1 AND id < $2 AND id >= $3".to_owned()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if let Some(action) = filter.action {
        conditions.push(format!("action_id = {}", bind(Value::shown(action))));
    }
    if let Some(source) = filter.source {
        conditions.push(format!("source = {}", bind(source.as_str().into())));
    }
    if let Some(text) = &filter.text {
        let pattern = bind(like_pattern(text).into());
        let columns = ["question", "arguments", "output", "error"];
        let any = columns.map(|column| format!("{column} {{like}} {pattern} ESCAPE '\\'"));
        conditions.push(format!("({})", any.join(" OR ")));
    }
    if let Some(vote) = filter.vote {
        let vote = bind(vote.as_str().into());
        conditions.push(format!(
            "EXISTS (SELECT 1 FROM feedback f WHERE f.turn_id = executions.turn_id AND f.vote = {vote})"
        ));
    }
    let conditions = conditions.join(" AND ");
    let mut statuses = filter.statuses.clone();
    statuses.sort_by_key(|status| status.as_str());
    statuses.dedup();
    let branches: Vec<String> = if statuses.is_empty() {
        vec![branch(&conditions)]
    } else {
        let mut one = |status: &ExecutionStatus| {
            branch(&format!("{conditions} AND status = {}", bind(status.as_str().into())))
        };
        statuses.iter().map(&mut one).collect()
    };
    let sql = match branches.as_slice() {
        [only] => only.clone(),
        many => {
            let union: Vec<_> = many.iter().map(|branch| format!("SELECT * FROM ({branch}) part")).collect();
            format!("SELECT * FROM ({}) parts ORDER BY id DESC LIMIT $4", union.join(" UNION ALL "))
        }
    };
    (sql, values)
}

fn branch(conditions: &str) -> String {
    // One character more than is shown tells whether there is more.
    let listed = LISTED_OUTPUT_CHARS + 1;
    let columns = super::COLUMNS.replace(" output,", &format!(" substr(output, 1, {listed}) AS output,"));
    format!("SELECT {columns} FROM executions WHERE {conditions} ORDER BY id DESC LIMIT $4")
}

/// The first id that is too new. A UUIDv7 begins with its milliseconds in twelve hexadecimal digits, so a time is
/// a bound on ids, and a time filter walks the same index as the list.
fn upper_bound(filter: &ExecutionFilter, page: ExecutionPage) -> String {
    let by_time = filter.to.map(|to| id_bound(ExecutionId::PREFIX, UnixMillis(to.0.saturating_add(1))));
    let by_page = page.after.map(|id| id.to_string());
    // `run_g` sorts after every id.
    [by_time, by_page].into_iter().flatten().min().unwrap_or_else(|| "run_g".to_owned())
}

fn lower_bound(filter: &ExecutionFilter) -> String {
    filter.from.map_or_else(|| "run_".to_owned(), |from| id_bound(ExecutionId::PREFIX, from))
}

fn like_pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn cut(mut execution: Execution) -> Execution {
    if let Some(output) = &mut execution.output
        && let Some((end, _)) = output.char_indices().nth(LISTED_OUTPUT_CHARS)
    {
        output.truncate(end);
        execution.output_truncated = true;
    }
    execution
}

/// An action's newest execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    pub action_id: ActionId,
    pub execution_id: ExecutionId,
    pub status: ExecutionStatus,
    pub created_at: UnixMillis,
}

/// The newest execution of each action of the guru that ever ran.
pub async fn last_runs(mut db: impl Read, guru: GuruId) -> Result<Vec<LastRun>> {
    let sql = "SELECT a.id AS action_id, e.id, e.status, e.created_at FROM actions a JOIN executions e
             ON e.id = (SELECT max(id) FROM executions WHERE guru_id = $1 AND action_id = a.id)
         WHERE a.guru_id = $1 ORDER BY a.name";
    let rows = db.rows("list last executions", sql, values![Value::shown(guru)]).await?;
    rows.iter().map(read_last_run).collect()
}

/// The newest execution of one action.
pub async fn last_run(mut db: impl Read, guru: GuruId, action: ActionId) -> Result<Option<LastRun>> {
    let sql = "SELECT action_id, id, status, created_at FROM executions WHERE guru_id = $1 AND action_id = $2
         ORDER BY id DESC LIMIT 1";
    let values = values![Value::shown(guru), Value::shown(action)];
    db.row("find an action's last execution", sql, values).await?.as_ref().map(read_last_run).transpose()
}

fn read_last_run(row: &Row) -> Result<LastRun> {
    Ok(LastRun {
        action_id: row.parse("action_id")?,
        execution_id: row.parse("id")?,
        status: row.word("status", ExecutionStatus::parse)?,
        created_at: row.time("created_at")?,
    })
}
