//! People, members, keys and sessions on the wire.

use errand_domain::{GuruId, Role};
use errand_engine::{
    access::Scope,
    accounts::{NewKey, own::OwnSession},
    manage::users::{NewUser, UserChange, UserDetails},
};
use errand_storage::users::{Membership, User, api_keys::ApiKey, sessions::BegunWith};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{Array, ArrayBuilder, ObjectBuilder, Type},
};

use crate::error::{ApiError, ApiResult};

#[derive(Debug, Serialize, ToSchema)]
pub struct UserReply {
    pub id: String,
    pub email: String,
    pub name: String,
    /// `super_admin` may do everything everywhere; `viewer` only what the gurus' members lists say.
    pub role: &'static str,
    /// The gurus that the person is a member of, with the role there.
    pub gurus: Vec<GuruRole>,
    pub created_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GuruRole {
    /// The guru's slug.
    pub guru: String,
    /// `guru_admin` or `viewer`.
    pub role: &'static str,
    pub groups: Vec<String>,
}

impl From<UserDetails> for UserReply {
    fn from(details: UserDetails) -> Self {
        let gurus = details.gurus.into_iter().map(|(slug, membership)| GuruRole {
            guru: slug.to_string(),
            role: membership.role.as_str(),
            groups: membership.groups,
        });
        let gurus = gurus.collect();
        Self { gurus, ..Self::from(details.user) }
    }
}

impl From<User> for UserReply {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email,
            name: user.name,
            role: user.role.as_str(),
            gurus: Vec::new(),
            created_at: user.created_at.to_rfc3339(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    pub email: String,
    #[serde(default)]
    pub name: String,
    /// `viewer` (when left out) or `super_admin`.
    #[schema(pattern = "^(viewer|super_admin)$")]
    pub role: Option<String>,
}

impl NewUserBody {
    pub fn read(self) -> ApiResult<NewUser> {
        let role = self.role.as_deref().map_or(Ok(Role::Viewer), role)?;
        Ok(NewUser { email: self.email, name: self.name, role })
    }
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChangeBody {
    pub email: Option<String>,
    pub name: Option<String>,
    /// `viewer` or `super_admin`.
    #[schema(pattern = "^(viewer|super_admin)$")]
    pub role: Option<String>,
}

impl UserChangeBody {
    pub fn read(self) -> ApiResult<UserChange> {
        Ok(UserChange {
            email: self.email,
            name: self.name,
            role: self.role.as_deref().map(role).transpose()?,
        })
    }
}

fn role(text: &str) -> ApiResult<Role> {
    Role::parse(text).ok_or_else(|| {
        ApiError::bad_request(
            "bad_role",
            format!("`{text}` is no role."),
            "Choose `viewer`, `guru_admin` or `super_admin`.",
        )
    })
}

/// A one-time sign-in link. Whoever opens it is signed in, so it is for one person's eyes.
#[derive(Serialize, ToSchema)]
pub struct SignInLink {
    /// Path and query of the link, to be put after the address at which Errand is reached; it works once, within seven
    /// days, and is not shown again.
    pub path: String,
}

impl SignInLink {
    pub fn of(token: &errand_engine::accounts::Token) -> Self {
        Self { path: format!("/claim?token={}", token.expose()) }
    }
}

#[derive(Serialize, ToSchema)]
pub struct InvitedReply {
    #[serde(flatten)]
    pub user: UserReply,
    pub sign_in_link: SignInLink,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignedOut {
    /// Sessions that ended.
    pub sessions: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Unlinked {
    /// Identities that were forgotten.
    pub identities: u64,
}

/// A member of a guru.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberReply {
    pub user_id: String,
    pub email: String,
    pub name: String,
    /// `guru_admin` builds and asks, `viewer` asks.
    pub role: &'static str,
    /// What actions see as `GURUBASE_USER_GROUPS` when this person asks.
    pub groups: Vec<String>,
}

impl From<(User, Membership)> for MemberReply {
    fn from((user, membership): (User, Membership)) -> Self {
        Self {
            user_id: user.id.to_string(),
            email: user.email,
            name: user.name,
            role: membership.role.as_str(),
            groups: membership.groups,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Of somebody who has an account here.
    pub email: String,
    /// `viewer` (when left out) or `guru_admin`.
    #[schema(pattern = "^(viewer|guru_admin)$")]
    pub role: Option<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

impl NewMember {
    pub fn read(self) -> ApiResult<(String, Membership)> {
        let role = self.role.as_deref().map_or(Ok(Role::Viewer), role)?;
        Ok((self.email, Membership { role, groups: self.groups }))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipBody {
    /// `viewer` or `guru_admin`.
    #[schema(pattern = "^(viewer|guru_admin)$")]
    pub role: String,
    /// All of them; none when left out.
    #[serde(default)]
    pub groups: Vec<String>,
}

impl MembershipBody {
    pub fn read(self) -> ApiResult<Membership> {
        Ok(Membership { role: role(&self.role)?, groups: self.groups })
    }
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyReply {
    pub id: String,
    pub name: String,
    /// `ask`, `run`, `manage`.
    pub scopes: Vec<String>,
    /// The id of the only guru that it is good for; null for all.
    pub guru_id: Option<String>,
    pub created_at: String,
    /// About when; noted every few minutes at most.
    pub last_used_at: Option<String>,
}

impl From<ApiKey> for KeyReply {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            scopes: key.scopes,
            guru_id: key.guru_id.map(|id: GuruId| id.to_string()),
            created_at: key.created_at.to_rfc3339(),
            last_used_at: key.last_used_at.map(errand_domain::UnixMillis::to_rfc3339),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// What it is for.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// Any of `ask`, `run` and `manage`.
    #[schema(schema_with = scope_list)]
    pub scopes: Vec<String>,
}

/// At least one of the known scopes.
fn scope_list() -> Array {
    let scope = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(ask|run|manage)$"));
    ArrayBuilder::new().items(scope).min_items(Some(1)).build()
}

impl NewKeyBody {
    pub fn scopes(&self) -> ApiResult<Vec<Scope>> {
        let read = |text: &String| {
            Scope::parse(text).ok_or_else(|| {
                ApiError::bad_request(
                    "bad_scope",
                    format!("`{text}` is no scope."),
                    "Choose among `ask`, `run` and `manage`.",
                )
            })
        };
        self.scopes.iter().map(read).collect()
    }
}

/// A fresh key.
#[derive(Serialize, ToSchema)]
pub struct KeyMade {
    pub id: String,
    /// The key itself; it is not shown again.
    pub key: String,
}

impl From<NewKey> for KeyMade {
    fn from(key: NewKey) -> Self {
        Self { id: key.id.to_string(), key: key.text.expose().to_owned() }
    }
}

/// A place where the caller is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionReply {
    pub id: String,
    /// `password`, `link` or `provider`; null when it is older than this note.
    pub begun_with: Option<&'static str>,
    /// What its browser called itself.
    pub user_agent: Option<String>,
    pub created_at: String,
    /// About when; noted every few minutes at most.
    pub last_seen_at: String,
    pub expires_at: String,
    /// The one that asks.
    pub current: bool,
}

impl From<OwnSession> for SessionReply {
    fn from(session: OwnSession) -> Self {
        Self {
            id: session.id,
            begun_with: session.begun_with.map(BegunWith::as_str),
            user_agent: session.user_agent,
            created_at: session.created_at.to_rfc3339(),
            last_seen_at: session.last_seen_at.to_rfc3339(),
            expires_at: session.expires_at.to_rfc3339(),
            current: session.is_current,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The present one; left out by who has none yet.
    pub current_password: Option<String>,
    #[schema(min_length = 10, max_length = 256)]
    pub new_password: String,
}
