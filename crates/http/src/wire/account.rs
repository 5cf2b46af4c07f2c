//! Signing in and being somebody.

use errand_engine::access::Caller;
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

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// `user` or `api_key`.
    pub kind: &'static str,
    pub email: Option<String>,
    pub name: String,
    /// `viewer`, `guru_admin` or `super_admin`; null for keys.
    pub role: Option<&'static str>,
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
                scopes: Vec::new(),
            },
            Caller::ApiKey(key) => Self {
                kind: "api_key",
                email: None,
                name: key.name.clone(),
                role: None,
                scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            },
        }
    }
}
