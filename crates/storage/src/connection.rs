//! Connections to either database, as two types: a [`Reader`] that anyone may clone, and the [`Writer`].

use std::{borrow::Cow, fmt, os::unix::fs::OpenOptionsExt as _, pin::Pin, sync::Arc, time::Duration};

use errand_domain::UnixMillis;
use sqlx::{
    AssertSqlSafe, ConnectOptions, PgConnection, PgPool, Postgres, SqliteConnection, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use tokio::sync::Mutex;

use crate::{
    DriverError, Location, Result, StorageError,
    dialect::Dialect,
    migrations,
    row::{Row, Value},
    sqlite_thread::SqliteThread,
    sqlite_transaction::SqliteTransaction,
    statement::Statement,
};

/// How long a statement waits for a lock that another process holds on the SQLite file.
pub(crate) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for a free connection before giving up.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Prepared statements kept per connection; the crate has fewer texts than this.
pub(crate) const STATEMENTS_KEPT: usize = 256;
/// What every connection to SQLite is set to. The page cache is per connection, in KiB (negative, as the pragma wants
/// it).
pub(crate) const SQLITE_PRAGMAS: [(&str, &str); 2] = [("cache_size", "-16384"), ("temp_store", "memory")];
/// Pages (of 4 KiB) after which SQLite's log is folded into its file: history rewrites the same index pages again and
/// again, so each fold takes many writes of a page together.
pub(crate) const SQLITE_LOG_PAGES: i32 = 4000;
/// Pages after which whoever writes folds the log in, without waiting for the thread that does so beside the writing.
pub(crate) const SQLITE_LOG_PAGES_MAX: i32 = 4 * SQLITE_LOG_PAGES;

/// The opened and migrated database.
#[derive(Debug, Clone)]
pub struct Db {
    pub reader: Reader,
    pub writer: Writer,
}

/// Connections kept: reading ones for SQLite (which has one writing one besides), all for PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    pub sqlite_readers: u32,
    pub postgres: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { sqlite_readers: 4, postgres: 16 }
    }
}

impl Db {
    /// Opens the database, making an SQLite file that is not there, and brings its schema up to date. `now` is noted
    /// beside each migration that had to be applied.
    ///
    /// # Errors
    /// [`StorageError::NewerDatabase`] when a newer build has been at work on it; `Open`, `Folder`, `Migration`.
    pub async fn open(location: &Location, sizes: PoolSizes, now: UnixMillis) -> Result<Self> {
        let db = match location {
            Location::Sqlite(path) => open_sqlite(location, path, sizes.sqlite_readers).await?,
            Location::Postgres(options) => open_postgres(location, options, sizes.postgres).await?,
        };
        migrations::run(&db.writer, now).await?;
        Ok(db)
    }

    /// Writes a copy of an SQLite database into a file that is empty or not there: everything committed when it begins,
    /// while others go on reading and writing. It has a connection of its own, so that no one waits for it.
    ///
    /// # Errors
    /// For a PostgreSQL, which has tools of its own.
    pub async fn back_up_to(&self, path: &std::path::Path) -> Result<()> {
        let failed = |source| StorageError::query("write a backup", source);
        let Pool::Sqlite(pool) = &self.reader.pool else {
            let why = "only an SQLite database is copied into a file".to_owned();
            return Err(failed(sqlx::Error::Configuration(why.into())));
        };
        let options = pool.connect_options().as_ref().clone().pragma("query_only", "off");
        let mut connection = options.connect().await.map_err(failed)?;
        let target = path.to_string_lossy().into_owned();
        let copied = sqlx::query("VACUUM INTO $1").bind(target).execute(&mut connection).await;
        let closed = sqlx::Connection::close(connection).await;
        copied.map_err(failed)?;
        closed.map_err(failed)
    }

    /// What an SQLite database takes; None for a PostgreSQL.
    pub async fn sqlite_bytes(&self) -> Result<Option<u64>> {
        let Pool::Sqlite(_) = &self.reader.pool else { return Ok(None) };
        let sql = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";
        let row = (&self.reader).row("read the database's size", sql, vec![]).await?;
        row.map(|row| row.get::<i64>("bytes").map(i64::cast_unsigned)).transpose()
    }

    /// `sqlite` or `postgresql`.
    pub fn kind(&self) -> &'static str {
        match self.writer.connections {
            Writing::Sqlite(_) => "sqlite",
            Writing::Postgres(_) => "postgresql",
        }
    }

    /// Waits for borrowed connections to come back and closes all. SQLite's log is folded into its file.
    pub async fn close(&self) {
        match &self.reader.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
        match &self.writer.connections {
            Writing::Sqlite(sqlite) => {
                if let Some(SqliteWriting { connection, thread }) = sqlite.lock().await.take() {
                    thread.close().await;
                    // The process is done with it either way; what was committed is kept.
                    let _ = sqlx::Connection::close(connection).await;
                }
            }
            Writing::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(location: &Location, path: &std::path::Path, readers: u32) -> Result<Db> {
    fn failed(location: &Location, source: impl Into<DriverError>) -> StorageError {
        StorageError::Open { location: location.to_string(), source: source.into() }
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|source| StorageError::Folder { path: folder.to_owned(), source })?;
    }
    make_private(path).map_err(|error| failed(location, sqlx::Error::Io(error)))?;
    // NORMAL syncs the log at checkpoints only: a power cut may lose the last transactions, never the file's
    // consistency; a killed process loses nothing.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS_KEPT)
        .pragma("wal_autocheckpoint", SQLITE_LOG_PAGES_MAX.to_string())
        .disable_statement_logging();
    let options =
        SQLITE_PRAGMAS.into_iter().fold(options, |options, (name, value)| options.pragma(name, value));
    // The writer comes first: it makes the file and sets the journal mode, which the others then find.
    let write = options.connect().await.map_err(|error| failed(location, error))?;
    let thread = SqliteThread::start(path).map_err(|error| failed(location, error))?;
    let read = SqlitePoolOptions::new()
        .max_connections(readers)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .map_err(|error| failed(location, error))?;
    let writing = SqliteWriting { connection: write, thread };
    Ok(Db {
        reader: Reader { pool: Pool::Sqlite(read) },
        writer: Writer { connections: Writing::Sqlite(Arc::new(Mutex::new(Some(writing)))) },
    })
}

/// A file that is not there yet is made for its owner alone, and SQLite's log beside it takes after it. One that is there
/// stays as its owner has it.
fn make_private(path: &std::path::Path) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn open_postgres(location: &Location, options: &PgConnectOptions, connections: u32) -> Result<Db> {
    let options = options
        .clone()
        .application_name("errand")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|source| StorageError::Open { location: location.to_string(), source: source.into() })?;
    Ok(Db {
        reader: Reader { pool: Pool::Postgres(pool.clone()) },
        writer: Writer { connections: Writing::Postgres(pool) },
    })
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// The two ways to write to SQLite. There is one writer at a time: whoever holds the lock on both.
#[derive(Debug)]
pub(crate) struct SqliteWriting {
    /// For transactions that read in between.
    pub(crate) connection: SqliteConnection,
    /// For those that are known from the beginning.
    pub(crate) thread: SqliteThread,
}

/// Handed from writer to writer rather than through a pool, which would test a connection after every transaction. None
/// when it was closed.
pub(crate) type SqliteWriters = Arc<Mutex<Option<SqliteWriting>>>;

#[derive(Clone)]
enum Writing {
    Sqlite(SqliteWriters),
    Postgres(PgPool),
}

impl Writing {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// Reads what is committed. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pool: Pool,
}

/// Begins transactions; on SQLite there is one at a time, and a second one waits.
#[derive(Clone)]
pub struct Writer {
    connections: Writing,
}

impl Writer {
    /// Begins a transaction. SQLite takes the write lock at once, since upgrading a lock half-way can't wait its turn.
    pub async fn begin(&self) -> Result<Transaction> {
        self.opening().await
    }

    /// Runs statements in a transaction of their own: all or nothing. How many rows each changed. On SQLite this takes one
    /// trip to a thread, whereas a transaction of [`Writer::begin`] takes one for each statement and two more.
    pub(crate) async fn run(&self, statements: Vec<Statement>) -> Result<Vec<u64>> {
        if let Writing::Sqlite(writers) = &self.connections {
            return SqliteThread::run(writers, statements).await;
        }
        let mut tx = self.begin().await?;
        let changed = tx.run(statements).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// A connection beside the pool, to hold locks with; None on SQLite, which has none of the kind.
    pub(crate) async fn lock_holder(&self) -> Result<Option<PgConnection>> {
        let Writing::Postgres(pool) = &self.connections else {
            return Ok(None);
        };
        let connection =
            pool.acquire().await.map_err(|source| StorageError::query("open a connection", source))?;
        Ok(Some(connection.detach()))
    }

    fn opening(&self) -> Asked<'_, Transaction> {
        Box::pin(async move {
            let open = match &self.connections {
                Writing::Sqlite(writers) => SqliteTransaction::begin(writers).await.map(Open::Sqlite),
                Writing::Postgres(pool) => pool.begin().await.map(Open::Postgres),
            };
            open.map(|open| Transaction { open })
                .map_err(|source| StorageError::query("begin a transaction", source))
        })
    }
}

/// An open write transaction; dropping it undoes it.
pub struct Transaction {
    open: Open,
}

enum Open {
    Sqlite(SqliteTransaction),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// Binds every value to the statement. A macro, since the two databases' queries are different types.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = match $sql {
            Cow::Borrowed(text) => sqlx::query(text),
            // Texts are built from constants of this crate only; whatever a user wrote is bound.
            Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)),
        };
        for value in $values {
            query = match value {
                Value::Text(value) => query.bind(value),
                Value::Integer(value) => query.bind(value),
                Value::Boolean(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Transaction {
    /// Runs statements one after the other; how many rows each changed.
    pub(crate) async fn run(&mut self, statements: Vec<Statement>) -> Result<Vec<u64>> {
        let mut changed = Vec::with_capacity(statements.len());
        for Statement { step, sql, values, once } in statements {
            changed
                .push(self.execute(step, sql, values).await.map_err(|error| error.conflicting_with(once))?);
        }
        Ok(changed)
    }

    /// Makes everything written so far lasting.
    pub async fn commit(self) -> Result<()> {
        match self.open {
            Open::Sqlite(transaction) => transaction.commit().await,
            Open::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(|source| StorageError::query("commit a transaction", source))
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.open {
            Open::Sqlite(_) => Dialect::Sqlite,
            Open::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; the number of rows it changed.
    pub(crate) fn execute<'a>(
        &'a mut self,
        step: &'static str,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Asked<'a, u64> {
        let sql = self.dialect().expand(sql.into());
        Box::pin(async move {
            match &mut self.open {
                Open::Sqlite(tx) => {
                    bound!(sql, values).execute(&mut **tx).await.map(|done| done.rows_affected())
                }
                Open::Postgres(tx) => {
                    bound!(sql, values).execute(&mut **tx).await.map(|done| done.rows_affected())
                }
            }
            .map_err(|source| StorageError::query(step, source))
        })
    }

    /// Runs a script of several statements without values.
    pub(crate) async fn run_script(&mut self, sql: &'static str) -> std::result::Result<(), sqlx::Error> {
        let sql = self.dialect().expand(sql.into()).into_owned();
        match &mut self.open {
            Open::Sqlite(connection) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **connection).await.map(|_| ())
            }
            Open::Postgres(connection) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **connection).await.map(|_| ())
            }
        }
    }
}

/// A question under way. Boxed, since the compiler can't see through nested generic futures that they may change
/// threads ("implementation of `Send` is not general enough" in whoever spawns them).
type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Something that can be asked: `&Reader`, or `&mut Transaction` by one that must see its own writes.
pub trait Read: Send {
    #[doc(hidden)]
    fn ask<'a>(
        &'a mut self,
        step: &'static str,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Asked<'a, Vec<Row>>;

    #[doc(hidden)]
    fn rows<'a>(
        &'a mut self,
        step: &'static str,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Asked<'a, Vec<Row>> {
        self.ask(step, sql.into(), values)
    }

    #[doc(hidden)]
    fn row<'a>(
        &'a mut self,
        step: &'static str,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Asked<'a, Option<Row>> {
        let rows = self.ask(step, sql.into(), values);
        Box::pin(async move { Ok(rows.await?.into_iter().next()) })
    }
}

impl Read for &Reader {
    fn ask<'a>(
        &'a mut self,
        step: &'static str,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Asked<'a, Vec<Row>> {
        let sql = self.pool.dialect().expand(sql);
        Box::pin(async move {
            match &self.pool {
                Pool::Sqlite(pool) => bound!(sql, values).fetch_all(pool).await.map(sqlite_rows),
                Pool::Postgres(pool) => bound!(sql, values).fetch_all(pool).await.map(postgres_rows),
            }
            .map_err(|source| StorageError::query(step, source))
        })
    }
}

impl Read for Transaction {
    fn ask<'a>(
        &'a mut self,
        step: &'static str,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Asked<'a, Vec<Row>> {
        let sql = self.dialect().expand(sql);
        Box::pin(async move {
            match &mut self.open {
                Open::Sqlite(tx) => bound!(sql, values).fetch_all(&mut **tx).await.map(sqlite_rows),
                Open::Postgres(tx) => bound!(sql, values).fetch_all(&mut **tx).await.map(postgres_rows),
            }
            .map_err(|source| StorageError::query(step, source))
        })
    }
}

impl<R: Read> Read for &mut R {
    fn ask<'a>(
        &'a mut self,
        step: &'static str,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Asked<'a, Vec<Row>> {
        (**self).ask(step, sql, values)
    }
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({:?})", self.pool.dialect())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({:?})", self.connections.dialect())
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction({:?})", self.dialect())
    }
}
