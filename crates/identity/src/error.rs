//! Why somebody could not be identified. No message holds a code, a token or a secret: they go to the log.

use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, StandardErrorResponse, UserInfoError,
    core::CoreErrorResponseType,
};

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It may be there again in a moment.
    #[error("the identity provider could not be asked: {0}")]
    Unreachable(String),
    /// Errand's settings and the provider's don't go together.
    #[error("the identity provider can't be used as it is set up: {0}")]
    Misconfigured(String),
    /// The code was used, is too old, or was not meant for this browser.
    #[error("the identity provider refused the code (`{0}`)")]
    CodeRefused(String),
    #[error("the provider's ID token was not taken: {0}")]
    BadToken(String),
}

pub(crate) fn of_discovery(error: DiscoveryError<HttpError>) -> IdentityError {
    match error {
        DiscoveryError::Request(error) => IdentityError::Unreachable(error.to_string()),
        DiscoveryError::Response(status, ..) if status.is_server_error() => {
            IdentityError::Unreachable(format!("it answered {status}"))
        }
        DiscoveryError::Response(status, ..) => {
            IdentityError::Misconfigured(format!("its discovery document was answered with {status}"))
        }
        DiscoveryError::Validation(why) => IdentityError::Misconfigured(why),
        DiscoveryError::Parse(error) => {
            IdentityError::Misconfigured(format!("its discovery document can't be read: {error}"))
        }
        error => IdentityError::Misconfigured(error.to_string()),
    }
}

/// Of an answer that can't be read nothing is told: it may hold a token.
pub(crate) fn of_exchange(
    error: RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>,
) -> IdentityError {
    match error {
        RequestTokenError::Request(error) => IdentityError::Unreachable(error.to_string()),
        RequestTokenError::ServerResponse(refusal) => match refusal.error() {
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                IdentityError::Misconfigured("it refused Errand's client id or secret".to_owned())
            }
            code => IdentityError::CodeRefused(short(code.as_ref())),
        },
        RequestTokenError::Parse(error, _) => IdentityError::BadToken(format!(
            "the token endpoint's answer can't be read at `{}`",
            error.path()
        )),
        RequestTokenError::Other(why) => IdentityError::BadToken(short(&why)),
    }
}

pub(crate) fn of_user_info(error: UserInfoError<HttpError>) -> IdentityError {
    match error {
        UserInfoError::Request(error) => IdentityError::Unreachable(error.to_string()),
        UserInfoError::ClaimsVerification(error) => IdentityError::BadToken(words(&error)),
        UserInfoError::Response(status, ..) => {
            IdentityError::Unreachable(format!("its user info was answered with {status}"))
        }
        _ => IdentityError::BadToken("its user info can't be read".to_owned()),
    }
}

/// What was wrong with the claims; the library's own words name expected and found values, which are no secrets.
pub(crate) fn words(error: &ClaimsVerificationError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    short(&format!("{error}{}", source.unwrap_or_default()))
}

const WORDS_CHARS_MAX: usize = 300;

/// Text that came from outside, fit for one line of a log.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(WORDS_CHARS_MAX).collect()
}
