//! Keys that programs authenticate with. The key itself is never here, only its hash.

use errand_domain::{ApiKeyId, GuruId, UnixMillis};

use crate::{
    Read, Result, Sha256, Transaction,
    row::{Row, Value, to_json, values},
};

const COLUMNS: &str = "id, name, scopes, guru_id, created_at, last_used_at";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: Vec<String>,
    /// The only guru it opens; None for all.
    pub guru_id: Option<GuruId>,
    pub created_at: UnixMillis,
    pub last_used_at: Option<UnixMillis>,
}

pub async fn insert(tx: &mut Transaction, key: &ApiKey, hash: Sha256) -> Result<()> {
    let sql = "INSERT INTO api_keys (id, key_hash, name, scopes, guru_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        Value::shown(key.id),
        hash,
        key.name.as_str(),
        to_json("scopes", &key.scopes)?,
        Value::shown_option(key.guru_id),
        key.created_at,
    ];
    tx.execute("insert an API key", sql, values)
        .await
        .map_err(|error| error.conflicting_with("this API key"))?;
    Ok(())
}

/// The key of this hash: for authentication.
pub async fn by_hash(mut db: impl Read, hash: Sha256) -> Result<Option<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE key_hash = $1");
    db.row("find an API key", sql, values![hash]).await?.as_ref().map(read).transpose()
}

/// The keys of one guru, oldest first.
pub async fn list_of_guru(mut db: impl Read, guru: GuruId) -> Result<Vec<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE guru_id = $1 ORDER BY id");
    db.rows("list API keys", sql, values![Value::shown(guru)]).await?.iter().map(read).collect()
}

/// All keys, also those of every guru, oldest first.
pub async fn list(mut db: impl Read) -> Result<Vec<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY id");
    db.rows("list API keys", sql, vec![]).await?.iter().map(read).collect()
}

/// Notes the key's use. Callers do this rarely, not with every request.
pub async fn touch(tx: &mut Transaction, key: ApiKeyId, at: UnixMillis) -> Result<()> {
    let sql = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1";
    tx.execute("note an API key's use", sql, values![Value::shown(key), at]).await?;
    Ok(())
}

/// False when there was none.
pub async fn delete(tx: &mut Transaction, key: ApiKeyId) -> Result<bool> {
    let sql = "DELETE FROM api_keys WHERE id = $1";
    Ok(tx.execute("delete an API key", sql, values![Value::shown(key)]).await? > 0)
}

fn read(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.parse("id")?,
        name: row.get("name")?,
        scopes: row.json("scopes")?,
        guru_id: row.parse_option("guru_id")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time_option("last_used_at")?,
    })
}
