//! One try to sign in: everything secret about it comes from one token that only the browser has.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use errand_secrets::SecretText;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What the browser keeps in a cookie while it is at the provider.
pub struct BrowserToken(SecretText);

impl fmt::Debug for BrowserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserToken")
    }
}

impl BrowserToken {
    pub fn new(text: String) -> Self {
        Self(SecretText::new(text))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn derive(&self, label: &str) -> String {
        let hash = Sha256::new().chain_update(label).chain_update([0]).chain_update(self.expose()).finalize();
        URL_SAFE_NO_PAD.encode(hash)
    }
}

/// State, nonce and PKCE verifier of one try. They are derived, so that a server keeps none of them: who reads its
/// database can finish nobody's sign-in.
#[derive(Debug)]
pub struct Attempt {
    token: BrowserToken,
    state: String,
}

impl Attempt {
    pub fn new(token: BrowserToken) -> Self {
        let state = token.derive("state");
        Self { token, state }
    }

    /// Travels to the provider and back in addresses.
    pub fn state(&self) -> &str {
        &self.state
    }

    pub fn has_state(&self, presented: &str) -> bool {
        self.state.as_bytes().ct_eq(presented.as_bytes()).into()
    }

    pub(crate) fn nonce(&self) -> String {
        self.token.derive("nonce")
    }

    pub(crate) fn pkce_verifier(&self) -> String {
        self.token.derive("pkce")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_is_told_apart_and_belongs_to_its_token() {
        let attempt = |text: &str| Attempt::new(BrowserToken::new(text.to_owned()));
        let (one, other) = (attempt("one"), attempt("other"));
        let parts = [one.state().to_owned(), one.nonce(), one.pkce_verifier(), other.nonce()];
        for (index, part) in parts.iter().enumerate() {
            assert!(part.len() == 43, "PKCE takes 43 characters at least: {part}");
            assert!(!parts[..index].contains(part), "{part} twice");
        }
        assert!(one.has_state(attempt("one").state()) && !one.has_state(other.state()) && !one.has_state(""));
        assert_eq!(format!("{:?}", BrowserToken::new("secret".to_owned())), "BrowserToken");
    }
}
