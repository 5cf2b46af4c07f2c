//! Definitions that are not saved: what they would send, and whether they would fire.

use axum::{Json, extract::State};
use errand_domain::action_file::ActionFile;
use errand_engine::access::Manage;
use serde_json::Value;

use super::{actions::arguments, lab::turns_replayed};
use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::Payload,
    state::HttpState,
    wire::{
        action::{DraftPlanBody, DraftReplayBody, DraftRequestBody},
        lab::ReplayReply,
        plan::PlanReply,
    },
};

/// The request that a definition would send; nothing is sent
#[utoipa::path(post, path = "/api/v1/{guru}/drafts/request", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body = DraftRequestBody, responses(
    (status = 200, description = "The request, masked, with the fields of an `http_exchanged` event.", body = Object),
    Refused,
    RefusedInput,
))]
pub async fn request(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<DraftRequestBody>,
) -> ApiResult<Json<Value>> {
    let file = ActionFile::from_value(body.definition)?;
    let exchange = state.engine.preview_request(&permit, &file, &arguments(body.arguments)?)?;
    Ok(Json(serde_json::to_value(exchange).unwrap_or_default()))
}

/// The plan of a question as if a definition were saved and enabled
#[utoipa::path(post, path = "/api/v1/{guru}/drafts/plan", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body = DraftPlanBody, responses(
    (status = 200, description = "The plan.", body = PlanReply),
    Refused,
    RefusedInput,
))]
pub async fn plan(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<DraftPlanBody>,
) -> ApiResult<Json<PlanReply>> {
    let file = ActionFile::from_value(body.definition)?;
    let replaces = body.replaces.as_deref();
    Ok(Json(state.engine.preview_draft_plan(&permit, &file, replaces, body.question).await?.into()))
}

/// What a definition would change on what was asked before, as if it were saved and enabled
#[utoipa::path(post, path = "/api/v1/{guru}/drafts/replay", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body = DraftReplayBody, responses(
    (status = 200, description = "The turns that would go otherwise; nothing was run or saved.", body = ReplayReply),
    Refused,
    RefusedInput,
))]
pub async fn replay(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<DraftReplayBody>,
) -> ApiResult<Json<ReplayReply>> {
    let file = ActionFile::from_value(body.definition)?;
    let draft = (&file, body.replaces.as_deref());
    Ok(Json(state.engine.replay_draft(&permit, draft, turns_replayed(body.turns)).await?.into()))
}
