//! Changing things: gurus, actions, secrets; and reading history. Every verb takes a permit, checks the rules, writes
//! the change with its audit entry in one transaction, and makes the next use see it.

pub mod actions;
pub mod analytics;
pub mod audit;
pub mod backups;
pub mod conversations;
pub mod drafts;
pub mod feedback;
pub mod gurus;
pub mod history;
pub mod imports;
pub mod keys;
pub mod members;
pub mod model_use;
pub mod preview;
pub mod schedules;
pub mod secrets;
pub mod shares;
pub mod users;
pub mod versions;

use errand_domain::{Guru, GuruId};
use errand_secrets::{Masked, Masker};
use errand_storage::{
    Transaction,
    audit::{self as audit_log, AuditEntry},
};
use serde::Serialize;

use crate::{Engine, EngineError, access::Actor, error::Result};

/// What an audit entry says besides when.
pub(crate) struct Change<'a, B: Serialize, A: Serialize> {
    pub actor: Actor<'a>,
    pub verb: &'static str,
    pub object: String,
    pub guru_id: Option<GuruId>,
    pub before: Option<B>,
    pub after: Option<A>,
}

impl Engine {
    /// A transaction to change something of the guru in, with the guru locked before anything else: what is counted
    /// or looked up in it holds until it ends, and no two changes wait for each other in a ring.
    pub(crate) async fn begin_change(&self, guru: &Guru) -> Result<Transaction> {
        let mut tx = self.db().writer.begin().await?;
        if errand_storage::gurus::lock(&mut tx, guru.id).await? {
            return Ok(tx);
        }
        Err(EngineError::not_found("guru", &guru.slug))
    }

    /// Adds to the audit log, in the transaction of the change itself.
    pub(crate) async fn audit<B: Serialize, A: Serialize>(
        &self,
        tx: &mut Transaction,
        masker: &Masker,
        change: Change<'_, B, A>,
    ) -> Result<()> {
        let entry = AuditEntry {
            at: self.clock().now(),
            actor: change.actor.label.to_owned(),
            origin: change.actor.origin.to_owned(),
            verb: change.verb.to_owned(),
            object: change.object,
            guru_id: change.guru_id,
            before: change.before.map(|before| json(masker, &before)).transpose()?,
            after: change.after.map(|after| json(masker, &after)).transpose()?,
        };
        audit_log::append(tx, entry).await?;
        Ok(())
    }
}

fn json(masker: &Masker, value: &impl Serialize) -> Result<Masked> {
    let text = serde_json::to_string(value)
        .map_err(|error| EngineError::internal("writing the audit log", error))?;
    Ok(masker.mask_str(&text))
}
