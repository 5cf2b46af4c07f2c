//! Brings the schema up to date: numbered files, applied in order, once, never edited afterwards.

use errand_domain::UnixMillis;
use sha2::{Digest, Sha256};

use crate::{Read, Result, StorageError, Writer, connection::Transaction, dialect::Dialect, row::values};

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        [$(Migration { version: $version, name: $name, sql: include_str!(concat!("../migrations/", $name, ".sql")) }),*]
    };
}

const MIGRATIONS: [Migration; 12] = migrations! {
    1 "0001_gurus_actions_secrets",
    2 "0002_people_and_keys",
    3 "0003_history",
    4 "0004_audit_and_settings",
    5 "0005_versions_and_members",
    6 "0006_schedules",
    7 "0007_endings",
    8 "0008_lab",
    9 "0009_sign_in_by_provider",
    10 "0010_feedback_shares_costs",
    11 "0011_results_and_secret_use",
    12 "0012_open_runs_by_action",
};

/// The schema version this build writes and the newest it opens.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Names the lock that nodes starting at once take turns with; any number will do as long as it stays the same.
const POSTGRES_LOCK: i64 = 0x0065_7272_616e_6401;

/// Applies what is missing, all or nothing.
pub(crate) async fn run(writer: &Writer, now: UnixMillis) -> Result<()> {
    let mut tx = writer.begin().await?;
    lock(&mut tx).await?;
    tx.execute(
        "make the list of migrations",
        "CREATE TABLE IF NOT EXISTS schema_migrations (
             version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
         )",
        vec![],
    )
    .await?;
    let applied = applied(&mut tx).await?;
    for migration in &MIGRATIONS {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, checksum)) if *checksum == migration.checksum() => {}
            Some(_) => {
                return Err(StorageError::ChangedMigration { version: migration.version });
            }
            None => apply(&mut tx, migration, now).await?,
        }
    }
    tx.commit().await
}

/// SQLite holds the write lock from BEGIN IMMEDIATE on; PostgreSQL needs a lock of its own.
async fn lock(tx: &mut Transaction) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        tx.execute(
            "wait for other nodes' migrations",
            "SELECT pg_advisory_xact_lock($1)",
            values![POSTGRES_LOCK],
        )
        .await?;
    }
    Ok(())
}

async fn applied(tx: &mut Transaction) -> Result<Vec<(i64, String)>> {
    let rows = tx
        .rows(
            "read the list of migrations",
            "SELECT version, checksum FROM schema_migrations ORDER BY version",
            vec![],
        )
        .await?;
    let applied = rows
        .iter()
        .map(|row| Ok((row.get("version")?, row.get("checksum")?)))
        .collect::<Result<Vec<(i64, String)>>>()?;
    match applied.last() {
        Some((found, _)) if *found > SCHEMA_VERSION => {
            Err(StorageError::NewerDatabase { found: *found, known: SCHEMA_VERSION })
        }
        _ => Ok(applied),
    }
}

async fn apply(tx: &mut Transaction, migration: &Migration, now: UnixMillis) -> Result<()> {
    tx.run_script(migration.sql)
        .await
        .map_err(|source| StorageError::Migration { version: migration.version, source })?;
    tx.execute(
        "note a migration",
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        values![migration.version, migration.name, migration.checksum(), now],
    )
    .await?;
    Ok(())
}

impl Migration {
    fn checksum(&self) -> String {
        use std::fmt::Write as _;
        Sha256::digest(self.sql.as_bytes()).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
