//! The caller's own conversations.

use axum::{Json, extract::State, http::StatusCode};
use errand_domain::ConversationId;
use errand_engine::access::Ask;
use serde::Deserialize;

use super::id;
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery},
    state::HttpState,
    wire::{
        Page, PageQuery, page_items,
        turn::{ConversationReply, ConversationStory},
    },
};

#[derive(Deserialize)]
pub struct ConversationPath {
    pub id: String,
}

/// List one's own conversations, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/conversations", tag = "chat", params(("guru" = String, Path, description = "The guru's slug."), PageQuery), responses(
    (status = 200, description = "A page of conversations.", body = Page<ConversationReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InQuery(query): InQuery<PageQuery>,
) -> ApiResult<Json<Page<ConversationReply>>> {
    let (conversations, next_cursor) = state
        .engine
        .list_conversations(&permit, page_items(query.limit)?, query.cursor.as_deref())
        .await?
        .ok_or_else(ApiError::bad_cursor)?;
    Ok(Json(Page { items: conversations.into_iter().map(ConversationReply::from).collect(), next_cursor }))
}

/// Start an empty conversation
#[utoipa::path(post, path = "/api/v1/{guru}/conversations", tag = "chat", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 201, description = "Started; its first question names it.", body = ConversationReply),
    Refused,
))]
pub async fn create(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
) -> ApiResult<(StatusCode, Json<ConversationReply>)> {
    let source = permit.caller.source();
    let conversation = state.engine.start_conversation(&permit, source, None, "").await?;
    Ok((StatusCode::CREATED, Json(conversation.into())))
}

/// One conversation with its turns
#[utoipa::path(get, path = "/api/v1/{guru}/conversations/{id}", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The conversation's id (`conv_…`)."),
), responses(
    (status = 200, description = "The conversation.", body = ConversationStory),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<ConversationPath>,
) -> ApiResult<Json<ConversationStory>> {
    let id: ConversationId = id(&path.id, "conversation")?;
    let (conversation, turns) = state.engine.conversation_turns(&permit, id).await?;
    Ok(Json(ConversationStory {
        conversation: conversation.into(),
        turns: turns.into_iter().map(Into::into).collect(),
    }))
}

/// Delete a conversation; the history of what ran stays
#[utoipa::path(delete, path = "/api/v1/{guru}/conversations/{id}", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The conversation's id (`conv_…`)."),
), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<ConversationPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_conversation(&permit, id(&path.id, "conversation")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
