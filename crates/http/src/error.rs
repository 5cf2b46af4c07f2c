//! Refusals on the wire: always `msg`, and for programs `code`, `hint` and the list of problems.

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER},
    response::IntoResponse,
};
use errand_domain::{Problem, Problems};
use errand_engine::{EngineError, error_chain};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// What every refusal looks like.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What happened and what to do.
    pub msg: String,
    /// For programs; stable.
    pub code: String,
    pub hint: String,
    /// Each broken rule, when there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemBody>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    pub code: String,
    pub message: String,
    pub hint: String,
    /// Path of the field in the request or action file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in the field's text, when it is a place in code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionBody>,
}

/// A place in a text, counted from 1 in lines and characters.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PositionBody {
    pub line: u32,
    pub column: u32,
}

impl From<&Problem> for ProblemBody {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            field: problem.field.clone(),
            position: problem.position.map(|place| PositionBody { line: place.line, column: place.column }),
        }
    }
}

/// A refusal with its status.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    pub body: ErrorBody,
    pub retry_after_s: Option<u64>,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn of(status: StatusCode, problem: &Problem) -> Self {
        let body = ErrorBody {
            msg: problem.to_string(),
            code: problem.code.to_owned(),
            hint: problem.hint.clone(),
            problems: if problem.field.is_some() { vec![problem.into()] } else { Vec::new() },
        };
        Self { status, body, retry_after_s: None }
    }

    fn of_all(status: StatusCode, problems: &Problems) -> Self {
        let first = problems.0.first();
        let body = ErrorBody {
            msg: problems.to_string(),
            code: first.map_or("invalid", |problem| problem.code).to_owned(),
            hint: first.map_or_else(String::new, |problem| problem.hint.clone()),
            problems: problems.0.iter().map(ProblemBody::from).collect(),
        };
        Self { status, body, retry_after_s: None }
    }

    pub fn bad_request(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, &Problem::new(code, message, hint))
    }

    pub fn bad_cursor() -> Self {
        Self::bad_request(
            "bad_cursor",
            "This cursor was not given by a page.",
            "Use `next_cursor` as it came.",
        )
    }

    pub fn wrong_method() -> Self {
        let problem = Problem::new(
            "wrong_method",
            "This address does not take that method.",
            "The API's page at /api/docs shows which it takes.",
        );
        Self::of(StatusCode::METHOD_NOT_ALLOWED, &problem)
    }

    fn internal() -> Self {
        let problem = Problem::new(
            "internal",
            "Errand failed at this request.",
            "Its log says why; try again, or tell the operator.",
        );
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, &problem)
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Unauthenticated(problem) => Self::of(StatusCode::UNAUTHORIZED, &problem),
            EngineError::Forbidden(problem) => Self::of(StatusCode::FORBIDDEN, &problem),
            EngineError::NotFound(problem) => Self::of(StatusCode::NOT_FOUND, &problem),
            EngineError::Conflict(problem) => Self::of(StatusCode::CONFLICT, &problem),
            EngineError::TooMany(problem) => Self::of(StatusCode::TOO_MANY_REQUESTS, &problem),
            EngineError::Overloaded(problem) => Self::of(StatusCode::SERVICE_UNAVAILABLE, &problem),
            EngineError::Invalid(problems) => Self::of_all(StatusCode::UNPROCESSABLE_ENTITY, &problems),
            EngineError::Internal { step, source } => {
                tracing::error!(step, error = error_chain(&*source), "a request failed");
                Self::internal()
            }
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, &problem)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A panic in a handler is a 500 like any other; what it said goes to the log by the panic hook.
#[allow(clippy::needless_pass_by_value)] // the layer hands the panic's payload over
pub fn after_panic(_payload: Box<dyn std::any::Any + Send + 'static>) -> Response<Body> {
    ApiError::internal().into_response()
}

/// Refusals of whoever may not.
#[derive(IntoResponses)]
#[allow(dead_code)] // documentation only: the statuses come from `ApiError`
pub enum Refused {
    /// No valid credentials.
    #[response(status = 401)]
    Unauthenticated(ErrorBody),
    /// The caller may not.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such thing for this caller.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Asked too often.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// A fault of Errand; its log says more.
    #[response(status = 500)]
    Internal(ErrorBody),
}

/// Refusals of a request that can't be read or breaks rules.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub enum RefusedInput {
    /// The body or query can't be read.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// It clashes with what is there.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not JSON.
    #[response(status = 415)]
    NotJson(ErrorBody),
    /// A rule is broken.
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// More is under way than this node takes on.
    #[response(status = 503)]
    Overloaded(ErrorBody),
}
