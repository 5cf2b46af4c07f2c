//! Actions: build, test, run.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use errand_domain::{ArgValue, Arguments, Problem, StreamId, action_file::ActionFile};
use errand_engine::{
    access::{Manage, Run},
    manage::actions::UnknownNames,
    run::RunRequest,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    sse,
    state::HttpState,
    wire::{
        action::{ActionReply, ActionsReply, AdviceList, AdviceReply, RunBody},
        execution::ExecutionReply,
        preview::PreviewReply,
    },
};

#[derive(Deserialize)]
pub struct ActionPath {
    pub name: String,
}

/// List the guru's actions
#[utoipa::path(get, path = "/api/v1/{guru}/actions", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "All actions, by name, with how many of the guru's limit are used.", body = ActionsReply),
    Refused,
))]
pub async fn list(State(state): State<HttpState>, For(permit): For<Manage>) -> ApiResult<Json<ActionsReply>> {
    Ok(Json(state.engine.list_actions(&permit).await?.into()))
}

/// Create an action; it is saved disabled
#[utoipa::path(post, path = "/api/v1/{guru}/actions", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body(content = Object, description = "An action file."), responses(
    (status = 201, description = "Saved, disabled.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(file): Payload<Value>,
) -> ApiResult<(StatusCode, Json<ActionReply>)> {
    let file = ActionFile::from_value(file)?;
    let details = state.engine.create_action(&permit, &file, UnknownNames::Refuse).await?;
    Ok((StatusCode::CREATED, Json(details.into())))
}

/// Import an action file; secrets that the guru lacks are listed
#[utoipa::path(post, path = "/api/v1/{guru}/actions/import", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body(content = Object, description = "An action file, as export wrote it."), responses(
    (status = 201, description = "Saved, disabled; `missing_secrets` are still to be set.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn import(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(file): Payload<Value>,
) -> ApiResult<(StatusCode, Json<ActionReply>)> {
    let file = ActionFile::from_value(file)?;
    let details = state.engine.create_action(&permit, &file, UnknownNames::AllowAsSecrets).await?;
    Ok((StatusCode::CREATED, Json(details.into())))
}

/// Advice on an action file; nothing is saved
#[utoipa::path(post, path = "/api/v1/{guru}/actions/lint", tag = "actions", params(("guru" = String, Path, description = "The guru's slug.")), request_body(content = Object, description = "An action file."), responses(
    (status = 200, description = "The advice; empty when there is none.", body = AdviceList),
    Refused,
    RefusedInput,
))]
pub async fn lint(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(file): Payload<Value>,
) -> ApiResult<Json<AdviceList>> {
    let file = ActionFile::from_value(file)?;
    let items = state.engine.lint_action(&permit, &file).await?.into_iter().map(AdviceReply::from).collect();
    Ok(Json(AdviceList { items }))
}

/// One action
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 200, description = "The action.", body = ActionReply),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<Json<ActionReply>> {
    Ok(Json(state.engine.find_action(&permit, &path.name).await?.into()))
}

/// Change an action; its next version is saved
#[utoipa::path(put, path = "/api/v1/{guru}/actions/{name}", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body(content = Object, description = "An action file."), responses(
    (status = 200, description = "Saved as the next version.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn change(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    Payload(file): Payload<Value>,
) -> ApiResult<Json<ActionReply>> {
    let file = ActionFile::from_value(file)?;
    Ok(Json(state.engine.update_action(&permit, &path.name, &file).await?.into()))
}

/// Delete an action; its history stays
#[utoipa::path(delete, path = "/api/v1/{guru}/actions/{name}", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_action(&permit, &path.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let an action fire
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/enable", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 200, description = "Enabled; `warnings` says when this version was never tested.", body = ActionReply),
    Refused,
    RefusedInput,
))]
pub async fn enable(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<Json<ActionReply>> {
    Ok(Json(state.engine.enable_action(&permit, &path.name).await?.into()))
}

/// Keep an action from firing
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/disable", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 200, description = "Disabled.", body = ActionReply),
    Refused,
))]
pub async fn disable(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<Json<ActionReply>> {
    Ok(Json(state.engine.disable_action(&permit, &path.name).await?.into()))
}

/// The action file
#[utoipa::path(get, path = "/api/v1/{guru}/actions/{name}/export", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), responses(
    (status = 200, description = "The action file; secrets are named, never contained.", body = Object),
    Refused,
))]
pub async fn export(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
) -> ApiResult<Json<Value>> {
    let details = state.engine.find_action(&permit, &path.name).await?;
    Ok(Json(ActionFile::from(&*details.action.spec).to_json()))
}

/// What a run would do, without doing it
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/preview", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body = RunBody, responses(
    (status = 200, description = "The request that would be sent, or what the script would be given; masked.", body = PreviewReply),
    Refused,
    RefusedInput,
))]
pub async fn preview(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    Payload(body): Payload<RunBody>,
) -> ApiResult<Json<PreviewReply>> {
    let request = RunRequest { action: path.name, arguments: arguments(body.arguments)? };
    Ok(Json(state.engine.preview_action(&permit, &request)?.into()))
}

/// Run an action once with given parameters, enabled or not
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/test", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body = RunBody, responses(
    (status = 200, description = "The execution, ended; with `Accept: text/event-stream` its events as they come, where going away cancels a run that changes nothing elsewhere.", body = ExecutionReply),
    Refused,
    RefusedInput,
))]
pub async fn test(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ActionPath>,
    headers: HeaderMap,
    Payload(body): Payload<RunBody>,
) -> ApiResult<Response> {
    let request = RunRequest { action: path.name, arguments: arguments(body.arguments)? };
    if sse::wants_events(&headers) {
        let test = state.engine.start_test(&permit, &request)?;
        let events = state.engine.follow(permit.guru_id(), StreamId::Execution(test.execution_id), 0);
        return Ok(sse::all_events(events, test.cancel_when_dropped()));
    }
    Ok(Json(ExecutionReply::from(state.engine.test_action(&permit, request).await?)).into_response())
}

/// Run an enabled action once
#[utoipa::path(post, path = "/api/v1/{guru}/actions/{name}/run", tag = "actions", params(
    ("guru" = String, Path, description = "The guru's slug."), ("name" = String, Path, description = "The action's name."),
), request_body = RunBody, responses(
    (status = 200, description = "The execution, ended.", body = ExecutionReply),
    Refused,
    RefusedInput,
))]
pub async fn run(
    State(state): State<HttpState>,
    For(permit): For<Run>,
    InPath(path): InPath<ActionPath>,
    Payload(body): Payload<RunBody>,
) -> ApiResult<Json<ExecutionReply>> {
    let request = RunRequest { action: path.name, arguments: arguments(body.arguments)? };
    Ok(Json(state.engine.run_action(&permit, request).await?.into()))
}

/// Null stands for "not given".
pub fn arguments(given: serde_json::Map<String, Value>) -> ApiResult<Arguments> {
    let mut arguments = Arguments::new();
    for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        let value = ArgValue::from_json(&value).ok_or_else(|| bad_argument(&name))?;
        arguments.insert(name.parse().map_err(ApiError::from)?, value);
    }
    Ok(arguments)
}

fn bad_argument(name: &str) -> ApiError {
    let message = format!("The value of `{name}` is a list or an object.");
    Problem::new("bad_argument", message, "Give a string, a number or a boolean.")
        .at(format!("arguments.{name}"))
        .into()
}
