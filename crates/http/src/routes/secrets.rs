//! Secrets: values go in, names come out.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::{SecretText, access::Manage, manage::secrets::NewSecret as NewValue};
use serde::Deserialize;

use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        secret::{NewSecret, Rewrapped, SecretBinding, SecretDeleted, SecretReply},
    },
};

/// List secrets: names and dates, never values
#[utoipa::path(get, path = "/api/v1/{guru}/secrets", tag = "secrets", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The secrets, by name.", body = Page<SecretReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<SecretReply>>> {
    let secrets = state.engine.list_secrets(&permit).await?;
    Ok(Json(Page { items: secrets.into_iter().map(SecretReply::from).collect(), next_cursor: None }))
}

/// Create a secret or replace its value
#[utoipa::path(post, path = "/api/v1/{guru}/secrets", tag = "secrets", params(("guru" = String, Path, description = "The guru's slug.")), request_body = NewSecret, responses(
    (status = 201, description = "Kept, encrypted.", body = SecretReply),
    Refused,
    RefusedInput,
))]
pub async fn set(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<NewSecret>,
) -> ApiResult<(StatusCode, Json<SecretReply>)> {
    let new = NewValue { value: SecretText::new(body.value), hosts: body.hosts };
    let secret = state.engine.set_secret(&permit, &body.name, new).await?;
    Ok((StatusCode::CREATED, Json(secret.into())))
}

#[derive(Deserialize)]
pub struct SecretPath {
    name: String,
}

/// Bind a secret to hosts: it is used in requests to these and no others
#[utoipa::path(patch, path = "/api/v1/{guru}/secrets/{name}", tag = "secrets", params(
    ("guru" = String, Path, description = "The guru's slug."),
    ("name" = String, Path, description = "The secret's name."),
), request_body = SecretBinding, responses(
    (status = 200, description = "Bound; its value stays.", body = SecretReply),
    Refused,
    RefusedInput,
))]
pub async fn bind(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<SecretPath>,
    Payload(body): Payload<SecretBinding>,
) -> ApiResult<Json<SecretReply>> {
    Ok(Json(state.engine.bind_secret(&permit, &path.name, body.hosts).await?.into()))
}

/// Delete a secret and disable the actions that use it
#[utoipa::path(delete, path = "/api/v1/{guru}/secrets/{name}", tag = "secrets", params(
    ("guru" = String, Path, description = "The guru's slug."),
    ("name" = String, Path, description = "The secret's name."),
), responses(
    (status = 200, description = "Deleted; these actions are disabled now.", body = SecretDeleted),
    Refused,
    RefusedInput,
))]
pub async fn delete(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<SecretPath>,
) -> ApiResult<Json<SecretDeleted>> {
    let disabled_actions = state.engine.delete_secret(&permit, &path.name).await?;
    Ok(Json(SecretDeleted { disabled_actions }))
}

/// Wrap every data key with the newest master key
#[utoipa::path(post, path = "/api/v1/{guru}/secrets/rotate-keys", tag = "secrets", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "How many data keys were wrapped anew.", body = Rewrapped),
    Refused,
))]
pub async fn rotate_keys(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Rewrapped>> {
    Ok(Json(Rewrapped { rewrapped: state.engine.rewrap_secrets(&permit).await? }))
}
