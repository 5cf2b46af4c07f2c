//! Turns of a conversation: start, follow, cancel.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use errand_domain::{StreamId, TurnId};
use errand_engine::{
    access::Ask,
    turn::{Attendance, Question},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{conversations::ConversationPath, id};
use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery, Payload},
    sse,
    state::HttpState,
    wire::turn::{TurnBody, TurnReply, TurnStarted},
};

#[derive(Deserialize)]
pub struct TurnPath {
    pub id: String,
}

/// Ask in a conversation; the answer comes by events
#[utoipa::path(post, path = "/api/v1/{guru}/conversations/{id}/turns", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The conversation's id (`conv_…`)."),
), request_body = TurnBody, responses(
    (status = 202, description = "Taken; follow the turn's events.", body = TurnStarted),
    Refused,
    RefusedInput,
))]
pub async fn start(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<ConversationPath>,
    Payload(body): Payload<TurnBody>,
) -> ApiResult<(StatusCode, Json<TurnStarted>)> {
    let question = Question {
        text: body.question,
        conversation: Some(id(&path.id, "conversation")?),
        source: permit.caller.source(),
        external_user_id: None,
        attendance: Attendance::Followers,
    };
    let turn = state.engine.start_turn(permit, question).await?;
    let reply =
        TurnStarted { turn_id: turn.turn_id.to_string(), conversation_id: turn.conversation_id.to_string() };
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// One turn with its plan, answer and references
#[utoipa::path(get, path = "/api/v1/{guru}/turns/{id}", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The turn's id (`turn_…`)."),
), responses(
    (status = 200, description = "The turn.", body = TurnReply),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<TurnPath>,
) -> ApiResult<Json<TurnReply>> {
    Ok(Json(state.engine.own_turn(&permit, id(&path.id, "turn")?).await?.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Events up to this number are known already.
    #[serde(default)]
    after: u32,
}

/// Follow a turn's events, from any point, until it ends
#[utoipa::path(get, path = "/api/v1/{guru}/turns/{id}/events", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The turn's id (`turn_…`)."), EventsQuery,
), responses(
    (status = 200, description = "Server-sent events: `id` is the event's number, `event` its type, `data` the event as JSON. `http_exchanged`, `host_contacted` and standard error come only to callers who may manage the guru; for others their numbers are left out.", content_type = "text/event-stream", body = String),
    Refused,
    RefusedInput,
))]
pub async fn events(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<TurnPath>,
    InQuery(query): InQuery<EventsQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let turn_id: TurnId = id(&path.id, "turn")?;
    state.engine.own_turn(&permit, turn_id).await?;
    let after = sse::last_event_id(&headers).unwrap_or(query.after);
    let events = state.engine.follow(permit.guru_id(), StreamId::Turn(turn_id), after);
    Ok(sse::events(&permit, events, None))
}

/// Stop a turn: what changes nothing is dropped, scripts are killed, requests that write are finished and recorded
#[utoipa::path(post, path = "/api/v1/{guru}/turns/{id}/cancel", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The turn's id (`turn_…`)."),
), responses(
    (status = 202, description = "It stops, or had ended already."),
    Refused,
))]
pub async fn cancel(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<TurnPath>,
) -> ApiResult<StatusCode> {
    let turn = state.engine.own_turn(&permit, id(&path.id, "turn")?).await?;
    state.engine.cancel_turn(turn.turn.id);
    Ok(StatusCode::ACCEPTED)
}
