//! Schedules, and what came of every time that one was due.
//!
//! Who decides about a due schedule holds its row: two processes take turns, and the second one finds it moved on.

use errand_domain::{
    ActionId, ExecutionId, GuruId, ScheduleId, UnixMillis,
    schedule::{FiringOutcome, Missed, Overlap, Schedule, ScheduleSpec},
};

use crate::{
    Read, Result, Transaction,
    row::{Row, Value, to_json, values},
};

const COLUMNS: &str = "id, guru_id, action_id, cron, time_zone, arguments, overlap, missed, results, enabled, \
     next_at, created_at, updated_at";

/// Keeps an action's schedule, in place of the one that it has; the first one's id and birth stay.
pub async fn put(tx: &mut Transaction, guru: GuruId, schedule: &Schedule) -> Result<()> {
    let sql =
        "INSERT INTO schedules (id, guru_id, action_id, cron, time_zone, arguments, overlap, missed, enabled,
             next_at, created_at, updated_at, results)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)
         ON CONFLICT (action_id) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone,
             arguments = excluded.arguments, overlap = excluded.overlap, missed = excluded.missed,
             enabled = excluded.enabled, next_at = excluded.next_at, updated_at = excluded.updated_at,
             results = excluded.results";
    let spec = &schedule.spec;
    let values = values![
        Value::shown(schedule.id),
        Value::shown(guru),
        Value::shown(schedule.action_id),
        spec.cron.as_str(),
        spec.time_zone.as_str(),
        to_json("arguments", &spec.arguments)?,
        spec.overlap.as_str(),
        spec.missed.as_str(),
        schedule.enabled,
        schedule.next_at,
        schedule.updated_at,
        spec.results.as_ref().map(|results| to_json("results", results)).transpose()?,
    ];
    tx.execute("keep a schedule", sql, values).await?;
    Ok(())
}

pub async fn of_action(mut db: impl Read, guru: GuruId, action: ActionId) -> Result<Option<Schedule>> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE guru_id = $1 AND action_id = $2");
    let values = values![Value::shown(guru), Value::shown(action)];
    db.row("find a schedule", sql, values).await?.as_ref().map(read).transpose()
}

/// The guru's schedules, oldest first.
pub async fn list(mut db: impl Read, guru: GuruId) -> Result<Vec<Schedule>> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE guru_id = $1 ORDER BY id");
    db.rows("list schedules", sql, values![Value::shown(guru)]).await?.iter().map(read).collect()
}

/// Deletes an action's schedule and cancels what of it waits; what runs goes on. False when there was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId, action: ActionId, at: UnixMillis) -> Result<bool> {
    let sql = "UPDATE executions SET status = 'cancelled', finished_at = $3
         WHERE guru_id = $1 AND status = 'queued' AND id IN (
             SELECT f.execution_id FROM schedule_firings f JOIN schedules s ON s.id = f.schedule_id
             WHERE s.action_id = $2 AND f.execution_id IS NOT NULL)";
    tx.execute("cancel a schedule's runs", sql, values![Value::shown(guru), Value::shown(action), at])
        .await?;
    let sql = "DELETE FROM schedules WHERE guru_id = $1 AND action_id = $2";
    let values = values![Value::shown(guru), Value::shown(action)];
    Ok(tx.execute("delete a schedule", sql, values).await? > 0)
}

/// When the next schedule of all gurus is due.
pub async fn next_due(mut db: impl Read) -> Result<Option<UnixMillis>> {
    let sql = "SELECT min(next_at) AS next_at FROM schedules WHERE next_at IS NOT NULL";
    let row = db.row("find the next schedule", sql, vec![]).await?;
    row.map_or(Ok(None), |row| row.time_option("next_at"))
}

/// Schedules of all gurus that are due, with their gurus, longest due first. Who locks several of them does so in this
/// order, so that no two wait for each other.
pub async fn due(mut db: impl Read, now: UnixMillis, limit: u32) -> Result<Vec<(ScheduleId, GuruId)>> {
    let sql = "SELECT id, guru_id FROM schedules WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2";
    let rows = db.rows("list due schedules", sql, values![now, limit]).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.parse("guru_id")?))).collect()
}

/// The schedule with its row held until the transaction ends, if it is still due: None when somebody else decided
/// meanwhile.
pub async fn lock_due(tx: &mut Transaction, id: ScheduleId, now: UnixMillis) -> Result<Option<Schedule>> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE id = $1 AND next_at <= $2 {{for_update}}");
    tx.row("lock a schedule", sql, values![Value::shown(id), now]).await?.as_ref().map(read).transpose()
}

/// Moves a schedule on to its next time.
pub async fn advance(tx: &mut Transaction, id: ScheduleId, next_at: Option<UnixMillis>) -> Result<()> {
    let sql = "UPDATE schedules SET next_at = $2 WHERE id = $1";
    tx.execute("move a schedule on", sql, values![Value::shown(id), next_at]).await?;
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

/// Notes what came of a time. False when that time was decided already: then nothing may come of it again.
pub async fn record_firing(tx: &mut Transaction, firing: &Firing, telling: Telling) -> Result<bool> {
    let sql =
        "INSERT INTO schedule_firings (schedule_id, fire_at, outcome, execution_id, decided_at, results_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (schedule_id, fire_at) DO NOTHING";
    let values = values![
        Value::shown(firing.schedule_id),
        firing.fire_at,
        firing.outcome.as_str(),
        Value::shown_option(firing.execution_id),
        firing.decided_at,
        (telling == Telling::Nobody).then_some(firing.decided_at),
    ];
    Ok(tx.execute("note a firing", sql, values).await? > 0)
}

/// Runs of the schedule that wait or go on.
pub async fn unfinished(mut db: impl Read, id: ScheduleId) -> Result<u32> {
    let sql = "SELECT count(*) AS firings FROM schedule_firings f JOIN executions e ON e.id = f.execution_id
         WHERE f.schedule_id = $1 AND e.status IN ('queued', 'running')";
    let row = db.row("count a schedule's runs", sql, values![Value::shown(id)]).await?;
    row.map_or(Ok(0), |row| row.u32("firings"))
}

/// A run that waits for somebody to begin it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub execution_id: ExecutionId,
    pub guru_id: GuruId,
    pub action_id: ActionId,
}

/// Runs of all gurus that may begin, oldest first: those of a schedule that queues only when none before them is left.
pub async fn waiting(mut db: impl Read, limit: u32) -> Result<Vec<Waiting>> {
    // The first condition is the partial index's own, which is how SQLite knows that it may use it.
    let sql = "SELECT e.id, e.guru_id, e.action_id
         FROM executions e JOIN schedule_firings f ON f.execution_id = e.id JOIN schedules s ON s.id = f.schedule_id
         WHERE e.status IN ('queued', 'running') AND e.status = 'queued'
             AND (s.overlap = 'allow' OR NOT EXISTS (
                 SELECT 1 FROM schedule_firings b JOIN executions o ON o.id = b.execution_id
                 WHERE b.schedule_id = f.schedule_id AND b.fire_at < f.fire_at
                     AND o.status IN ('queued', 'running')))
         ORDER BY e.id LIMIT $1";
    let rows = db.rows("list waiting runs", sql, values![limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                execution_id: row.parse("id")?,
                guru_id: row.parse("guru_id")?,
                action_id: row.parse("action_id")?,
            })
        })
        .collect()
}

/// Notes when a firing's execution began.
pub async fn note_started(tx: &mut Transaction, execution: ExecutionId, at: UnixMillis) -> Result<()> {
    let sql = "UPDATE schedule_firings SET started_at = $2 WHERE execution_id = $1";
    tx.execute("note a firing's start", sql, values![Value::shown(execution), at]).await?;
    Ok(())
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

fn read(row: &Row) -> Result<Schedule> {
    Ok(Schedule {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        action_id: row.parse("action_id")?,
        spec: ScheduleSpec {
            cron: row.get("cron")?,
            time_zone: row.get("time_zone")?,
            arguments: row.json("arguments")?,
            overlap: row.word("overlap", Overlap::parse)?,
            missed: row.word("missed", Missed::parse)?,
            results: row.json_option("results")?,
        },
        enabled: row.get("enabled")?,
        next_at: row.time_option("next_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
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
