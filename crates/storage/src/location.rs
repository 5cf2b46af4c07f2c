//! Where the database is.

use std::{fmt, path::PathBuf, str::FromStr};

use sqlx::postgres::PgConnectOptions;

use crate::StorageError;

/// An SQLite file or a PostgreSQL database. Its `Debug` and `Display` show no password.
#[derive(Clone)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl FromStr for Location {
    type Err = StorageError;

    /// `postgres://…` or `postgresql://…`, else the path of an SQLite file with or without `sqlite:` before it.
    fn from_str(text: &str) -> Result<Self, StorageError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The text may hold a password, so the error doesn't repeat it.
            return text
                .parse()
                .map(|options| Self::Postgres(Box::new(options)))
                .map_err(|_| StorageError::BadLocation { text: "postgres://…".to_owned() });
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") || path == ":memory:" {
            let scheme = path.split("://").next().unwrap_or_default();
            return Err(StorageError::BadLocation { text: scheme.to_owned() });
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "`{}`", path.display()),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or("postgres");
                write!(f, "`{database}` at `{}:{}`", options.get_host(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let shown =
            text.parse::<Location>().map_or_else(|error| error.to_string(), |location| location.to_string());
        assert!(shown.contains(expect), "{text}: {shown}");
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }

    #[test]
    fn locations_are_read_and_shown_without_passwords() {
        check("postgres://ana:hunter2@db.internal:6000/errand", "`errand` at `db.internal:6000`");
        check("sqlite:/var/lib/errand/errand.db", "`/var/lib/errand/errand.db`");
        check("errand.db", "`errand.db`");
        check("mysql://ana:hunter2@db/errand", "is not a database");
        check("postgres://ana:hunter2@[/", "is not a database");
        check(":memory:", "is not a database");
    }
}
