//! Keys of write effects: the first execution to take a key is the only one that may act under it.

use errand_domain::{ExecutionId, GuruId, UnixMillis};

use crate::{
    Read, Result, StorageError, Transaction,
    row::{Value, values},
};

/// Who holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The caller's execution, from now on.
    ByThis,
    /// Another one took it before.
    ByOther(ExecutionId),
}

const HOLDER_STEP: &str = "read a write key";
const HOLDER: &str = "SELECT execution_id FROM write_keys WHERE guru_id = $1 AND write_key = $2";

/// Takes the key for the execution unless it is taken.
pub async fn take(
    tx: &mut Transaction,
    guru: GuruId,
    key: &str,
    execution: ExecutionId,
    at: UnixMillis,
) -> Result<Taken> {
    let sql = "INSERT INTO write_keys (guru_id, write_key, execution_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (guru_id, write_key) DO NOTHING";
    let values = values![Value::shown(guru), key, Value::shown(execution), at];
    if tx.execute("take a write key", sql, values).await? > 0 {
        return Ok(Taken::ByThis);
    }
    let row = tx.row(HOLDER_STEP, HOLDER, values![Value::shown(guru), key]).await?;
    match row.map(|row| row.parse("execution_id")).transpose()? {
        Some(holder) if holder == execution => Ok(Taken::ByThis),
        Some(holder) => Ok(Taken::ByOther(holder)),
        // Released between the two statements; the caller may try again.
        None => Err(StorageError::Stale { what: "write key" }),
    }
}

/// The execution that holds the key.
pub async fn holder(mut db: impl Read, guru: GuruId, key: &str) -> Result<Option<ExecutionId>> {
    let row = db.row(HOLDER_STEP, HOLDER, values![Value::shown(guru), key]).await?;
    row.map(|row| row.parse("execution_id")).transpose()
}

/// Gives the key back, when the execution is known to have had no effect. False when it didn't hold it.
pub async fn release(tx: &mut Transaction, guru: GuruId, key: &str, execution: ExecutionId) -> Result<bool> {
    let sql = "DELETE FROM write_keys WHERE guru_id = $1 AND write_key = $2 AND execution_id = $3";
    let values = values![Value::shown(guru), key, Value::shown(execution)];
    Ok(tx.execute("release a write key", sql, values).await? > 0)
}
