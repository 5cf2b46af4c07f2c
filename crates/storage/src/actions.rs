//! Actions with all their versions, the secrets they name, and what planners computed from them.
//!
//! Every change bumps the guru's revision in the same transaction.

use std::sync::Arc;

use errand_domain::{
    Action, ActionId, ActionName, ActionSpec, GuruId, SecretName, UnixMillis, action_file::ActionFile,
    limits::Limits,
};

use crate::{
    Read, Result, StorageError, Transaction, gurus,
    insert::insert_rows,
    row::{Row, Value, from_json, to_json, values},
};

const COLUMNS: &str = "id, guru_id, name, version, enabled, tested_version, disabled_reason, definition, created_at, \
     updated_at";

/// A new action; it starts disabled, untested, at version 1.
#[derive(Debug, Clone, Copy)]
pub struct NewAction<'a> {
    pub id: ActionId,
    pub spec: &'a ActionSpec,
    /// Who saves it, as the audit log names people and keys.
    pub author: &'a str,
    pub at: UnixMillis,
}

/// Fails with `Conflict` when the guru has an action of this name.
pub async fn insert(tx: &mut Transaction, guru: GuruId, new: NewAction<'_>) -> Result<()> {
    let definition = definition(new.spec)?;
    tx.execute(
        "insert an action",
        "INSERT INTO actions (id, guru_id, name, version, enabled, definition, created_at, updated_at)
         VALUES ($1, $2, $3, 1, $4, $5, $6, $6)",
        values![
            Value::shown(new.id),
            Value::shown(guru),
            new.spec.name.as_str(),
            false,
            definition.clone(),
            new.at
        ],
    )
    .await
    .map_err(|error| error.conflicting_with("an action with this name"))?;
    let change = ActionChange { id: new.id, version: 0, spec: new.spec, author: new.author, at: new.at };
    keep_version(tx, guru, change, definition).await
}

/// A new specification for an action that is at `version` now.
#[derive(Debug, Clone, Copy)]
pub struct ActionChange<'a> {
    pub id: ActionId,
    /// The version that the change was made from.
    pub version: u32,
    pub spec: &'a ActionSpec,
    pub author: &'a str,
    pub at: UnixMillis,
}

/// Makes the next version; answers its number. Whether the action is enabled stays as it is. Fails with `Stale` when
/// the action is at another version or gone, with `Conflict` when its new name is taken.
pub async fn update(tx: &mut Transaction, guru: GuruId, change: ActionChange<'_>) -> Result<u32> {
    let definition = definition(change.spec)?;
    let changed = tx
        .execute(
            "update an action",
            "UPDATE actions SET name = $4, version = version + 1, definition = $5, updated_at = $6
             WHERE guru_id = $1 AND id = $2 AND version = $3",
            values![
                Value::shown(guru),
                Value::shown(change.id),
                change.version,
                change.spec.name.as_str(),
                definition.clone(),
                change.at,
            ],
        )
        .await
        .map_err(|error| error.conflicting_with("an action with this name"))?;
    if changed == 0 {
        return Err(StorageError::Stale { what: "action" });
    }
    keep_version(tx, guru, change, definition).await?;
    Ok(change.version + 1)
}

/// Records the version after `change.version` and the secrets it names.
async fn keep_version(
    tx: &mut Transaction,
    guru: GuruId,
    change: ActionChange<'_>,
    definition: String,
) -> Result<()> {
    tx.execute(
        "keep an action's version",
        "INSERT INTO action_versions (action_id, version, definition, author, created_at) VALUES ($1, $2, $3, $4, $5)",
        values![Value::shown(change.id), change.version + 1, definition, change.author, change.at],
    )
    .await?;
    let of_action = values![Value::shown(change.id)];
    tx.execute("note an action's secrets", "DELETE FROM action_secrets WHERE action_id = $1", of_action)
        .await?;
    let rows = change
        .spec
        .secrets()
        .iter()
        .map(|secret| values![Value::shown(guru), secret.as_str(), Value::shown(change.id)])
        .collect();
    let head = "INSERT INTO action_secrets (guru_id, secret_name, action_id)";
    insert_rows(tx, "note an action's secrets", head, rows).await?;
    gurus::bump(tx, guru).await
}

/// Whether an action may fire, and why not when the system decided so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enablement {
    Enabled,
    Disabled { reason: Option<String> },
}

/// False when there is no such action.
pub async fn set_enabled(
    tx: &mut Transaction,
    guru: GuruId,
    action: ActionId,
    enablement: Enablement,
    at: UnixMillis,
) -> Result<bool> {
    let (enabled, reason) = match enablement {
        Enablement::Enabled => (true, None),
        Enablement::Disabled { reason } => (false, reason),
    };
    let changed = tx
        .execute(
            "enable or disable an action",
            "UPDATE actions SET enabled = $3, disabled_reason = $4, updated_at = $5 WHERE guru_id = $1 AND id = $2",
            values![Value::shown(guru), Value::shown(action), enabled, reason, at],
        )
        .await?;
    gurus::bump(tx, guru).await?;
    Ok(changed > 0)
}

/// Notes that this version was tested; the newest tested version counts. False when there is no such action or it
/// was tested at this version or a later one already.
pub async fn set_tested(tx: &mut Transaction, guru: GuruId, action: ActionId, version: u32) -> Result<bool> {
    let changed = tx
        .execute(
            "note an action's test",
            "UPDATE actions SET tested_version = $3
             WHERE guru_id = $1 AND id = $2 AND (tested_version IS NULL OR tested_version < $3)",
            values![Value::shown(guru), Value::shown(action), version],
        )
        .await?;
    if changed > 0 {
        gurus::bump(tx, guru).await?;
    }
    Ok(changed > 0)
}

/// Deletes the action with its versions; its history stays. False when there was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId, action: ActionId) -> Result<bool> {
    let deleted = tx
        .execute(
            "delete an action",
            "DELETE FROM actions WHERE guru_id = $1 AND id = $2",
            values![Value::shown(guru), Value::shown(action)],
        )
        .await?;
    gurus::bump(tx, guru).await?;
    Ok(deleted > 0)
}

pub async fn by_name(mut db: impl Read, guru: GuruId, name: &ActionName) -> Result<Option<Action>> {
    let sql = format!("SELECT {COLUMNS} FROM actions WHERE guru_id = $1 AND name = $2");
    let values = values![Value::shown(guru), name.as_str()];
    db.row("find an action", sql, values).await?.as_ref().map(read).transpose()
}

pub async fn by_id(mut db: impl Read, guru: GuruId, action: ActionId) -> Result<Option<Action>> {
    let sql = format!("SELECT {COLUMNS} FROM actions WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(action)];
    db.row("find an action", sql, values).await?.as_ref().map(read).transpose()
}

/// All actions of the guru by name.
pub async fn list(mut db: impl Read, guru: GuruId) -> Result<Vec<Action>> {
    let sql = format!("SELECT {COLUMNS} FROM actions WHERE guru_id = $1 ORDER BY name");
    db.rows("list actions", sql, values![Value::shown(guru)]).await?.iter().map(read).collect()
}

pub async fn count(mut db: impl Read, guru: GuruId) -> Result<u32> {
    let sql = "SELECT count(*) AS actions FROM actions WHERE guru_id = $1";
    let row = db.row("count actions", sql, values![Value::shown(guru)]).await?;
    row.map_or(Ok(0), |row| row.u32("actions"))
}

/// When a version was saved, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    pub version: u32,
    /// None for versions from before authors were noted.
    pub author: Option<String>,
    pub created_at: UnixMillis,
}

/// One version of an action as it was.
pub async fn version(
    mut db: impl Read,
    guru: GuruId,
    action: ActionId,
    version: u32,
) -> Result<Option<(ActionSpec, VersionEntry)>> {
    let sql = "SELECT v.version, v.definition, v.author, v.created_at
         FROM action_versions v JOIN actions a ON a.id = v.action_id
         WHERE a.guru_id = $1 AND v.action_id = $2 AND v.version = $3";
    let values = values![Value::shown(guru), Value::shown(action), version];
    db.row("find an action's version", sql, values)
        .await?
        .map(|row| Ok((read_spec(&row)?, read_version(&row)?)))
        .transpose()
}

/// Up to `limit` versions before `before`, newest first.
pub async fn versions(
    mut db: impl Read,
    guru: GuruId,
    action: ActionId,
    before: Option<u32>,
    limit: u32,
) -> Result<Vec<VersionEntry>> {
    let sql =
        "SELECT v.version, v.author, v.created_at FROM action_versions v JOIN actions a ON a.id = v.action_id
         WHERE a.guru_id = $1 AND v.action_id = $2 AND v.version < $3 ORDER BY v.version DESC LIMIT $4";
    let before = before.map_or(i64::MAX, i64::from);
    let values = values![Value::shown(guru), Value::shown(action), before, limit];
    db.rows("list an action's versions", sql, values).await?.iter().map(read_version).collect()
}

fn read_version(row: &Row) -> Result<VersionEntry> {
    Ok(VersionEntry {
        version: row.u32("version")?,
        author: row.get("author")?,
        created_at: row.time("created_at")?,
    })
}

/// The actions that name a secret, by name.
pub async fn using_secret(
    mut db: impl Read,
    guru: GuruId,
    secret: &SecretName,
) -> Result<Vec<(ActionId, ActionName)>> {
    let sql = "SELECT a.id, a.name FROM action_secrets s JOIN actions a ON a.id = s.action_id
         WHERE s.guru_id = $1 AND s.secret_name = $2 ORDER BY a.name";
    let rows = db.rows("list a secret's actions", sql, values![Value::shown(guru), secret.as_str()]).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.parse("name")?))).collect()
}

/// What a planner's model made of one version of an action: opaque bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionVectors {
    pub action_id: ActionId,
    pub version: u32,
    pub bytes: Vec<u8>,
}

/// Keeps vectors, over those of an older version. Vectors of an action that is gone are dropped. No revision bump:
/// they are derived, and whoever lacks them makes the same.
pub async fn put_vectors(
    tx: &mut Transaction,
    guru: GuruId,
    model: &str,
    vectors: ActionVectors,
) -> Result<()> {
    tx.execute(
        "keep an action's vectors",
        "INSERT INTO action_vectors (action_id, model, version, vectors)
         SELECT id, $3, $4, $5 FROM actions WHERE guru_id = $1 AND id = $2
         ON CONFLICT (action_id, model) DO UPDATE SET version = excluded.version, vectors = excluded.vectors",
        values![Value::shown(guru), Value::shown(vectors.action_id), model, vectors.version, vectors.bytes],
    )
    .await?;
    Ok(())
}

/// The vectors that fit the guru's actions as they are now.
pub async fn vectors(mut db: impl Read, guru: GuruId, model: &str) -> Result<Vec<ActionVectors>> {
    let sql = "SELECT v.action_id, v.version, v.vectors FROM actions a
         JOIN action_vectors v ON v.action_id = a.id AND v.model = $2 AND v.version = a.version
         WHERE a.guru_id = $1 ORDER BY a.name";
    let rows = db.rows("read vectors", sql, values![Value::shown(guru), model]).await?;
    rows.iter()
        .map(|row| {
            Ok(ActionVectors {
                action_id: row.parse("action_id")?,
                version: row.u32("version")?,
                bytes: row.get("vectors")?,
            })
        })
        .collect()
}

fn definition(spec: &ActionSpec) -> Result<String> {
    to_json("action file", &ActionFile::from(spec))
}

fn read(row: &Row) -> Result<Action> {
    Ok(Action {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        version: row.u32("version")?,
        enabled: row.get("enabled")?,
        tested_version: row.u32_option("tested_version")?,
        disabled_reason: row.get("disabled_reason")?,
        spec: Arc::new(read_spec(row)?),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// The stored file passed the rules when it was saved. Limits that the operator lowered since don't apply to it: they
/// are for saving.
fn read_spec(row: &Row) -> Result<ActionSpec> {
    let file: ActionFile = from_json("action file", &row.get::<String>("definition")?)?;
    let widest = Limits {
        actions_per_guru: u32::MAX,
        action_timeout_ms_max: u64::MAX,
        python_chars_max: u32::MAX,
        python_lines_max: u32::MAX,
        retention_days: 0,
        output_bytes_max: usize::MAX,
        response_bytes_max: usize::MAX,
    };
    file.check(&widest).map_err(|problems| StorageError::corrupt("action file", problems))
}
