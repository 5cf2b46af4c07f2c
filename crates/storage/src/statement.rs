//! Statements that wait to be run, so that several can make one trip to the database.

use std::borrow::Cow;

use crate::{StorageError, row::Value};

/// A statement with its values.
pub(crate) struct Statement {
    /// What it does, for errors.
    pub(crate) step: &'static str,
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    /// What there is already when it breaks a rule that something is there once.
    pub(crate) once: &'static str,
}

impl Statement {
    pub(crate) fn new(step: &'static str, sql: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Self {
        Self { step, sql: sql.into(), values, once: "such a row" }
    }

    pub(crate) fn failed(step: &'static str, once: &'static str, source: sqlx::Error) -> StorageError {
        StorageError::query(step, source).conflicting_with(once)
    }
}

/// One text that begins a transaction, runs the statements and commits; SQLite runs it without coming back in between.
pub(crate) fn together<'s>(texts: impl Iterator<Item = (&'s str, usize)>) -> String {
    let mut sql = "BEGIN IMMEDIATE; ".to_owned();
    let mut before = 0;
    for (text, values) in texts {
        renumber(text, before, &mut sql);
        sql.push_str("; ");
        before += values;
    }
    sql.push_str("COMMIT");
    sql
}

/// Appends the statement with `$1` as what comes after as many values as there were before.
fn renumber(text: &str, before: usize, sql: &mut String) {
    let mut pieces = text.split('$');
    sql.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(digits);
        sql.push('$');
        match number.parse::<usize>() {
            Ok(number) => sql.push_str(&(number + before).to_string()),
            // No statement of this crate has a dollar sign of another kind.
            Err(_) => sql.push_str(number),
        }
        sql.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_on_from_statement_to_statement() {
        let texts = [
            ("UPDATE a SET x = $2 WHERE id = $1", 2),
            ("INSERT INTO b VALUES ($1, $10)", 10),
            ("DELETE FROM c", 0),
        ];
        assert_eq!(
            together(texts.into_iter()),
            "BEGIN IMMEDIATE; UPDATE a SET x = $2 WHERE id = $1; INSERT INTO b VALUES ($3, $12); DELETE FROM c; COMMIT"
        );
    }
}
