//! Actions read out of what builders have already: a pasted cURL command, an OpenAPI document.
//!
//! Nothing here saves anything: what is read becomes proposals to be looked over. A credential that stands in what was
//! read never gets into a proposal; the proposal names a secret in its place.

mod credentials;
mod curl;
mod naming;
mod openapi;
mod parameters;
mod schema;
mod shell;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

pub use curl::from_curl;
pub use openapi::{Document, from_openapi, read_document};

use crate::{SecretName, action_file::ActionFile};

/// An action ready to be looked over and saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What it was made of: `GET /orders/{id}`, or an OpenAPI operation's id.
    pub origin: String,
    pub file: ActionFile,
    /// Secrets that it names, each once.
    pub secrets: Vec<FoundSecret>,
    /// What was changed or left out on the way, each a sentence.
    pub notes: Vec<String>,
}

/// A credential's place, with its value when that was written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSecret {
    pub name: SecretName,
    /// Where it stood or is to stand: "header `Authorization`".
    pub place: String,
    pub value: Option<FoundValue>,
}

/// A credential as it was found; it can't be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundValue(String);

impl FoundValue {
    /// For storing it as a secret, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FoundValue(…)")
    }
}

/// The names of secrets that the guru has: a service's stored key is referred to rather than proposed anew.
pub type StoredSecrets = BTreeSet<SecretName>;
