//! The audit log: every management change, append-only, each row chained to the one before by its hash.
//!
//! A changed, removed or inserted row breaks the chain, and a cut-off end differs from the stored head. Somebody who
//! rewrites the whole log and the head together is found out by a head that was written down elsewhere: `head` is
//! there to be copied.

use errand_domain::{GuruId, UnixMillis};
use sha2::{Digest, Sha256 as Hasher};

use crate::{
    Masked, Read, Result, Sha256, StorageError, Transaction,
    row::{Row, Value, values},
};

/// Version of the hashed form; part of what is hashed.
const CHAIN_VERSION: &[u8] = b"errand-audit-1";
const GENESIS: Sha256 = [0; 32];
/// Rows read at a time while verifying.
const VERIFY_BATCH: u32 = 1_000;

/// One change: who did what to what, from where.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    pub at: UnixMillis,
    /// The id of a user or key, or `system`.
    pub actor: String,
    /// The address or door it came through.
    pub origin: String,
    /// `action.update`, `secret.delete`, …
    pub verb: String,
    /// The object's id or name.
    pub object: String,
    pub guru_id: Option<GuruId>,
    /// The object as JSON before and after, masked, never with a secret's value.
    pub before: Option<Masked>,
    pub after: Option<Masked>,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Counts from 1 without gaps.
    pub seq: i64,
    pub entry: AuditEntry,
    pub hash: Sha256,
}

/// The last row's number and hash; zero for an empty log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub hash: Sha256,
}

/// The hash of a row: of the hash before it, its number and every field, each with its length before it, so that no
/// two rows read the same.
pub fn chain_hash(previous: Sha256, seq: i64, entry: &AuditEntry) -> Sha256 {
    let guru = entry.guru_id.map(|guru| guru.to_string());
    let mut hasher = Hasher::new();
    hasher.update(CHAIN_VERSION);
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    hasher.update(entry.at.0.to_be_bytes());
    for field in [
        Some(entry.actor.as_str()),
        Some(&entry.origin),
        Some(&entry.verb),
        Some(&entry.object),
        guru.as_deref(),
        entry.before.as_deref(),
        entry.after.as_deref(),
    ] {
        // Absent is told apart from empty by a length that no text has.
        let length = field.map_or(u64::MAX, |text| text.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(field.unwrap_or_default());
    }
    hasher.finalize().into()
}

/// Appends in the transaction of the change it tells of; both come to be or neither. Other appends wait until that
/// transaction ends.
pub async fn append(tx: &mut Transaction, entry: AuditEntry) -> Result<Head> {
    let last = locked_head(tx).await?;
    let seq = last.seq + 1;
    let hash = chain_hash(last.hash, seq, &entry);
    tx.execute(
        "append to the audit log",
        "INSERT INTO audit_log (seq, at, actor, origin, verb, object, guru_id, before_json, after_json, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            seq,
            entry.at,
            entry.actor,
            entry.origin,
            entry.verb,
            entry.object,
            Value::shown_option(entry.guru_id),
            entry.before,
            entry.after,
            hash,
        ],
    )
    .await?;
    let sql = "UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1";
    tx.execute("move the audit log's head", sql, values![seq, hash]).await?;
    Ok(Head { seq, hash })
}

async fn locked_head(tx: &mut Transaction) -> Result<Head> {
    let sql = "INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING";
    tx.execute("begin the audit log", sql, values![GENESIS]).await?;
    let sql = "SELECT seq, hash FROM audit_head WHERE id = 1 {for_update}";
    let row = tx.row("lock the audit log", sql, vec![]).await?;
    row.map_or(Ok(Head { seq: 0, hash: GENESIS }), |row| {
        Ok(Head { seq: row.get("seq")?, hash: row.hash("hash")? })
    })
}

/// The end of the chain, to be written down elsewhere.
pub async fn head(mut db: impl Read) -> Result<Head> {
    let row =
        db.row("read the audit log's head", "SELECT seq, hash FROM audit_head WHERE id = 1", vec![]).await?;
    row.map_or(Ok(Head { seq: 0, hash: GENESIS }), |row| {
        Ok(Head { seq: row.get("seq")?, hash: row.hash("hash")? })
    })
}

/// Which rows a page shows.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage {
    /// Rows of this guru only; None for all.
    pub guru_id: Option<GuruId>,
    /// Rows before this number; None for the newest.
    pub before: Option<i64>,
    pub limit: u32,
}

/// What to show; an empty filter shows all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    /// A verb (`action.update`), or a noun for all its verbs (`action`).
    pub verb: Option<String>,
    /// Occurs in the object's name.
    pub object: Option<String>,
}

/// Newest first.
pub async fn list(mut db: impl Read, page: AuditPage, filter: &AuditFilter) -> Result<Vec<AuditRow>> {
    let mut values = values![page.before.unwrap_or(i64::MAX), page.limit];
    let mut conditions = String::new();
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let mut add = |condition: &str, given: Vec<Value>| {
        let numbers = (values.len() + 1)..=(values.len() + given.len());
        let condition = numbers.fold(condition.to_owned(), |text, n| text.replacen('?', &format!("${n}"), 1));
        conditions.push_str(&condition);
        values.extend(given);
    };
    if let Some(guru) = page.guru_id {
        add(" AND guru_id = ?", vec![Value::shown(guru)]);
    }
    if let Some(actor) = &filter.actor {
        add(" AND actor = ?", values![actor.as_str()]);
    }
    if let Some(verb) = &filter.verb {
        let of_noun = format!("{}.%", escaped(verb));
        add(" AND (verb = ? OR verb LIKE ? ESCAPE '\\')", values![verb.as_str(), of_noun]);
    }
    if let Some(object) = &filter.object {
        add(" AND object {like} ? ESCAPE '\\'", values![format!("%{}%", escaped(object))]);
    }
    let sql = format!("SELECT * FROM audit_log WHERE seq < $1{conditions} ORDER BY seq DESC LIMIT $2");
    let rows = db.rows("list the audit log", sql, values).await?;
    rows.iter().map(read).collect()
}

/// What walking the chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Intact(Head),
    /// The first row that is missing, changed or too many.
    Broken {
        seq: i64,
    },
}

/// Walks the whole chain. Run in a transaction when the log must not grow meanwhile; from a reader, rows appended
/// during the walk are taken in.
pub async fn verify(mut db: impl Read) -> Result<Verdict> {
    let mut last = Head { seq: 0, hash: GENESIS };
    loop {
        let end = head(&mut db).await?;
        let sql = "SELECT * FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = db.rows("verify the audit log", sql, values![last.seq, VERIFY_BATCH]).await?;
        for row in &rows {
            let row = read(row)?;
            let seq = last.seq + 1;
            if row.seq != seq || row.hash != chain_hash(last.hash, seq, &row.entry) {
                return Ok(Verdict::Broken { seq });
            }
            last = Head { seq, hash: row.hash };
        }
        // The head was read before the rows, so an intact log has at least as many rows as it says.
        if last.seq >= end.seq && rows.len() < VERIFY_BATCH as usize {
            let seen_at_end = last.seq > end.seq || last.hash == end.hash;
            return Ok(if seen_at_end && head(&mut db).await?.seq >= last.seq {
                Verdict::Intact(last)
            } else {
                Verdict::Broken { seq: last.seq }
            });
        }
        if rows.is_empty() {
            return Ok(Verdict::Broken { seq: last.seq + 1 });
        }
    }
}

fn read(row: &Row) -> Result<AuditRow> {
    let masked = |column| Ok::<_, StorageError>(row.get::<Option<String>>(column)?.map(Masked::from_ledger));
    Ok(AuditRow {
        seq: row.get("seq")?,
        entry: AuditEntry {
            at: row.time("at")?,
            actor: row.get("actor")?,
            origin: row.get("origin")?,
            verb: row.get("verb")?,
            object: row.get("object")?,
            guru_id: row.parse_option("guru_id")?,
            before: masked("before_json")?,
            after: masked("after_json")?,
        },
        hash: row.hash("hash")?,
    })
}
