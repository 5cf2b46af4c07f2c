//! Links that show a conversation to others.

use axum::{
    Json,
    extract::{FromRequest as _, FromRequestParts as _, Request, State},
    http::StatusCode,
};
use errand_engine::access::{Ask, Manage};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{conversations::ConversationPath, id};
use crate::{
    auth::{For, Signed, check_address},
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery, Payload},
    state::HttpState,
    wire::{
        Page, page_items,
        share::{NewShareReply, ShareBody, ShareReply, SharedBody, SharedReply, TitledShareReply},
    },
};

/// Make a link to a conversation of one's own
#[utoipa::path(post, path = "/api/v1/{guru}/conversations/{id}/shares", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The conversation's id (`conv_…`)."),
), request_body = ShareBody, responses(
    (status = 201, description = "Made; its token is shown this once.", body = NewShareReply),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<ConversationPath>,
    Payload(body): Payload<ShareBody>,
) -> ApiResult<(StatusCode, Json<NewShareReply>)> {
    let conversation = id(&path.id, "conversation")?;
    let new = state.engine.share_conversation(&permit, conversation, body.read()?).await?;
    Ok((StatusCode::CREATED, Json(new.into())))
}

/// The links of a conversation of one's own that have not ended
#[utoipa::path(get, path = "/api/v1/{guru}/conversations/{id}/shares", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The conversation's id (`conv_…`)."),
), responses(
    (status = 200, description = "The links, newest first; never their tokens.", body = Page<ShareReply>),
    Refused,
))]
pub async fn of_conversation(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<ConversationPath>,
) -> ApiResult<Json<Page<ShareReply>>> {
    let shares = state.engine.list_own_shares(&permit, id(&path.id, "conversation")?).await?;
    Ok(Json(Page { items: shares.into_iter().map(ShareReply::from).collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharesQuery {
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// The links of all askers of a guru that have not ended
#[utoipa::path(get, path = "/api/v1/{guru}/shares", tag = "chat", params(("guru" = String, Path, description = "The guru's slug."), SharesQuery), responses(
    (status = 200, description = "The links, newest first; never their tokens.", body = Page<TitledShareReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<SharesQuery>,
) -> ApiResult<Json<Page<TitledShareReply>>> {
    let shares = state.engine.list_shares(&permit, page_items(query.limit)?).await?;
    Ok(Json(Page { items: shares.into_iter().map(TitledShareReply::from).collect(), next_cursor: None }))
}

#[derive(Deserialize)]
pub struct SharePath {
    id: String,
}

/// End a link at once: one's own, or any for who manages the guru
#[utoipa::path(delete, path = "/api/v1/{guru}/shares/{id}", tag = "chat", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The link's id (`share_…`)."),
), responses(
    (status = 204, description = "Ended; it shows nothing any more."),
    Refused,
))]
pub async fn end(
    State(state): State<HttpState>,
    For(permit): For<Ask>,
    InPath(path): InPath<SharePath>,
) -> ApiResult<StatusCode> {
    state.engine.end_share(&permit, id(&path.id, "link")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a link shows: the conversation as it was when the link was made
#[utoipa::path(post, path = "/api/v1/shared", tag = "chat", security(()), request_body = SharedBody, responses(
    (status = 200, description = "The conversation.", body = SharedReply),
    Refused,
    RefusedInput,
))]
pub async fn read(State(state): State<HttpState>, request: Request) -> ApiResult<Json<SharedReply>> {
    let (mut parts, body) = request.into_parts();
    check_address(&parts, &state)?;
    // Whoever is not signed in, or not any more, is a reader like any other.
    let reader = Signed::from_request_parts(&mut parts, &state).await.ok();
    let request = Request::from_parts(parts, body);
    let Payload(body) = Payload::<SharedBody>::from_request(request, &state).await?;
    let reader = reader.as_ref().map(|Signed(caller)| caller);
    Ok(Json(state.engine.read_shared(reader, &body.token).await?.into()))
}
