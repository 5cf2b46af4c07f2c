//! How long history is kept, and what a shorter time would forget.

use axum::{Json, extract::State};
use errand_engine::{access::Manage, manage::history::RetentionOutlook};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RetentionQuery {
    /// Days to try; those in force when left out.
    #[param(maximum = 3660)]
    pub days: Option<u32>,
}

/// What is kept of a guru's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionReply {
    /// Days in force; 0 for ever.
    pub days: u32,
    /// The operator's setting, for gurus without one of their own; 0 for ever.
    pub days_of_operator: u32,
    /// Runs that are older than the days asked about.
    pub executions: u32,
    /// Questions that are, with their answers.
    pub turns: u32,
}

impl From<RetentionOutlook> for RetentionReply {
    fn from(outlook: RetentionOutlook) -> Self {
        Self {
            days: outlook.days,
            days_of_operator: outlook.days_of_operator,
            executions: outlook.executions,
            turns: outlook.turns,
        }
    }
}

/// How long history is kept, and what keeping it for so many days would forget; nothing is changed
#[utoipa::path(get, path = "/api/v1/{guru}/retention", tag = "history", params(("guru" = String, Path, description = "The guru's slug."), RetentionQuery), responses(
    (status = 200, description = "What is in force, and what would go.", body = RetentionReply),
    Refused,
    RefusedInput,
))]
pub async fn outlook(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<RetentionQuery>,
) -> ApiResult<Json<RetentionReply>> {
    Ok(Json(state.engine.retention_outlook(&permit, query.days).await?.into()))
}
