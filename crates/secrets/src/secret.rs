//! A value that cannot print, serialize, be compared byte by byte or be copied by accident.

use errand_domain::{Problem, limits};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Text that must not be seen: an API key, a password, a token.
pub type SecretText = Secret<String>;

/// A secret value, wiped from memory when dropped. It can be read in one way only: [`Secret::expose`], which is
/// easy to search for.
///
/// It has no `Debug`, `Display`, `Serialize`, `Clone` or `PartialEq`, so nothing that holds it can gain them by
/// `derive`; a struct around it writes its own `Debug` and leaves the value out.
///
/// ```compile_fail,E0277
/// println!("{:?}", errand_secrets::SecretText::from("hunter2".to_owned()));
/// ```
/// ```compile_fail,E0277
/// println!("{}", errand_secrets::SecretText::from("hunter2".to_owned()));
/// ```
/// ```compile_fail,E0277
/// serde_json::to_string(&errand_secrets::SecretText::from("hunter2".to_owned()));
/// ```
/// ```compile_fail,E0599
/// let copy = errand_secrets::SecretText::from("hunter2".to_owned()).clone();
/// ```
/// ```compile_fail,E0369
/// let secret = errand_secrets::SecretText::from("hunter2".to_owned());
/// let same = secret == secret;
/// ```
/// ```
/// let secret = errand_secrets::SecretText::from("hunter2".to_owned());
/// assert_eq!(secret.expose(), "hunter2");
/// assert!(secret.same_as(&secret.duplicate()));
/// ```
#[allow(missing_debug_implementations, reason = "a secret must not print")]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Secret<T> {
    /// A second copy in memory, on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Compares in time that depends on the lengths alone.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Inward only: a request body may carry a secret; no reply can.
impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The rules for a value that a person sets: long enough that masking it leaves other text readable, short enough
/// to store, and not blank.
pub fn check_secret_value(value: &SecretText) -> Result<(), Problem> {
    let text = value.expose();
    if text.trim().len() < limits::SECRET_BYTES_MIN {
        return Err(Problem::new(
            "secret_too_short",
            format!(
                "The secret's value is shorter than {} bytes; masking it would hide ordinary text.",
                limits::SECRET_BYTES_MIN
            ),
            "Give the whole credential; put a short setting that is not secret into the action itself.",
        )
        .at("value"));
    }
    if text.len() > limits::SECRET_BYTES_MAX {
        return Err(Problem::new(
            "secret_too_long",
            format!("The secret's value has {} bytes; {} are allowed.", text.len(), limits::SECRET_BYTES_MAX),
            "Store the credential alone, without the file around it.",
        )
        .at("value"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expect: Result<(), &str>) {
        let got = check_secret_value(&SecretText::from(value.to_owned()));
        assert_eq!(got.map_err(|problem| problem.code), expect, "{value:.20}");
    }

    #[test]
    fn values_are_long_enough_to_mask_and_short_enough_to_keep() {
        check("abcd", Ok(()));
        check("abc", Err("secret_too_short"));
        check("  a  ", Err("secret_too_short"));
        check(&"x".repeat(limits::SECRET_BYTES_MAX), Ok(()));
        check(&"x".repeat(limits::SECRET_BYTES_MAX + 1), Err("secret_too_long"));
    }

    #[test]
    fn comparing_sees_length_and_content() {
        let secret = |text: &str| SecretText::from(text.to_owned());
        assert!(secret("same").same_as(&secret("same")));
        assert!(!secret("same").same_as(&secret("sama")));
        assert!(!secret("same").same_as(&secret("sames")));
    }

    #[test]
    fn a_request_can_carry_one_in() -> Result<(), serde_json::Error> {
        assert_eq!(serde_json::from_str::<SecretText>("\"hunter2\"")?.expose(), "hunter2");
        Ok(())
    }
}
