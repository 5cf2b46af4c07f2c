//! The files of a container image as they lie in a folder: the OCI layout, or what `docker save` writes.
//!
//! Everything is named by its SHA-256, and nothing counts before its hash is right.

use std::{
    io::{self, Read},
    str::FromStr,
};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::image::{
    digest::{hex, sha256},
    error::ImageError,
    recipe::architecture,
    root::Root,
};

/// Of an index, a manifest or a configuration.
pub const DOCUMENT_BYTES_MAX: u64 = 4 * 1024 * 1024;
const LAYERS_MAX: usize = 512;
const INDEXES_DEEP_MAX: usize = 4;
/// Provenance that lies beside images and is none.
const ATTESTATION: &str = "vnd.docker.reference.type";

/// `sha256:` and 64 hexadecimal digits: the only kind that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest(String);

/// A named piece of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub digest: Digest,
    pub bytes: u64,
}

/// What a document says: look at another one for this machine, or here is the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    Index(Blob),
    Manifest { config: Blob, layers: Vec<Blob> },
}

/// The parts of an image, found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub config_digest: Digest,
    /// From the lowest up.
    pub layers: Vec<LayerPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayerPart {
    /// In the folder.
    pub path: String,
    /// Of the file itself, when it is known.
    pub digest: Option<Digest>,
    /// Of what is in it, decompressed.
    pub content: Digest,
}

impl Digest {
    /// Of everything that can be read.
    pub fn of(reader: impl Read) -> io::Result<Self> {
        Ok(Self(format!("sha256:{}", sha256(reader)?)))
    }

    /// Of a document.
    pub fn of_text(text: &str) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(text))))
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// Where the OCI layout keeps it.
    pub fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digits())
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Digest {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let is_hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        match text.strip_prefix("sha256:") {
            Some(digits) if digits.len() == 64 && digits.chars().all(is_hex) => Ok(Self(text.to_owned())),
            _ => Err(malformed("a digest in it is no SHA-256")),
        }
    }
}

#[derive(Deserialize)]
struct AnyDocument {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    size: u64,
    platform: Option<Platform>,
    #[serde(default)]
    annotations: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

#[derive(Deserialize)]
struct Configuration {
    architecture: Option<String>,
    os: Option<String>,
    rootfs: Option<RootFs>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    layers: Vec<String>,
}

impl Descriptor {
    fn blob(&self) -> Result<Blob, ImageError> {
        Ok(Blob { digest: self.digest.parse()?, bytes: self.size })
    }

    fn is_for_this_machine(&self) -> bool {
        let fits = |platform: &Platform| platform.os == "linux" && platform.architecture == architecture();
        self.platform.as_ref().is_none_or(fits) && !self.annotations.contains_key(ATTESTATION)
    }
}

/// Reads an index or a manifest.
pub fn read_document(text: &str) -> Result<Document, ImageError> {
    let document: AnyDocument = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    match document {
        AnyDocument { manifests: Some(manifests), .. } => choose(&manifests).map(Document::Index),
        AnyDocument { config: Some(config), layers: Some(layers), .. } => {
            if layers.len() > LAYERS_MAX {
                return Err(malformed(&format!("it has more than {LAYERS_MAX} layers")));
            }
            let layers = layers.iter().map(Descriptor::blob).collect::<Result<_, _>>()?;
            Ok(Document::Manifest { config: config.blob()?, layers })
        }
        _ => Err(malformed("it names neither images nor layers")),
    }
}

fn choose(manifests: &[Descriptor]) -> Result<Blob, ImageError> {
    let fitting: Vec<&Descriptor> =
        manifests.iter().filter(|manifest| manifest.is_for_this_machine()).collect();
    match fitting.as_slice() {
        [only] => only.blob(),
        [] => Err(ImageError::new(
            "platform",
            format!("There is no image for Linux on {} in it.", architecture()),
            "Take one that was built for this machine's processor.",
        )),
        // The same image under several tags.
        [first, others @ ..] if others.iter().all(|other| other.digest == first.digest) => first.blob(),
        _ => Err(ImageError::new(
            "several_images",
            format!("There are {} images in it.", fitting.len()),
            "Save one alone: `docker save NAME:TAG`.",
        )),
    }
}

/// What a configuration says its layers hold, when it is for this machine.
fn contents(text: &str) -> Result<Vec<Digest>, ImageError> {
    let configuration: Configuration = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    let is_other =
        |found: &Option<String>, wanted: &str| found.as_deref().is_some_and(|found| found != wanted);
    if is_other(&configuration.architecture, architecture()) || is_other(&configuration.os, "linux") {
        return Err(ImageError::new(
            "platform",
            format!(
                "The image is for {} on {}, and this machine is Linux on {}.",
                configuration.os.unwrap_or_default(),
                configuration.architecture.unwrap_or_default(),
                architecture()
            ),
            "Take one that was built for this machine's processor.",
        ));
    }
    let layers = configuration.rootfs.ok_or_else(|| malformed("its configuration names no layers"))?;
    layers.diff_ids.iter().map(|digest| digest.parse()).collect()
}

/// Finds an image's parts in a folder of either kind.
pub(super) fn find(folder: &Root) -> Result<Parts, ImageError> {
    if let Some(index) = text(folder, "index.json")? {
        return find_by_index(folder, &index);
    }
    match text(folder, "manifest.json")? {
        Some(saved) => find_saved(folder, &saved),
        None => Err(ImageError::new(
            "no_image",
            "There is neither an OCI layout (`index.json`) nor a saved image (`manifest.json`) in it.",
            "Make the archive with `docker save`, `podman save` or `skopeo copy … oci-archive:image.tar`.",
        )),
    }
}

fn find_by_index(folder: &Root, index: &str) -> Result<Parts, ImageError> {
    let mut document = read_document(index)?;
    for _ in 0..INDEXES_DEEP_MAX {
        match document {
            Document::Index(blob) => document = read_document(&checked_text(folder, &blob.digest)?)?,
            Document::Manifest { config, layers } => {
                let contents = contents(&checked_text(folder, &config.digest)?)?;
                let layers = layers.into_iter().map(|blob| (blob.digest.path(), Some(blob.digest))).collect();
                return parts(config.digest, layers, contents);
            }
        }
    }
    Err(malformed("its indexes lead to more indexes"))
}

fn find_saved(folder: &Root, saved: &str) -> Result<Parts, ImageError> {
    let images: Vec<Saved> = serde_json::from_str(saved).map_err(|error| malformed(&error))?;
    let [image] = images.as_slice() else {
        return Err(ImageError::new(
            "several_images",
            format!("There are {} images in it.", images.len()),
            "Save one alone: `docker save NAME:TAG`.",
        ));
    };
    let config = text(folder, &image.config)?.ok_or_else(|| malformed("its configuration is missing"))?;
    let layers = image.layers.iter().map(|path| (path.clone(), None)).collect();
    parts(Digest::of_text(&config), layers, contents(&config)?)
}

fn parts(
    config_digest: Digest,
    layers: Vec<(String, Option<Digest>)>,
    contents: Vec<Digest>,
) -> Result<Parts, ImageError> {
    if layers.len() != contents.len() || layers.len() > LAYERS_MAX {
        return Err(malformed("its layers are not those that its configuration names"));
    }
    let layers = layers.into_iter().zip(contents);
    let layers = layers.map(|((path, digest), content)| LayerPart { path, digest, content }).collect();
    Ok(Parts { config_digest, layers })
}

fn checked_text(folder: &Root, digest: &Digest) -> Result<String, ImageError> {
    let text = text(folder, &digest.path())?.ok_or_else(|| malformed(&format!("`{digest}` is missing")))?;
    if Digest::of_text(&text) == *digest { Ok(text) } else { Err(wrong_digest(digest)) }
}

fn text(folder: &Root, path: &str) -> Result<Option<String>, ImageError> {
    let Some(file) = folder.open_file(path).map_err(|error| ImageError::inside("open", path, &error))? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read = file.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| ImageError::inside("read", path, &error))?;
    if length as u64 > DOCUMENT_BYTES_MAX {
        return Err(malformed(&format!("`{path}` is too long")));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| malformed(&error))
}

pub fn wrong_digest(digest: &Digest) -> ImageError {
    ImageError::new(
        "wrong_digest",
        format!("What should be `{digest}` is something else."),
        "Don't use it; fetch the image again, from a place that you trust.",
    )
}

fn malformed(why: &(impl std::fmt::Display + ?Sized)) -> ImageError {
    ImageError::new(
        "malformed",
        format!("This is no container image that can be read: {why}."),
        "Save or pull it again.",
    )
}
