//! Signing in by an identity provider: the browser's way there and back. Both end in a redirect: these are pages that a
//! person's browser visits, so what went wrong is told by the sign-in page.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use errand_engine::{
    EngineError,
    accounts::{
        SignInProvider,
        provider::{ATTEMPT_MS, Arrival, Passwords, ProviderRefusal},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::account::{cookie_of, set_cookie};
use crate::{
    auth::{Origin, cookie, user_agent},
    error::{ApiResult, Refused, RefusedInput},
    extract::InQuery,
    state::HttpState,
    wire::account::{ProviderMethod, SignInMethods},
};

pub const START_PATH: &str = "/api/v1/auth/oidc/start";
/// Where the provider sends browsers back to, after the public address.
pub const CALLBACK_PATH: &str = "/api/v1/auth/oidc/callback";
const SIGN_IN_PAGE: &str = "/sign-in";

/// How one can sign in here
#[utoipa::path(get, path = "/api/v1/auth/methods", tag = "account", security(()), responses(
    (status = 200, description = "What the sign-in page offers. One-time links always work.", body = SignInMethods),
))]
pub async fn methods(State(state): State<HttpState>) -> Json<SignInMethods> {
    let known = state.engine.sign_in_provider();
    Json(SignInMethods {
        password: known.is_none_or(|known| known.rules.passwords == Passwords::On),
        provider: known.map(|known| ProviderMethod { name: known.rules.button.clone(), path: START_PATH }),
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StartQuery {
    /// A path of the web app to come back to; its start when left out.
    pub return_to: Option<String>,
}

/// Go to the identity provider to sign in
#[utoipa::path(get, path = "/api/v1/auth/oidc/start", tag = "account", security(()), params(StartQuery), responses(
    (status = 303, description = "To the provider; or back to the sign-in page, which says what went wrong.", headers(("location" = String))),
    Refused,
    RefusedInput,
))]
pub async fn start(
    State(state): State<HttpState>,
    InQuery(query): InQuery<StartQuery>,
) -> ApiResult<Response> {
    let known = provider(&state)?;
    match state.engine.begin_provider_sign_in(known, query.return_to.as_deref()).await {
        Ok(departure) => {
            let token = departure.token.expose();
            let kept = set_cookie(&state, try_cookie(&state), token, ATTEMPT_MS / 1_000);
            Ok(redirect(&departure.address, vec![(header::SET_COOKIE, kept)]))
        }
        Err(refusal) => Ok(turned_away(&state, refusal)),
    }
}

/// The provider may add parameters of its own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    /// What the browser was sent off with.
    pub state: Option<String>,
    /// To be traded for the person's identity.
    pub code: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who sends the browser back.
    pub iss: Option<String>,
}

/// Come back from the identity provider
#[utoipa::path(get, path = "/api/v1/auth/oidc/callback", tag = "account", security(()), params(CallbackQuery), responses(
    (status = 303, description = "Into the web app, signed in; or to the sign-in page, which says what went wrong.", headers(("location" = String))),
    Refused,
    RefusedInput,
))]
pub async fn callback(
    State(state): State<HttpState>,
    Origin(origin): Origin,
    InQuery(query): InQuery<CallbackQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let known = provider(&state)?;
    let arrival = Arrival {
        token: cookie(&headers, try_cookie(&state)),
        state: query.state.as_deref(),
        code: query.code.as_deref(),
        error: query.error.as_deref(),
        issuer: query.iss.as_deref(),
        user_agent: user_agent(&headers),
        origin: &origin,
    };
    match state.engine.finish_provider_sign_in(known, arrival).await {
        Ok((signed_in, return_to)) => {
            let session = (header::SET_COOKIE, cookie_of(&state, &signed_in));
            Ok(redirect(&return_to, vec![session, forget_try(&state)]))
        }
        Err(refusal) => Ok(turned_away(&state, refusal)),
    }
}

fn provider(state: &HttpState) -> ApiResult<&SignInProvider> {
    Ok(state.engine.sign_in_provider().ok_or_else(|| EngineError::not_found("identity provider", "oidc"))?)
}

/// With TLS the browser itself refuses this name from any other host or place.
fn try_cookie(state: &HttpState) -> &'static str {
    if state.settings.secure_cookies { "__Host-errand_try" } else { "errand_try" }
}

fn forget_try(state: &HttpState) -> (HeaderName, String) {
    (header::SET_COOKIE, set_cookie(state, try_cookie(state), "", 0))
}

fn turned_away(state: &HttpState, refusal: ProviderRefusal) -> Response {
    redirect(&format!("{SIGN_IN_PAGE}?problem={}", refusal.code()), vec![forget_try(state)])
}

/// Its address may hold a state, which no cache and no next page is to see.
fn redirect(to: &str, cookies: Vec<(HeaderName, String)>) -> Response {
    let unseen = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())], unseen, AppendHeaders(cookies))
        .into_response()
}
