//! Whom an identity provider's people are here, and the tries to sign in that are under way at the provider.

use errand_domain::{UnixMillis, UserId};

use crate::{
    Read, Result, Sha256, Transaction,
    row::{Row, Value, values},
};

/// A person as the provider knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// A person at a provider who is a user here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub issuer: String,
    pub subject: String,
    pub created_at: UnixMillis,
    pub last_used_at: UnixMillis,
}

/// The user whom the subject is, if any.
pub async fn user(mut db: impl Read, who: Subject<'_>) -> Result<Option<UserId>> {
    let sql = "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2";
    let row = db.row("find an identity", sql, values![who.issuer, who.subject]).await?;
    row.map(|row| row.parse("user_id")).transpose()
}

/// The user's identities, oldest first.
pub async fn list_of_user(mut db: impl Read, user: UserId) -> Result<Vec<Linked>> {
    let sql = "SELECT issuer, subject, created_at, last_used_at FROM identities WHERE user_id = $1
         ORDER BY created_at, issuer";
    let rows = db.rows("list a user's identities", sql, values![Value::shown(user)]).await?;
    rows.iter().map(read).collect()
}

/// Links the subject to the user. Fails with `Conflict` when either is linked already.
pub async fn link(tx: &mut Transaction, who: Subject<'_>, user: UserId, at: UnixMillis) -> Result<()> {
    let sql = "INSERT INTO identities (issuer, subject, user_id, created_at, last_used_at)
         VALUES ($1, $2, $3, $4, $4)";
    tx.execute("link an identity", sql, values![who.issuer, who.subject, Value::shown(user), at])
        .await
        .map_err(|error| error.conflicting_with("this identity"))?;
    Ok(())
}

pub async fn touch(tx: &mut Transaction, who: Subject<'_>, at: UnixMillis) -> Result<()> {
    let sql = "UPDATE identities SET last_used_at = $3 WHERE issuer = $1 AND subject = $2";
    tx.execute("note an identity's use", sql, values![who.issuer, who.subject, at]).await?;
    Ok(())
}

/// Forgets whom the user is at any provider; how many links there were.
pub async fn unlink(tx: &mut Transaction, user: UserId) -> Result<u64> {
    let sql = "DELETE FROM identities WHERE user_id = $1";
    tx.execute("unlink identities", sql, values![Value::shown(user)]).await
}

/// A try to sign in, as hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAttempt<'a> {
    pub state_hash: Sha256,
    pub token_hash: Sha256,
    /// Where in the web app the person wanted to go.
    pub return_to: &'a str,
    pub expires_at: UnixMillis,
}

pub async fn begin_attempt(tx: &mut Transaction, attempt: NewAttempt<'_>) -> Result<()> {
    let sql = "INSERT INTO sign_in_attempts (state_hash, token_hash, return_to, expires_at)
         VALUES ($1, $2, $3, $4)";
    let values = values![attempt.state_hash, attempt.token_hash, attempt.return_to, attempt.expires_at];
    tx.execute("begin a sign-in", sql, values).await?;
    Ok(())
}

/// How many tries are under way at `now`.
pub async fn count_attempts(mut db: impl Read, now: UnixMillis) -> Result<u32> {
    let sql = "SELECT count(*) AS attempts FROM sign_in_attempts WHERE expires_at > $1";
    let row = db.row("count sign-ins", sql, values![now]).await?;
    row.map_or(Ok(0), |row| row.u32("attempts"))
}

/// Ends the try, and says where the person wanted to go; None when it was ended before, is too old or is another
/// browser's.
pub async fn end_attempt(
    tx: &mut Transaction,
    state_hash: Sha256,
    token_hash: Sha256,
    now: UnixMillis,
) -> Result<Option<String>> {
    let sql = "DELETE FROM sign_in_attempts WHERE state_hash = $1 AND token_hash = $2 AND expires_at > $3
         RETURNING return_to";
    let row = tx.row("end a sign-in", sql, values![state_hash, token_hash, now]).await?;
    row.map(|row| row.get("return_to")).transpose()
}

fn read(row: &Row) -> Result<Linked> {
    Ok(Linked {
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
    })
}
