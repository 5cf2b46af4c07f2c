//! Sealed secrets. This crate sees ciphertext only.
//!
//! Every change bumps the guru's revision in the same transaction.

use errand_domain::{GuruId, SecretId, SecretName, UnixMillis};

use crate::{
    Masked, Read, Result, StorageError, Transaction, gurus,
    row::{Row, Value, to_json, values},
    statement::Statement,
};

/// A secret as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretEntry {
    pub id: SecretId,
    pub name: SecretName,
    /// Counts up with every new value.
    pub version: u32,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub last_used_at: Option<UnixMillis>,
    /// What used it then: an action's name, or what else it was.
    pub last_used_by: Option<String>,
    /// Host patterns; None for any.
    pub hosts: Option<Vec<String>>,
}

/// A sealed value with what its seal binds in.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    pub id: SecretId,
    pub guru_id: GuruId,
    pub name: SecretName,
    pub version: u32,
    pub sealed: Vec<u8>,
    /// Host patterns that it may be sent to; None for any.
    pub hosts: Option<Vec<String>>,
}

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSecret({} v{}, {} bytes)", self.name, self.version, self.sealed.len())
    }
}

/// The version that the next value of this name gets: the seal binds it in, so it is needed before [`put`].
pub async fn next_version(mut db: impl Read, guru: GuruId, name: &SecretName) -> Result<u32> {
    let sql = "SELECT version FROM secrets WHERE guru_id = $1 AND name = $2";
    let row = db.row("read a secret's version", sql, values![Value::shown(guru), name.as_str()]).await?;
    row.map_or(Ok(1), |row| Ok(row.u32("version")? + 1))
}

/// Creates the secret, or replaces its value when `secret.version` is the next one; its id stays the first one's then.
/// Fails with `Stale` when somebody else put another version meanwhile.
pub async fn put(
    tx: &mut Transaction,
    guru: GuruId,
    secret: &SealedSecret,
    at: UnixMillis,
) -> Result<SecretId> {
    let sql = "INSERT INTO secrets (id, guru_id, name, version, sealed, created_at, updated_at, hosts)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
         ON CONFLICT (guru_id, name) DO UPDATE
         SET version = excluded.version, sealed = excluded.sealed, updated_at = excluded.updated_at,
             hosts = excluded.hosts
         WHERE secrets.version = excluded.version - 1
         RETURNING id";
    let values = values![
        Value::shown(secret.id),
        Value::shown(guru),
        secret.name.as_str(),
        secret.version,
        secret.sealed.as_slice(),
        at,
        hosts_json(secret.hosts.as_deref())?,
    ];
    let row = tx.row("keep a secret", sql, values).await?.ok_or(StorageError::Stale { what: "secret" })?;
    gurus::bump(tx, guru).await?;
    row.parse("id")
}

/// The guru's secrets by name, without their values.
pub async fn list(mut db: impl Read, guru: GuruId) -> Result<Vec<SecretEntry>> {
    let sql =
        "SELECT id, name, version, created_at, updated_at, last_used_at, last_used_by, hosts FROM secrets
         WHERE guru_id = $1 ORDER BY name";
    let rows = db.rows("list secrets", sql, values![Value::shown(guru)]).await?;
    rows.iter().map(read_entry).collect()
}

pub async fn count(mut db: impl Read, guru: GuruId) -> Result<u32> {
    let sql = "SELECT count(*) AS secrets FROM secrets WHERE guru_id = $1";
    let row = db.row("count secrets", sql, values![Value::shown(guru)]).await?;
    row.map_or(Ok(0), |row| row.u32("secrets"))
}

/// The guru's sealed values by name, for the engine to open.
pub async fn sealed(mut db: impl Read, guru: GuruId) -> Result<Vec<SealedSecret>> {
    let sql =
        "SELECT id, guru_id, name, version, sealed, hosts FROM secrets WHERE guru_id = $1 ORDER BY name";
    let rows = db.rows("read secrets", sql, values![Value::shown(guru)]).await?;
    rows.iter().map(read_sealed).collect()
}

/// Up to `limit` sealed values of all gurus, by id, after the given one: for wrapping them under a new master key.
pub async fn all_sealed(mut db: impl Read, after: Option<SecretId>, limit: u32) -> Result<Vec<SealedSecret>> {
    let sql =
        "SELECT id, guru_id, name, version, sealed, hosts FROM secrets WHERE id > $1 ORDER BY id LIMIT $2";
    let after = after.map_or_else(String::new, |id| id.to_string());
    let rows = db.rows("read secrets", sql, values![after, limit]).await?;
    rows.iter().map(read_sealed).collect()
}

/// Puts another wrapping of the same value. False when the version is not the current one any more.
pub async fn replace_blob(tx: &mut Transaction, guru: GuruId, rewrapped: &SealedSecret) -> Result<bool> {
    let sql = "UPDATE secrets SET sealed = $4 WHERE guru_id = $1 AND name = $2 AND version = $3";
    let values =
        values![Value::shown(guru), rewrapped.name.as_str(), rewrapped.version, rewrapped.sealed.as_slice()];
    let changed = tx.execute("rewrap a secret", sql, values).await?;
    gurus::bump(tx, guru).await?;
    Ok(changed > 0)
}

/// Sets which hosts it may be sent to. False when there is no such secret.
pub async fn set_hosts(
    tx: &mut Transaction,
    guru: GuruId,
    name: &SecretName,
    hosts: Option<&[String]>,
    at: UnixMillis,
) -> Result<bool> {
    let sql = "UPDATE secrets SET hosts = $3, updated_at = $4 WHERE guru_id = $1 AND name = $2";
    let values = values![Value::shown(guru), name.as_str(), hosts_json(hosts)?, at];
    let changed = tx.execute("bind a secret to hosts", sql, values).await?;
    gurus::bump(tx, guru).await?;
    Ok(changed > 0)
}

fn hosts_json(hosts: Option<&[String]>) -> Result<Option<String>> {
    hosts.map(|hosts| to_json("hosts", &hosts)).transpose()
}

/// That secrets were used, when, and by what.
#[derive(Debug, Clone)]
pub struct SecretsUsed {
    pub guru_id: GuruId,
    pub names: Vec<SecretName>,
    /// An action's name, or what else it was; masked like everything that is kept.
    pub by: Masked,
    pub at: UnixMillis,
}

/// Notes a use; no revision bump, since nothing about the secrets changed.
pub(crate) fn note_use(used: &SecretsUsed) -> Vec<Statement> {
    let note = |name: &SecretName| {
        let sql = "UPDATE secrets SET last_used_at = $3, last_used_by = $4 WHERE guru_id = $1 AND name = $2
             AND (last_used_at IS NULL OR last_used_at <= $3)";
        let values = values![Value::shown(used.guru_id), name.as_str(), used.at, &*used.by];
        Statement::new("note a secret's use", sql, values)
    };
    used.names.iter().map(note).collect()
}

/// False when there was none. Which actions used it, `actions::using_secret` tells before and after.
pub async fn delete(tx: &mut Transaction, guru: GuruId, name: &SecretName) -> Result<bool> {
    let sql = "DELETE FROM secrets WHERE guru_id = $1 AND name = $2";
    let deleted = tx.execute("delete a secret", sql, values![Value::shown(guru), name.as_str()]).await?;
    gurus::bump(tx, guru).await?;
    Ok(deleted > 0)
}

fn read_entry(row: &Row) -> Result<SecretEntry> {
    Ok(SecretEntry {
        id: row.parse("id")?,
        name: row.parse("name")?,
        version: row.u32("version")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        last_used_at: row.time_option("last_used_at")?,
        last_used_by: row.get("last_used_by")?,
        hosts: row.json_option("hosts")?,
    })
}

fn read_sealed(row: &Row) -> Result<SealedSecret> {
    Ok(SealedSecret {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        name: row.parse("name")?,
        version: row.u32("version")?,
        sealed: row.get("sealed")?,
        hosts: row.json_option("hosts")?,
    })
}
