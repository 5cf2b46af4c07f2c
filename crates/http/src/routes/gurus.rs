//! Gurus.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::{Ask, Manage};

use crate::{
    auth::{For, ForInstance, Signed},
    error::{ApiResult, Refused, RefusedInput},
    extract::{GivenPayload, Payload},
    state::HttpState,
    wire::{
        Page,
        guru::{GuruChange, GuruReply, NewGuru},
        planner::{ModelTestReply, PlannerBody},
    },
};

/// List the gurus that the caller may use
#[utoipa::path(get, path = "/api/v1/gurus", tag = "gurus", responses(
    (status = 200, description = "The gurus, by slug.", body = Page<GuruReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    Signed(caller): Signed,
) -> ApiResult<Json<Page<GuruReply>>> {
    let gurus = state.engine.list_gurus(&caller).await?;
    let items = gurus.into_iter().map(|guru| GuruReply::of(guru, &caller)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// Create a guru
#[utoipa::path(post, path = "/api/v1/gurus", tag = "gurus", request_body = NewGuru, responses(
    (status = 201, description = "Created.", body = GuruReply),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    Payload(body): Payload<NewGuru>,
) -> ApiResult<(StatusCode, Json<GuruReply>)> {
    let slug = body.slug.clone();
    let guru = state.engine.create_guru(&permit, &slug, body.into_settings()).await?;
    Ok((StatusCode::CREATED, Json(GuruReply::of(guru, &permit.caller))))
}

/// One guru with its settings
#[utoipa::path(get, path = "/api/v1/gurus/{guru}", tag = "gurus", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The guru.", body = GuruReply),
    Refused,
))]
pub async fn one(For(permit): For<Ask>) -> Json<GuruReply> {
    Json(GuruReply::of(permit.guru.guru.clone(), &permit.caller))
}

/// Change a guru's settings
#[utoipa::path(patch, path = "/api/v1/gurus/{guru}", tag = "gurus", params(("guru" = String, Path, description = "The guru's slug.")), request_body = GuruChange, responses(
    (status = 200, description = "Changed.", body = GuruReply),
    Refused,
    RefusedInput,
))]
pub async fn change(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<GuruChange>,
) -> ApiResult<Json<GuruReply>> {
    let settings = body.apply(permit.guru.guru.settings.clone())?;
    let guru = state.engine.update_guru(&permit, settings).await?;
    Ok(Json(GuruReply::of(guru, &permit.caller)))
}

/// Delete a guru with its actions, secrets and history
#[utoipa::path(delete, path = "/api/v1/gurus/{guru}", tag = "gurus", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete(State(state): State<HttpState>, For(permit): For<Manage>) -> ApiResult<StatusCode> {
    state.engine.delete_guru(&permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The planner's settings
#[utoipa::path(get, path = "/api/v1/gurus/{guru}/planner", tag = "gurus", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "Who decides what runs. Change it with the guru.", body = PlannerBody),
    Refused,
))]
pub async fn planner(For(permit): For<Manage>) -> Json<PlannerBody> {
    Json((&permit.guru.guru.settings.planner).into())
}

/// Ask the language model one word, with the settings given or the saved ones
#[utoipa::path(post, path = "/api/v1/gurus/{guru}/planner/test", tag = "gurus", params(("guru" = String, Path, description = "The guru's slug.")), request_body = Option<PlannerBody>, responses(
    (status = 200, description = "Whether it answered, in what time, and why not.", body = ModelTestReply),
    Refused,
    RefusedInput,
))]
pub async fn test_planner(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    GivenPayload(body): GivenPayload<PlannerBody>,
) -> ApiResult<Json<ModelTestReply>> {
    let given = body.map(PlannerBody::into_choice).transpose()?;
    let settings = match given.as_ref().and_then(|choice| choice.model()) {
        Some(settings) => settings,
        None => state.engine.model_of(&permit.guru)?,
    };
    Ok(Json(state.engine.test_model(&permit, settings).await?.into()))
}
