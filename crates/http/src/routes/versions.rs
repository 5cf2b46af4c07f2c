//! An action's versions: list, look at, compare, bring back.

use axum::{Json, extract::State};
use errand_engine::access::Manage;
use serde::Deserialize;
use utoipa::IntoParams;

use super::actions::ActionPath;
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery},
    state::HttpState,
    wire::{
        Page, PageQuery,
        action::ActionReply,
        page_items,
        version::{DifferenceReply, VersionReply, VersionStory},
    },
};

#[derive(Deserialize)]
pub struct VersionPath {
    name: String,
    version: u32,
}

/// List an action's versions, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/versions", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."), PageQuery,
), responses(
    (status = 200, description = "A page of versions.", body = Page<VersionReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    InQuery(query): InQuery<PageQuery>,
) -> ApiResult<Json<Page<VersionReply>>> {
    let before = query.cursor.as_deref().map(cursor).transpose()?;
    let limit = page_items(query.limit)?;
    let (versions, next) = state.engine.list_action_versions(&permit, &path.name, before, limit).await?;
    let items = versions.into_iter().map(VersionReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|version| version.to_string()) }))
}

fn cursor(text: &str) -> ApiResult<u32> {
    text.parse().map_err(|_| ApiError::bad_cursor())
}

/// One version with its definition
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/versions/{version}", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
    ("version" = u32, Path, description = "The version's number."),
), responses(
    (status = 200, description = "The version.", body = VersionStory),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<VersionPath>,
) -> ApiResult<Json<VersionStory>> {
    Ok(Json(state.engine.action_version(&permit, &path.name, path.version).await?.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DifferenceQuery {
    /// The version to compare with; the one before when left out.
    pub from: Option<u32>,
}

/// What changed up to a version, field by field
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/versions/{version}/diff", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
    ("version" = u32, Path, description = "The version to compare."), DifferenceQuery,
), responses(
    (status = 200, description = "Both versions and the fields that differ.", body = DifferenceReply),
    Refused,
    RefusedInput,
))]
pub async fn diff(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<VersionPath>,
    InQuery(query): InQuery<DifferenceQuery>,
) -> ApiResult<Json<DifferenceReply>> {
    let from = query.from.unwrap_or_else(|| path.version.saturating_sub(1).max(1));
    Ok(Json(state.engine.compare_action_versions(&permit, &path.name, from, path.version).await?.into()))
}

/// Bring a version back; it is saved as the next one, under the action's present name
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/versions/{version}/restore", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
    ("version" = u32, Path, description = "The version to bring back."),
), responses(
    (status = 200, description = "Saved as the next version.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn restore(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<VersionPath>,
) -> ApiResult<Json<ActionReply>> {
    Ok(Json(state.engine.restore_action(&permit, &path.name, path.version).await?.into()))
}
