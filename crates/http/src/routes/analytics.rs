//! How a guru is used, as JSON and as tables for spreadsheets.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header::CONTENT_TYPE},
};
use errand_engine::{
    access::Manage,
    manage::{analytics::Period, model_use::CallsQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::executions::time;
use crate::{
    auth::{For, ForInstance},
    error::{ApiError, ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
    wire::{
        Page,
        analytics::{AnalyticsReply, UnmatchedReply, runs_csv},
        model_use::{
            ListedCallReply, ModelUseByGuru, ModelUseReply, call_cursor, model_use_csv, read_call_cursor,
        },
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
    /// `action`, `source` or `day` for runs; `model` or `model_day` for what language models cost.
    #[param(pattern = "^(action|source|day|model|model_day)$")]
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
        "model" => return Ok(csv(model_use_csv("model", &all.models.by_model))),
        "model_day" => return Ok(csv(model_use_csv("day", &all.models.by_day))),
        other => {
            return Err(ApiError::bad_request(
                "bad_table",
                format!("There is no table by `{other}`."),
                "Choose among `action`, `source`, `day`, `model` and `model_day`.",
            ));
        }
    };
    Ok(csv(runs_csv(&query.by, list)))
}

fn csv(text: String) -> Csv {
    ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text)
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

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ModelCallsQuery {
    /// Only calls of this model, as `provider:model`.
    pub model: Option<String>,
    /// The first moment that counts (RFC 3339); thirty days before the end when left out.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// The first moment that doesn't (RFC 3339); now when left out.
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// Items on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What language models were asked for, call by call, newest first
#[utoipa::path(get, path = "/api/v1/{guru}/analytics/model-calls", tag = "analytics", params(("guru" = String, Path, description = "The guru's slug."), ModelCallsQuery), responses(
    (status = 200, description = "A page of calls.", body = Page<ListedCallReply>),
    Refused,
    RefusedInput,
))]
pub async fn model_calls(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InQuery(query): InQuery<ModelCallsQuery>,
) -> ApiResult<Json<Page<ListedCallReply>>> {
    let before = query.cursor.as_deref().map(|text| read_call_cursor(text).ok_or_else(ApiError::bad_cursor));
    let query = CallsQuery {
        period: PeriodQuery { from: query.from, to: query.to }.read()?,
        model: query.model,
        before: before.transpose()?,
        limit: page_items(query.limit)?,
    };
    let (calls, next) = state.engine.list_model_calls(&permit, query).await?;
    let items = calls.into_iter().map(ListedCallReply::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(call_cursor) }))
}

/// What language models cost each guru
#[utoipa::path(get, path = "/api/v1/system/model-use", tag = "analytics", params(PeriodQuery), responses(
    (status = 200, description = "The sums, by the gurus' slugs.", body = ModelUseByGuru),
    Refused,
    RefusedInput,
))]
pub async fn model_use(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InQuery(query): InQuery<PeriodQuery>,
) -> ApiResult<Json<ModelUseByGuru>> {
    let (range, gurus) = state.engine.model_use_by_guru(&permit, query.read()?).await?;
    Ok(Json(ModelUseByGuru {
        from: range.from.to_rfc3339(),
        to: range.to.to_rfc3339(),
        by_guru: gurus.iter().map(ModelUseReply::from).collect(),
    }))
}
