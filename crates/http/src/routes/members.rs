//! Members of a guru, with their roles and groups there.

use axum::{Json, extract::State, http::StatusCode};
use errand_engine::access::Manage;

use super::{id, users::UserPath};
use crate::{
    auth::For,
    error::{ApiResult, Refused, RefusedInput},
    extract::{InPath, Payload},
    state::HttpState,
    wire::{
        Page,
        user::{MemberReply, MembershipBody, NewMember},
    },
};

/// List a guru's members
#[utoipa::path(get, path = "/api/v1/{guru}/members", tag = "members", params(("guru" = String, Path, description = "The guru's slug.")), responses(
    (status = 200, description = "The members, by e-mail; super admins may do everything without being one.", body = Page<MemberReply>),
    Refused,
))]
pub async fn list(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
) -> ApiResult<Json<Page<MemberReply>>> {
    let members = state.engine.list_members(&permit).await?;
    Ok(Json(Page { items: members.into_iter().map(MemberReply::from).collect(), next_cursor: None }))
}

/// Make somebody with an account a member
#[utoipa::path(post, path = "/api/v1/{guru}/members", tag = "members", params(("guru" = String, Path, description = "The guru's slug.")), request_body = NewMember, responses(
    (status = 201, description = "A member now.", body = MemberReply),
    Refused,
    RefusedInput,
))]
pub async fn add(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    Payload(body): Payload<NewMember>,
) -> ApiResult<(StatusCode, Json<MemberReply>)> {
    let (email, membership) = body.read()?;
    let member = state.engine.add_member(&permit, &email, membership).await?;
    Ok((StatusCode::CREATED, Json(member.into())))
}

/// Set a member's role and groups
#[utoipa::path(put, path = "/api/v1/{guru}/members/{id}", tag = "members", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The user's id (`user_…`)."),
), request_body = MembershipBody, responses(
    (status = 200, description = "Set.", body = MemberReply),
    Refused,
    RefusedInput,
))]
pub async fn set(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<UserPath>,
    Payload(body): Payload<MembershipBody>,
) -> ApiResult<Json<MemberReply>> {
    let user_id = id(&path.id, "user")?;
    Ok(Json(state.engine.set_member(&permit, user_id, body.read()?).await?.into()))
}

/// End a membership
#[utoipa::path(delete, path = "/api/v1/{guru}/members/{id}", tag = "members", params(
    ("guru" = String, Path, description = "The guru's slug."), ("id" = String, Path, description = "The user's id (`user_…`)."),
), responses(
    (status = 204, description = "No member any more."),
    Refused,
))]
pub async fn remove(
    State(state): State<HttpState>,
    For(permit): For<Manage>,
    InPath(path): InPath<UserPath>,
) -> ApiResult<StatusCode> {
    state.engine.remove_member(&permit, id(&path.id, "member")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
