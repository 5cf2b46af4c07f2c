//! Fresh databases: an SQLite file of its own and a PostgreSQL database of its own, both deleted afterwards.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Names the PostgreSQL server that tests may make databases on.
pub const URL_VARIABLE: &str = "ERRAND_TEST_POSTGRES_URL";

const HOW_TO_START: &str = "ERRAND_TEST_POSTGRES_URL is not set, and tests of state run on both databases. \
     Start the private PostgreSQL for tests: eval \"$(scripts/postgres-for-tests.sh)\"";

/// One empty database. Dropping it deletes it.
#[derive(Debug)]
pub struct TestDatabase {
    /// `sqlite` or `postgres`, for a test's messages.
    pub kind: &'static str,
    /// What to open it by.
    pub url: String,
    leftover: Leftover,
}

#[derive(Debug)]
enum Leftover {
    Folder(PathBuf),
    Database { server: String, name: String },
}

/// One fresh database of each kind.
///
/// # Panics
/// With a sentence on how to start PostgreSQL when there is none: a test that skips a database tests nothing.
pub async fn databases() -> [TestDatabase; 2] {
    [sqlite(), postgres().await]
}

/// A file in a fresh folder.
///
/// # Panics
/// When the folder can't be made.
pub fn sqlite() -> TestDatabase {
    let folder = std::env::temp_dir().join(unique_name());
    std::fs::create_dir_all(&folder).expect("make a folder for a test's database");
    TestDatabase {
        kind: "sqlite",
        url: format!("sqlite:{}", folder.join("errand.db").display()),
        leftover: Leftover::Folder(folder),
    }
}

/// A database on the server that `ERRAND_TEST_POSTGRES_URL` names.
///
/// # Panics
/// When the variable is unset or the server does not answer.
pub async fn postgres() -> TestDatabase {
    let server = std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty()).expect(HOW_TO_START);
    let name = unique_name();
    let mut admin = PgConnection::connect(&server).await.expect("connect to the PostgreSQL for tests");
    // template0, since nobody is ever connected to it: a busy template can't be copied.
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")))
        .execute(&mut admin)
        .await
        .expect("make a test's database");
    let url = with_database(&server, &name);
    TestDatabase { kind: "postgres", url, leftover: Leftover::Database { server, name } }
}

impl TestDatabase {
    /// Changes the database behind the back of whoever has it open.
    ///
    /// # Panics
    /// When the database does not take the statement.
    pub async fn execute(&self, sql: &str) {
        let statement = AssertSqlSafe(sql.to_owned());
        match self.leftover {
            Leftover::Folder(_) => {
                let mut connection =
                    SqliteConnection::connect(&self.url).await.expect("open a test's database");
                sqlx::query(statement).execute(&mut connection).await.map(drop)
            }
            Leftover::Database { .. } => {
                let mut connection = PgConnection::connect(&self.url).await.expect("open a test's database");
                sqlx::query(statement).execute(&mut connection).await.map(drop)
            }
        }
        .expect("change a test's database");
    }

    /// Asks the database itself.
    ///
    /// # Panics
    /// When the database does not answer with a number.
    pub async fn number(&self, sql: &str) -> i64 {
        let query = AssertSqlSafe(sql.to_owned());
        match self.leftover {
            Leftover::Folder(_) => {
                let mut connection =
                    SqliteConnection::connect(&self.url).await.expect("open a test's database");
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
            Leftover::Database { .. } => {
                let mut connection = PgConnection::connect(&self.url).await.expect("open a test's database");
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
        }
        .expect("a number from a test's database")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.leftover {
            Leftover::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Leftover::Database { server, name } => drop_database(server.clone(), name.clone()),
        }
    }
}

/// Runs on a thread of its own, since a destructor can't wait inside the test's runtime. A failure is only told: the
/// test's own result matters more, and `postgres-for-tests.sh stop` deletes what is left.
fn drop_database(server: String, name: String) {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut admin = PgConnection::connect(&server).await?;
            // FORCE ends connections that the test left open.
            sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
                .execute(&mut admin)
                .await?;
            admin.close().await
        })
    };
    if let Ok(Err(error)) = std::thread::spawn(work).join() {
        eprintln!("A test's database was left behind: {error}");
    }
}

fn with_database(server: &str, name: &str) -> String {
    let (address, options) =
        server.split_once('?').map_or((server, None), |(address, rest)| (address, Some(rest)));
    let authority_end = address.find("://").map_or(0, |scheme| scheme + 3);
    let path = address[authority_end..].find('/').map_or(address.len(), |slash| authority_end + slash);
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{}/{name}{options}", &address[..path])
}

/// Unlike any other of this process or of those beside it.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("errand_test_{}_{nanos}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(server: &str, expect: &str) {
        assert_eq!(with_database(server, "x"), expect);
    }

    #[test]
    fn a_database_s_address_keeps_server_and_options() {
        check("postgres://errand@127.0.0.1:5432/postgres", "postgres://errand@127.0.0.1:5432/x");
        check("postgres://errand@127.0.0.1:5432", "postgres://errand@127.0.0.1:5432/x");
        check("postgres://a@h/b?host=/run/pg", "postgres://a@h/x?host=/run/pg");
    }
}
