//! The history as a file: read page by page while it is sent, so that its length costs no memory.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use errand_engine::{
    Engine,
    access::{Manage, Permit},
    manage::history::HistoryQuery,
};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::executions::ExecutionsQuery;
use crate::{
    auth::For,
    csv,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
    wire::{PAGE_ITEMS_MAX, execution::ExecutionReply},
};

/// Runs that one export holds; a longer history is exported range by range.
const EXPORT_ROWS_MAX: usize = 100_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv` (when left out) or `json`.
    #[param(pattern = "^(csv|json)$")]
    pub format: Option<String>,
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
    /// Only runs before that time (RFC 3339).
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// Only runs for questions whose answer got this vote: `up` or `down`.
    #[param(pattern = "^(up|down)$")]
    pub vote: Option<String>,
}

impl ExportQuery {
    fn read(self) -> ApiResult<(Format, HistoryQuery)> {
        let format = match self.format.as_deref() {
            None | Some("csv") => Format::Csv,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(ApiError::bad_request(
                    "bad_format",
                    format!("`{other}` is no format of an export."),
                    "Choose `csv` or `json`.",
                ));
            }
        };
        let list = ExecutionsQuery {
            action: self.action,
            status: self.status,
            source: self.source,
            text: self.text,
            from: self.from,
            to: self.to,
            vote: self.vote,
            limit: Some(PAGE_ITEMS_MAX),
            cursor: None,
        };
        Ok((format, list.read()?))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// History as a file, newest first: at most 100,000 runs, their outputs as a list shows them
#[utoipa::path(get, path = "/api/v1/{guru}/executions/export", tag = "history", params(("guru" = String, Path, description = "The guru's slug."), ExportQuery), responses(
    (status = 200, description = "The file; JSON is a list of executions.", content((String = "text/csv"), (Vec<ExecutionReply> = "application/json"))),
    Refused,
    RefusedInput,
))]
pub async fn executions(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<ExportQuery>,
) -> ApiResult<Response> {
    let (format, query) = query.read()?;
    // The first page is read here, so that a refusal still has its status.
    let mut export = Export { engine: state.engine, permit, format, query, rows: 0, is_over: false };
    let first = export.page().await?;
    let head = Bytes::from(export.head());
    let start = stream::iter([Ok::<_, Infallible>(head), Ok(first)]);
    let rest = stream::unfold(export, |mut export| async move {
        let page = export.next_page().await?;
        Some((Ok(page), export))
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"history.csv\""),
        Format::Json => ("application/json", "attachment; filename=\"history.json\""),
    };
    let body = Body::from_stream(futures_util::StreamExt::chain(start, rest));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// An export under way.
struct Export {
    engine: Engine,
    permit: Permit<Manage>,
    format: Format,
    query: HistoryQuery,
    rows: usize,
    is_over: bool,
}

const COLUMNS: [&str; 12] = [
    "id",
    "created_at",
    "action",
    "action_version",
    "source",
    "status",
    "duration_ms",
    "question",
    "arguments",
    "output",
    "output_truncated",
    "error",
];

impl Export {
    fn head(&self) -> String {
        match self.format {
            Format::Csv => csv::line(COLUMNS),
            Format::Json => "[".to_owned(),
        }
    }

    /// None after the last one. What fails in the middle ends the file early, and the log says why.
    async fn next_page(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        match self.page().await {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::error!(code = error.body.code, "an export broke off");
                None
            }
        }
    }

    async fn page(&mut self) -> ApiResult<Bytes> {
        let (executions, next) = self.engine.list_executions(&self.permit, self.query.clone()).await?;
        let mut text = String::new();
        for execution in executions.into_iter().map(ExecutionReply::from) {
            if self.format == Format::Json {
                text.push_str(if self.rows == 0 { "\n" } else { ",\n" });
                text.push_str(&serde_json::to_string(&execution).unwrap_or_default());
            } else {
                text.push_str(&row(&execution));
            }
            self.rows += 1;
        }
        self.is_over = next.is_none() || self.rows >= EXPORT_ROWS_MAX;
        self.query.before = next;
        if self.is_over && self.format == Format::Json {
            text.push_str("\n]\n");
        }
        Ok(Bytes::from(text))
    }
}

fn row(one: &ExecutionReply) -> String {
    let duration = one.duration_ms.map_or_else(String::new, |ms| ms.to_string());
    let (version, arguments) = (one.action_version.to_string(), one.arguments.to_string());
    let truncated = if one.output_truncated { "yes" } else { "no" };
    csv::line([
        one.id.as_str(),
        &one.created_at,
        &one.action,
        &version,
        one.source,
        one.status,
        &duration,
        &one.question,
        &arguments,
        one.output.as_deref().unwrap_or_default(),
        truncated,
        one.error.as_deref().unwrap_or_default(),
    ])
}
