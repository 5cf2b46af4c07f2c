//! For load balancers.

use axum::{extract::State, http::StatusCode};

use crate::state::HttpState;

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "system", security(()), responses((status = 200, description = "It is alive.", body = String)))]
pub async fn alive() -> &'static str {
    "ok"
}

/// Whether it can serve: the database answers, and takes what is to be recorded.
#[utoipa::path(get, path = "/readyz", tag = "system", security(()), responses(
    (status = 200, description = "It can serve.", body = String),
    (status = 503, description = "It can't serve yet or any more.", body = String),
))]
pub async fn ready(State(state): State<HttpState>) -> (StatusCode, &'static str) {
    match state.engine.check_ready().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer, or can't be written"),
    }
}
