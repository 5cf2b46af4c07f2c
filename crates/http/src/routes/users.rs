//! People of the installation; for super admins.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::Manage;
use serde::Deserialize;

use super::id;
use crate::{
    auth::ForInstance,
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        user::{
            InvitedReply, NewUserBody, SessionReply, SignInLink, SignedOut, Unlinked, UserChangeBody,
            UserReply,
        },
    },
};

#[derive(Deserialize)]
pub struct UserPath {
    pub id: String,
}

/// List everybody who can sign in
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses(
    (status = 200, description = "The users, by e-mail.", body = Page<UserReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
) -> ApiResult<Json<Page<UserReply>>> {
    let users = state.engine.list_users(&permit).await?;
    Ok(Json(Page { items: users.into_iter().map(UserReply::from).collect(), next_cursor: None }))
}

/// Let somebody in; the reply has their one-time sign-in link
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUserBody, responses(
    (status = 201, description = "Let in; pass the link on.", body = InvitedReply),
    Refused,
    RefusedInput,
))]
pub async fn create(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    Payload(body): Payload<NewUserBody>,
) -> ApiResult<(StatusCode, Json<InvitedReply>)> {
    let invited = state.engine.create_user(&permit, body.read()?).await?;
    let sign_in_link = SignInLink::of(&invited.token);
    Ok((StatusCode::CREATED, Json(InvitedReply { user: invited.user.into(), sign_in_link })))
}

/// One user
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 200, description = "The user.", body = UserReply),
    Refused,
))]
pub async fn one(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<Json<UserReply>> {
    Ok(Json(state.engine.find_user(&permit, id(&path.id, "user")?).await?.into()))
}

/// Change a user's e-mail, name or role
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), request_body = UserChangeBody, responses(
    (status = 200, description = "Changed.", body = UserReply),
    Refused,
    RefusedInput,
))]
pub async fn change(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
    Payload(body): Payload<UserChangeBody>,
) -> ApiResult<Json<UserReply>> {
    let user_id = id(&path.id, "user")?;
    state.engine.update_user(&permit, user_id, body.read()?).await?;
    Ok(Json(state.engine.find_user(&permit, user_id).await?.into()))
}

/// Take a user out, with sessions and memberships; what they did stays
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 204, description = "Deleted."),
    Refused,
    RefusedInput,
))]
pub async fn delete(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<StatusCode> {
    state.engine.delete_user(&permit, id(&path.id, "user")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new one-time sign-in link for a user
#[utoipa::path(post, path = "/api/v1/users/{id}/link", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 201, description = "The link.", body = SignInLink),
    Refused,
))]
pub async fn link(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<(StatusCode, Json<SignInLink>)> {
    let token = state.engine.invite_again(&permit, id(&path.id, "user")?).await?;
    Ok((StatusCode::CREATED, Json(SignInLink::of(&token))))
}

/// Where a user is signed in
#[utoipa::path(get, path = "/api/v1/users/{id}/sessions", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 200, description = "The sessions, last seen first.", body = Page<SessionReply>),
    Refused,
))]
pub async fn sessions(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<Json<Page<SessionReply>>> {
    let sessions = state.engine.user_sessions(&permit, id(&path.id, "user")?).await?;
    Ok(Json(Page { items: sessions.into_iter().map(SessionReply::from).collect(), next_cursor: None }))
}

#[derive(Deserialize)]
pub struct UserSessionPath {
    id: String,
    session: String,
}

/// End one of a user's sessions
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions/{session}", tag = "users", params(
    ("id" = String, Path, description = "The user's id (`user_…`)."), ("session" = String, Path, description = "The session's id (`session_…`)."),
), responses(
    (status = 204, description = "Ended."),
    Refused,
))]
pub async fn end_session(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserSessionPath>,
) -> ApiResult<StatusCode> {
    state.engine.end_user_session(&permit, id(&path.id, "user")?, &path.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget who a user is at the identity provider; their verified address links them anew
#[utoipa::path(delete, path = "/api/v1/users/{id}/identities", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 200, description = "Forgotten.", body = Unlinked),
    Refused,
))]
pub async fn unlink(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<Json<Unlinked>> {
    let identities = state.engine.unlink_user(&permit, id(&path.id, "user")?).await?;
    Ok(Json(Unlinked { identities }))
}

/// Sign a user out everywhere
#[utoipa::path(post, path = "/api/v1/users/{id}/sign-out", tag = "users", params(("id" = String, Path, description = "The user's id (`user_…`).")), responses(
    (status = 200, description = "Signed out.", body = SignedOut),
    Refused,
))]
pub async fn sign_out(
    State(state): State<HttpState>,
    ForInstance(permit): ForInstance<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<Json<SignedOut>> {
    let sessions = state.engine.sign_user_out(&permit, id(&path.id, "user")?).await?;
    Ok(Json(SignedOut { sessions }))
}
