//! Votes on answers.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::{Ask, Manage};
use errand_storage::feedback::FeedbackPage;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{executions::vote as read_vote, id, turns::TurnPath};
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery, Payload},
    state::HttpState,
    wire::{
        Page,
        feedback::{FeedbackBody, FeedbackReply, JudgedReply},
        page_items,
    },
};

/// Vote on an answer of one's own, in place of the vote before
#[utoipa::path(put, path = "/api/v1/{guru}/turns/{id}/feedback", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The turn's id (`turn_…`)."),
), request_body = FeedbackBody, responses(
    (status = 200, description = "Kept.", body = FeedbackReply),
    Refused,
    RefusedInput,
))]
pub async fn vote(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<TurnPath>,
    Payload(body): Payload<FeedbackBody>,
) -> ApiResult<Json<FeedbackReply>> {
    let (turn, vote) = (id(&path.id, "turn")?, read_vote(&body.vote)?);
    Ok(Json(state.engine.vote(&permit, turn, vote, body.comment.as_deref()).await?.into()))
}

/// Take one's vote on an answer back
#[utoipa::path(delete, path = "/api/v1/{guru}/turns/{id}/feedback", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The turn's id (`turn_…`)."),
), responses(
    (status = 204, description = "Taken back, or there was none."),
    Refused,
))]
pub async fn take_back(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<TurnPath>,
) -> ApiResult<StatusCode> {
    state.engine.take_vote_back(&permit, id(&path.id, "turn")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedbackQuery {
    /// Only `up` or only `down`.
    #[param(pattern = "^(up|down)$")]
    pub vote: Option<String>,
    /// Items on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What askers thought of answers, newest answer first
#[utoipa::path(get, path = "/api/v1/{guru}/feedback", tag = "analytics", params(("guru" = String, Path, description = "The guru's slug."), FeedbackQuery), responses(
    (status = 200, description = "A page of votes with their questions and answers.", body = Page<JudgedReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<FeedbackQuery>,
) -> ApiResult<Json<Page<JudgedReply>>> {
    let before = query.cursor.as_deref().map(|text| text.parse().map_err(|_| ApiError::bad_cursor()));
    let page = FeedbackPage {
        vote: query.vote.as_deref().map(read_vote).transpose()?,
        before: before.transpose()?,
        limit: page_items(query.limit)?,
    };
    let (items, next) = state.engine.list_feedback(&permit, page).await?;
    let items = items.into_iter().map(JudgedReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|id| id.to_string()) }))
}
