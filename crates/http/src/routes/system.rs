//! What this installation is.

use axum::{Json, extract::State};
use errand_engine::access::Manage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::ForInstance, error::Refused, state::HttpState};

#[derive(Debug, Serialize, ToSchema)]
pub struct SystemReply {
    pub version: &'static str,
    /// The planner in force.
    pub planner: String,
    /// Address ranges that the operator opened to actions, beyond the public internet.
    pub egress_open: Vec<String>,
    /// What the operator should know.
    pub notices: Vec<String>,
}

/// Version, planner, egress policy and notices
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses(
    (status = 200, description = "The installation.", body = SystemReply),
    Refused,
))]
pub async fn system(
    State(state): State<HttpState>,
    ForInstance(_permit): ForInstance<Manage>,
) -> Json<SystemReply> {
    Json(SystemReply {
        version: state.settings.version,
        planner: state.engine.planner().model().to_owned(),
        egress_open: state.settings.egress_open.clone(),
        notices: state.settings.notices.clone(),
    })
}
