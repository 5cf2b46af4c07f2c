//! Whole transactions on SQLite, each one trip to a thread that has a connection of its own.
//!
//! A driver that answers each statement by itself wakes whoever waits as often as there are statements, and each time
//! costs about as much as the statement. What history writes is known from the beginning, so it is told of once, at its end.

use std::{path::Path, sync::mpsc, thread};

use rusqlite::{Connection, OpenFlags, ToSql, TransactionBehavior, types::ToSqlOutput};
use tokio::sync::oneshot;

use crate::{
    DriverError, Result, StorageError,
    connection::{SQLITE_BUSY_TIMEOUT, SQLITE_PRAGMAS, STATEMENTS_KEPT, SqliteWriters, SqliteWriting},
    dialect::Dialect,
    row::Value,
    sqlite_log::SqliteLog,
    sqlite_transaction::{Held, hold},
    statement::Statement,
};

/// The way to the thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct SqliteThread(mpsc::Sender<Order>);

enum Order {
    Run(Job),
    Close(oneshot::Sender<()>),
}

struct Job {
    statements: Vec<Statement>,
    /// Nobody else writes until the job is done, whether or not somebody still waits for it.
    held: Held<SqliteWriting>,
    changed: oneshot::Sender<Result<Vec<u64>>>,
}

impl SqliteThread {
    /// The file is there and in the journal mode that it is to have.
    pub(crate) fn start(path: &Path) -> std::result::Result<Self, DriverError> {
        let connection = open(path)?;
        let log = SqliteLog::start(path, &connection)?;
        let (orders, ordered) = mpsc::channel();
        thread::Builder::new()
            .name("errand-ledger".to_owned())
            .spawn(move || serve(connection, log, &ordered))
            .map_err(sqlx::Error::Io)?;
        Ok(Self(orders))
    }

    /// Runs statements in a transaction: all or nothing. How many rows each changed. A transaction that was begun is
    /// brought to its end though the future be dropped.
    pub(crate) async fn run(writers: &SqliteWriters, statements: Vec<Statement>) -> Result<Vec<u64>> {
        const REACH: &str = "reach the thread that writes";
        let held =
            hold(writers).await.map_err(|source| StorageError::query("begin a transaction", source))?;
        let (changed, told) = oneshot::channel();
        let orders = held.thread.0.clone();
        // A thread that is gone drops what it was told, and with it the way back.
        let _ = orders.send(Order::Run(Job { statements, held, changed }));
        told.await.unwrap_or_else(|_| Err(StorageError::query(REACH, sqlx::Error::WorkerCrashed)))
    }

    /// Returns when its connections are closed.
    pub(crate) async fn close(self) {
        let (closed, told) = oneshot::channel();
        if self.0.send(Order::Close(closed)).is_ok() {
            let _ = told.await;
        }
    }
}

pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(SQLITE_BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    for (name, value) in SQLITE_PRAGMAS.into_iter().chain([("synchronous", "normal"), ("foreign_keys", "on")])
    {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

fn serve(mut connection: Connection, mut log: SqliteLog, ordered: &mpsc::Receiver<Order>) {
    while let Ok(order) = ordered.recv() {
        match order {
            Order::Run(Job { statements, held, changed }) => {
                let result = run(&mut connection, statements);
                drop(held);
                // Whoever asked may have gone away.
                let _ = changed.send(result);
                log.after_transaction(&connection);
            }
            Order::Close(closed) => {
                log.close();
                drop(connection);
                let _ = closed.send(());
                return;
            }
        }
    }
}

fn run(connection: &mut Connection, statements: Vec<Statement>) -> Result<Vec<u64>> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|source| StorageError::query("begin a transaction", source))?;
    let mut changed = Vec::with_capacity(statements.len());
    for statement in statements {
        let (step, once) = (statement.step, statement.once);
        let rows = execute(&transaction, statement)
            .map_err(|source| StorageError::query(step, source).conflicting_with(once))?;
        changed.push(u64::try_from(rows).unwrap_or(u64::MAX));
    }
    transaction.commit().map_err(|source| StorageError::query("commit a transaction", source))?;
    Ok(changed)
}

fn execute(connection: &Connection, statement: Statement) -> rusqlite::Result<usize> {
    let mut prepared = connection.prepare_cached(&Dialect::Sqlite.expand(statement.sql))?;
    for place in 1..=prepared.parameter_count() {
        // SQLite takes `$1` for a name, and counts names as they come.
        let number =
            prepared.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| statement.values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(statement.values.len(), place))?;
        prepared.raw_bind_parameter(place, value)?;
    }
    prepared.raw_execute()
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(value) => value.to_sql(),
            Self::Integer(value) => value.to_sql(),
            Self::Boolean(value) => value.to_sql(),
            Self::Bytes(value) => value.to_sql(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use errand_domain::UnixMillis;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{Db, Location, PoolSizes, Read as _, row::values};

    async fn db(folder: &tempfile::TempDir) -> Db {
        let location = Location::Sqlite(folder.path().join("errand.db"));
        Db::open(&location, PoolSizes::default(), UnixMillis(1)).await.expect("a database")
    }

    fn setting(key: &str, value: &str) -> Statement {
        // The second value comes first in the text.
        let sql = "INSERT INTO settings (value, name, updated_at) SELECT $2, $1, $3 WHERE $1 <> ''";
        Statement::new("save a setting", sql, values![key, value, 7_i64])
    }

    async fn stored(db: &Db) -> Vec<(String, String)> {
        let mut reader = &db.reader;
        let sql = "SELECT name, value FROM settings ORDER BY name";
        let rows = reader.rows("read settings", sql, vec![]).await.expect("rows");
        rows.iter()
            .map(|row| (row.get("name").expect("a name"), row.get("value").expect("a value")))
            .collect()
    }

    fn pairs(expect: &[(&str, &str)]) -> Vec<(String, String)> {
        expect.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[tokio::test]
    async fn values_go_where_their_number_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        let changed = db.writer.run(vec![setting("a", "1"), setting("", "2"), setting("b", "3")]).await;
        assert_eq!(changed.expect("written"), [1, 0, 1]);
        assert_eq!(stored(&db).await, pairs(&[("a", "1"), ("b", "3")]));
    }

    #[tokio::test]
    async fn a_statement_that_fails_leaves_nothing_and_the_thread_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        let twice = vec![setting("a", "1"), Statement { once: "this setting", ..setting("a", "2") }];
        let error = db.writer.run(twice).await.expect_err("there is one already");
        assert!(matches!(error, StorageError::Conflict { what: "this setting" }), "{error:?}");
        let short = Statement::new("save a setting", "DELETE FROM settings WHERE name = $2", values!["a"]);
        let error = db.writer.run(vec![setting("b", "1"), short]).await.expect_err("a value is missing");
        assert!(matches!(error, StorageError::Query { step: "save a setting", .. }), "{error:?}");
        assert_eq!(stored(&db).await, pairs(&[]));
        db.writer.run(vec![setting("c", "1")]).await.expect("written");
        assert_eq!(stored(&db).await, pairs(&[("c", "1")]));
    }

    #[tokio::test]
    async fn what_was_begun_is_brought_to_its_end_before_others_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        for round in 0..50 {
            // Polled once, then given up: as a rule before the thread is done.
            let _ = db.writer.run(vec![setting(&format!("{round:02}"), "1")]).now_or_never();
            let mut transaction = db.writer.begin().await.expect("a turn to write");
            let sql = "UPDATE settings SET value = '2' WHERE name = $1";
            let changed = transaction.execute("change", sql, values![format!("{round:02}")]).await;
            assert_eq!(changed.expect("changed"), 1);
            transaction.commit().await.expect("committed");
        }
    }

    #[tokio::test]
    async fn a_closed_database_says_so_and_leaves_no_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = db(&folder).await;
        db.writer.run(vec![setting("a", "1")]).await.expect("written");
        tokio::time::timeout(Duration::from_secs(30), db.close()).await.expect("closed");
        assert!(!folder.path().join("errand.db-wal").exists());
        let error = db.writer.run(vec![setting("b", "1")]).await.expect_err("closed");
        assert!(matches!(error, StorageError::Query { step: "begin a transaction", .. }), "{error:?}");
    }
}
