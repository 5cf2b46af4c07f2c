//! Reading the audit log, and checking that nobody tampered with it.

use errand_storage::audit::{self, AuditFilter, AuditPage, AuditRow, Verdict};

use crate::{
    Engine,
    access::{InstancePermit, Manage, Permit},
    error::Result,
};

/// Which entries to show.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    pub filter: AuditFilter,
    /// The last entry of the page before.
    pub before: Option<i64>,
    pub limit: u32,
}

impl Engine {
    /// A page of a guru's own changes, newest first, with the next page's cursor.
    pub async fn list_guru_audit(
        &self,
        permit: &Permit<Manage>,
        query: AuditQuery,
    ) -> Result<(Vec<AuditRow>, Option<i64>)> {
        self.audit_page(Some(permit.guru_id()), query).await
    }

    /// A page of every change, newest first, with the next page's cursor.
    pub async fn list_audit(
        &self,
        _permit: &InstancePermit<Manage>,
        query: AuditQuery,
    ) -> Result<(Vec<AuditRow>, Option<i64>)> {
        self.audit_page(None, query).await
    }

    /// Walks the whole chain of hashes.
    pub async fn check_audit(&self, _permit: &InstancePermit<Manage>) -> Result<Verdict> {
        Ok(audit::verify(&self.db().reader).await?)
    }

    async fn audit_page(
        &self,
        guru_id: Option<errand_domain::GuruId>,
        query: AuditQuery,
    ) -> Result<(Vec<AuditRow>, Option<i64>)> {
        let page = AuditPage { guru_id, before: query.before, limit: query.limit };
        let rows = audit::list(&self.db().reader, page, &query.filter).await?;
        let full = rows.len() == usize::try_from(query.limit).unwrap_or(usize::MAX);
        let next = rows.last().filter(|_| full).map(|last| last.seq);
        Ok((rows, next))
    }
}
