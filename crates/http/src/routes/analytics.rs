//! How a guru is used, as JSON and as tables for spreadsheets.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header::CONTENT_TYPE},
};
use errand_engine::{access::Manage, manage::analytics::Period};
use serde::Deserialize;
use utoipa::IntoParams;

use super::executions::time;
use crate::{
    auth::For,
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
    wire::{
        Page,
        analytics::{AnalyticsReply, UnmatchedReply, runs_csv},
        page_items,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// The first moment that counts (RFC 3339); thirty days before the end when left out.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// The first moment that doesn't (RFC 3339); now when left out.
    #[param(format = DateTime)]
    pub to: Option<String>,
}

impl PeriodQuery {
    fn read(&self) -> ApiResult<Period> {
        Ok(Period {
            from: self.from.as_deref().map(time).transpose()?,
            to: self.to.as_deref().map(time).transpose()?,
        })
    }
}

/// Runs, failures and durations by action, source and day, and what came of the questions
#[utoipa::path(get, path = "/api/v1/{guru}/analytics", tag = "analytics", params(("guru" = String, Path, description = "The guru's slug."), PeriodQuery), responses(
    (status = 200, description = "The sums.", body = AnalyticsReply),
    Refused,
    RefusedInput,
))]
pub async fn sums(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<PeriodQuery>,
) -> ApiResult<Json<AnalyticsReply>> {
    Ok(Json(state.engine.analytics(&permit, query.read()?).await?.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TableQuery {
    /// `action`, `source` or `day`.
    #[param(pattern = "^(action|source|day)$")]
    pub by: String,
    /// The first moment that counts (RFC 3339); thirty days before the end when left out.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// The first moment that doesn't (RFC 3339); now when left out.
    #[param(format = DateTime)]
    pub to: Option<String>,
}

pub type Csv = ([(HeaderName, &'static str); 1], String);

/// One table of the analytics as comma-separated text
#[utoipa::path(get, path = "/api/v1/{guru}/analytics/table", tag = "analytics", params(("guru" = String, Path, description = "The guru's slug."), TableQuery), responses(
    (status = 200, description = "The table.", content_type = "text/csv", body = String),
    Refused,
    RefusedInput,
))]
pub async fn table(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<TableQuery>,
) -> ApiResult<Csv> {
    let period = PeriodQuery { from: query.from, to: query.to }.read()?;
    let all = state.engine.analytics(&permit, period).await?;
    let list = match query.by.as_str() {
        "action" => &all.by_action,
        "source" => &all.by_source,
        "day" => &all.by_day,
        other => {
            return Err(ApiError::bad_request(
                "bad_table",
                format!("There is no table by `{other}`."),
                "Choose among `action`, `source` and `day`.",
            ));
        }
    };
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], runs_csv(&query.by, list)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnmatchedQuery {
    /// The first moment that counts (RFC 3339); thirty days before the end when left out.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// The first moment that doesn't (RFC 3339); now when left out.
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// The latest questions that no action matched
#[utoipa::path(get, path = "/api/v1/{guru}/analytics/unmatched", tag = "analytics", params(("guru" = String, Path, description = "The guru's slug."), UnmatchedQuery), responses(
    (status = 200, description = "The questions, newest first.", body = Page<UnmatchedReply>),
    Refused,
    RefusedInput,
))]
pub async fn unmatched(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<UnmatchedQuery>,
) -> ApiResult<Json<Page<UnmatchedReply>>> {
    let limit = page_items(query.limit)?;
    let period = PeriodQuery { from: query.from, to: query.to }.read()?;
    let found = state.engine.unmatched_questions(&permit, period, limit).await?;
    Ok(Json(Page { items: found.into_iter().map(UnmatchedReply::from).collect(), next_cursor: None }))
}
