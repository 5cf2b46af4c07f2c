//! Why somebody is not signed in: a word for the sign-in page, and the rest for the log.

use errand_identity::IdentityError;
use errand_storage::StorageError;

use crate::EngineError;

/// Why nobody is signed in, as the sign-in page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderRefusal {
    /// The try is over, was another browser's or never was.
    Expired,
    /// The provider or the person said no.
    Denied,
    Unreachable,
    /// What the provider said was not right.
    NotTrusted,
    NoVerifiedEmail,
    OtherDomain,
    NoAccount,
    /// The account belongs to somebody else at the provider.
    OtherPerson,
    Crowded,
    Failed,
}

impl ProviderRefusal {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::NotTrusted => "not_trusted",
            Self::NoVerifiedEmail => "no_verified_email",
            Self::OtherDomain => "other_domain",
            Self::NoAccount => "no_account",
            Self::OtherPerson => "other_person",
            Self::Crowded => "crowded",
            Self::Failed => "failed",
        }
    }
}

impl From<StorageError> for ProviderRefusal {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "a sign-in by the identity provider failed");
        Self::Failed
    }
}

impl From<EngineError> for ProviderRefusal {
    fn from(error: EngineError) -> Self {
        tracing::error!(%error, "a sign-in by the identity provider failed");
        Self::Failed
    }
}

impl From<IdentityError> for ProviderRefusal {
    fn from(error: IdentityError) -> Self {
        tracing::warn!(%error, "nobody was signed in by the identity provider");
        match error {
            IdentityError::Unreachable(_) | IdentityError::Misconfigured(_) => Self::Unreachable,
            IdentityError::CodeRefused(_) | IdentityError::BadToken(_) => Self::NotTrusted,
        }
    }
}
