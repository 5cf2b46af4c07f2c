//! What is left behind: executions of dead nodes, queued ones that nobody took, and rows past their retention.

use errand_domain::{ActionName, Execution, ExecutionId, GuruId, TurnId, UnixMillis};

use super::{COLUMNS, read};
use crate::{
    Masked, Read, Result, Transaction,
    row::{Value, id_bound, values},
};

/// Nodes whose leases are void.
#[derive(Debug, Clone, Copy)]
pub enum DeadNodes<'a> {
    /// This one.
    Named(&'a str),
    /// Every one but this: for a process that knows itself to be the only one, as it starts.
    AllBut(&'a str),
}

impl<'a> DeadNodes<'a> {
    pub(crate) fn comparison(self) -> (&'static str, &'a str) {
        match self {
            Self::Named(node) => ("=", node),
            Self::AllBut(node) => ("<>", node),
        }
    }
}

/// An execution that a dead node was running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    pub id: ExecutionId,
    pub guru_id: GuruId,
    pub action_name: ActionName,
    pub turn_id: Option<TurnId>,
}

/// Marks what dead nodes were running as `unknown`, with `error` as the reason, and voids their leases, so that a late
/// result changes nothing.
pub async fn interrupt(
    tx: &mut Transaction,
    dead: DeadNodes<'_>,
    error: &Masked,
    at: UnixMillis,
) -> Result<Vec<Interrupted>> {
    let (comparison, node) = dead.comparison();
    // The first condition is the partial index's own, which is how SQLite knows that it may use it.
    let sql = format!(
        "UPDATE executions SET status = 'unknown', error = $2, finished_at = $3, lease_fence = lease_fence + 1
         WHERE status IN ('queued', 'running') AND status = 'running' AND lease_owner {comparison} $1
         RETURNING id, guru_id, action_name, turn_id"
    );
    let rows = tx.rows("mark interrupted executions", sql, values![node, &**error, at]).await?;
    rows.iter()
        .map(|row| {
            Ok(Interrupted {
                id: row.parse("id")?,
                guru_id: row.parse("guru_id")?,
                action_name: row.parse("action_name")?,
                turn_id: row.parse_option("turn_id")?,
            })
        })
        .collect()
}

/// Executions of all gurus that were queued at `before` or earlier and never claimed, oldest first: to be queued anew.
pub async fn queued_before(mut db: impl Read, before: UnixMillis, limit: u32) -> Result<Vec<Execution>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM executions
         WHERE status IN ('queued', 'running') AND status = 'queued' AND created_at <= $1 ORDER BY id LIMIT $2"
    );
    let rows = db.rows("list queued executions", sql, values![before, limit]).await?;
    rows.iter().map(read).collect()
}

/// How many ended executions were created before.
pub async fn count_before(mut db: impl Read, guru: GuruId, before: UnixMillis) -> Result<u32> {
    let sql = "SELECT COUNT(*) AS executions FROM executions
         WHERE guru_id = $1 AND id < $2 AND status NOT IN ('queued', 'running')";
    let values = values![Value::shown(guru), id_bound(ExecutionId::PREFIX, before)];
    let rows = db.rows("count old executions", sql, values).await?;
    rows.first().map_or(Ok(0), |row| row.u32("executions"))
}

/// Forgets up to `limit` ended executions created before, with their own events and write keys; how many. Callers
/// repeat it in small transactions until it answers fewer than the limit.
pub async fn delete_before(
    tx: &mut Transaction,
    guru: GuruId,
    before: UnixMillis,
    limit: u32,
) -> Result<u64> {
    let sql =
        "SELECT id FROM executions WHERE guru_id = $1 AND id < $2 AND status NOT IN ('queued', 'running')
         ORDER BY id LIMIT $3";
    let rows = tx
        .rows(
            "find old executions",
            sql,
            values![Value::shown(guru), id_bound(ExecutionId::PREFIX, before), limit],
        )
        .await?;
    for row in &rows {
        let id: String = row.get("id")?;
        for sql in [
            "DELETE FROM events WHERE stream_id = $1",
            "DELETE FROM write_keys WHERE execution_id = $1",
            "DELETE FROM executions WHERE id = $1",
        ] {
            tx.execute("forget an old execution", sql, values![id.as_str()]).await?;
        }
    }
    Ok(rows.len() as u64)
}
