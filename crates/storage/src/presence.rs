//! Which processes are at work on a database, so that one that starts knows whether what looks as if it ran does.
//!
//! PostgreSQL keeps a lock for each connection that holds one, and drops it when the process dies. Whoever works on the
//! database shares one lock; who gets it alone is alone. An SQLite file has one server, which its owner sees to by
//! locking the folder.

use std::fmt;

use sqlx::PgConnection;

use crate::{Db, Result, StorageError};

/// One more than the lock of migrations.
const POSTGRES_LOCK: i64 = 0x0065_7272_616e_6402;
const TRIES: u32 = 10;
/// Before each try, in seconds.
const WAIT_S: f64 = 0.05;

/// This process's mark on the database; gone when dropped.
pub struct Presence {
    /// A connection of its own, since a lock belongs to the connection that took it. None on SQLite.
    holder: Option<PgConnection>,
    alone: bool,
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("alone", &self.alone).finish_non_exhaustive()
    }
}

impl Db {
    /// Marks this process as being at work. While the mark says that it is alone, others that start wait for
    /// [`Presence::share`].
    pub async fn announce(&self) -> Result<Presence> {
        let Some(mut holder) = self.writer.lock_holder().await? else {
            return Ok(Presence { holder: None, alone: true });
        };
        let alone = try_alone(&mut holder).await?;
        let mut presence = Presence { holder: Some(holder), alone };
        if !alone {
            presence.tell("mark this process as at work", "SELECT pg_advisory_lock_shared($1)").await?;
        }
        Ok(presence)
    }
}

impl Presence {
    /// Whether no other process was at work when this one was announced.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Lets others in: what only a process alone may do is done.
    pub async fn share(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.alone, false) {
            return Ok(());
        }
        self.tell("mark this process as at work", "SELECT pg_advisory_lock_shared($1)").await?;
        self.tell("let other processes in", "SELECT pg_advisory_unlock($1)").await
    }

    async fn tell(&mut self, step: &'static str, sql: &'static str) -> Result<()> {
        let Some(holder) = &mut self.holder else {
            return Ok(());
        };
        sqlx::query(sql)
            .bind(POSTGRES_LOCK)
            .execute(holder)
            .await
            .map(|_| ())
            .map_err(|source| StorageError::query(step, source))
    }
}

/// Tries for a moment: PostgreSQL takes a little to see that a killed process is gone.
async fn try_alone(holder: &mut PgConnection) -> Result<bool> {
    for _ in 0..TRIES {
        // The wait is the database's, before the lock is tried.
        let alone = sqlx::query_scalar("SELECT pg_try_advisory_lock($1) FROM pg_sleep($2)")
            .bind(POSTGRES_LOCK)
            .bind(WAIT_S)
            .fetch_one(&mut *holder)
            .await
            .map_err(|source| StorageError::query("see who else is at work", source))?;
        if alone {
            return Ok(true);
        }
    }
    Ok(false)
}
