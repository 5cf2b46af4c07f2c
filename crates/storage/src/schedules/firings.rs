//! What came of every time that a schedule was due: deciding, and the runs that wait for somebody to begin them.
//!
//! Hundreds of schedules may be due at the same instant, so everything here takes many at a time. Who decides about a due
//! schedule holds its row, and who begins a run holds its execution's; another process passes over what is held.

use std::collections::{HashMap, HashSet};

use errand_domain::{
    ActionId, Arguments, ExecutionId, GuruId, ScheduleId, UnixMillis,
    schedule::{FiringOutcome, Schedule},
};

use super::{COLUMNS, read};
use crate::{
    Read, Result, Transaction,
    executions::{self, Fence},
    gurus::GuruMark,
    insert::{Insert, insert_rows_returning},
    row::{Row, Value, bind_list, values},
};

/// The gurus of the schedules that are due, as far as they are among the first `limit`.
pub async fn gurus_due(mut db: impl Read, now: UnixMillis, limit: u32) -> Result<Vec<GuruMark>> {
    let sql = "SELECT DISTINCT g.id AS guru_id, g.slug, g.revision
         FROM (SELECT guru_id FROM schedules WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2) s
         JOIN gurus g ON g.id = s.guru_id";
    let rows = db.rows("list gurus with due schedules", sql, values![now, limit]).await?;
    rows.iter().map(GuruMark::read).collect()
}

/// Up to `limit` schedules of all gurus that are due, longest due first, with their rows held until the transaction
/// ends. What somebody else holds is left out: they decide about it.
pub async fn take_due(tx: &mut Transaction, now: UnixMillis, limit: u32) -> Result<Vec<Schedule>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedules WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2 {{skip_locked}}"
    );
    tx.rows("take due schedules", sql, values![now, limit]).await?.iter().map(read).collect()
}

/// Moves schedules on to their next times.
pub async fn advance(tx: &mut Transaction, moved: &[(ScheduleId, Option<UnixMillis>)]) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let mut values = Vec::new();
    let pairs = moved.iter().map(|(id, next_at)| values![Value::shown(*id), *next_at]);
    let list = bind_list(&mut values, pairs);
    let sql = format!(
        "WITH moved (id, next_at) AS (VALUES {list})
         UPDATE schedules SET next_at = moved.next_at FROM moved WHERE schedules.id = moved.id"
    );
    tx.execute("move schedules on", sql, values).await?;
    Ok(())
}

/// One time that a schedule was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firing {
    pub schedule_id: ScheduleId,
    pub fire_at: UnixMillis,
    pub outcome: FiringOutcome,
    pub execution_id: Option<ExecutionId>,
    pub decided_at: UnixMillis,
    /// When its execution began.
    pub started_at: Option<UnixMillis>,
}

/// Whether it is to be decided, once a firing's run has ended, who is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    Nobody,
    Open,
}

impl Firing {
    /// How much later than meant the run began.
    pub fn lateness_ms(&self) -> Option<u64> {
        self.started_at.map(|at| at.since(self.fire_at))
    }
}

/// Notes what came of several schedules' times, one of each. The schedules whose time was not decided before: nothing may
/// come of the others' again.
pub async fn record_firings(tx: &mut Transaction, new: &[(Firing, Telling)]) -> Result<HashSet<ScheduleId>> {
    let insert = Insert {
        step: "note firings",
        head: "INSERT INTO schedule_firings (schedule_id, fire_at, outcome, execution_id, decided_at, results_at)",
        tail: "ON CONFLICT (schedule_id, fire_at) DO NOTHING RETURNING schedule_id",
    };
    let rows = new.iter().map(|(firing, telling)| {
        values![
            Value::shown(firing.schedule_id),
            firing.fire_at,
            firing.outcome.as_str(),
            Value::shown_option(firing.execution_id),
            firing.decided_at,
            (*telling == Telling::Nobody).then_some(firing.decided_at),
        ]
    });
    let first = insert_rows_returning(tx, insert, rows.collect()).await?;
    first.iter().map(|row| row.parse("schedule_id")).collect()
}

/// How many runs of each of these schedules wait or go on; those with none are left out.
pub async fn unfinished(mut db: impl Read, of: &[ScheduleId]) -> Result<HashMap<ScheduleId, u32>> {
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let mut values = Vec::new();
    let list = bind_list(&mut values, of.iter().map(|id| values![Value::shown(*id)]));
    // In this order (SQLite keeps it), so that the few open runs of the action are looked at, and not all of its firings.
    let sql = format!(
        "SELECT s.id, count(*) AS firings
         FROM schedules s CROSS JOIN executions e CROSS JOIN schedule_firings f
         WHERE s.id IN (VALUES {list}) AND e.action_id = s.action_id AND e.status IN ('queued', 'running')
             AND f.execution_id = e.id AND f.schedule_id = s.id
         GROUP BY s.id"
    );
    let rows = db.rows("count schedules' runs", sql, values).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.u32("firings")?))).collect()
}

/// A run that waits for somebody to begin it, with the arguments that its schedule gives by now.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    pub execution_id: ExecutionId,
    pub action_id: ActionId,
    pub guru: GuruMark,
    pub arguments: Arguments,
}

/// Runs of all gurus that may begin, oldest first: those of a schedule that queues only when none before them is left.
pub async fn waiting(mut db: impl Read, limit: u32) -> Result<Vec<Waiting>> {
    // The first condition is the partial index's own, which is how SQLite knows that it may use it.
    let sql = "SELECT e.id, e.action_id, s.arguments, g.id AS guru_id, g.slug, g.revision
         FROM executions e JOIN schedule_firings f ON f.execution_id = e.id
             JOIN schedules s ON s.id = f.schedule_id JOIN gurus g ON g.id = s.guru_id
         WHERE e.status IN ('queued', 'running') AND e.status = 'queued'
             AND (s.overlap = 'allow' OR NOT EXISTS (
                 SELECT 1 FROM executions o CROSS JOIN schedule_firings b
                 WHERE o.action_id = s.action_id AND o.status IN ('queued', 'running')
                     AND b.execution_id = o.id AND b.schedule_id = f.schedule_id AND b.fire_at < f.fire_at))
         ORDER BY e.id LIMIT $1";
    let rows = db.rows("list waiting runs", sql, values![limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                execution_id: row.parse("id")?,
                action_id: row.parse("action_id")?,
                guru: GuruMark::read(row)?,
                arguments: row.json("arguments")?,
            })
        })
        .collect()
}

/// Takes runs that wait for a node, as [`executions::claim`] does, and notes that their firings began.
pub async fn begin(
    tx: &mut Transaction,
    wanted: &[ExecutionId],
    owner: &str,
    at: UnixMillis,
) -> Result<HashMap<ExecutionId, Fence>> {
    let claimed = executions::claim(tx, wanted, owner, at).await?;
    if claimed.is_empty() {
        return Ok(claimed);
    }
    let mut values = values![at];
    let list = bind_list(&mut values, claimed.keys().map(|id| values![Value::shown(*id)]));
    let sql = format!(
        "UPDATE schedule_firings SET started_at = $1
         WHERE execution_id IS NOT NULL AND execution_id IN (VALUES {list})"
    );
    tx.execute("note firings' starts", sql, values).await?;
    Ok(claimed)
}

/// Forgets what came of times before; what waits or runs is kept by its execution.
pub async fn forget_firings(tx: &mut Transaction, guru: GuruId, before: UnixMillis) -> Result<u64> {
    let sql = "DELETE FROM schedule_firings WHERE fire_at < $2
         AND schedule_id IN (SELECT id FROM schedules WHERE guru_id = $1)
         AND NOT EXISTS (SELECT 1 FROM executions e
             WHERE e.id = schedule_firings.execution_id AND e.status IN ('queued', 'running'))";
    tx.execute("forget old firings", sql, values![Value::shown(guru), before]).await
}

/// An action's latest firings, newest first.
pub async fn firings(mut db: impl Read, guru: GuruId, action: ActionId, limit: u32) -> Result<Vec<Firing>> {
    let sql = "SELECT f.schedule_id, f.fire_at, f.outcome, f.execution_id, f.decided_at, f.started_at
         FROM schedule_firings f JOIN schedules s ON s.id = f.schedule_id
         WHERE s.guru_id = $1 AND s.action_id = $2 ORDER BY f.fire_at DESC LIMIT $3";
    let values = values![Value::shown(guru), Value::shown(action), limit];
    db.rows("list firings", sql, values).await?.iter().map(read_firing).collect()
}

/// The latest firing of each schedule of the guru that ever was due.
pub async fn last_firings(mut db: impl Read, guru: GuruId) -> Result<Vec<Firing>> {
    let sql = "SELECT f.schedule_id, f.fire_at, f.outcome, f.execution_id, f.decided_at, f.started_at
         FROM schedules s JOIN schedule_firings f ON f.schedule_id = s.id
             AND f.fire_at = (SELECT max(fire_at) FROM schedule_firings WHERE schedule_id = s.id)
         WHERE s.guru_id = $1 ORDER BY s.id";
    db.rows("list last firings", sql, values![Value::shown(guru)]).await?.iter().map(read_firing).collect()
}

fn read_firing(row: &Row) -> Result<Firing> {
    Ok(Firing {
        schedule_id: row.parse("schedule_id")?,
        fire_at: row.time("fire_at")?,
        outcome: row.word("outcome", FiringOutcome::parse)?,
        execution_id: row.parse_option("execution_id")?,
        decided_at: row.time("decided_at")?,
        started_at: row.time_option("started_at")?,
    })
}
