//! Query parameters as they came, repeated ones included.

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
};

/// All `name=value` pairs of the query, decoded, in order.
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of that name; empty counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every non-empty value of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A count within `1..=max`, `default` when absent or no number.
    pub(super) fn count(&self, name: &str, default: usize, max: usize) -> usize {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or(default).clamp(1, max)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        pairs
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| (StatusCode::BAD_REQUEST, "The query can't be decoded."))
    }
}
