//! The gallery of shipped actions.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::{EngineError, access::Manage, manage::actions::UnknownNames};
use serde::Deserialize;

use crate::{
    auth::{For, Signed},
    error::{ApiResult, Refused, RefusedInput},
    extract::InPath,
    state::{GalleryEntry, HttpState},
    wire::{
        Page,
        action::{ActionReply, TemplateReply},
    },
};

#[derive(Deserialize)]
pub struct TemplatePath {
    name: String,
}

/// The shipped actions
#[utoipa::path(get, path = "/api/v1/templates", tag = "templates", responses(
    (status = 200, description = "The gallery.", body = Page<TemplateReply>),
    Refused,
))]
pub async fn list(State(state): State<HttpState>, Signed(_caller): Signed) -> Json<Page<TemplateReply>> {
    Json(Page { items: state.gallery.iter().map(shape).collect(), next_cursor: None })
}

/// Install a shipped action; it is saved disabled
#[utoipa::path(post, path = "/api/v1/{guru}/templates/{name}/install", tag = "templates", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The template's name."),
), responses(
    (status = 201, description = "Saved, disabled; `missing_secrets` are still to be set.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn install(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<TemplatePath>,
) -> ApiResult<(StatusCode, Json<ActionReply>)> {
    let template = state.gallery.iter().find(|entry| entry.name == path.name);
    let template = template.ok_or_else(|| EngineError::not_found("template", &path.name))?;
    let details = state.engine.create_action(&permit, &template.action, UnknownNames::AllowAsSecrets).await?;
    Ok((StatusCode::CREATED, Json(details.into())))
}

fn shape(entry: &GalleryEntry) -> TemplateReply {
    TemplateReply {
        name: entry.name.clone(),
        title: entry.title.clone(),
        summary: entry.summary.clone(),
        category: entry.category.clone(),
        secrets: entry.secrets.clone(),
        readme: entry.readme.clone(),
        definition: entry.action.to_json(),
    }
}
