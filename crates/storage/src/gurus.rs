//! Gurus, and the revision by which every node notices a change.

use errand_domain::{Guru, GuruId, GuruSettings, GuruSlug, UnixMillis};

use crate::{
    Read, Result, Transaction,
    row::{Row, Value, to_json, values},
};

const COLUMNS: &str = "id, slug, settings, created_at, updated_at";

/// Fails with `Conflict` when the slug is taken.
pub async fn insert(tx: &mut Transaction, guru: &Guru) -> Result<()> {
    tx.execute(
        "insert a guru",
        "INSERT INTO gurus (id, slug, settings, revision, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $5)",
        values![
            Value::shown(guru.id),
            guru.slug.as_str(),
            to_json("guru settings", &guru.settings)?,
            guru.created_at,
            guru.updated_at,
        ],
    )
    .await
    .map_err(|error| error.conflicting_with("a guru with this slug"))?;
    Ok(())
}

/// False when there is no such guru.
pub async fn update_settings(
    tx: &mut Transaction,
    guru: GuruId,
    settings: &GuruSettings,
    at: UnixMillis,
) -> Result<bool> {
    let changed = tx
        .execute(
            "update a guru",
            "UPDATE gurus SET settings = $2, updated_at = $3, revision = revision + 1 WHERE id = $1",
            values![Value::shown(guru), to_json("guru settings", settings)?, at],
        )
        .await?;
    Ok(changed > 0)
}

pub async fn by_id(mut db: impl Read, guru: GuruId) -> Result<Option<Guru>> {
    let sql = format!("SELECT {COLUMNS} FROM gurus WHERE id = $1");
    db.row("find a guru", sql, values![Value::shown(guru)]).await?.as_ref().map(read).transpose()
}

pub async fn by_slug(mut db: impl Read, slug: &GuruSlug) -> Result<Option<Guru>> {
    let sql = format!("SELECT {COLUMNS} FROM gurus WHERE slug = $1");
    db.row("find a guru", sql, values![slug.as_str()]).await?.as_ref().map(read).transpose()
}

/// All gurus by slug.
pub async fn list(mut db: impl Read) -> Result<Vec<Guru>> {
    let sql = format!("SELECT {COLUMNS} FROM gurus ORDER BY slug");
    db.rows("list gurus", sql, vec![]).await?.iter().map(read).collect()
}

/// The number that grows with every change of the guru's settings, actions and secrets; None for no such guru.
pub async fn revision(mut db: impl Read, guru: GuruId) -> Result<Option<i64>> {
    let sql = "SELECT revision FROM gurus WHERE id = $1";
    db.row("read a guru's revision", sql, values![Value::shown(guru)])
        .await?
        .map(|row| row.get("revision"))
        .transpose()
}

/// A guru and the revision that it had when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuruMark {
    pub id: GuruId,
    pub slug: GuruSlug,
    pub revision: i64,
}

impl GuruMark {
    /// From the columns `guru_id`, `slug` and `revision`.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self { id: row.parse("guru_id")?, slug: row.parse("slug")?, revision: row.get("revision")? })
    }
}

/// Makes other transactions that lock or change the guru wait until this one ends: for counting before inserting.
/// False when there is no such guru.
pub async fn lock(tx: &mut Transaction, guru: GuruId) -> Result<bool> {
    let sql = "SELECT id FROM gurus WHERE id = $1 {for_update}";
    Ok(tx.row("lock a guru", sql, values![Value::shown(guru)]).await?.is_some())
}

/// Deletes the guru with its actions, secrets, keys, memberships and history; the audit log stays. False when there
/// was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId) -> Result<bool> {
    const HISTORY: [&str; 8] = [
        "DELETE FROM events WHERE stream_id IN (SELECT id FROM turns WHERE guru_id = $1)",
        "DELETE FROM events WHERE stream_id IN (SELECT id FROM executions WHERE guru_id = $1)",
        "DELETE FROM executions WHERE guru_id = $1",
        "DELETE FROM feedback WHERE guru_id = $1",
        "DELETE FROM model_calls WHERE guru_id = $1",
        "DELETE FROM turns WHERE guru_id = $1",
        "DELETE FROM conversations WHERE guru_id = $1",
        "DELETE FROM write_keys WHERE guru_id = $1",
    ];
    for sql in HISTORY {
        tx.execute("delete a guru's history", sql, values![Value::shown(guru)]).await?;
    }
    let deleted =
        tx.execute("delete a guru", "DELETE FROM gurus WHERE id = $1", values![Value::shown(guru)]).await?;
    Ok(deleted > 0)
}

/// Tells every node that something of the guru changed; in the transaction of the change.
pub(crate) async fn bump(tx: &mut Transaction, guru: GuruId) -> Result<()> {
    tx.execute(
        "note a guru's change",
        "UPDATE gurus SET revision = revision + 1 WHERE id = $1",
        values![Value::shown(guru)],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Guru> {
    Ok(Guru {
        id: row.parse("id")?,
        slug: row.parse("slug")?,
        settings: row.json("settings")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
