//! The section `[oidc]`: sign-in by an identity provider.

use std::path::PathBuf;

use color_eyre::eyre::{Result, WrapErr as _, eyre};
use errand_domain::Role;
use errand_engine::{
    SecretText,
    accounts::{
        SignInProvider,
        grants::{Grant, GroupRule},
        provider::{Emails, Newcomers, Passwords, ProviderRules, SignOut},
    },
};
use errand_http::CALLBACK_PATH;
use errand_identity::{Provider, ProviderSettings};
use errand_storage::users::Membership;
use serde::Deserialize;

use super::variable;

const SESSION_HOURS_DEFAULT: u32 = 24;
const SESSION_HOURS_MAX: u32 = 24 * 30;
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// Everything has a default but the provider's address and our id there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSection {
    pub issuer: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    scopes: Option<Vec<String>>,
    button: Option<String>,
    passwords: Option<bool>,
    create_users: Option<bool>,
    email_domains: Vec<String>,
    trust_unverified_emails: bool,
    groups_claim: Option<String>,
    groups: Vec<GroupSection>,
    session_hours: Option<u32>,
    sign_out_everywhere: bool,
}

/// What a group at the provider gives: a place in a guru, or everything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSection {
    group: String,
    #[serde(default)]
    super_admin: bool,
    guru: Option<String>,
    role: Option<String>,
    /// The guru's groups; the provider's group itself when left out.
    groups: Option<Vec<String>>,
}

impl OidcSection {
    pub fn with_variables(mut self) -> Self {
        self.issuer = variable("ERRAND_OIDC_ISSUER").or(self.issuer);
        self.client_id = variable("ERRAND_OIDC_CLIENT_ID").or(self.client_id);
        self.client_secret_file =
            variable("ERRAND_OIDC_CLIENT_SECRET_FILE").map(PathBuf::from).or(self.client_secret_file);
        self
    }

    /// None when no provider is set.
    pub fn open(&self, public_url: &str) -> Result<Option<SignInProvider>> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let home = public_url.trim_end_matches('/');
        let settings = ProviderSettings {
            issuer: issuer.clone(),
            client_id: self.client_id.clone().unwrap_or_default(),
            client_secret: self.client_secret()?,
            redirect_address: format!("{home}{CALLBACK_PATH}"),
            scopes: self.scopes.clone().unwrap_or_else(|| vec!["email".to_owned(), "profile".to_owned()]),
            groups_claim: self.groups_claim.clone().or_else(|| {
                // Rules without a claim to read would give nobody anything.
                (!self.groups.is_empty()).then(|| "groups".to_owned())
            }),
        };
        let rules = self.rules(&format!("{home}/sign-in"))?;
        let provider = Provider::new(settings).wrap_err("the settings of the identity provider")?;
        Ok(Some(SignInProvider { provider, rules }))
    }

    /// From the environment, or a file that only the server's user should read; never from the settings file.
    fn client_secret(&self) -> Result<Option<SecretText>> {
        if let Some(secret) = variable("ERRAND_OIDC_CLIENT_SECRET") {
            return Ok(Some(SecretText::new(secret)));
        }
        let Some(path) = &self.client_secret_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).wrap_err_with(|| {
            format!("the file {} of `oidc.client_secret_file` can't be read", path.display())
        })?;
        Ok(Some(SecretText::new(text.trim().to_owned())))
    }

    fn rules(&self, home: &str) -> Result<ProviderRules> {
        let session_hours = self.session_hours.unwrap_or(SESSION_HOURS_DEFAULT);
        if !(1..=SESSION_HOURS_MAX).contains(&session_hours) {
            return Err(eyre!("`oidc.session_hours` is {session_hours}; choose 1 to {SESSION_HOURS_MAX}"));
        }
        Ok(ProviderRules {
            button: self.button.clone().unwrap_or_else(|| "single sign-on".to_owned()),
            passwords: if self.passwords.unwrap_or(true) { Passwords::On } else { Passwords::Off },
            newcomers: if self.create_users.unwrap_or(false) {
                Newcomers::LetIn
            } else {
                Newcomers::TurnAway
            },
            emails: if self.trust_unverified_emails { Emails::All } else { Emails::Verified },
            email_domains: self.email_domains.iter().map(|domain| domain.trim().to_lowercase()).collect(),
            groups: self.groups.iter().map(GroupSection::rule).collect::<Result<_>>()?,
            session_ms: i64::from(session_hours) * HOUR_MS,
            sign_out: if self.sign_out_everywhere { SignOut::Everywhere } else { SignOut::Here },
            home: home.to_owned(),
        })
    }
}

impl GroupSection {
    fn rule(&self) -> Result<GroupRule> {
        let grant = match (self.super_admin, &self.guru) {
            (true, None) => Grant::SuperAdmin,
            (false, Some(guru)) => Grant::Member {
                guru: guru
                    .parse()
                    .map_err(|problem| eyre!("`oidc.groups` of `{}`: {problem}", self.group))?,
                membership: Membership {
                    role: self.role()?,
                    groups: self.groups.clone().unwrap_or_else(|| vec![self.group.clone()]),
                },
            },
            _ => {
                return Err(eyre!(
                    "`oidc.groups` of `{}` gives both or neither of `guru` and `super_admin`; give one of them",
                    self.group
                ));
            }
        };
        Ok(GroupRule { group: self.group.clone(), grant })
    }

    fn role(&self) -> Result<Role> {
        match self.role.as_deref().map_or(Some(Role::Viewer), Role::parse) {
            Some(role @ (Role::Viewer | Role::GuruAdmin)) => Ok(role),
            _ => Err(eyre!(
                "`oidc.groups` of `{}` has an unknown `role`; choose `viewer` or `guru_admin`",
                self.group
            )),
        }
    }
}
