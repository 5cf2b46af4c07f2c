//! The audit log: who changed what, from where, before and after.

use axum::{Json, extract::State};
use errand_engine::{access::Manage, manage::audit::AuditQuery};
use errand_storage::audit::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::{For, ForInstance},
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
    wire::{
        Page,
        audit::{AuditCheck, AuditReply},
        page_items,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditListQuery {
    /// Only what this person or key did.
    pub actor: Option<String>,
    /// Only this verb (`action.update`), or every verb of a noun (`action`).
    pub verb: Option<String>,
    /// Only what was done to objects whose name contains this.
    pub object: Option<String>,
    /// Items on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl AuditListQuery {
    fn read(self) -> ApiResult<AuditQuery> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(AuditQuery {
            filter: AuditFilter {
                actor: given(self.actor),
                verb: given(self.verb),
                object: given(self.object),
            },
            before: self.cursor.map(|text| text.parse().map_err(|_| ApiError::bad_cursor())).transpose()?,
            limit: page_items(self.limit)?,
        })
    }
}

/// Every change of the installation, newest first
#[utoipa::path(get, path = "/api/v1/system/audit", tag = "audit", params(AuditListQuery), responses(
    (status = 200, description = "A page of the audit log.", body = Page<AuditReply>),
    Refused,
    RefusedInput,
))]
pub async fn list_all(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InQuery(query): InQuery<AuditListQuery>,
) -> ApiResult<Json<Page<AuditReply>>> {
    let (rows, next) = state.engine.list_audit(&permit, query.read()?).await?;
    let items = rows.into_iter().map(AuditReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|seq| seq.to_string()) }))
}

/// Walk the audit log's chain of hashes, and find the first entry that was tampered with
#[utoipa::path(get, path = "/api/v1/system/audit/check", tag = "audit", responses(
    (status = 200, description = "What was found.", body = AuditCheck),
    Refused,
))]
pub async fn check(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
) -> ApiResult<Json<AuditCheck>> {
    Ok(Json(state.engine.check_audit(&permit).await?.into()))
}

/// Every change of a guru, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/audit", tag = "audit", params(("guru" = String, Path, description = "The guru's slug."), AuditListQuery), responses(
    (status = 200, description = "A page of the guru's audit log.", body = Page<AuditReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<AuditListQuery>,
) -> ApiResult<Json<Page<AuditReply>>> {
    let (rows, next) = state.engine.list_guru_audit(&permit, query.read()?).await?;
    let items = rows.into_iter().map(AuditReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|seq| seq.to_string()) }))
}
