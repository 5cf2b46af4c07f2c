//! A write transaction on SQLite's one writing connection.

use std::ops::{Deref, DerefMut};

use sqlx::SqliteConnection;
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard},
    time::timeout,
};

use crate::connection::{ACQUIRE_TIMEOUT, SqliteWriters, SqliteWriting};

/// The right to write, until it is dropped.
pub(crate) type Held<T> = OwnedMappedMutexGuard<Option<SqliteWriting>, T>;

/// Waits for the other writers.
pub(crate) async fn hold(writers: &SqliteWriters) -> sqlx::Result<Held<SqliteWriting>> {
    let locked = timeout(ACQUIRE_TIMEOUT, Mutex::lock_owned(writers.clone())).await;
    let locked = locked.map_err(|_| sqlx::Error::PoolTimedOut)?;
    OwnedMutexGuard::try_map(locked, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)
}

/// Holds the connection; dropping it undoes what was not committed before the next writer gets the connection.
pub(crate) struct SqliteTransaction {
    /// None once nothing is left to undo.
    held: Option<Held<SqliteConnection>>,
}

impl SqliteTransaction {
    pub(crate) async fn begin(writers: &SqliteWriters) -> sqlx::Result<Self> {
        let held = OwnedMappedMutexGuard::map(hold(writers).await?, |writing| &mut writing.connection);
        let mut transaction = Self { held: Some(held) };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *transaction).await?;
        Ok(transaction)
    }

    pub(crate) async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        self.held = None;
        Ok(())
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        // Outside a runtime the process is ending, and the database undoes what was left open.
        if let (Some(mut held), Ok(runtime)) = (self.held.take(), Handle::try_current()) {
            runtime.spawn(async move {
                // It fails when nothing was begun, or the commit came through unheard: both leave nothing open.
                let _ = sqlx::query("ROLLBACK").execute(&mut *held).await;
            });
        }
    }
}

impl Deref for SqliteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.held.as_ref().expect("held until it is committed or dropped")
    }
}

impl DerefMut for SqliteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.held.as_mut().expect("held until it is committed or dropped")
    }
}
