//! What the engine refuses, in words for the caller. Doors map kinds to their own status codes.

use errand_domain::{Problem, Problems};
use errand_secrets::SealError;
use errand_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No valid credentials came with the request.
    #[error("{0}")]
    Unauthenticated(Problem),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(Problem),
    #[error("{0}")]
    NotFound(Problem),
    /// The values given break rules; all of them are named.
    #[error("{0}")]
    Invalid(Problems),
    /// It clashes with what is there already.
    #[error("{0}")]
    Conflict(Problem),
    /// The caller asks too often.
    #[error("{0}")]
    TooMany(Problem),
    /// More is under way than this instance takes on.
    #[error("{0}")]
    Overloaded(Problem),
    /// A fault of ours or of the machine. The caller is told nothing of its inside.
    #[error("{step}: {source}")]
    Internal { step: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
}

pub type Result<T> = std::result::Result<T, EngineError>;

impl EngineError {
    pub fn internal(step: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { step, source: source.into() }
    }

    /// `what` is the kind of thing (`action`), `name` how it was asked for.
    pub fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::NotFound(Problem::new(
            "not_found",
            format!("There is no {what} `{name}` here."),
            "Check the name; a list shows what there is.",
        ))
    }

    pub fn unauthenticated() -> Self {
        Self::Unauthenticated(Problem::new(
            "unauthenticated",
            "This needs credentials, and none that are valid came with the request.",
            "Send an API key in the `x-api-key` header, or sign in.",
        ))
    }

    pub fn forbidden(what: &str) -> Self {
        Self::Forbidden(Problem::new(
            "forbidden",
            format!("You may not {what}."),
            "Ask an administrator of this guru for the right to.",
        ))
    }
}

/// An error with everything it came from, for the log: what an operator can mend (a full disk) is often at its end.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let cause = cause.to_string();
        // Some errors tell their cause themselves.
        if !told.ends_with(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

impl From<StorageError> for EngineError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Stale { what } => Self::Conflict(Problem::new(
                "changed_meanwhile",
                format!("The {what} was changed by somebody else meanwhile."),
                "Load it again and repeat the change.",
            )),
            error => Self::internal("database", error),
        }
    }
}

impl From<SealError> for EngineError {
    fn from(error: SealError) -> Self {
        Self::internal("opening a secret", error)
    }
}

impl From<Problems> for EngineError {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Problem> for EngineError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem.into())
    }
}
