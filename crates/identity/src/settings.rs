//! What the operator says of the provider.

use std::fmt;

use errand_secrets::SecretText;
use openidconnect::ClientId;
use url::Url;

pub struct ProviderSettings {
    /// Exactly as the provider writes it in its tokens.
    pub issuer: String,
    pub client_id: String,
    /// None for a public client, which PKCE alone protects.
    pub client_secret: Option<SecretText>,
    /// Where the provider sends the browser back to.
    pub redirect_address: String,
    /// Beside `openid`, which is always asked for.
    pub scopes: Vec<String>,
    /// The claim that lists the groups; None when nobody asks for groups.
    pub groups_claim: Option<String>,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, client_id, .. } = self;
        f.debug_struct("ProviderSettings")
            .field("issuer", issuer)
            .field("client_id", client_id)
            .finish_non_exhaustive()
    }
}

/// Settings that can't be right.
#[derive(Debug, thiserror::Error)]
pub enum SettingsProblem {
    #[error("`{name}` is `{address}`, which {why}. Write one such as `https://id.example.com`.")]
    BadAddress { name: &'static str, address: String, why: &'static str },
    #[error("`oidc.client_id` is empty. Enter the id under which the provider knows Errand.")]
    NoClientId,
    #[error("The HTTP client for the identity provider could not be made: {0}")]
    Client(String),
}

impl SettingsProblem {
    pub(crate) fn client(error: impl std::error::Error) -> Self {
        Self::Client(error.to_string())
    }
}

impl ProviderSettings {
    pub(crate) fn check(&self) -> Result<(), SettingsProblem> {
        for (name, address) in [("oidc.issuer", &self.issuer), ("public_url", &self.redirect_address)] {
            if let Some(why) = bad_address(address) {
                return Err(SettingsProblem::BadAddress { name, address: address.clone(), why });
            }
        }
        if self.client_id.trim().is_empty() { Err(SettingsProblem::NoClientId) } else { Ok(()) }
    }

    pub(crate) fn client_id(&self) -> ClientId {
        ClientId::new(self.client_id.clone())
    }
}

/// Why nothing secret may travel to this address; None when it may. Without TLS, only on this machine.
pub(crate) fn bad_address(address: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(address) else { return Some("is no address") };
    if !url.username().is_empty() || url.password().is_some() {
        return Some("holds credentials");
    }
    if url.fragment().is_some() {
        return Some("has a fragment");
    }
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Some("names no host"),
    };
    match url.scheme() {
        "https" => None,
        "http" if is_here => None,
        "http" => Some("is not protected by TLS"),
        _ => Some("does not start with `https://`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expect: Option<&str>) {
        assert_eq!(bad_address(address), expect, "{address}");
    }

    #[test]
    fn only_addresses_that_keep_a_secret_are_taken() {
        check("https://id.example.com/realms/acme", None);
        check("http://127.0.0.1:9000", None);
        check("http://localhost:9000/", None);
        check("http://[::1]:9000/", None);
        check("http://id.example.com", Some("is not protected by TLS"));
        check("http://localhost.example.com", Some("is not protected by TLS"));
        check("ftp://id.example.com", Some("does not start with `https://`"));
        check("https://user:word@id.example.com", Some("holds credentials"));
        check("https://id.example.com/#x", Some("has a fragment"));
        check("id.example.com", Some("is no address"));
    }
}
