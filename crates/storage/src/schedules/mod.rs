//! Schedules; what came of every time that one was due is in [`firings`].

mod firings;

use errand_domain::{
    ActionId, GuruId, UnixMillis,
    schedule::{Missed, Overlap, Schedule, ScheduleSpec},
};

pub use firings::{
    Firing, Telling, Waiting, advance, begin, firings, forget_firings, gurus_due, last_firings,
    record_firings, take_due, unfinished, waiting,
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
