//! Changing things: gurus, actions, secrets; and reading history. Every verb takes a permit, checks the rules, writes
//! the change with its audit entry in one transaction, and makes the next use see it.

pub mod actions;
pub mod conversations;
pub mod gurus;
pub mod history;
pub mod secrets;

use errand_domain::GuruId;
use errand_storage::{Transaction, audit::{self, AuditEntry}};
use serde::Serialize;

use crate::{Engine, error::Result};

/// What an audit entry says besides when.
pub(crate) struct Change<'a, B: Serialize, A: Serialize> {
    pub actor: &'a str,
    pub verb: &'static str,
    pub object: String,
    pub guru_id: Option<GuruId>,
    pub before: Option<B>,
    pub after: Option<A>,
}

impl Engine {
    /// Adds to the audit log, in the transaction of the change itself.
    pub(crate) async fn audit<B: Serialize, A: Serialize>(&self, tx: &mut Transaction, change: Change<'_, B, A>) -> Result<()> {
        let json = |value: serde_json::Result<serde_json::Value>| value.map_err(|error| crate::EngineError::internal("audit", error));
        let entry = AuditEntry {
            at: self.clock().now(),
            actor: change.actor.to_owned(),
            origin: String::new(),
            verb: change.verb.to_owned(),
            object: change.object,
            guru_id: change.guru_id,
            before: change.before.map(|before| json(serde_json::to_value(before))).transpose()?,
            after: change.after.map(|after| json(serde_json::to_value(after))).transpose()?,
        };
        audit::append(tx, &entry).await?;
        Ok(())
    }
}
