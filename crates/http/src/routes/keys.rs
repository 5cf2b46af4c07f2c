//! API keys: of one guru for who manages it, of all gurus for who manages the installation.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::Manage;
use serde::Deserialize;

use super::id;
use crate::{
    auth::{For, ForInstance},
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        user::{KeyMade, KeyReply, NewKeyBody},
    },
};

#[derive(Deserialize)]
pub struct KeyPath {
    id: String,
}

/// List the keys of a guru
#[utoipa::path(get, path = "/api/v1/{guru}/keys", tag = "keys", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The keys that are good for this guru alone, oldest first.", body = Page<KeyReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<KeyReply>>> {
    let keys = state.engine.list_keys(&permit).await?;
    Ok(Json(Page { items: keys.into_iter().map(KeyReply::from).collect(), next_cursor: None }))
}

/// Make a key for a guru; it is shown this once
#[utoipa::path(post, path = "/api/v1/{guru}/keys", tag = "keys", params(("guru" = String, Path, description = "The guru's slug.")), request_body = NewKeyBody, responses(
    (status = 201, description = "The key.", body = KeyMade),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<NewKeyBody>,
) -> ApiResult<(StatusCode, Json<KeyMade>)> {
    let key = state.engine.create_key(&permit, &body.name, &body.scopes()?).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

/// End a key of a guru
#[utoipa::path(delete, path = "/api/v1/{guru}/keys/{id}", tag = "keys", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The key's id (`key_…`)."),
), responses(
    (status = 204, description = "Ended."),
    Refused,
))]
pub async fn delete(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<KeyPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_key(&permit, id(&path.id, "key")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List every key
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", responses(
    (status = 200, description = "All keys, those of single gurus too, oldest first.", body = Page<KeyReply>),
    Refused,
))]
pub async fn list_all(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
) -> ApiResult<Json<Page<KeyReply>>> {
    let keys = state.engine.list_all_keys(&permit).await?;
    Ok(Json(Page { items: keys.into_iter().map(KeyReply::from).collect(), next_cursor: None }))
}

/// Make a key for all gurus and the installation; it is shown this once
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", request_body = NewKeyBody, responses(
    (status = 201, description = "The key.", body = KeyMade),
    Refused,
    RefusedInput,
))]
pub async fn create_for_all(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    Payload(body): Payload<NewKeyBody>,
) -> ApiResult<(StatusCode, Json<KeyMade>)> {
    let key = state.engine.create_key_for_all(&permit, &body.name, &body.scopes()?).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

/// End any key
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "keys", params(("id" = String, Path, description = "The key's id (`key_…`).")), responses(
    (status = 204, description = "Ended."),
    Refused,
))]
pub async fn delete_any(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<KeyPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_any_key(&permit, id(&path.id, "key")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
