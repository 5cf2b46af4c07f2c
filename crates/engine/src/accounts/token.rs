//! Random tokens for sessions, one-time links and keys. Only their hashes are kept: 256 random bits need no slow hash.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use errand_secrets::SecretText;
use sha2::{Digest as _, Sha256};

const TOKEN_BYTES: usize = 32;

/// A token in the clear; it can't be printed by accident.
#[allow(missing_debug_implementations, reason = "a token must not print")]
pub struct Token(SecretText);

impl Token {
    pub fn random() -> Self {
        let bytes: [u8; TOKEN_BYTES] = rand::random();
        Self(SecretText::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What is kept of a token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
