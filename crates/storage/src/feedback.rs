//! Votes on answers.

use errand_domain::{Feedback, GuruId, TurnId, UnixMillis, Vote};

use crate::{
    Masked, Read, Result, Transaction,
    conversations::Owner,
    row::{Row, Value, id_bound, values},
};

/// A vote to keep.
#[derive(Debug, Clone)]
pub struct NewFeedback {
    pub turn_id: TurnId,
    pub voter: Owner,
    pub vote: Vote,
    pub comment: Option<Masked>,
    pub at: UnixMillis,
}

fn voter(owner: Owner) -> String {
    match owner {
        Owner::User(id) => id.to_string(),
        Owner::ApiKey(id) => id.to_string(),
    }
}

/// Keeps a vote, in place of the one that this asker gave before.
pub async fn put(tx: &mut Transaction, guru: GuruId, new: NewFeedback) -> Result<()> {
    let sql = "INSERT INTO feedback (guru_id, turn_id, voter, vote, comment, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (turn_id, voter) DO UPDATE
         SET vote = excluded.vote, comment = excluded.comment, updated_at = excluded.updated_at";
    let values = values![
        Value::shown(guru),
        Value::shown(new.turn_id),
        voter(new.voter),
        new.vote.as_str(),
        new.comment,
        new.at,
    ];
    tx.execute("keep a vote", sql, values).await?;
    Ok(())
}

/// Takes a vote back. False when there was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId, turn: TurnId, owner: Owner) -> Result<bool> {
    let sql = "DELETE FROM feedback WHERE guru_id = $1 AND turn_id = $2 AND voter = $3";
    let values = values![Value::shown(guru), Value::shown(turn), voter(owner)];
    Ok(tx.execute("take a vote back", sql, values).await? > 0)
}

/// Every vote on one answer, oldest first.
pub async fn of_turn(mut db: impl Read, guru: GuruId, turn: TurnId) -> Result<Vec<Feedback>> {
    let sql = "SELECT turn_id, vote, comment, created_at, updated_at FROM feedback
         WHERE guru_id = $1 AND turn_id = $2 ORDER BY created_at, voter";
    let values = values![Value::shown(guru), Value::shown(turn)];
    db.rows("list an answer's votes", sql, values).await?.iter().map(read).collect()
}

/// What this asker thought of one answer.
pub async fn own(mut db: impl Read, guru: GuruId, turn: TurnId, owner: Owner) -> Result<Option<Feedback>> {
    let sql = "SELECT turn_id, vote, comment, created_at, updated_at FROM feedback
         WHERE guru_id = $1 AND turn_id = $2 AND voter = $3";
    let values = values![Value::shown(guru), Value::shown(turn), voter(owner)];
    db.row("find a vote", sql, values).await?.as_ref().map(read).transpose()
}

/// What this asker thought of the answers of one conversation, oldest answer first.
pub async fn own_of_conversation(
    mut db: impl Read,
    guru: GuruId,
    conversation: errand_domain::ConversationId,
    owner: Owner,
) -> Result<Vec<Feedback>> {
    let sql = "SELECT f.turn_id, f.vote, f.comment, f.created_at, f.updated_at
         FROM turns t JOIN feedback f ON f.turn_id = t.id
         WHERE t.guru_id = $1 AND t.conversation_id = $2 AND f.voter = $3 ORDER BY t.id";
    let values = values![Value::shown(guru), Value::shown(conversation), voter(owner)];
    db.rows("list a conversation's votes", sql, values).await?.iter().map(read).collect()
}

/// A vote with the question and answer that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub feedback: Feedback,
    pub question: String,
    pub answer: Option<String>,
}

/// Which votes to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedbackPage {
    /// Only these.
    pub vote: Option<Vote>,
    /// Only answers older than this one.
    pub before: Option<TurnId>,
    pub limit: u32,
}

/// Votes of all askers with their questions and answers, newest answer first.
pub async fn list(mut db: impl Read, guru: GuruId, page: FeedbackPage) -> Result<Vec<Judged>> {
    // `turn_g` sorts after every id.
    let before = page.before.map_or_else(|| "turn_g".to_owned(), |id| id.to_string());
    let mut values = values![Value::shown(guru), before, page.limit];
    let of_vote = page.vote.map_or("", |vote| {
        values.push(vote.as_str().into());
        " AND f.vote = $4"
    });
    let sql = format!(
        "SELECT f.turn_id, f.vote, f.comment, f.created_at, f.updated_at, t.question, t.answer
         FROM feedback f JOIN turns t ON t.id = f.turn_id
         WHERE f.guru_id = $1 AND f.turn_id < $2{of_vote} ORDER BY f.turn_id DESC, f.voter LIMIT $3"
    );
    let rows = db.rows("list votes", sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Judged { feedback: read(row)?, question: row.get("question")?, answer: row.get("answer")? })
        })
        .collect()
}

/// Votes on the answers of a range, by the time in their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Votes {
    pub up: u32,
    pub down: u32,
}

pub async fn count(mut db: impl Read, guru: GuruId, range: crate::analytics::Range) -> Result<Votes> {
    let sql = "SELECT sum(CASE WHEN vote = 'up' THEN 1 ELSE 0 END) AS up,
             sum(CASE WHEN vote = 'down' THEN 1 ELSE 0 END) AS down
         FROM feedback WHERE guru_id = $1 AND turn_id >= $2 AND turn_id < $3 HAVING count(*) > 0";
    let values = values![
        Value::shown(guru),
        id_bound(TurnId::PREFIX, range.from),
        id_bound(TurnId::PREFIX, range.to),
    ];
    let row = db.row("count votes", sql, values).await?;
    row.map_or(Ok(Votes::default()), |row| Ok(Votes { up: row.u32("up")?, down: row.u32("down")? }))
}

fn read(row: &Row) -> Result<Feedback> {
    Ok(Feedback {
        turn_id: row.parse("turn_id")?,
        vote: row.word("vote", Vote::parse)?,
        comment: row.get("comment")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
