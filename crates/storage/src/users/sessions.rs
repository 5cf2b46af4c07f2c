//! Sessions of signed-in people, and the one-time links that lead to the first one. Tokens come as hashes.

use errand_domain::{UnixMillis, UserId};

use super::{User, read};
use crate::{
    Read, Result, Sha256, Transaction,
    row::{Row, Value, values},
};

/// A token that lets one user in until it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewToken {
    pub hash: Sha256,
    pub user_id: UserId,
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// When a session was begun, seen and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    pub created_at: UnixMillis,
    pub last_seen_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BegunWith {
    Password,
    Link,
    Provider,
}

impl BegunWith {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
            Self::Provider => "provider",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Password, Self::Link, Self::Provider].into_iter().find(|one| one.as_str() == word)
    }
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEntry {
    pub hash: Sha256,
    /// None when it is older than the note.
    pub begun_with: Option<BegunWith>,
    pub user_agent: Option<String>,
    pub times: SessionTimes,
}

/// `user_agent` is what the browser called itself.
pub async fn insert(
    tx: &mut Transaction,
    token: NewToken,
    begun_with: BegunWith,
    user_agent: Option<&str>,
) -> Result<()> {
    let sql = "INSERT INTO sessions
             (token_hash, user_id, created_at, expires_at, last_seen_at, user_agent, begun_with)
         VALUES ($1, $2, $3, $4, $3, $5, $6)";
    let values = values![
        token.hash,
        Value::shown(token.user_id),
        token.created_at,
        token.expires_at,
        user_agent,
        begun_with.as_str(),
    ];
    tx.execute("begin a session", sql, values).await?;
    Ok(())
}

/// Who a session token stands for, unless it has expired at `now`.
pub async fn user(mut db: impl Read, hash: Sha256, now: UnixMillis) -> Result<Option<(User, SessionTimes)>> {
    let sql = "SELECT u.id, u.email, u.name, u.role, u.user_groups, u.created_at, u.updated_at,
             s.created_at AS begun_at, s.last_seen_at, s.expires_at
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2";
    let row = db.row("find a session", sql, values![hash, now]).await?;
    row.map(|row| Ok((read(&row)?, read_times(&row)?))).transpose()
}

/// The user's sessions that have not ended at `now`, last seen first.
pub async fn list_of_user(mut db: impl Read, user: UserId, now: UnixMillis) -> Result<Vec<SessionEntry>> {
    let sql = "SELECT token_hash, user_agent, begun_with, created_at AS begun_at, last_seen_at, expires_at
         FROM sessions
         WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, token_hash";
    let rows = db.rows("list a user's sessions", sql, values![Value::shown(user), now]).await?;
    rows.iter()
        .map(|row| {
            Ok(SessionEntry {
                hash: row.hash("token_hash")?,
                begun_with: row.get::<Option<String>>("begun_with")?.as_deref().and_then(BegunWith::parse),
                user_agent: row.get("user_agent")?,
                times: read_times(row)?,
            })
        })
        .collect()
}

fn read_times(row: &Row) -> Result<SessionTimes> {
    Ok(SessionTimes {
        created_at: row.time("begun_at")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Notes that the session was seen, and moves its end. Callers do this rarely, not with every request.
pub async fn touch(
    tx: &mut Transaction,
    hash: Sha256,
    seen_at: UnixMillis,
    expires_at: UnixMillis,
) -> Result<()> {
    let sql = "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1";
    tx.execute("note a session's use", sql, values![hash, seen_at, expires_at]).await?;
    Ok(())
}

/// How the session was begun; None when it is not known, or there is no such session.
pub async fn begun_with(mut db: impl Read, hash: Sha256) -> Result<Option<BegunWith>> {
    let sql = "SELECT begun_with FROM sessions WHERE token_hash = $1";
    let row = db.row("find how a session began", sql, values![hash]).await?;
    let word = row.map(|row| row.get::<Option<String>>("begun_with")).transpose()?.flatten();
    Ok(word.as_deref().and_then(BegunWith::parse))
}

/// Signs out. False when there was no such session.
pub async fn delete(tx: &mut Transaction, hash: Sha256) -> Result<bool> {
    let sql = "DELETE FROM sessions WHERE token_hash = $1";
    Ok(tx.execute("end a session", sql, values![hash]).await? > 0)
}

/// Signs the user out everywhere; the number of sessions ended.
pub async fn delete_of_user(tx: &mut Transaction, user: UserId) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE user_id = $1";
    tx.execute("end a user's sessions", sql, values![Value::shown(user)]).await
}

/// Forgets sessions and one-time links that ended before `now`.
pub async fn delete_expired(tx: &mut Transaction, now: UnixMillis) -> Result<u64> {
    let sessions = "DELETE FROM sessions WHERE expires_at <= $1";
    let links = "DELETE FROM claim_tokens WHERE expires_at <= $1";
    let attempts = "DELETE FROM sign_in_attempts WHERE expires_at <= $1";
    Ok(tx.execute("forget given-up sign-ins", attempts, values![now]).await?
        + tx.execute("forget ended sessions", sessions, values![now]).await?
        + tx.execute("forget ended links", links, values![now]).await?)
}

/// Keeps a one-time link's token.
pub async fn insert_claim(tx: &mut Transaction, token: NewToken) -> Result<()> {
    let sql =
        "INSERT INTO claim_tokens (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    let values = values![token.hash, Value::shown(token.user_id), token.created_at, token.expires_at];
    tx.execute("keep a one-time link", sql, values).await?;
    Ok(())
}

/// Whether a one-time token could be used up at `now`: to be asked before costly work for it.
pub async fn is_claimable(mut db: impl Read, hash: Sha256, now: UnixMillis) -> Result<bool> {
    let sql =
        "SELECT user_id FROM claim_tokens WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(db.row("find a one-time link", sql, values![hash, now]).await?.is_some())
}

/// Uses up a one-time token: its user the first time before it expires, None ever after.
pub async fn claim(tx: &mut Transaction, hash: Sha256, now: UnixMillis) -> Result<Option<UserId>> {
    let sql = "UPDATE claim_tokens SET used_at = $2
         WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING user_id";
    tx.row("use a one-time link", sql, values![hash, now]).await?.map(|row| row.parse("user_id")).transpose()
}
