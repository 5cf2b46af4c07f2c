//! Signing in and being somebody.

use errand_engine::access::{Caller, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The token of a one-time sign-in link.
    pub token: String,
    /// A password for the next time; may be left out.
    pub password: Option<String>,
}

/// How one can sign in here.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInMethods {
    /// With e-mail address and password.
    pub password: bool,
    /// By the identity provider, when there is one.
    pub provider: Option<ProviderMethod>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderMethod {
    /// For the button.
    pub name: String,
    /// Where the button leads; add `?return_to=` with a path of the web app to come back to.
    pub path: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SignOutReply {
    /// The identity provider's page for signing out.
    pub go_on_to: String,
}

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// `user` or `api_key`.
    pub kind: &'static str,
    pub email: Option<String>,
    pub name: String,
    /// In the installation: `super_admin` or `viewer`; null for keys. What somebody may do in a guru, the guru's `scopes`
    /// say.
    pub role: Option<&'static str>,
    /// Users, keys, gurus and settings of the whole installation.
    pub may_manage_installation: bool,
    /// `ask`, `run`, `manage`; what keys may do. Empty for users, whose role says it.
    pub scopes: Vec<&'static str>,
}

impl From<&Caller> for Me {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::User(user) => Self {
                kind: "user",
                email: Some(user.email.clone()),
                name: user.name.clone(),
                role: Some(user.role.as_str()),
                may_manage_installation: caller.may_instance(Scope::Manage),
                scopes: Vec::new(),
            },
            Caller::ApiKey(key) => Self {
                kind: "api_key",
                email: None,
                name: key.name.clone(),
                role: None,
                may_manage_installation: caller.may_instance(Scope::Manage),
                scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            },
        }
    }
}
