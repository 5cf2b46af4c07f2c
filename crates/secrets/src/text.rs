//! Masking as a type: [`Raw`] is what a runner got, [`Masked`] is what anyone may see.

use std::{fmt, ops::Deref};

use serde::{Serialize, Serializer};

/// What a runner produced, before masking: it may hold secrets, so it prints as its length and cannot be
/// serialized. It may be text or bytes; bytes that are not UTF-8 become U+FFFD when masked.
///
/// Don't cut a `Raw` to a size and mask the rest: a secret cut in half is no longer found. Mask first and cut then
/// ([`Masked::truncate`]), or, when only a part was received, use [`crate::Masker::mask_cut`].
///
/// ```compile_fail,E0277
/// serde_json::to_string(&errand_secrets::Raw::from("sk_live"));
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Raw(Vec<u8>);

impl Raw {
    /// The bytes as they came, for the code that works on them (parsing a tool's reply); never for showing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Raw {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Raw {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// Text in which every known secret is replaced. Only a masker makes it out of other text; the two other doors are
/// named for what they are. It cannot be deserialized, since anything could then call itself masked.
///
/// ```compile_fail,E0277
/// serde_json::from_str::<errand_secrets::Masked>("\"sk_live\"");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Masked(String);

impl Masked {
    /// For the storage crate alone: text that was masked before it was written to the ledger.
    pub fn from_ledger(text: String) -> Self {
        Self(text)
    }

    /// A constant text of our own.
    pub fn ours(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    /// Appends another masked text: the next chunk of one stream, or a sentence around it. Texts masked apart from
    /// each other may together spell a secret of which each holds a part; chunks of one stream never do.
    pub fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    /// Cuts to at most `bytes_max` bytes at a character's border. True when something was cut.
    pub fn truncate(&mut self, bytes_max: usize) -> bool {
        let cut = self.0.len() > bytes_max;
        self.0.truncate(self.0.floor_char_boundary(bytes_max));
        cut
    }
}

impl Deref for Masked {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Masked {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_prints_only_its_length() {
        assert_eq!(format!("{:?}", Raw::from("sk_live")), "Raw(7 bytes)");
    }

    #[test]
    fn masked_reads_as_text() -> Result<(), serde_json::Error> {
        let mut text = Masked::ours("done: ");
        text.push(&Masked::from_ledger("5 €".to_owned()));
        assert_eq!(format!("{text} {text:?}"), "done: 5 € \"done: 5 €\"");
        assert_eq!(serde_json::to_string(&text)?, "\"done: 5 €\"");
        assert!(text.starts_with("done"));
        Ok(())
    }

    fn check_truncate(bytes_max: usize, expect: (&str, bool)) {
        let mut text = Masked::ours("5 €");
        let cut = text.truncate(bytes_max);
        assert_eq!((text.as_str(), cut), expect, "{bytes_max}");
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        check_truncate(9, ("5 €", false));
        check_truncate(5, ("5 €", false));
        check_truncate(4, ("5 ", true));
        check_truncate(0, ("", true));
    }
}
