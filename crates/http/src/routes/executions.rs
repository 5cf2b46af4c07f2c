//! History.

use axum::{Json, extract::State, http::StatusCode};
use errand_domain::{ExecutionId, ExecutionStatus, Source, UnixMillis, Vote};
use errand_engine::{access::Manage, manage::history::HistoryQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::{InPath, InQuery},
    state::HttpState,
    wire::{
        Page,
        execution::{ExecutionReply, ExecutionStory},
        page_items,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExecutionsQuery {
    /// Only runs of this action.
    pub action: Option<String>,
    /// Only these statuses, comma-separated.
    #[param(
        pattern = "^(queued|running|succeeded|failed|refused|timed_out|cancelled|unknown)(,(queued|running|succeeded|failed|refused|timed_out|cancelled|unknown))*$"
    )]
    pub status: Option<String>,
    /// Only runs from this source.
    #[param(pattern = "^(web|test|manual|schedule|api|widget|slack|discord|jira|github|zendesk|mcp|agent)$")]
    pub source: Option<String>,
    /// Only runs whose question, arguments or output contain this.
    pub text: Option<String>,
    /// Only runs at that time or later (RFC 3339).
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// Only runs before that time, which itself is left out (RFC 3339).
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// Only runs for questions whose answer got this vote: `up` or `down`.
    #[param(pattern = "^(up|down)$")]
    pub vote: Option<String>,
    /// Items on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ExecutionsQuery {
    pub fn read(self) -> ApiResult<HistoryQuery> {
        let statuses =
            self.status.as_deref().map_or(Ok(Vec::new()), |list| list.split(',').map(status).collect())?;
        Ok(HistoryQuery {
            action: self.action,
            statuses,
            source: self.source.as_deref().map(source).transpose()?,
            text: self.text.filter(|text| !text.is_empty()),
            from: self.from.as_deref().map(time).transpose()?,
            // The moment itself is not before it; times are whole milliseconds.
            to: self.to.as_deref().map(time).transpose()?.map(|to| to.plus_ms(-1)),
            vote: self.vote.as_deref().map(vote).transpose()?,
            before: self.cursor.as_deref().map(cursor).transpose()?,
            limit: page_items(self.limit)?,
        })
    }
}

fn status(text: &str) -> ApiResult<ExecutionStatus> {
    ExecutionStatus::parse(text.trim()).ok_or_else(|| {
        let known: Vec<_> = ExecutionStatus::ALL.iter().map(|status| status.as_str()).collect();
        ApiError::bad_request(
            "bad_status",
            format!("`{text}` is no status."),
            format!("Choose among {}.", known.join(", ")),
        )
    })
}

fn source(text: &str) -> ApiResult<Source> {
    Source::parse(text).ok_or_else(|| {
        let known: Vec<_> = Source::ALL.iter().map(|source| source.as_str()).collect();
        ApiError::bad_request(
            "bad_source",
            format!("`{text}` is no source."),
            format!("Choose among {}.", known.join(", ")),
        )
    })
}

pub fn vote(text: &str) -> ApiResult<Vote> {
    Vote::parse(text).ok_or_else(|| {
        ApiError::bad_request("bad_vote", format!("`{text}` is no vote."), "Choose `up` or `down`.")
    })
}

pub fn time(text: &str) -> ApiResult<UnixMillis> {
    UnixMillis::from_rfc3339(text).ok_or_else(|| {
        ApiError::bad_request(
            "bad_time",
            format!("`{text}` is no time."),
            "Write it like 2026-11-23T08:00:00Z.",
        )
    })
}

fn cursor(text: &str) -> ApiResult<ExecutionId> {
    text.parse().map_err(|_| ApiError::bad_cursor())
}

/// History, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/executions", tag = "history", params(("guru" = String, Path, description = "The guru's slug."), ExecutionsQuery), responses(
    (status = 200, description = "A page of executions.", body = Page<ExecutionReply>),
    Refused,
    RefusedInput,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<ExecutionsQuery>,
) -> ApiResult<Json<Page<ExecutionReply>>> {
    let (executions, next) = state.engine.list_executions(&permit, query.read()?).await?;
    let items = executions.into_iter().map(ExecutionReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|id| id.to_string()) }))
}

#[derive(Deserialize)]
pub struct ExecutionPath {
    id: String,
}

/// One execution with its requests, hosts, phases and events
#[utoipa::path(get, path = "/api/v1/{guru}/executions/{id}", tag = "history", params(
    ("guru" = String, Path, description = "The guru's slug."),
    ("id" = String, Path, description = "The execution's id (`run_…`)."),
), responses(
    (status = 200, description = "The execution.", body = ExecutionStory),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ExecutionPath>,
) -> ApiResult<Json<ExecutionStory>> {
    let id = super::id(&path.id, "execution")?;
    Ok(Json(state.engine.execution(&permit, id).await?.into()))
}

/// End one execution at once: a script is killed with everything it started; a request that was sent is not called back
#[utoipa::path(post, path = "/api/v1/{guru}/executions/{id}/cancel", tag = "history", params(
    ("guru" = String, Path, description = "The guru's slug."),
    ("id" = String, Path, description = "The execution's id (`run_…`)."),
), responses(
    (status = 202, description = "It stops, or had ended already."),
    Refused,
))]
pub async fn cancel(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<ExecutionPath>,
) -> ApiResult<StatusCode> {
    state.engine.cancel_execution(&permit, super::id(&path.id, "execution")?).await?;
    Ok(StatusCode::ACCEPTED)
}
