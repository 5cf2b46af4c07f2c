//! Conversations and their turns.

use errand_domain::{
    ApiKeyId, Conversation, ConversationId, GuruId, Plan, Source, Turn, TurnId, TurnStatus, UnixMillis,
    UserId,
};

use crate::{
    Masked, MaskedJson, Read, Result, Transaction,
    insert::insertion,
    row::{Row, Value, id_bound, values},
    statement::Statement,
};

const COLUMNS: &str =
    "id, guru_id, title, source, user_id, api_key_id, external_user_id, created_at, updated_at";
const TURN_COLUMNS: &str = "id, guru_id, conversation_id, question, answer, plan, status, source, created_at, \
     finished_at";

/// Whose a conversation is. One begun by nobody in particular (the widget, a bot) has no owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User(UserId),
    ApiKey(ApiKeyId),
}

#[derive(Debug, Clone)]
pub struct NewConversation {
    pub id: ConversationId,
    pub guru_id: GuruId,
    /// The first question, shortened.
    pub title: Masked,
    pub source: Source,
    pub owner: Option<Owner>,
    pub external_user_id: Option<Masked>,
    pub at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct NewTurn {
    pub id: TurnId,
    pub guru_id: GuruId,
    pub conversation_id: ConversationId,
    pub question: Masked,
    /// The question, shortened: what a conversation is called that was begun without one.
    pub title: Masked,
    pub source: Source,
    /// The node that drives the turn; when it dies, the turn is over.
    pub lease_owner: String,
    pub at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct TurnEnd {
    pub id: TurnId,
    pub guru_id: GuruId,
    pub answer: Option<Masked>,
    pub plan: Option<MaskedJson<Plan>>,
    pub status: TurnStatus,
    pub at: UnixMillis,
}

pub(crate) fn insert(conversations: Vec<NewConversation>) -> Vec<Statement> {
    let rows = conversations.into_iter().map(NewConversation::into_values).collect();
    let head = "INSERT INTO conversations (id, guru_id, title, source, user_id, api_key_id, external_user_id, \
         created_at, updated_at)";
    insertion("insert conversations", head, rows)
}

impl NewConversation {
    fn into_values(self) -> Vec<Value> {
        let (user, api_key) = owner_columns(self.owner);
        values![
            Value::shown(self.id),
            Value::shown(self.guru_id),
            self.title,
            self.source.as_str(),
            user,
            api_key,
            self.external_user_id,
            self.at,
            self.at,
        ]
    }
}

fn owner_columns(owner: Option<Owner>) -> (Option<String>, Option<String>) {
    match owner {
        Some(Owner::User(id)) => (Some(id.to_string()), None),
        Some(Owner::ApiKey(id)) => (None, Some(id.to_string())),
        None => (None, None),
    }
}

/// Inserts turns, each with its end when that is known already.
pub(crate) fn insert_turns(turns: Vec<(NewTurn, Option<TurnEnd>)>) -> Vec<Statement> {
    let rows = turns.into_iter().map(|(new, end)| turn_values(new, end)).collect();
    let head = "INSERT INTO turns (id, guru_id, conversation_id, question, source, lease_owner, created_at, status, \
         answer, plan, finished_at)";
    insertion("insert turns", head, rows)
}

fn turn_values(new: NewTurn, end: Option<TurnEnd>) -> Vec<Value> {
    let (status, answer, plan, finished_at) = match end {
        Some(end) => (end.status, end.answer, end.plan, Some(end.at)),
        None => (TurnStatus::Running, None, None, None),
    };
    values![
        Value::shown(new.id),
        Value::shown(new.guru_id),
        Value::shown(new.conversation_id),
        new.question,
        new.source.as_str(),
        new.lease_owner,
        new.at,
        status.as_str(),
        answer,
        plan.map_or(Value::Text(None), Value::from),
        finished_at,
    ]
}

/// Moves the turn's conversation to the front of its owner's list, and names it when nothing has yet.
pub(crate) fn touch(turn: &NewTurn) -> Statement {
    let sql = "UPDATE conversations SET updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at END,
             title = CASE WHEN title = '' THEN $4 ELSE title END
         WHERE guru_id = $1 AND id = $2";
    let values =
        values![Value::shown(turn.guru_id), Value::shown(turn.conversation_id), turn.at, turn.title.clone()];
    Statement::new("touch a conversation", sql, values)
}

/// Ends a running turn. It changes no row when the turn had ended before (or never was).
pub(crate) fn finish_turn(guru: GuruId, end: TurnEnd) -> Statement {
    let sql = "UPDATE turns SET status = $3, answer = $4, plan = $5, finished_at = $6
         WHERE guru_id = $1 AND id = $2 AND status = 'running'";
    let values = values![
        Value::shown(guru),
        Value::shown(end.id),
        end.status.as_str(),
        end.answer,
        end.plan.map_or(Value::Text(None), Value::from),
        end.at,
    ];
    Statement::new("finish a turn", sql, values)
}

pub async fn by_id(
    mut db: impl Read,
    guru: GuruId,
    id: ConversationId,
) -> Result<Option<(Conversation, Option<Owner>)>> {
    let sql = format!("SELECT {COLUMNS} FROM conversations WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(id)];
    db.row("find a conversation", sql, values).await?.as_ref().map(read).transpose()
}

/// A page of a list sorted by last change: what comes after `after`, the last item of the page before.
#[derive(Debug, Clone, Copy)]
pub struct ConversationPage {
    pub after: Option<(UnixMillis, ConversationId)>,
    pub limit: u32,
}

/// The owner's conversations, last changed first.
pub async fn list_own(
    mut db: impl Read,
    guru: GuruId,
    owner: Owner,
    page: ConversationPage,
) -> Result<Vec<Conversation>> {
    let (column, owner) = match owner {
        Owner::User(id) => ("user_id", id.to_string()),
        Owner::ApiKey(id) => ("api_key_id", id.to_string()),
    };
    // `conv_g` sorts after every id: they go on with hexadecimal digits.
    let (time, id) =
        page.after.map_or((i64::MAX, "conv_g".to_owned()), |(time, id)| (time.0, id.to_string()));
    let sql = format!(
        "SELECT {COLUMNS} FROM conversations WHERE guru_id = $1 AND {column} = $2 AND (updated_at, id) < ($3, $4)
         ORDER BY updated_at DESC, id DESC LIMIT $5"
    );
    let rows =
        db.rows("list conversations", sql, values![Value::shown(guru), owner, time, id, page.limit]).await?;
    rows.iter().map(|row| Ok(read(row)?.0)).collect()
}

/// Deletes the conversation, its turns with their events and votes, and its links. Its executions stay in the history,
/// and so do the sums of what its models cost. False when there was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId, id: ConversationId) -> Result<bool> {
    let of_conversation = || values![Value::shown(guru), Value::shown(id)];
    for sql in [
        "DELETE FROM events WHERE stream_id IN (SELECT id FROM turns WHERE guru_id = $1 AND conversation_id = $2)",
        "DELETE FROM feedback WHERE turn_id IN (SELECT id FROM turns WHERE guru_id = $1 AND conversation_id = $2)",
        "DELETE FROM shares WHERE guru_id = $1 AND conversation_id = $2",
        "DELETE FROM turns WHERE guru_id = $1 AND conversation_id = $2",
    ] {
        tx.execute("delete a conversation's turns", sql, of_conversation()).await?;
    }
    let sql = "DELETE FROM conversations WHERE guru_id = $1 AND id = $2";
    Ok(tx.execute("delete a conversation", sql, of_conversation()).await? > 0)
}

pub async fn turn(mut db: impl Read, guru: GuruId, id: TurnId) -> Result<Option<Turn>> {
    let sql = format!("SELECT {TURN_COLUMNS} FROM turns WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(id)];
    db.row("find a turn", sql, values).await?.as_ref().map(read_turn).transpose()
}

/// The last `limit` turns of a conversation, oldest first.
pub async fn last_turns(
    mut db: impl Read,
    guru: GuruId,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Turn>> {
    let sql = format!(
        "SELECT {TURN_COLUMNS} FROM turns WHERE guru_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT $3"
    );
    let values = values![Value::shown(guru), Value::shown(conversation), limit];
    let rows = db.rows("list turns", sql, values).await?;
    rows.iter().rev().map(read_turn).collect()
}

/// The `limit` turns of the same conversation before this one, oldest first.
pub async fn turns_before(mut db: impl Read, guru: GuruId, turn: &Turn, limit: u32) -> Result<Vec<Turn>> {
    let sql = format!(
        "SELECT {TURN_COLUMNS} FROM turns WHERE guru_id = $1 AND conversation_id = $2 AND id < $3
         ORDER BY id DESC LIMIT $4"
    );
    let values =
        values![Value::shown(guru), Value::shown(turn.conversation_id), Value::shown(turn.id), limit];
    let rows = db.rows("list earlier turns", sql, values).await?;
    rows.iter().rev().map(read_turn).collect()
}

/// The guru's last `limit` turns over all conversations, oldest first.
pub async fn latest_turns(mut db: impl Read, guru: GuruId, limit: u32) -> Result<Vec<Turn>> {
    let sql = format!("SELECT {TURN_COLUMNS} FROM turns WHERE guru_id = $1 ORDER BY id DESC LIMIT $2");
    let rows = db.rows("list latest turns", sql, values![Value::shown(guru), limit]).await?;
    rows.iter().rev().map(read_turn).collect()
}

/// Ends every running turn of dead nodes as failed; which ones they were.
pub async fn fail_interrupted_turns(
    tx: &mut Transaction,
    dead: crate::executions::DeadNodes<'_>,
    at: UnixMillis,
) -> Result<Vec<(GuruId, TurnId)>> {
    let (comparison, node) = dead.comparison();
    let sql = format!(
        "UPDATE turns SET status = 'failed', finished_at = $2 WHERE status = 'running' AND lease_owner {comparison} $1
         RETURNING guru_id, id"
    );
    let rows = tx.rows("end interrupted turns", sql, values![node, at]).await?;
    rows.iter().map(|row| Ok((row.parse("guru_id")?, row.parse("id")?))).collect()
}

/// How many ended turns were created before.
pub async fn count_before(mut db: impl Read, guru: GuruId, before: UnixMillis) -> Result<u32> {
    let sql = "SELECT COUNT(*) AS turns FROM turns WHERE guru_id = $1 AND id < $2 AND status <> 'running'";
    let values = values![Value::shown(guru), id_bound(TurnId::PREFIX, before)];
    let rows = db.rows("count old turns", sql, values).await?;
    rows.first().map_or(Ok(0), |row| row.u32("turns"))
}

/// Forgets up to `limit` ended turns created before, with their events, votes and calls of models, and then
/// conversations without turns that nobody has touched since, with their links; how many turns. Callers repeat it in
/// small transactions until it answers fewer than the limit.
pub async fn delete_before(
    tx: &mut Transaction,
    guru: GuruId,
    before: UnixMillis,
    limit: u32,
) -> Result<u64> {
    let sql =
        "SELECT id FROM turns WHERE guru_id = $1 AND id < $2 AND status <> 'running' ORDER BY id LIMIT $3";
    let values = values![Value::shown(guru), id_bound(TurnId::PREFIX, before), limit];
    let rows = tx.rows("find old turns", sql, values).await?;
    for row in &rows {
        let id: String = row.get("id")?;
        for sql in [
            "DELETE FROM events WHERE stream_id = $1",
            "DELETE FROM feedback WHERE turn_id = $1",
            "DELETE FROM model_calls WHERE turn_id = $1",
            "DELETE FROM turns WHERE id = $1",
        ] {
            tx.execute("forget an old turn", sql, values![id.as_str()]).await?;
        }
    }
    if rows.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
        // Of turns whose conversation was deleted.
        let sql = "DELETE FROM model_calls WHERE guru_id = $1 AND turn_id < $2";
        let values = values![Value::shown(guru), id_bound(TurnId::PREFIX, before)];
        tx.execute("forget old calls of models", sql, values).await?;
    }
    let sql = "DELETE FROM conversations WHERE guru_id = $1 AND updated_at < $2
         AND NOT EXISTS (SELECT 1 FROM turns WHERE conversation_id = conversations.id)";
    tx.execute("forget empty conversations", sql, values![Value::shown(guru), before]).await?;
    let sql = "DELETE FROM shares WHERE guru_id = $1
         AND NOT EXISTS (SELECT 1 FROM conversations WHERE id = shares.conversation_id)";
    tx.execute("forget links that show nothing", sql, values![Value::shown(guru)]).await?;
    Ok(rows.len() as u64)
}

fn read(row: &Row) -> Result<(Conversation, Option<Owner>)> {
    let user_id = row.parse_option("user_id")?;
    let api_key_id = row.parse_option("api_key_id")?;
    let conversation = Conversation {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        title: row.get("title")?,
        source: row.word("source", Source::parse)?,
        user_id,
        external_user_id: row.get("external_user_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    };
    Ok((conversation, user_id.map(Owner::User).or(api_key_id.map(Owner::ApiKey))))
}

fn read_turn(row: &Row) -> Result<Turn> {
    Ok(Turn {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        conversation_id: row.parse("conversation_id")?,
        question: row.get("question")?,
        answer: row.get("answer")?,
        plan: row.json_option("plan")?,
        status: row.word("status", TurnStatus::parse)?,
        source: row.word("source", Source::parse)?,
        created_at: row.time("created_at")?,
        finished_at: row.time_option("finished_at")?,
    })
}
