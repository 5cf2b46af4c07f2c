//! Passwords: Argon2id with the crate's recommended costs.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use errand_domain::Problem;

use crate::{EngineError, error::Result};

pub const PASSWORD_CHARS_MIN: usize = 10;
pub const PASSWORD_CHARS_MAX: usize = 256;

/// The hash in PHC format, salted. Costs tens of milliseconds on purpose.
pub fn hash(password: &str) -> Result<String> {
    let chars = password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        let hint = format!("Choose {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters.");
        return Err(Problem::new("bad_password", "This password is too short or too long.", hint)
            .at("password")
            .into());
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| EngineError::internal("hashing a password", error.to_string()))
}

/// Whether the password fits. Without a hash the work is done all the same, so that time tells nothing.
pub fn verify(hash: Option<&str>, password: &str) -> bool {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    if let Some(parsed) = parsed {
        return Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    }
    let _ = Argon2::default().hash_password(password.as_bytes());
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_only() {
        let hashed = hash("correct horse").expect("a good password");
        assert!(verify(Some(&hashed), "correct horse"));
        assert!(!verify(Some(&hashed), "correct horsf"));
        assert!(!verify(None, "correct horse"));
        assert!(hash("short").is_err());
    }
}
