//! Placeholder for `errand_secrets::Masked` until that crate has it.

use serde::{Deserialize, Serialize};

/// Text that has been through the mask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    pub fn from_ledger(text: String) -> Self {
        Self(text)
    }
}

impl std::ops::Deref for Masked {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
