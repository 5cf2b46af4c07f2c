//! What can go wrong with state, told apart as far as a caller can act on it.

use std::path::PathBuf;

use rusqlite::ffi::{
    SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE, SQLITE_MISMATCH, SQLITE_TOOBIG,
};
use sqlx::error::DatabaseError;

/// Not finding something is no error here: functions answer `None` or `false`.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A row that must be unique exists already.
    #[error("There is already {what}. Choose another, or change the existing one.")]
    Conflict { what: &'static str },
    /// Somebody else changed the object since it was read.
    #[error("The {what} was changed by somebody else meanwhile. Load it again and repeat the change.")]
    Stale { what: &'static str },
    #[error("The database failed to {step}. Check that it is up and has free space.")]
    Query { step: &'static str, source: DriverError },
    /// What was to be written breaks a rule of the database, and always will. Whether it is up makes no difference.
    #[error("The database does not take what it was given to {step}. Nothing of it was written.")]
    Refused { step: &'static str, source: DriverError },
    #[error("Can't open the database {location}. Check that it exists, is reachable and may be written.")]
    Open { location: String, source: DriverError },
    #[error("Can't make the folder `{path}` for the database. Check its owner and free space.")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("`{text}` is not a database. Give `postgres://user@host/name` or the path of an SQLite file.")]
    BadLocation { text: String },
    #[error(
        "The database has schema version {found}, but this build knows versions up to {known}. Start a newer `errand`, or restore a backup made before the upgrade."
    )]
    NewerDatabase { found: i64, known: i64 },
    #[error(
        "Migration {version} was applied to this database with another content than this build has. Use an official build, or restore a backup."
    )]
    ChangedMigration { version: i64 },
    #[error("Migration {version} failed; nothing was changed.")]
    Migration { version: i64, source: sqlx::Error },
    /// A stored value that this build can't read: written by a newer build, or by hand.
    #[error(
        "The stored {what} can't be read: {why}. Restore it from a backup, or start the build that wrote it."
    )]
    Corrupt { what: &'static str, why: String },
    /// Masked text that should be JSON of a certain shape is not.
    #[error("The masked {what} is not readable JSON: {why}.")]
    BadJson { what: &'static str, why: String },
}

/// What a database's driver said.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum DriverError {
    Sqlx(#[from] sqlx::Error),
    /// Of the thread that runs whole transactions on SQLite.
    Rusqlite(#[from] rusqlite::Error),
}

impl DriverError {
    fn is_unique_violation(&self) -> bool {
        match self {
            Self::Sqlx(error) => error.as_database_error().is_some_and(DatabaseError::is_unique_violation),
            Self::Rusqlite(error) => error.sqlite_error().is_some_and(|error| {
                matches!(error.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY)
            }),
        }
    }

    /// Whether the values are at fault.
    fn is_of_data(&self) -> bool {
        match self {
            Self::Sqlx(error) => {
                error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| {
                    if code.len() == POSTGRES_CODE_LENGTH {
                        is_of_data_in_postgres(&code)
                    } else {
                        code.parse().is_ok_and(is_of_data_in_sqlite)
                    }
                })
            }
            Self::Rusqlite(error) => {
                error.sqlite_error().is_some_and(|error| is_of_data_in_sqlite(error.extended_code))
            }
        }
    }
}

/// SQLite's are shorter numbers.
const POSTGRES_CODE_LENGTH: usize = 5;

/// The first two characters are the class: data exceptions, broken constraints, limits that a row exceeds.
fn is_of_data_in_postgres(code: &str) -> bool {
    ["22", "23", "54"].iter().any(|class| code.starts_with(class))
}

/// The lowest byte of an extended code is the plain one.
fn is_of_data_in_sqlite(extended_code: i32) -> bool {
    matches!(extended_code & 0xFF, SQLITE_CONSTRAINT | SQLITE_TOOBIG | SQLITE_MISMATCH)
}

impl StorageError {
    pub(crate) fn query(step: &'static str, source: impl Into<DriverError>) -> Self {
        let source = source.into();
        if source.is_unique_violation() {
            return Self::Conflict { what: "such a row" };
        }
        if source.is_of_data() {
            return Self::Refused { step, source };
        }
        Self::Query { step, source }
    }

    pub(crate) fn corrupt(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, why: why.to_string() }
    }

    /// Names the object of a conflict.
    pub(crate) fn conflicting_with(self, what: &'static str) -> Self {
        match self {
            Self::Conflict { .. } => Self::Conflict { what },
            other => other,
        }
    }
}
