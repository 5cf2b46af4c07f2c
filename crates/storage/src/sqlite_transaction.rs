//! A write transaction on SQLite's one writing connection.

use std::ops::{Deref, DerefMut};

use futures_util::TryStreamExt as _;
use sqlx::{Either, Executor as _, Sqlite, SqliteConnection, sqlite::SqliteArguments};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard},
    time::timeout,
};

use crate::connection::{ACQUIRE_TIMEOUT, WritingConnection};

type Held = OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>;

/// Holds the connection; dropping it undoes what was not committed before the next writer gets the connection.
pub(crate) struct SqliteTransaction {
    /// None once nothing is left to undo.
    held: Option<Held>,
}

impl SqliteTransaction {
    pub(crate) async fn begin(connection: &WritingConnection) -> sqlx::Result<Self> {
        let mut transaction = Self::hold(connection).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *transaction).await?;
        Ok(transaction)
    }

    async fn hold(connection: &WritingConnection) -> sqlx::Result<Self> {
        let locked = timeout(ACQUIRE_TIMEOUT, Mutex::lock_owned(connection.clone())).await;
        let locked = locked.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let held = OwnedMutexGuard::try_map(locked, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)?;
        Ok(Self { held: Some(held) })
    }

    /// Runs a text that begins and commits by itself: how many rows each of its statements changed, up to the one that
    /// failed. What it leaves open is undone.
    pub(crate) async fn run_whole(
        connection: &WritingConnection,
        query: sqlx::query::Query<'_, Sqlite, SqliteArguments>,
    ) -> (Vec<u64>, Option<sqlx::Error>) {
        let mut transaction = match Self::hold(connection).await {
            Ok(transaction) => transaction,
            Err(error) => return (Vec::new(), Some(error)),
        };
        let mut changed = Vec::new();
        let mut results = (&mut *transaction).fetch_many(query);
        let failed = loop {
            match results.try_next().await {
                Ok(Some(Either::Left(done))) => changed.push(done.rows_affected()),
                Ok(Some(Either::Right(_row))) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        drop(results);
        if failed.is_none() {
            transaction.held = None;
        }
        (changed, failed)
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
