//! Links that show a conversation. Tokens come as hashes.

use errand_domain::{Audience, ConversationId, GuruId, Share, ShareId, UnixMillis};

use crate::{
    Read, Result, Sha256, Transaction,
    row::{Row, Value, values},
};

const COLUMNS: &str = "id, guru_id, conversation_id, audience, made_by, created_at, expires_at";

pub async fn insert(tx: &mut Transaction, guru: GuruId, share: &Share, hash: Sha256) -> Result<()> {
    let sql =
        "INSERT INTO shares (id, guru_id, conversation_id, token_hash, audience, made_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = values![
        Value::shown(share.id),
        Value::shown(guru),
        Value::shown(share.conversation_id),
        hash,
        share.audience.as_str(),
        share.made_by.as_str(),
        share.created_at,
        share.expires_at,
    ];
    tx.execute("keep a link", sql, values).await?;
    Ok(())
}

/// The link with this token, of whichever guru, unless it has expired at `now`.
pub async fn by_token(mut db: impl Read, hash: Sha256, now: UnixMillis) -> Result<Option<Share>> {
    let sql = format!("SELECT {COLUMNS} FROM shares WHERE token_hash = $1 AND expires_at > $2");
    db.row("find a link", sql, values![hash, now]).await?.as_ref().map(read).transpose()
}

pub async fn by_id(mut db: impl Read, guru: GuruId, id: ShareId) -> Result<Option<Share>> {
    let sql = format!("SELECT {COLUMNS} FROM shares WHERE guru_id = $1 AND id = $2");
    let values = values![Value::shown(guru), Value::shown(id)];
    db.row("find a link", sql, values).await?.as_ref().map(read).transpose()
}

/// A conversation's links that have not ended at `now`, newest first.
pub async fn of_conversation(
    mut db: impl Read,
    guru: GuruId,
    conversation: ConversationId,
    now: UnixMillis,
) -> Result<Vec<Share>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM shares WHERE guru_id = $1 AND conversation_id = $2 AND expires_at > $3 ORDER BY id DESC"
    );
    let values = values![Value::shown(guru), Value::shown(conversation), now];
    db.rows("list a conversation's links", sql, values).await?.iter().map(read).collect()
}

/// A link with the title of its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitledShare {
    pub share: Share,
    pub title: String,
}

/// The guru's links that have not ended at `now`, newest first.
pub async fn list(mut db: impl Read, guru: GuruId, now: UnixMillis, limit: u32) -> Result<Vec<TitledShare>> {
    let sql = "SELECT s.id, s.guru_id, s.conversation_id, s.audience, s.made_by, s.created_at, s.expires_at, c.title
         FROM shares s JOIN conversations c ON c.id = s.conversation_id
         WHERE s.guru_id = $1 AND s.expires_at > $2 ORDER BY s.id DESC LIMIT $3";
    let rows = db.rows("list links", sql, values![Value::shown(guru), now, limit]).await?;
    rows.iter().map(|row| Ok(TitledShare { share: read(row)?, title: row.get("title")? })).collect()
}

/// Ends a link. False when there was none.
pub async fn delete(tx: &mut Transaction, guru: GuruId, id: ShareId) -> Result<bool> {
    let sql = "DELETE FROM shares WHERE guru_id = $1 AND id = $2";
    Ok(tx.execute("end a link", sql, values![Value::shown(guru), Value::shown(id)]).await? > 0)
}

/// Forgets links of all gurus that ended before `now`.
pub async fn delete_expired(tx: &mut Transaction, now: UnixMillis) -> Result<u64> {
    tx.execute("forget ended links", "DELETE FROM shares WHERE expires_at <= $1", values![now]).await
}

fn read(row: &Row) -> Result<Share> {
    Ok(Share {
        id: row.parse("id")?,
        guru_id: row.parse("guru_id")?,
        conversation_id: row.parse("conversation_id")?,
        audience: row.word("audience", Audience::parse)?,
        made_by: row.get("made_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}
