//! The trigger lab: suites and cases, running them, trying an edit, finding overlaps.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::{
    access::Manage,
    lab::{replay::Edit, suites::LabPlanner},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::id;
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        lab::{
            CaseBody, CaseFromTurn, CaseReply, LabRunReply, NewCases, NewSuite, OverlapReply, PastRunReply,
            ReplayBody, ReplayReply, RunCasesBody, SuiteReply, SuiteRunBody,
        },
    },
};

#[derive(Deserialize)]
pub struct IdPath {
    id: String,
}

const TURNS_REPLAYED_DEFAULT: u32 = 200;

/// List the suites of labelled questions
#[utoipa::path(get, path = "/api/v1/{guru}/lab/suites", tag = "lab", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The suites, by name.", body = Page<SuiteReply>),
    Refused,
))]
pub async fn suites(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<SuiteReply>>> {
    let suites = state.engine.list_suites(&permit).await?;
    Ok(Json(Page { items: suites.into_iter().map(SuiteReply::from).collect(), next_cursor: None }))
}

/// Create a suite
#[utoipa::path(post, path = "/api/v1/{guru}/lab/suites", tag = "lab", params(("guru" = String, Path, description = "The guru's slug.")), request_body = NewSuite, responses(
    (status = 201, description = "Created.", body = SuiteReply),
    Refused,
    RefusedInput,
))]
pub async fn create_suite(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<NewSuite>,
) -> ApiResult<(StatusCode, Json<SuiteReply>)> {
    let suite = state.engine.create_suite(&permit, &body.name, body.action.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(suite.into())))
}

/// Delete a suite with its cases and runs
#[utoipa::path(delete, path = "/api/v1/{guru}/lab/suites/{id}", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete_suite(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_suite(&permit, id(&path.id, "suite")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a suite's cases
#[utoipa::path(get, path = "/api/v1/{guru}/lab/suites/{id}/cases", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), responses(
    (status = 200, description = "The cases, oldest first.", body = Page<CaseReply>),
    Refused,
))]
pub async fn cases(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
) -> ApiResult<Json<Page<CaseReply>>> {
    let cases = state.engine.list_cases(&permit, id(&path.id, "suite")?).await?;
    Ok(Json(Page { items: cases.into_iter().map(CaseReply::from).collect(), next_cursor: None }))
}

/// Add cases to a suite, all or none
#[utoipa::path(post, path = "/api/v1/{guru}/lab/suites/{id}/cases", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), request_body = NewCases, responses(
    (status = 201, description = "Added.", body = Page<CaseReply>),
    Refused,
    RefusedInput,
))]
pub async fn add_cases(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
    Payload(body): Payload<NewCases>,
) -> ApiResult<(StatusCode, Json<Page<CaseReply>>)> {
    let cases = body.cases.into_iter().map(case).collect::<ApiResult<Vec<_>>>()?;
    let added = state.engine.add_cases(&permit, id(&path.id, "suite")?, cases, None).await?;
    let items = added.into_iter().map(CaseReply::from).collect();
    Ok((StatusCode::CREATED, Json(Page { items, next_cursor: None })))
}

/// Make a case of a turn in the history
#[utoipa::path(post, path = "/api/v1/{guru}/lab/suites/{id}/cases/from-turn", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), request_body = CaseFromTurn, responses(
    (status = 201, description = "Added, with what the turn fired as the expected.", body = CaseReply),
    Refused,
    RefusedInput,
))]
pub async fn add_case_from_turn(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
    Payload(body): Payload<CaseFromTurn>,
) -> ApiResult<(StatusCode, Json<CaseReply>)> {
    let turn = id(&body.turn_id, "turn")?;
    let added = state.engine.case_from_turn(&permit, id(&path.id, "suite")?, turn).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Change a case
#[utoipa::path(put, path = "/api/v1/{guru}/lab/cases/{id}", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The case's id (`case_…`)."),
), request_body = CaseBody, responses(
    (status = 204, description = "Changed."),
    Refused,
    RefusedInput,
))]
pub async fn change_case(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
    Payload(body): Payload<CaseBody>,
) -> ApiResult<StatusCode> {
    state.engine.change_case(&permit, id(&path.id, "case")?, case(body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a case
#[utoipa::path(delete, path = "/api/v1/{guru}/lab/cases/{id}", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The case's id (`case_…`)."),
), responses(
    (status = 204, description = "Deleted."),
    Refused,
))]
pub async fn delete_case(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_case(&permit, id(&path.id, "case")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Run a suite against a planner; its figures are kept
#[utoipa::path(post, path = "/api/v1/{guru}/lab/suites/{id}/run", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), request_body = SuiteRunBody, responses(
    (status = 200, description = "What came of it; no action ran.", body = LabRunReply),
    Refused,
    RefusedInput,
))]
pub async fn run_suite(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
    Payload(body): Payload<SuiteRunBody>,
) -> ApiResult<Json<LabRunReply>> {
    let run = state.engine.run_suite(&permit, id(&path.id, "suite")?, body.planner.into()).await?;
    Ok(Json(LabRunReply::of_suite(run)))
}

/// A suite's latest runs
#[utoipa::path(get, path = "/api/v1/{guru}/lab/suites/{id}/runs", tag = "lab", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The suite's id (`suite_…`)."),
), responses(
    (status = 200, description = "The runs, newest first.", body = Page<PastRunReply>),
    Refused,
))]
pub async fn suite_runs(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<IdPath>,
) -> ApiResult<Json<Page<PastRunReply>>> {
    let runs = state.engine.suite_runs(&permit, id(&path.id, "suite")?).await?;
    Ok(Json(Page { items: runs.into_iter().map(PastRunReply::from).collect(), next_cursor: None }))
}

/// Run cases that are not kept
#[utoipa::path(post, path = "/api/v1/{guru}/lab/run", tag = "lab", params(("guru" = String, Path, description = "The guru's slug.")), request_body = RunCasesBody, responses(
    (status = 200, description = "What came of it; no action ran.", body = LabRunReply),
    Refused,
    RefusedInput,
))]
pub async fn run_cases(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<RunCasesBody>,
) -> ApiResult<Json<LabRunReply>> {
    let planner: LabPlanner = body.planner.into();
    let questions: Vec<String> = body.cases.iter().map(|case| case.question.clone()).collect();
    let cases = body.cases.into_iter().map(case).collect::<ApiResult<Vec<_>>>()?;
    let results = state.engine.run_loose_cases(&permit, cases, planner).await?;
    Ok(Json(LabRunReply::of_cases(results, &questions)))
}

/// Try an edited trigger on what was asked before
#[utoipa::path(post, path = "/api/v1/{guru}/lab/replay", tag = "lab", params(("guru" = String, Path, description = "The guru's slug.")), request_body = ReplayBody, responses(
    (status = 200, description = "The turns that would go otherwise; nothing was run or saved.", body = ReplayReply),
    Refused,
    RefusedInput,
))]
pub async fn replay(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<ReplayBody>,
) -> ApiResult<Json<ReplayReply>> {
    let examples = body.examples.unwrap_or_else(|| {
        permit.guru.action(&body.action).map(|action| action.spec.examples.clone()).unwrap_or_default()
    });
    let edit = Edit { action: body.action, trigger: body.trigger, examples };
    Ok(Json(state.engine.replay(&permit, edit, turns_replayed(body.turns)).await?.into()))
}

/// How many of the latest turns are tried.
pub(super) fn turns_replayed(wanted: Option<u32>) -> u32 {
    wanted.unwrap_or(TURNS_REPLAYED_DEFAULT).max(1)
}

/// Pairs of actions that fire on each other's questions
#[utoipa::path(get, path = "/api/v1/{guru}/lab/overlaps", tag = "lab", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The pairs, worst first.", body = Page<OverlapReply>),
    Refused,
))]
pub async fn overlaps(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<OverlapReply>>> {
    let overlaps = state.engine.overlaps(&permit).await?;
    Ok(Json(Page { items: overlaps.into_iter().map(OverlapReply::from).collect(), next_cursor: None }))
}

/// The case file's own format is read by the engine; this crate does not know planners.
fn case<T: DeserializeOwned>(body: CaseBody) -> ApiResult<T> {
    serde_json::from_value(body.into_json()).map_err(|error| {
        ApiError::bad_request(
            "bad_case",
            format!("A case can't be read: {error}."),
            "See docs/trigger-lab.md.",
        )
    })
}
