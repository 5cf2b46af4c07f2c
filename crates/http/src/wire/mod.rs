//! The shapes on the wire. Domain types don't derive them: the API stays as it is when the inside moves.

pub mod account;
pub mod action;
pub mod analytics;
pub mod audit;
pub mod delivery;
pub mod execution;
pub mod feedback;
pub mod guru;
pub mod import;
pub mod lab;
pub mod model_use;
pub mod plan;
pub mod planner;
pub mod preview;
pub mod schedule;
pub mod secret;
pub mod share;
pub mod turn;
pub mod user;
pub mod version;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub const PAGE_ITEMS_DEFAULT: u32 = 50;
pub const PAGE_ITEMS_MAX: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items on a page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The number of items asked for, within its limits.
pub fn page_items(limit: Option<u32>) -> Result<u32, crate::error::ApiError> {
    match limit.unwrap_or(PAGE_ITEMS_DEFAULT) {
        items @ 1..=PAGE_ITEMS_MAX => Ok(items),
        items => Err(crate::error::ApiError::bad_request(
            "bad_limit",
            format!("A page of {items} items is out of range."),
            format!("Choose 1 to {PAGE_ITEMS_MAX}."),
        )),
    }
}

/// Microseconds as milliseconds, the wire's unit of durations.
#[allow(clippy::cast_precision_loss)] // exact up to 285 years
pub fn as_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}
