//! Results of schedules on their way to somebody.
//!
//! Whether a run is told of is decided once: who marks its firing decides. A delivery is tried by who claims it; the claim
//! moves its next time on, so that one whose process died is tried again, and may then arrive twice.

use errand_domain::{
    ActionId, Delivery, DeliveryId, DeliveryStatus, ExecutionId, ExecutionStatus, GuruId, ScheduleId,
    UnixMillis,
    results::{Ended, Receiver},
};

use crate::{
    Masked, Read, Result, Transaction,
    row::{Row, Value, to_json, values},
};

/// A scheduled run that ended, of which it is not decided who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untold {
    pub execution_id: ExecutionId,
    pub schedule_id: ScheduleId,
    pub guru_id: GuruId,
    pub action_id: ActionId,
    pub fire_at: UnixMillis,
}

/// Runs of all gurus of which it is not decided who is told, oldest first.
pub async fn untold(mut db: impl Read, limit: u32) -> Result<Vec<Untold>> {
    // The first two conditions are the partial index's own, which is how SQLite knows that it may use it.
    let sql = "SELECT f.execution_id, f.schedule_id, f.fire_at, s.guru_id, s.action_id
         FROM schedule_firings f JOIN schedules s ON s.id = f.schedule_id JOIN executions e ON e.id = f.execution_id
         WHERE f.results_at IS NULL AND f.execution_id IS NOT NULL AND e.status NOT IN ('queued', 'running')
         ORDER BY f.execution_id LIMIT $1";
    let rows = db.rows("list untold runs", sql, values![limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Untold {
                execution_id: row.parse("execution_id")?,
                schedule_id: row.parse("schedule_id")?,
                guru_id: row.parse("guru_id")?,
                action_id: row.parse("action_id")?,
                fire_at: row.time("fire_at")?,
            })
        })
        .collect()
}

/// Marks a run as decided about. False when somebody did before: then it is theirs.
pub async fn mark_told(tx: &mut Transaction, execution: ExecutionId, at: UnixMillis) -> Result<bool> {
    let sql = "UPDATE schedule_firings SET results_at = $2 WHERE execution_id = $1 AND results_at IS NULL";
    Ok(tx.execute("decide who is told", sql, values![Value::shown(execution), at]).await? > 0)
}

/// How the schedule's run before that time ended.
pub async fn ended_before(
    mut db: impl Read,
    schedule: ScheduleId,
    fire_at: UnixMillis,
) -> Result<Option<Ended>> {
    let sql = "SELECT e.status, e.output FROM schedule_firings f JOIN executions e ON e.id = f.execution_id
         WHERE f.schedule_id = $1 AND f.fire_at < $2 AND e.status NOT IN ('queued', 'running')
         ORDER BY f.fire_at DESC LIMIT 1";
    let row = db.row("find the run before", sql, values![Value::shown(schedule), fire_at]).await?;
    row.map(|row| {
        Ok(Ended { status: row.word("status", ExecutionStatus::parse)?, output: row.get("output")? })
    })
    .transpose()
}

/// A delivery to begin with.
#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    pub id: DeliveryId,
    pub run: Untold,
    pub receiver: &'a Receiver,
    pub at: UnixMillis,
}

pub async fn insert(tx: &mut Transaction, new: NewDelivery<'_>) -> Result<()> {
    let sql = "INSERT INTO deliveries (id, guru_id, action_id, execution_id, fire_at, receiver, status, tries, next_at,
             created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $7)";
    let values = values![
        Value::shown(new.id),
        Value::shown(new.run.guru_id),
        Value::shown(new.run.action_id),
        Value::shown(new.run.execution_id),
        new.run.fire_at,
        to_json("receiver", new.receiver)?,
        new.at,
    ];
    tx.execute("begin a delivery", sql, values).await?;
    Ok(())
}

/// A delivery to try, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub delivery: Delivery,
    pub guru_id: GuruId,
    pub action_id: ActionId,
    pub fire_at: UnixMillis,
}

const COLUMNS: &str = "id, guru_id, action_id, execution_id, fire_at, receiver, status, tries, next_at, error, created_at, \
     finished_at";

/// Deliveries of all gurus that are due, longest due first.
pub async fn due(mut db: impl Read, now: UnixMillis, limit: u32) -> Result<Vec<Due>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at LIMIT $2"
    );
    let rows = db.rows("list due deliveries", sql, values![now, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                delivery: read(row)?,
                guru_id: row.parse("guru_id")?,
                action_id: row.parse("action_id")?,
                fire_at: row.time("fire_at")?,
            })
        })
        .collect()
}

/// Takes a delivery for one try, and puts it off until `again_at` should nothing be heard of that try. False when
/// somebody else took it.
pub async fn claim(tx: &mut Transaction, delivery: &Delivery, again_at: UnixMillis) -> Result<bool> {
    let sql = "UPDATE deliveries SET tries = tries + 1, next_at = $3
         WHERE id = $1 AND tries = $2 AND status = 'pending'";
    let values = values![Value::shown(delivery.id), delivery.tries, again_at];
    Ok(tx.execute("take a delivery", sql, values).await? > 0)
}

/// What came of a try.
#[derive(Debug, Clone)]
pub enum Tried {
    Delivered,
    /// To be tried again then.
    Later {
        error: Masked,
        next_at: UnixMillis,
    },
    Failed {
        error: Masked,
    },
}

pub async fn note(tx: &mut Transaction, id: DeliveryId, tried: Tried, at: UnixMillis) -> Result<()> {
    let (status, error, next_at, finished_at) = match tried {
        Tried::Delivered => (DeliveryStatus::Delivered, None, None, Some(at)),
        Tried::Later { error, next_at } => (DeliveryStatus::Pending, Some(error), Some(next_at), None),
        Tried::Failed { error } => (DeliveryStatus::Failed, Some(error), None, Some(at)),
    };
    let sql = "UPDATE deliveries SET status = $2, error = $3, next_at = $4, finished_at = $5
         WHERE id = $1 AND status = 'pending'";
    let values = values![Value::shown(id), status.as_str(), error, next_at, finished_at];
    tx.execute("note a delivery's try", sql, values).await?;
    Ok(())
}

/// An action's latest deliveries, newest first.
pub async fn of_action(
    mut db: impl Read,
    guru: GuruId,
    action: ActionId,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE guru_id = $1 AND action_id = $2 ORDER BY id DESC LIMIT $3"
    );
    let values = values![Value::shown(guru), Value::shown(action), limit];
    db.rows("list an action's deliveries", sql, values).await?.iter().map(read).collect()
}

/// Whom one run was told to, in order.
pub async fn of_execution(mut db: impl Read, guru: GuruId, execution: ExecutionId) -> Result<Vec<Delivery>> {
    let sql =
        format!("SELECT {COLUMNS} FROM deliveries WHERE guru_id = $1 AND execution_id = $2 ORDER BY id");
    let values = values![Value::shown(guru), Value::shown(execution)];
    db.rows("list a run's deliveries", sql, values).await?.iter().map(read).collect()
}

/// Forgets deliveries that were begun before and have ended.
pub async fn delete_before(tx: &mut Transaction, guru: GuruId, before: UnixMillis) -> Result<u64> {
    let sql = "DELETE FROM deliveries WHERE guru_id = $1 AND created_at < $2 AND next_at IS NULL";
    tx.execute("forget old deliveries", sql, values![Value::shown(guru), before]).await
}

fn read(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.parse("id")?,
        execution_id: row.parse("execution_id")?,
        receiver: row.json("receiver")?,
        status: row.word("status", DeliveryStatus::parse)?,
        tries: row.u32("tries")?,
        next_at: row.time_option("next_at")?,
        error: row.get("error")?,
        created_at: row.time("created_at")?,
        finished_at: row.time_option("finished_at")?,
    })
}
