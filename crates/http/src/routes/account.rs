//! Signing in and out.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header::SET_COOKIE},
    response::{IntoResponse as _, Response},
};
use errand_engine::accounts::SignedIn;
use serde::Deserialize;

use crate::{
    auth::{Person, SESSION_COOKIE, Signed, session_token, user_agent},
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        account::{Claim, Me, SignIn, SignOutReply},
        user::{PasswordBody, SessionReply},
    },
};

type WithCookie<T> = ([(HeaderName, String); 1], T);

/// Start a session with e-mail and password
#[utoipa::path(post, path = "/api/v1/auth/sign-in", tag = "account", security(()), request_body = SignIn, responses(
    (status = 200, description = "Signed in; the session cookie is set.", body = Me),
    Refused,
    RefusedInput,
))]
pub async fn sign_in(
    State(state): State<HttpState>,
    headers: HeaderMap,
    Payload(body): Payload<SignIn>,
) -> ApiResult<WithCookie<Json<Me>>> {
    let signed_in = state.engine.sign_in(&body.email, &body.password, user_agent(&headers)).await?;
    Ok(with_cookie(&state, &signed_in))
}

/// Trade a one-time link for a session
#[utoipa::path(post, path = "/api/v1/auth/claim", tag = "account", security(()), request_body = Claim, responses(
    (status = 200, description = "Signed in; the session cookie is set.", body = Me),
    Refused,
    RefusedInput,
))]
pub async fn claim(
    State(state): State<HttpState>,
    headers: HeaderMap,
    Payload(body): Payload<Claim>,
) -> ApiResult<WithCookie<Json<Me>>> {
    let signed_in = state.engine.claim(&body.token, body.password.as_deref(), user_agent(&headers)).await?;
    Ok(with_cookie(&state, &signed_in))
}

/// End the session
#[utoipa::path(post, path = "/api/v1/auth/sign-out", tag = "account", responses(
    (status = 200, description = "Signed out, and the cookie is cleared; the browser is to go on to sign out at the identity provider too.", body = SignOutReply),
    (status = 204, description = "Signed out; the cookie is cleared."),
    Refused,
))]
pub async fn sign_out(
    State(state): State<HttpState>,
    Signed(_caller): Signed,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let go_on_to = match session_token(&headers) {
        Some(token) => state.engine.sign_out(token).await?,
        None => None,
    };
    let cleared = [(SET_COOKIE, session_cookie(&state, "", 0))];
    Ok(match go_on_to {
        Some(go_on_to) => (cleared, Json(SignOutReply { go_on_to })).into_response(),
        None => (StatusCode::NO_CONTENT, cleared).into_response(),
    })
}

/// Who is asking
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses(
    (status = 200, description = "The caller.", body = Me),
    Refused,
))]
pub async fn me(Signed(caller): Signed) -> Json<Me> {
    Json(Me::from(&*caller))
}

/// Where the caller is signed in
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "account", responses(
    (status = 200, description = "The sessions, last seen first.", body = Page<SessionReply>),
    Refused,
))]
pub async fn sessions(
    State(state): State<HttpState>,
    Person(caller): Person,
    headers: HeaderMap,
) -> ApiResult<Json<Page<SessionReply>>> {
    let sessions = state.engine.own_sessions(&caller, session_token(&headers)).await?;
    Ok(Json(Page { items: sessions.into_iter().map(SessionReply::from).collect(), next_cursor: None }))
}

#[derive(Deserialize)]
pub struct SessionPath {
    id: String,
}

/// Sign out elsewhere
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "account", params(("id" = String, Path, description = "The session's id.")), responses(
    (status = 204, description = "Ended."),
    Refused,
))]
pub async fn end_session(
    State(state): State<HttpState>,
    Person(caller): Person,
    InPath(path): InPath<SessionPath>,
) -> ApiResult<StatusCode> {
    state.engine.end_own_session(&caller, &path.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set a new password; every other session ends
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", request_body = PasswordBody, responses(
    (status = 204, description = "Set."),
    Refused,
    RefusedInput,
))]
pub async fn password(
    State(state): State<HttpState>,
    Person(caller): Person,
    headers: HeaderMap,
    Payload(body): Payload<PasswordBody>,
) -> ApiResult<StatusCode> {
    let token = session_token(&headers);
    let current = body.current_password.as_deref();
    state.engine.change_password(&caller, token, current, &body.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn with_cookie(state: &HttpState, signed_in: &SignedIn) -> WithCookie<Json<Me>> {
    ([(SET_COOKIE, cookie_of(state, signed_in))], Json(Me::from(&*signed_in.caller)))
}

/// The cookie of a session that was just begun.
pub fn cookie_of(state: &HttpState, signed_in: &SignedIn) -> String {
    session_cookie(state, signed_in.token.expose(), signed_in.lasts_ms / 1_000)
}

fn session_cookie(state: &HttpState, token: &str, lasts_s: i64) -> String {
    set_cookie(state, SESSION_COOKIE, token, lasts_s)
}

/// A cookie that no script reads and no foreign page sends along with a change.
pub fn set_cookie(state: &HttpState, name: &str, value: &str, lasts_s: i64) -> String {
    let secure = if state.settings.secure_cookies { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lasts_s}{secure}")
}
