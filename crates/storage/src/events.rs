//! The event log: what a turn, or an execution outside any turn, went through.

use std::sync::Arc;

use errand_domain::{Event, EventKind, ExecutionId, GuruId, StreamId, TurnId, event::EVENT_VERSION};

use crate::{
    Masked, Read, Result, StorageError, Transaction,
    insert::insertion,
    row::{Row, Value, to_json, values},
    statement::Statement,
};

/// One stream's next events.
#[derive(Debug, Clone)]
pub struct Batch {
    pub stream: StreamId,
    /// Shared with whoever follows the stream.
    pub events: Vec<Arc<Event<Masked>>>,
}

/// Appends to any number of streams. Fails with `Conflict` when a stream has an event of the same number already.
pub async fn append(tx: &mut Transaction, batches: &[Batch]) -> Result<()> {
    tx.run(appending(batches)?).await?;
    Ok(())
}

/// As [`append`].
pub(crate) fn appending(batches: &[Batch]) -> Result<Vec<Statement>> {
    let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.events.len()).sum());
    for batch in batches {
        let stream = batch.stream.to_string();
        for event in &batch.events {
            rows.push(values![
                stream.as_str(),
                event.seq,
                event.at,
                EVENT_VERSION,
                event.kind.name(),
                to_json("event", &event.kind)?,
            ]);
        }
    }
    let head = "INSERT INTO events (stream_id, seq, at, version, type, payload)";
    let statements = insertion("append events", head, rows).into_iter();
    Ok(statements.map(|statement| Statement { once: "an event with this number", ..statement }).collect())
}

/// Up to `limit` events after number `after`, in order; nothing when the guru has no such turn or execution.
pub async fn after(
    mut db: impl Read,
    guru: GuruId,
    stream: StreamId,
    after: u32,
    limit: u32,
) -> Result<Vec<Event<Masked>>> {
    let owned = match stream {
        StreamId::Turn(_) => "EXISTS (SELECT 1 FROM turns WHERE id = $2 AND guru_id = $1)",
        StreamId::Execution(_) => "EXISTS (SELECT 1 FROM executions WHERE id = $2 AND guru_id = $1)",
    };
    let sql = format!(
        "SELECT seq, at, version, payload FROM events WHERE stream_id = $2 AND seq > $3 AND {owned}
         ORDER BY seq LIMIT $4"
    );
    let values = values![Value::shown(guru), Value::shown(stream), after, limit];
    db.rows("read events", sql, values).await?.iter().map(read).collect()
}

/// The number of the stream's last event; 0 when it has none. Streams of every guru: for settling what a crash left.
pub async fn last_seq(mut db: impl Read, stream: StreamId) -> Result<u32> {
    let sql = "SELECT seq FROM events WHERE stream_id = $1 ORDER BY seq DESC LIMIT 1";
    let rows = db.rows("find a stream's last event", sql, values![Value::shown(stream)]).await?;
    rows.first().map_or(Ok(0), |row| row.u32("seq"))
}

/// All events of one execution: its own stream, or its part of its turn's.
pub async fn of_execution(
    db: impl Read,
    guru: GuruId,
    execution: ExecutionId,
    turn: Option<TurnId>,
) -> Result<Vec<Event<Masked>>> {
    let stream = turn.map_or(StreamId::Execution(execution), StreamId::Turn);
    let mut events = after(db, guru, stream, 0, u32::MAX).await?;
    events.retain(|event| execution_of(&event.kind) == Some(execution));
    Ok(events)
}

fn execution_of<T>(kind: &EventKind<T>) -> Option<ExecutionId> {
    match kind {
        EventKind::ActionStarted { execution_id, .. }
        | EventKind::ActionOutput { execution_id, .. }
        | EventKind::HttpExchanged { execution_id, .. }
        | EventKind::HostContacted { execution_id, .. }
        | EventKind::PhaseMeasured { execution_id, .. }
        | EventKind::UsageMeasured { execution_id, .. }
        | EventKind::ActionFinished { execution_id, .. } => Some(*execution_id),
        EventKind::TurnStarted { .. }
        | EventKind::Planned { .. }
        | EventKind::AnswerText { .. }
        | EventKind::TurnFinished { .. } => None,
    }
}

fn read(row: &Row) -> Result<Event<Masked>> {
    let version = row.u32("version")?;
    if version > EVENT_VERSION {
        return Err(StorageError::corrupt("event", format_args!("it has version {version}")));
    }
    // Stored text was masked before it came here.
    let kind = row.json::<EventKind<String>>("payload")?.map(Masked::from_ledger);
    Ok(Event { seq: row.u32("seq")?, at: row.time("at")?, kind })
}
