//! Why a model gave nothing usable, and whether asking again may help.

use std::time::Duration;

use errand_egress::EgressError;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What a provider said of itself is shown shortened; the engine masks it.
const SAID_CHARS_MAX: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelFailure {
    /// The egress policy, the name or the address: asking again gives the same.
    #[error("{0}")]
    Refused(String),
    #[error("It could not be reached: {0}")]
    Unreachable(String),
    #[error("It did not answer in time; raise `timeout_ms` or choose a faster model.")]
    TimedOut,
    #[error("The key holds characters that no header can carry; set the secret again.")]
    BadKey,
    #[error("It refused the key ({status}): {said} Check the secret that `api_key_secret` names.")]
    Unauthorized { status: u16, said: String },
    #[error("It is asked too often (429): {said} It is tried again later.")]
    RateLimited { said: String, retry_after: Option<Duration> },
    #[error("It is out of order ({status}): {said} It is tried again later.")]
    Unavailable { status: u16, said: String, retry_after: Option<Duration> },
    #[error("It did not take the request ({status}): {said} Check the model's name and its settings.")]
    BadRequest { status: u16, said: String },
    #[error("Its reply can't be used: {0}.")]
    BadReply(String),
    #[error("It failed several times in a row and is left alone for half a minute.")]
    CircuitOpen,
}

impl ModelFailure {
    pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = said(body);
        let retry_after = retry_after(headers);
        let code = status.as_u16();
        match code {
            401 | 403 => Self::Unauthorized { status: code, said },
            429 => Self::RateLimited { said, retry_after },
            // 529 is how Anthropic says that it is overloaded.
            408 | 409 | 500.. => Self::Unavailable { status: code, said, retry_after },
            _ => Self::BadRequest { status: code, said },
        }
    }

    /// None when the same request can't fare better; else the wait that the server asked for, if it did.
    #[allow(clippy::option_option)]
    pub(crate) fn retry_after(&self) -> Option<Option<Duration>> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::Unreachable(_) => Some(None),
            _ => None,
        }
    }

    /// Whether it says that the server fares badly, rather than that the request is wrong.
    pub(crate) fn speaks_of_the_server(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::TimedOut | Self::RateLimited { .. } | Self::Unavailable { .. }
        )
    }
}

impl From<EgressError> for ModelFailure {
    fn from(error: EgressError) -> Self {
        match error {
            error if error.is_timeout() => Self::TimedOut,
            error if error.is_refusal() => Self::Refused(error.to_string()),
            error => Self::Unreachable(error.to_string()),
        }
    }
}

/// The error's own words, in whichever of the usual shapes they come.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    // Gemini wraps its error in a list when it was asked to stream.
    let json = json.get(0).cloned().unwrap_or(json);
    let places = ["/error/message", "/message", "/error", "/detail"];
    let found = places.iter().find_map(|place| json.pointer(place).and_then(Value::as_str));
    let line = found.unwrap_or(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SAID_CHARS_MAX).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    if short.is_empty() {
        return "it gave no reason.".to_owned();
    }
    if !short.ends_with(['.', '!', '…']) {
        short.push('.');
    }
    short
}

/// Seconds, as every provider sends it; a date is not worth a calendar here, the usual waits do.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let ms = headers.get("retry-after-ms").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let seconds: Option<u64> =
        headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    ms.map(Duration::from_millis).or(seconds.map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_own_words_are_found() {
        fn check(body: &str, expect: &str) {
            assert_eq!(said(body.as_bytes()), expect, "{body}");
        }
        check(r#"{"error":{"message":"No such model","type":"x"}}"#, "No such model.");
        check(r#"[{"error":{"message":"API key not valid."}}]"#, "API key not valid.");
        check(r#"{"error":"model 'x' not found"}"#, "model 'x' not found.");
        check(r#"{"detail":"Not Found"}"#, "Not Found.");
        check("<html>\n bad  gateway", "<html> bad gateway.");
        check("", "it gave no reason.");
    }
}
