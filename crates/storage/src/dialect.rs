//! The few words in which SQLite and PostgreSQL differ, as named markers in the one SQL text.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Marker, what SQLite reads, what PostgreSQL reads.
const MARKERS: [(&str, &str, &str); 7] = [
    // Text compared byte by byte.
    ("{key}", "TEXT", "TEXT COLLATE \"C\""),
    ("{bytes}", "BLOB", "BYTEA"),
    // Rows kept in the primary key's own tree: one write instead of two. PostgreSQL has no such thing.
    ("{clustered}", "WITHOUT ROWID", ""),
    // SQLite has one writer at a time, so its rows need no locks.
    ("{for_update}", "", "FOR UPDATE"),
    // The same, passing over rows that somebody else has locked.
    ("{skip_locked}", "", "FOR UPDATE SKIP LOCKED"),
    // Without regard to case: SQLite's LIKE does so for ASCII letters, ILIKE for all.
    ("{like}", "LIKE", "ILIKE"),
    ("{explain}", "EXPLAIN QUERY PLAN", "EXPLAIN"),
];

impl Dialect {
    pub(crate) fn expand(self, sql: Cow<'static, str>) -> Cow<'static, str> {
        if !sql.contains('{') {
            return sql;
        }
        let mut text = sql.into_owned();
        for (marker, sqlite, postgres) in MARKERS {
            let word = match self {
                Self::Sqlite => sqlite,
                Self::Postgres => postgres,
            };
            text = text.replace(marker, word);
        }
        Cow::Owned(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &'static str, sqlite: &str, postgres: &str) {
        assert_eq!(Dialect::Sqlite.expand(sql.into()), sqlite);
        assert_eq!(Dialect::Postgres.expand(sql.into()), postgres);
    }

    #[test]
    fn markers_take_each_database_s_words() {
        check("a {key}, b {bytes}", "a TEXT, b BLOB", "a TEXT COLLATE \"C\", b BYTEA");
        check("x {like} $1 {for_update}", "x LIKE $1 ", "x ILIKE $1 FOR UPDATE");
        check("plain", "plain", "plain");
    }
}
