//! Sums over the history: how often, how well and how long. Tests by builders are left out: they say nothing of how a
//! guru is used.
//!
//! Ranges go by the time in an id, as the history's own list does, so that both count the same rows.

use errand_domain::{ExecutionId, GuruId, TurnId, UnixMillis};

use crate::{
    Read, Result,
    row::{Row, Value, id_bound, values},
};

/// What runs are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    Action,
    Source,
}

/// From the first moment on, up to the second, which itself is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: UnixMillis,
    pub to: UnixMillis,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// The action's name, the source, or the day.
    pub key: String,
    pub runs: u32,
    /// Those that failed, timed out, were refused or whose end is unknown.
    pub failures: u32,
    /// Half of the runs took no longer, in microseconds; None when none ended.
    pub p50_us: Option<i64>,
    pub p95_us: Option<i64>,
}

/// Sums by action or source, by key.
pub async fn runs_by(mut db: impl Read, guru: GuruId, range: Range, by: GroupBy) -> Result<Vec<Runs>> {
    let key = match by {
        GroupBy::Action => "e.action_name",
        GroupBy::Source => "e.source",
    };
    let sql =
        summed(&format!("SELECT {key} AS k, e.status, e.duration_us FROM executions e WHERE {OF_RANGE}"));
    db.rows("sum runs", sql, of_range(guru, range)).await?.iter().map(read_runs).collect()
}

/// All runs of the range in one line, with an empty key; None when there were none.
pub async fn runs_in_all(mut db: impl Read, guru: GuruId, range: Range) -> Result<Option<Runs>> {
    let sql = summed(&format!("SELECT '' AS k, e.status, e.duration_us FROM executions e WHERE {OF_RANGE}"));
    db.row("sum runs", sql, of_range(guru, range)).await?.as_ref().map(read_runs).transpose()
}

/// A day with its name; days differ in length where the clocks change, so the caller says where each begins and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub name: String,
    pub range: Range,
}

/// Sums by day; days without runs are left out.
pub async fn runs_by_day(mut db: impl Read, guru: GuruId, days: &[Day]) -> Result<Vec<Runs>> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    let mut values = of_range(guru, Range { from: first.range.from, to: last.range.to });
    let table = table_of_days(days, ExecutionId::PREFIX, &mut values);
    let runs = format!(
        "SELECT d.name AS k, e.status, e.duration_us
         FROM days d JOIN executions e ON e.id >= d.first AND e.id < d.last WHERE {OF_RANGE}"
    );
    let sql = summed(&runs).replacen("WITH ", &format!("WITH {table}, "), 1);
    db.rows("sum runs by day", sql, values).await?.iter().map(read_runs).collect()
}

/// `days (name, first, last)` for a WITH clause: each day with the bounds of its ids. Its values are added.
pub(crate) fn table_of_days(days: &[Day], prefix: &str, values: &mut Vec<Value>) -> String {
    let mut rows = Vec::with_capacity(days.len());
    for day in days {
        let n = values.len();
        rows.push(format!("(CAST(${} AS TEXT), CAST(${} AS TEXT), CAST(${} AS TEXT))", n + 1, n + 2, n + 3));
        let (from, to) = (id_bound(prefix, day.range.from), id_bound(prefix, day.range.to));
        values.extend(values![day.name.as_str(), from, to]);
    }
    format!("days (name, first, last) AS (VALUES {})", rows.join(", "))
}

const OF_RANGE: &str = "e.guru_id = $1 AND e.id >= $2 AND e.id < $3 AND e.source <> 'test'";

fn of_range(guru: GuruId, range: Range) -> Vec<Value> {
    values![
        Value::shown(guru),
        id_bound(ExecutionId::PREFIX, range.from),
        id_bound(ExecutionId::PREFIX, range.to),
    ]
}

/// Percentiles by rank, which both databases can: the smallest duration that at least so many per cent don't exceed.
fn summed(runs: &str) -> String {
    format!(
        "WITH runs AS ({runs}),
         ranked AS (
             SELECT k, duration_us, row_number() OVER (PARTITION BY k ORDER BY duration_us) AS n,
                 count(*) OVER (PARTITION BY k) AS c
             FROM runs WHERE duration_us IS NOT NULL),
         times AS (
             SELECT k, max(CASE WHEN n = (c * 50 + 99) / 100 THEN duration_us END) AS p50_us,
                 max(CASE WHEN n = (c * 95 + 99) / 100 THEN duration_us END) AS p95_us
             FROM ranked GROUP BY k)
         SELECT r.k, count(*) AS runs,
             sum(CASE WHEN r.status IN ('failed', 'refused', 'timed_out', 'unknown') THEN 1 ELSE 0 END) AS failures,
             max(t.p50_us) AS p50_us, max(t.p95_us) AS p95_us
         FROM runs r LEFT JOIN times t ON t.k = r.k GROUP BY r.k ORDER BY r.k"
    )
}

fn read_runs(row: &Row) -> Result<Runs> {
    Ok(Runs {
        key: row.get("k")?,
        runs: row.u32("runs")?,
        failures: row.u32("failures")?,
        p50_us: row.get("p50_us")?,
        p95_us: row.get("p95_us")?,
    })
}

/// What came of the questions of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Questions {
    pub asked: u32,
    /// At least one action ran.
    pub acted: u32,
    /// A required argument was missing.
    pub missing: u32,
    /// No action matched.
    pub unmatched: u32,
}

/// A plan is stored as compact JSON, in which a quote within a text is escaped: these can't stand for anything else.
const NO_STEPS: &str = "%\"steps\":[]%";
const NO_MISSING: &str = "%\"missing\":[]%";

pub async fn questions(mut db: impl Read, guru: GuruId, range: Range) -> Result<Questions> {
    let sql = "SELECT count(*) AS asked,
             sum(CASE WHEN plan IS NOT NULL AND plan NOT LIKE $4 THEN 1 ELSE 0 END) AS acted,
             sum(CASE WHEN plan IS NOT NULL AND plan NOT LIKE $5 THEN 1 ELSE 0 END) AS missing,
             sum(CASE WHEN plan LIKE $4 AND plan LIKE $5 THEN 1 ELSE 0 END) AS unmatched
         FROM turns WHERE guru_id = $1 AND id >= $2 AND id < $3 HAVING count(*) > 0";
    let row = db.row("sum questions", sql, of_turns(guru, range)).await?;
    row.map_or(Ok(Questions::default()), |row| {
        Ok(Questions {
            asked: row.u32("asked")?,
            acted: row.u32("acted")?,
            missing: row.u32("missing")?,
            unmatched: row.u32("unmatched")?,
        })
    })
}

fn of_turns(guru: GuruId, range: Range) -> Vec<Value> {
    values![
        Value::shown(guru),
        id_bound(TurnId::PREFIX, range.from),
        id_bound(TurnId::PREFIX, range.to),
        NO_STEPS,
        NO_MISSING,
    ]
}

/// A question that no action matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    pub turn_id: TurnId,
    pub question: String,
    pub at: UnixMillis,
}

/// Up to `limit` questions of the range that no action matched, newest first.
pub async fn unmatched(mut db: impl Read, guru: GuruId, range: Range, limit: u32) -> Result<Vec<Unmatched>> {
    let sql = "SELECT id, question, created_at FROM turns
         WHERE guru_id = $1 AND id >= $2 AND id < $3 AND plan LIKE $4 AND plan LIKE $5
         ORDER BY id DESC LIMIT $6";
    let mut values = of_turns(guru, range);
    values.push(limit.into());
    let rows = db.rows("list unmatched questions", sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Unmatched {
                turn_id: row.parse("id")?,
                question: row.get("question")?,
                at: row.time("created_at")?,
            })
        })
        .collect()
}
