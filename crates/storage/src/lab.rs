//! The trigger lab's suites, cases and runs.

use errand_domain::{CaseId, GuruId, LabRunId, SuiteId, TurnId, UnixMillis};
use serde_json::Value as Json;

use crate::{
    MaskedJson, Read, Result, Transaction,
    row::{Row, Value, to_json, values},
};

#[derive(Debug, Clone)]
pub struct Suite {
    pub id: SuiteId,
    pub name: String,
    /// The action that it is about; None for the whole guru.
    pub action_name: Option<String>,
    pub cases: u32,
    pub created_at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct NewCase {
    pub id: CaseId,
    pub suite_id: SuiteId,
    pub content: MaskedJson<Json>,
    pub turn_id: Option<TurnId>,
    pub at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct StoredCase {
    pub id: CaseId,
    pub suite_id: SuiteId,
    pub content: Json,
    pub turn_id: Option<TurnId>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct LabRun {
    pub id: LabRunId,
    pub planner: String,
    pub report: Json,
    pub created_at: UnixMillis,
}

const SUITE_COLUMNS: &str = "id, name, action_name, created_at,
     (SELECT COUNT(*) FROM lab_cases WHERE suite_id = lab_suites.id) AS cases";
const CASE_COLUMNS: &str = "id, suite_id, content, turn_id, created_at, updated_at";

/// Fails with `Conflict` when the name is taken.
pub async fn insert_suite(tx: &mut Transaction, guru: GuruId, suite: &Suite) -> Result<()> {
    let sql =
        "INSERT INTO lab_suites (id, guru_id, name, action_name, created_at) VALUES ($1, $2, $3, $4, $5)";
    let values = values![
        Value::shown(suite.id),
        Value::shown(guru),
        suite.name.as_str(),
        suite.action_name.as_deref(),
        suite.created_at,
    ];
    let inserted = tx.execute("insert a suite", sql, values).await;
    inserted.map_err(|error| error.conflicting_with("a suite with this name"))?;
    Ok(())
}

/// All suites by name.
pub async fn suites(mut db: impl Read, guru: GuruId) -> Result<Vec<Suite>> {
    let sql = format!("SELECT {SUITE_COLUMNS} FROM lab_suites WHERE guru_id = $1 ORDER BY name");
    db.rows("list suites", sql, values![Value::shown(guru)]).await?.iter().map(read_suite).collect()
}

pub async fn suite(mut db: impl Read, guru: GuruId, id: SuiteId) -> Result<Option<Suite>> {
    let sql = format!("SELECT {SUITE_COLUMNS} FROM lab_suites WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(id)];
    db.row("find a suite", sql, values).await?.as_ref().map(read_suite).transpose()
}

/// Deletes the suite with its cases and runs. False when there was none.
pub async fn delete_suite(tx: &mut Transaction, guru: GuruId, id: SuiteId) -> Result<bool> {
    let sql = "DELETE FROM lab_suites WHERE guru_id = $1 AND id = $2";
    Ok(tx.execute("delete a suite", sql, values![Value::shown(guru), Value::shown(id)]).await? > 0)
}

pub async fn insert_case(tx: &mut Transaction, guru: GuruId, case: NewCase) -> Result<()> {
    let sql = "INSERT INTO lab_cases (id, guru_id, suite_id, content, turn_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)";
    let values = values![
        Value::shown(case.id),
        Value::shown(guru),
        Value::shown(case.suite_id),
        Value::from(case.content),
        Value::shown_option(case.turn_id),
        case.at,
    ];
    tx.execute("insert a case", sql, values).await?;
    Ok(())
}

/// False when there is no such case.
pub async fn update_case(
    tx: &mut Transaction,
    guru: GuruId,
    id: CaseId,
    content: MaskedJson<Json>,
    at: UnixMillis,
) -> Result<bool> {
    let sql = "UPDATE lab_cases SET content = $3, updated_at = $4 WHERE guru_id = $1 AND id = $2";
    let values = values![Value::shown(guru), Value::shown(id), Value::from(content), at];
    Ok(tx.execute("change a case", sql, values).await? > 0)
}

/// False when there was none.
pub async fn delete_case(tx: &mut Transaction, guru: GuruId, id: CaseId) -> Result<bool> {
    let sql = "DELETE FROM lab_cases WHERE guru_id = $1 AND id = $2";
    Ok(tx.execute("delete a case", sql, values![Value::shown(guru), Value::shown(id)]).await? > 0)
}

/// A suite's cases in the order in which they were made.
pub async fn cases(mut db: impl Read, guru: GuruId, suite: SuiteId) -> Result<Vec<StoredCase>> {
    let sql =
        format!("SELECT {CASE_COLUMNS} FROM lab_cases WHERE guru_id = $1 AND suite_id = $2 ORDER BY id");
    let values = values![Value::shown(guru), Value::shown(suite)];
    db.rows("list cases", sql, values).await?.iter().map(read_case).collect()
}

pub async fn insert_run(tx: &mut Transaction, guru: GuruId, suite: SuiteId, run: &LabRun) -> Result<()> {
    let sql = "INSERT INTO lab_runs (id, guru_id, suite_id, planner, report, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        Value::shown(run.id),
        Value::shown(guru),
        Value::shown(suite),
        run.planner.as_str(),
        to_json("report", &run.report)?,
        run.created_at,
    ];
    tx.execute("keep a lab run", sql, values).await?;
    Ok(())
}

/// The suite's latest runs, newest first.
pub async fn runs(mut db: impl Read, guru: GuruId, suite: SuiteId, limit: u32) -> Result<Vec<LabRun>> {
    let sql = "SELECT id, planner, report, created_at FROM lab_runs WHERE guru_id = $1 AND suite_id = $2
         ORDER BY id DESC LIMIT $3";
    let values = values![Value::shown(guru), Value::shown(suite), limit];
    db.rows("list lab runs", sql, values).await?.iter().map(read_run).collect()
}

fn read_suite(row: &Row) -> Result<Suite> {
    Ok(Suite {
        id: row.parse("id")?,
        name: row.get("name")?,
        action_name: row.get("action_name")?,
        cases: row.u32("cases")?,
        created_at: row.time("created_at")?,
    })
}

fn read_case(row: &Row) -> Result<StoredCase> {
    Ok(StoredCase {
        id: row.parse("id")?,
        suite_id: row.parse("suite_id")?,
        content: row.json("content")?,
        turn_id: row.parse_option("turn_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn read_run(row: &Row) -> Result<LabRun> {
    Ok(LabRun {
        id: row.parse("id")?,
        planner: row.get("planner")?,
        report: row.json("report")?,
        created_at: row.time("created_at")?,
    })
}
