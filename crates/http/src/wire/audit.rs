//! The audit log on the wire.

use std::fmt::Write as _;

use errand_domain::difference::differences;
use errand_storage::audit::{AuditRow, Verdict};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::version::FieldChangeReply;

#[derive(Debug, Serialize, ToSchema)]
pub struct AuditReply {
    /// Counts from 1 without gaps.
    pub seq: i64,
    pub at: String,
    /// Who: an e-mail address, a key's name, or `system` for the server's own machine.
    pub actor: String,
    /// From where: the address that the request came from; empty for the server itself.
    pub origin: String,
    /// What was done: `action.update`, `secret.delete`, …
    pub verb: String,
    /// To what.
    pub object: String,
    pub guru_id: Option<String>,
    /// As it was; null where there was nothing, or nothing to show.
    #[schema(value_type = Value)]
    pub before: Option<Value>,
    #[schema(value_type = Value)]
    pub after: Option<Value>,
    /// The fields that differ between the two.
    pub changes: Vec<FieldChangeReply>,
    /// Hexadecimal; covers this entry and the hash of the one before.
    pub hash: String,
}

impl From<AuditRow> for AuditReply {
    fn from(row: AuditRow) -> Self {
        let entry = row.entry;
        // What was masked may be no JSON any more; it is shown as the text that it is.
        let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        let (before, after) = (entry.before.as_deref().map(read), entry.after.as_deref().map(read));
        let changes = match (&before, &after) {
            (Some(before), Some(after)) => differences(before, after),
            _ => Vec::new(),
        };
        Self {
            seq: row.seq,
            at: entry.at.to_rfc3339(),
            actor: entry.actor,
            origin: entry.origin,
            verb: entry.verb,
            object: entry.object,
            guru_id: entry.guru_id.map(|id| id.to_string()),
            before,
            after,
            changes: changes.into_iter().map(FieldChangeReply::from).collect(),
            hash: hex(&row.hash),
        }
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What walking the log found.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditCheck {
    pub intact: bool,
    /// The last entry's number, when it is intact.
    pub seq: Option<i64>,
    /// The last entry's hash; write it down elsewhere, and a log that was rewritten whole shows too.
    pub hash: Option<String>,
    /// The first entry that is missing, changed or too many.
    pub broken_at: Option<i64>,
}

impl From<Verdict> for AuditCheck {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Intact(head) => {
                Self { intact: true, seq: Some(head.seq), hash: Some(hex(&head.hash)), broken_at: None }
            }
            Verdict::Broken { seq } => Self { intact: false, seq: None, hash: None, broken_at: Some(seq) },
        }
    }
}
