//! Why there is no image: what happened, and what to do.

use std::{fmt::Display, io, path::Path};

/// Holds no credential: addresses are told without their user part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} {hint}")]
pub struct ImageError {
    /// Stable, for programs.
    pub code: &'static str,
    pub message: String,
    pub hint: String,
}

impl ImageError {
    pub(super) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }

    /// A file or folder that can't be used: `step` as in "read".
    pub(super) fn file(step: &str, path: &Path, error: &impl Display) -> Self {
        Self::new(
            "file",
            format!("Could not {step} `{}`: {error}.", path.display()),
            "Check the path, its permissions and the free space.",
        )
    }

    /// The same for a path inside an image.
    pub(super) fn inside(step: &str, path: &str, error: &io::Error) -> Self {
        Self::new(
            "file",
            format!("Could not {step} `{path}` in the image: {error}."),
            "Check the free space and the permissions of the image folder.",
        )
    }

    /// A thread of ours that ended before its work did.
    pub(super) fn cut() -> Self {
        Self::new("cut", "The work on the image was cut off.", "Run it again; what was done is kept.")
    }
}
