//! Schedules: an action has one or none.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::Manage;
use serde::Deserialize;
use utoipa::IntoParams;

use super::actions::{ActionPath, arguments};
use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery, Payload},
    state::HttpState,
    wire::{
        Page,
        delivery::{DeliveryReply, ReceiverBody, ReceiverTestReply},
        page_items,
        schedule::{FiringReply, OutlookBody, OutlookReply, ScheduleBody, ScheduleReply},
    },
};

/// List a guru's schedules with their next firings
#[utoipa::path(get, path = "/api/v1/{guru}/schedules", tag = "schedules", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The schedules, by their actions' names.", body = Page<ScheduleReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<ScheduleReply>>> {
    let schedules = state.engine.list_schedules(&permit).await?;
    Ok(Json(Page { items: schedules.into_iter().map(ScheduleReply::from).collect(), next_cursor: None }))
}

/// Say a cron expression in words, with its next five firings; nothing is saved
#[utoipa::path(post, path = "/api/v1/{guru}/schedules/preview", tag = "schedules", params(("guru" = String, Path, description = "The guru's slug.")), request_body = OutlookBody, responses(
    (status = 200, description = "What it means.", body = OutlookReply),
    Refused,
    RefusedInput,
))]
pub async fn preview(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<OutlookBody>,
) -> ApiResult<Json<OutlookReply>> {
    Ok(Json(state.engine.preview_schedule(&permit, &body.cron, body.time_zone.as_deref())?.into()))
}

/// An action's schedule
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/schedule", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 200, description = "The schedule.", body = ScheduleReply),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<Json<ScheduleReply>> {
    Ok(Json(state.engine.find_schedule(&permit, &path.name).await?.into()))
}

/// Give an action a schedule, in place of the one it has
#[utoipa::path(put, path = "/api/v1/{guru}/actions/{name}/schedule", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body = ScheduleBody, responses(
    (status = 200, description = "Set; a disabled action's schedule fires once the action is enabled.", body = ScheduleReply),
    Refused,
    RefusedInput,
))]
pub async fn set(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    Payload(mut body): Payload<ScheduleBody>,
) -> ApiResult<Json<ScheduleReply>> {
    let arguments = arguments(std::mem::take(&mut body.arguments))?;
    Ok(Json(state.engine.set_schedule(&permit, &path.name, body.read(arguments)?).await?.into()))
}

/// Take an action's schedule away; what runs goes on
#[utoipa::path(delete, path = "/api/v1/{guru}/actions/{name}/schedule", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 204, description = "Taken away."),
    Refused,
))]
pub async fn delete(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_schedule(&permit, &path.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FiringsQuery {
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// What came of an action's schedule lately, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/schedule/firings", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."), FiringsQuery,
), responses(
    (status = 200, description = "The firings, those left out too.", body = Page<FiringReply>),
    Refused,
    RefusedInput,
))]
pub async fn firings(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    InQuery(query): InQuery<FiringsQuery>,
) -> ApiResult<Json<Page<FiringReply>>> {
    let firings = state.engine.list_firings(&permit, &path.name, page_items(query.limit)?).await?;
    Ok(Json(Page { items: firings.into_iter().map(FiringReply::from).collect(), next_cursor: None }))
}

/// Whom an action's results were told to lately, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/schedule/deliveries", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."), FiringsQuery,
), responses(
    (status = 200, description = "The deliveries, those under way too.", body = Page<DeliveryReply>),
    Refused,
    RefusedInput,
))]
pub async fn deliveries(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    InQuery(query): InQuery<FiringsQuery>,
) -> ApiResult<Json<Page<DeliveryReply>>> {
    let found = state.engine.list_deliveries(&permit, &path.name, page_items(query.limit)?).await?;
    Ok(Json(Page { items: found.into_iter().map(DeliveryReply::from).collect(), next_cursor: None }))
}

/// Send a receiver a message that says it is a test, once and now; nothing is saved, and nothing runs
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/schedule/test-receiver", tag = "schedules", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body = ReceiverBody, responses(
    (status = 200, description = "Whether it was taken, else why not.", body = ReceiverTestReply),
    Refused,
    RefusedInput,
))]
pub async fn test_receiver(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    Payload(body): Payload<ReceiverBody>,
) -> ApiResult<Json<ReceiverTestReply>> {
    Ok(Json(state.engine.test_receiver(&permit, &path.name, body.read()?).await?.into()))
}
