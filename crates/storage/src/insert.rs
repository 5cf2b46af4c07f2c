//! Many rows in one statement.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use crate::{
    Read as _, Result,
    connection::Transaction,
    row::{Row, Value},
    statement::Statement,
};

/// Rows per statement, biggest first. Fixed sizes keep the number of prepared statements small; the small ones are all
/// there, since one run's events should take one statement (to PostgreSQL, each is a trip). The
/// largest stays far below SQLite's 32,766 and PostgreSQL's 65,535 values per statement.
const SIZES: [usize; 11] = [64, 32, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/// What to insert into, and what becomes of it.
#[derive(Clone, Copy)]
pub(crate) struct Insert {
    pub(crate) step: &'static str,
    /// `INSERT INTO table (a, b, c)`; every row has as many values as it has columns.
    pub(crate) head: &'static str,
    /// What follows the values.
    pub(crate) tail: &'static str,
}

/// Inserts rows; `head` is as in [`Insert`].
pub(crate) async fn insert_rows(
    tx: &mut Transaction,
    step: &'static str,
    head: &'static str,
    rows: Vec<Vec<Value>>,
) -> Result<()> {
    tx.run(insertion(step, head, rows)).await?;
    Ok(())
}

/// The statements that insert rows; `head` is as in [`Insert`].
pub(crate) fn insertion(step: &'static str, head: &'static str, rows: Vec<Vec<Value>>) -> Vec<Statement> {
    let statements = statements(Insert { step, head, tail: "" }, rows).into_iter();
    statements.map(|(sql, values)| Statement::new(step, sql, values)).collect()
}

/// As [`insert_rows`]; the rows that the statement's tail has it give back.
pub(crate) async fn insert_rows_returning(
    tx: &mut Transaction,
    insert: Insert,
    rows: Vec<Vec<Value>>,
) -> Result<Vec<Row>> {
    let mut given = Vec::new();
    for (sql, values) in statements(insert, rows) {
        given.extend(tx.rows(insert.step, sql, values).await?);
    }
    Ok(given)
}

fn statements(insert: Insert, rows: Vec<Vec<Value>>) -> Vec<(&'static str, Vec<Value>)> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    let mut statements = Vec::new();
    for size in SIZES {
        while left >= size {
            let sql = kept(insert, columns, size);
            statements.push((sql, rows.by_ref().take(size).flatten().collect()));
            left -= size;
        }
    }
    statements
}

/// The statement's text. There are as many as this crate has inserts, times [`SIZES`]; each is made once and kept.
fn kept(insert: Insert, columns: usize, rows: usize) -> &'static str {
    type Texts = HashMap<(&'static str, &'static str, usize), &'static str>;
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
    // A text is put in whole or not at all.
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts
        .entry((insert.head, insert.tail, rows))
        .or_insert_with(|| String::leak(statement(insert, columns, rows)))
}

fn statement(Insert { head, tail, .. }: Insert, columns: usize, rows: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = format!("{head} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}${}", row * columns + column + 1);
        }
        sql.push(')');
    }
    if !tail.is_empty() {
        let _ = write!(sql, " {tail}");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_through() {
        let check = |tail, expect: &str| {
            let insert = Insert { step: "", head: "INSERT INTO t (a, b)", tail };
            assert_eq!(statement(insert, 2, 2), expect);
        };
        check("", "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
        check("RETURNING a", "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) RETURNING a");
    }

    #[test]
    fn every_row_is_in_one_statement() {
        for count in [0_i64, 1, 8, 9, 131] {
            let rows: Vec<_> = (0..count).map(|number| vec![Value::from(number)]).collect();
            let insert = Insert { step: "", head: "INSERT INTO t (a)", tail: "" };
            let bound: usize = statements(insert, rows).iter().map(|(_, values)| values.len()).sum();
            assert_eq!(i64::try_from(bound), Ok(count));
        }
    }
}
