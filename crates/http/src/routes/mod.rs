//! The handlers, one file per noun: each takes its permit and its input, calls one engine verb and shapes the reply.

pub mod account;
pub mod actions;
pub mod analytics;
pub mod answer;
pub mod audit;
pub mod backups;
pub mod conversations;
pub mod drafts;
pub mod executions;
pub mod exports;
pub mod feedback;
pub mod gurus;
pub mod health;
pub mod imports;
pub mod keys;
pub mod lab;
pub mod members;
pub mod oidc;
pub mod retention;
pub mod schedules;
pub mod secrets;
pub mod shares;
pub mod system;
pub mod templates;
pub mod turns;
pub mod users;
pub mod versions;

use std::str::FromStr;

use errand_engine::EngineError;

use crate::error::ApiResult;

/// An id in the path; one of the wrong form names nothing.
fn id<T: FromStr>(text: &str, what: &str) -> ApiResult<T> {
    text.parse().map_err(|_| EngineError::not_found(what, text).into())
}
