//! Executions: the ledger of what ran. Writing is here; the history's list is in [`list`].

mod list;
mod recovery;

use std::collections::HashMap;

use errand_domain::{
    ActionId, ActionKind, ActionName, Arguments, ConversationId, EndReason, Ending, Execution, ExecutionId,
    ExecutionStatus, GuruId, Source, TurnId, UnixMillis, UserId,
};

pub use list::{
    ExecutionFilter, ExecutionPage, LISTED_OUTPUT_CHARS, LastRun, explain, last_run, last_runs, list,
};
pub use recovery::{DeadNodes, Interrupted, count_before, delete_before, interrupt, queued_before};

use crate::{
    Masked, MaskedJson, Read, Result, Transaction,
    insert::insertion,
    row::{Row, Value, bind_list, values},
    statement::Statement,
};

const COLUMNS: &str = "id, guru_id, action_id, action_name, action_version, kind, source, status, turn_id, \
     conversation_id, parent_id, user_id, question, arguments, output, output_truncated, error, end_reason, exit_code, end_line, \
     created_at, \
     started_at, finished_at, duration_us";

/// Which holder of an execution's lease one is. A result counts only under the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

impl Fence {
    /// Of an execution that nobody has claimed yet.
    pub const NONE: Self = Self(0);
    /// Of an execution that was inserted as running.
    pub const FIRST: Self = Self(1);
}

/// How an execution enters the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// For some worker to [`claim`].
    Queued,
    /// By this node, at once; its fence is [`Fence::FIRST`].
    Running { owner: String },
}

/// The ledger's row before anything happened.
#[derive(Debug, Clone)]
pub struct NewExecution {
    pub id: ExecutionId,
    pub guru_id: GuruId,
    pub action_id: ActionId,
    pub action_name: ActionName,
    pub action_version: u32,
    pub kind: ActionKind,
    pub source: Source,
    pub turn_id: Option<TurnId>,
    pub conversation_id: Option<ConversationId>,
    pub parent_id: Option<ExecutionId>,
    pub user_id: Option<UserId>,
    /// Empty for tests and schedules.
    pub question: Masked,
    pub arguments: MaskedJson<Arguments>,
    pub begin: Begin,
    pub at: UnixMillis,
}

/// How an execution ended.
#[derive(Debug, Clone)]
pub struct ExecutionEnd {
    pub id: ExecutionId,
    pub guru_id: GuruId,
    /// The lease under which it ran.
    pub fence: Fence,
    pub status: ExecutionStatus,
    pub output: Option<Masked>,
    pub output_truncated: bool,
    pub error: Option<Masked>,
    /// How a script ended, when it did not end well.
    pub ending: Option<Ending>,
    pub at: UnixMillis,
    pub duration_us: Option<u64>,
}

impl ExecutionEnd {
    /// Whether this is the end of that very beginning, under its lease.
    pub(crate) fn ends(&self, new: &NewExecution) -> bool {
        let fence = match new.begin {
            Begin::Queued => Fence::NONE,
            Begin::Running { .. } => Fence::FIRST,
        };
        self.id == new.id && self.guru_id == new.guru_id && self.fence == fence
    }
}

/// Inserts executions, each with its end when that is known already.
pub(crate) fn insert(new: Vec<(NewExecution, Option<ExecutionEnd>)>) -> Vec<Statement> {
    let rows = new.into_iter().map(|(new, end)| new_values(new, end)).collect();
    let head = "INSERT INTO executions (id, guru_id, action_id, action_name, action_version, kind, source, turn_id, \
         conversation_id, parent_id, user_id, question, arguments, created_at, lease_owner, lease_fence, started_at, \
         status, output, output_truncated, error, end_reason, exit_code, end_line, finished_at, duration_us)";
    insertion("insert executions", head, rows)
}

fn new_values(new: NewExecution, end: Option<ExecutionEnd>) -> Vec<Value> {
    let (owner, fence, started_at, status) = match new.begin {
        Begin::Queued => (None, Fence::NONE, None, ExecutionStatus::Queued),
        Begin::Running { owner } => (Some(owner), Fence::FIRST, Some(new.at), ExecutionStatus::Running),
    };
    let mut values = values![
        Value::shown(new.id),
        Value::shown(new.guru_id),
        Value::shown(new.action_id),
        new.action_name.as_str(),
        new.action_version,
        new.kind.as_str(),
        new.source.as_str(),
        Value::shown_option(new.turn_id),
        Value::shown_option(new.conversation_id),
        Value::shown_option(new.parent_id),
        Value::shown_option(new.user_id),
        new.question,
        new.arguments,
        // The list is ordered and filtered by the time in the id: a row must not show another one.
        new.id.born_at(),
        owner,
        fence.0,
        started_at,
    ];
    values.extend(match end {
        Some(end) => end_values(end),
        None => values![
            status.as_str(),
            None::<String>,
            false,
            None::<String>,
            None::<String>,
            None::<i64>,
            None::<i64>,
            None::<i64>,
            None::<i64>
        ],
    });
    values
}

/// Status, output, whether it is cut, error, how the script ended, end, duration.
fn end_values(end: ExecutionEnd) -> Vec<Value> {
    let duration_us = end.duration_us.map(|micros| i64::try_from(micros).unwrap_or(i64::MAX));
    let ending = end.ending;
    values![
        end.status.as_str(),
        end.output,
        end.output_truncated,
        end.error,
        ending.map(|ending| ending.reason.as_str().to_owned()),
        ending.and_then(|ending| ending.exit_code).map(i64::from),
        ending.and_then(|ending| ending.line).map(i64::from),
        end.at,
        duration_us
    ]
}

/// Takes queued executions of any gurus for a node, as running from `at` on: those that it got. What is not queued any
/// more, or is being taken by somebody else, is left out.
pub async fn claim(
    tx: &mut Transaction,
    wanted: &[ExecutionId],
    owner: &str,
    at: UnixMillis,
) -> Result<HashMap<ExecutionId, Fence>> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut values = values![owner, at];
    let list = bind_list(&mut values, wanted.iter().map(|id| values![Value::shown(*id)]));
    let sql = format!(
        "WITH taken AS (SELECT id FROM executions WHERE id IN (VALUES {list}) AND status = 'queued'
             ORDER BY id {{skip_locked}})
         UPDATE executions SET status = 'running', lease_owner = $1, lease_fence = lease_fence + 1, started_at = $2
         WHERE id IN (SELECT id FROM taken) AND status = 'queued' RETURNING id, lease_fence"
    );
    let rows = tx.rows("claim executions", sql, values).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, Fence(row.get("lease_fence")?)))).collect()
}

/// Ends an execution. False when it had ended before or runs under a newer lease by now: then nothing changes, and the
/// late result is not history's.
pub async fn finish(tx: &mut Transaction, end: ExecutionEnd) -> Result<bool> {
    let changed = tx.run(vec![finishing(end)]).await?;
    Ok(changed.iter().any(|rows| *rows > 0))
}

/// As [`finish`]; it changes no row of what had ended.
pub(crate) fn finishing(end: ExecutionEnd) -> Statement {
    let sql =
        "UPDATE executions SET status = $4, output = $5, output_truncated = $6, error = $7, end_reason = $8,
             exit_code = $9, end_line = $10, finished_at = $11, duration_us = $12
         WHERE guru_id = $1 AND id = $2 AND lease_fence = $3 AND status IN ('queued', 'running')";
    let mut values = values![Value::shown(end.guru_id), Value::shown(end.id), end.fence.0];
    values.extend(end_values(end));
    Statement::new("finish an execution", sql, values)
}

/// One execution with its whole output.
pub async fn by_id(mut db: impl Read, guru: GuruId, execution: ExecutionId) -> Result<Option<Execution>> {
    let sql = format!("SELECT {COLUMNS} FROM executions WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(execution)];
    db.row("find an execution", sql, values).await?.as_ref().map(read).transpose()
}

/// The executions of a turn with their whole outputs, oldest first.
pub async fn of_turn(mut db: impl Read, guru: GuruId, turn: TurnId) -> Result<Vec<Execution>> {
    let sql = format!("SELECT {COLUMNS} FROM executions WHERE guru_id = $1 AND turn_id = $2 ORDER BY id");
    let rows =
        db.rows("list a turn's executions", sql, values![Value::shown(guru), Value::shown(turn)]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Execution> {
    Ok(Execution {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        action_id: row.parse("action_id")?,
        action_name: row.parse("action_name")?,
        action_version: row.u32("action_version")?,
        kind: row.word("kind", ActionKind::parse)?,
        source: row.word("source", Source::parse)?,
        status: row.word("status", ExecutionStatus::parse)?,
        turn_id: row.parse_option("turn_id")?,
        conversation_id: row.parse_option("conversation_id")?,
        parent_id: row.parse_option("parent_id")?,
        user_id: row.parse_option("user_id")?,
        question: row.get("question")?,
        arguments: row.json("arguments")?,
        output: row.get("output")?,
        output_truncated: row.get("output_truncated")?,
        error: row.get("error")?,
        ending: read_ending(row)?,
        created_at: row.time("created_at")?,
        started_at: row.time_option("started_at")?,
        finished_at: row.time_option("finished_at")?,
        duration_us: row.get::<Option<i64>>("duration_us")?.map(i64::cast_unsigned),
    })
}

fn read_ending(row: &Row) -> Result<Option<Ending>> {
    let Some(reason) = row.word_option("end_reason", EndReason::parse)? else { return Ok(None) };
    let number = |column| row.get::<Option<i64>>(column);
    Ok(Some(Ending {
        reason,
        exit_code: number("exit_code")?.and_then(|code| i32::try_from(code).ok()),
        line: number("end_line")?.and_then(|line| u32::try_from(line).ok()),
    }))
}
