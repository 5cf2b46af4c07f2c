//! Many rows in one statement.

use crate::{Result, connection::Transaction, row::Value};

/// Rows per statement, biggest first. Fixed sizes keep the number of prepared statements small; the small ones are all
/// there, since one run's events should take one statement (each is a trip to the database's thread and back). The
/// largest stays far below SQLite's 32,766 and PostgreSQL's 65,535 values per statement.
const SIZES: [usize; 11] = [64, 32, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/// `head` is `INSERT INTO table (a, b, c)`; every row has as many values as `head` has columns.
pub(crate) async fn insert_rows(
    tx: &mut Transaction,
    step: &'static str,
    head: &str,
    rows: Vec<Vec<Value>>,
) -> Result<()> {
    let Some(columns) = rows.first().map(Vec::len) else {
        return Ok(());
    };
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for size in SIZES {
        let sql = if left >= size {
            statement(head, columns, size)
        } else {
            continue;
        };
        while left >= size {
            tx.execute(step, sql.clone(), rows.by_ref().take(size).flatten().collect()).await?;
            left -= size;
        }
    }
    Ok(())
}

fn statement(head: &str, columns: usize, rows: usize) -> String {
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
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_through() {
        assert_eq!(statement("INSERT INTO t (a, b)", 2, 2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
    }
}
