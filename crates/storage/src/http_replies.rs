//! Replies kept by `Idempotency-Key`, so that a repeated request is answered and not repeated.

use errand_domain::UnixMillis;

use crate::{
    Masked, Read, Result, Sha256, StorageError, Transaction,
    row::{Row, values},
};

/// What names a request: who sent it (a key's or user's id), and the key they gave it.
#[derive(Debug, Clone, Copy)]
pub struct RequestKey<'a> {
    pub caller: &'a str,
    pub key: &'a str,
}

/// What is known of a request that came before under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Differs from the new request's when the key was used for something else.
    pub request_hash: Sha256,
    /// None while the earlier request is at work.
    pub reply: Option<Reply>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// Reserves the key for a request. None when it is new, else what came before.
pub async fn begin(
    tx: &mut Transaction,
    request: RequestKey<'_>,
    request_hash: Sha256,
    at: UnixMillis,
) -> Result<Option<Earlier>> {
    let sql =
        "INSERT INTO http_replies (caller, request_key, request_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (caller, request_key) DO NOTHING";
    let values = values![request.caller, request.key, request_hash, at];
    if tx.execute("reserve an idempotency key", sql, values).await? > 0 {
        return Ok(None);
    }
    let sql = "SELECT request_hash, status, reply FROM http_replies WHERE caller = $1 AND request_key = $2";
    let row = tx.row("read an idempotency key", sql, values![request.caller, request.key]).await?;
    row.as_ref().map(read).transpose()?.map(Some).ok_or(StorageError::Stale { what: "idempotency key" })
}

/// Keeps the reply. The body is masked, like everything that is shown twice.
pub async fn finish(tx: &mut Transaction, request: RequestKey<'_>, status: u16, body: Masked) -> Result<()> {
    let sql = "UPDATE http_replies SET status = $3, reply = $4 WHERE caller = $1 AND request_key = $2";
    let values = values![request.caller, request.key, u32::from(status), body];
    tx.execute("keep a reply", sql, values).await?;
    Ok(())
}

/// Gives an unfinished request's key back, when it failed before it had any effect.
pub async fn forget(tx: &mut Transaction, request: RequestKey<'_>) -> Result<()> {
    let sql = "DELETE FROM http_replies WHERE caller = $1 AND request_key = $2 AND status IS NULL";
    tx.execute("release an idempotency key", sql, values![request.caller, request.key]).await?;
    Ok(())
}

/// Forgets what is older; the number of rows.
pub async fn delete_before(tx: &mut Transaction, before: UnixMillis) -> Result<u64> {
    tx.execute("forget replies", "DELETE FROM http_replies WHERE created_at < $1", values![before]).await
}

fn read(row: &Row) -> Result<Earlier> {
    let status = row.u32_option("status")?.map(u16::try_from).transpose();
    let status = status.map_err(|error| StorageError::corrupt("reply status", error))?;
    let body: Option<String> = row.get("reply")?;
    Ok(Earlier {
        request_hash: row.hash("request_hash")?,
        reply: status.zip(body).map(|(status, body)| Reply { status, body }),
    })
}
