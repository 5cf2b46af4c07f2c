//! SQLite's log, folded into its file beside the writing.
//!
//! Folding waits for the disk twice, tens of milliseconds, in which transactions go on. What they write meanwhile stays in
//! the log, which begins anew only when nothing is left in it: where writing never pauses, that little rest is folded in
//! by whoever writes, once the log has grown to half of what it may.

use std::{
    cell::Cell,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use rusqlite::Connection;

use crate::{
    DriverError,
    connection::{SQLITE_LOG_PAGES, SQLITE_LOG_PAGES_MAX},
    sqlite_thread::open,
};

/// Pages after which the rest is folded in by the writer.
const REST_PAGES: i32 = SQLITE_LOG_PAGES_MAX / 2;

thread_local! {
    /// Pages in the log after this thread's last transaction.
    static LOG_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// What the writing thread knows of the log.
#[derive(Debug)]
pub(crate) struct SqliteLog {
    /// Pages at which it was last asked to be folded in.
    asked_at: i32,
    folder: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
    folding: Arc<Mutex<Folding>>,
}

/// Held by whoever folds, since SQLite turns away a second one.
#[derive(Debug, Default)]
struct Folding {
    /// All but a little is folded in, and it is time for the log to begin anew.
    is_rest_due: bool,
}

impl SqliteLog {
    /// For the thread that has this connection, which from now on leaves the log to what is started here.
    pub(crate) fn start(path: &Path, writing: &Connection) -> std::result::Result<Self, DriverError> {
        // In the place of SQLite's own, which folds the log in before a transaction is told of.
        writing.wal_hook(Some(|_log, pages| {
            LOG_PAGES.set(pages);
            Ok(())
        }));
        let connection = open(path)?;
        let (folder, asked) = mpsc::channel();
        let folding = Arc::<Mutex<Folding>>::default();
        let beside = Arc::clone(&folding);
        let thread = thread::Builder::new()
            .name("errand-fold".to_owned())
            .spawn(move || {
                while asked.recv().is_ok() {
                    let mut folding = lock(&beside);
                    folding.is_rest_due = fold(&connection) >= REST_PAGES;
                }
            })
            .map_err(sqlx::Error::Io)?;
        Ok(Self { asked_at: 0, folder, thread, folding })
    }

    /// Comes after each transaction of the thread, once it has been told of.
    pub(crate) fn after_transaction(&mut self, writing: &Connection) {
        let pages = LOG_PAGES.take();
        if pages == 0 {
            return;
        }
        self.asked_at = if pages < self.asked_at { 0 } else { self.asked_at };
        let folding = if pages >= SQLITE_LOG_PAGES_MAX {
            Some(lock(&self.folding))
        } else {
            self.folding.try_lock().ok().filter(|folding| folding.is_rest_due)
        };
        if let Some(mut folding) = folding {
            fold(writing);
            folding.is_rest_due = false;
        } else if pages - self.asked_at >= SQLITE_LOG_PAGES {
            self.asked_at = pages;
            // A thread that is gone is stood in for above.
            let _ = self.folder.send(());
        }
    }

    /// Returns when its connection is closed.
    pub(crate) fn close(self) {
        drop(self.folder);
        let _ = self.thread.join();
    }
}

fn lock(folding: &Mutex<Folding>) -> MutexGuard<'_, Folding> {
    folding.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many pages the log has, folded in or not. What fails, or is held up by a reader, is tried again when it has grown.
fn fold(connection: &Connection) -> i32 {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get("log")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use errand_domain::UnixMillis;

    use super::*;
    use crate::{Db, Location, PoolSizes, row::values, statement::Statement};

    const PAGE_BYTES: u64 = 4096;
    /// In the log, each page has a header.
    const LOGGED_PAGE_BYTES: u64 = PAGE_BYTES + 24;
    /// A value that takes some ten pages of the log.
    const VALUE_BYTES: usize = 32_000;

    async fn db(folder: &tempfile::TempDir) -> Db {
        let location = Location::Sqlite(folder.path().join("errand.db"));
        Db::open(&location, PoolSizes::default(), UnixMillis(1)).await.expect("a database")
    }

    async fn write(db: &Db, rounds: std::ops::Range<u32>) {
        let value = "x".repeat(VALUE_BYTES);
        for round in rounds {
            let sql = "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)";
            let values = values![round.to_string(), value.as_str(), 7_i64];
            db.writer.run(vec![Statement::new("save a setting", sql, values)]).await.expect("written");
        }
    }

    fn file_pages(folder: &tempfile::TempDir) -> u64 {
        folder.path().join("errand.db").metadata().expect("a file").len() / PAGE_BYTES
    }

    fn log_pages(folder: &tempfile::TempDir) -> u64 {
        folder.path().join("errand.db-wal").metadata().expect("a file").len() / LOGGED_PAGE_BYTES
    }

    fn log_max() -> u64 {
        // One transaction comes on top.
        u64::from(SQLITE_LOG_PAGES_MAX.unsigned_abs()) + 100
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_is_folded_in_though_writing_never_pauses() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        write(&db, 0..6_000).await;
        assert!(log_pages(&folder) < log_max(), "{} pages", log_pages(&folder));
        assert!(file_pages(&folder) > 40_000, "{} pages", file_pages(&folder));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_log_is_folded_in_once_a_reader_that_stayed_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        let reader = open(&folder.path().join("errand.db")).expect("a connection");
        reader.execute_batch("BEGIN; SELECT name FROM settings").expect("a reader");
        write(&db, 0..3_000).await;
        let (file, log) = (file_pages(&folder), log_pages(&folder));
        assert!(file < 1_000 && log > log_max(), "{file} and {log} pages");
        reader.execute_batch("COMMIT").expect("gone");
        write(&db, 3_000..3_010).await;
        assert!(file_pages(&folder) > 20_000, "{} pages", file_pages(&folder));
        let log = log_pages(&folder);
        write(&db, 3_010..3_200).await;
        assert_eq!(log_pages(&folder), log, "it begins anew");
    }
}
