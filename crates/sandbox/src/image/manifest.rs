//! What an image is made of, kept beside it: `manifest.json`, version 1.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::ImageError;

pub const MANIFEST_FILE: &str = "manifest.json";
pub const MANIFEST_VERSION: u32 = 1;
const MANIFEST_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    /// The image's name, which is its folder's too.
    pub id: String,
    pub origin: Origin,
    pub architecture: String,
    /// RFC 3339, UTC.
    pub built_at: String,
    /// Where the interpreter is in the image, such as `/usr/bin/python3.13`.
    pub python: String,
    pub debian: Vec<DebianPackage>,
    pub libraries: Vec<Library>,
    /// The operator's additions, as they were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// Whether modules have their byte code beside them.
    pub is_compiled: bool,
    /// What scripts written for the image that Errand builds would not find; empty in that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Over all names, kinds, modes, link targets and contents, in order; two builds that agree on it are the same.
    pub files_sha256: String,
    pub files: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    Recipe {
        recipe_sha256: String,
        release: String,
        /// Where Debian's packages came from; absent when it was mmdebstrap's own default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mirror: Option<String>,
    },
    Container {
        /// As it was asked for: a reference or a path.
        reference: String,
        /// Of the image's configuration, which names its layers.
        config_digest: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DebianPackage {
    pub name: String,
    pub version: String,
    pub architecture: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Library {
    pub name: String,
    pub version: String,
    /// Of the wheel that was installed, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// Reads an image folder's manifest.
    pub fn read(image: &Path) -> Result<Self, ImageError> {
        let path = image.join(MANIFEST_FILE);
        let unreadable = |why: &dyn std::fmt::Display| {
            ImageError::new(
                "manifest",
                format!("`{}` can't be used: {why}.", path.display()),
                "Build the image again: `errand image build --anew`.",
            )
        };
        let length = path.metadata().map_err(|error| unreadable(&error))?.len();
        if length > MANIFEST_BYTES_MAX {
            return Err(unreadable(&"it is too long"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&error))?;
        let version: Version = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
        if version.version != MANIFEST_VERSION {
            let why = format!(
                "it has version {}, and this Errand reads version {MANIFEST_VERSION}",
                version.version
            );
            return Err(unreadable(&why));
        }
        serde_json::from_str(&text).map_err(|error| unreadable(&error))
    }

    pub fn write(&self, image: &Path) -> Result<(), ImageError> {
        let path = image.join(MANIFEST_FILE);
        let mut text =
            serde_json::to_string_pretty(self).map_err(|error| ImageError::file("write", &path, &error))?;
        text.push('\n');
        std::fs::write(&path, text).map_err(|error| ImageError::file("write", &path, &error))
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}
