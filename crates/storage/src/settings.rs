//! Settings of this installation: JSON values by name.

use errand_domain::UnixMillis;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Read, Result, Transaction,
    row::{from_json, to_json, values},
};

/// Fails with `Corrupt` when what is stored is not a `T`.
pub async fn get<T: DeserializeOwned>(mut db: impl Read, name: &str) -> Result<Option<T>> {
    let row = db.row("read a setting", "SELECT value FROM settings WHERE name = $1", values![name]).await?;
    row.map(|row| from_json("setting", &row.get::<String>("value")?)).transpose()
}

pub async fn put(
    tx: &mut Transaction,
    name: &str,
    value: &(impl Serialize + Sync),
    at: UnixMillis,
) -> Result<()> {
    let sql = "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    tx.execute("keep a setting", sql, values![name, to_json("setting", value)?, at]).await?;
    Ok(())
}

/// Keeps the value unless there is one; true when it was kept. For what is made once by whichever node starts first.
pub async fn put_if_absent(
    tx: &mut Transaction,
    name: &str,
    value: &(impl Serialize + Sync),
    at: UnixMillis,
) -> Result<bool> {
    let sql =
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    Ok(tx.execute("keep a setting", sql, values![name, to_json("setting", value)?, at]).await? > 0)
}

/// False when there was none.
pub async fn delete(tx: &mut Transaction, name: &str) -> Result<bool> {
    Ok(tx.execute("delete a setting", "DELETE FROM settings WHERE name = $1", values![name]).await? > 0)
}
