//! Unpacks a container image: an OCI layout or a `docker save` archive, as a folder or in one file.

mod layout;

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

pub use layout::{Blob, DOCUMENT_BYTES_MAX, Digest, Document, read_document, wrong_digest};

use super::{
    chamber::Chamber,
    error::ImageError,
    finish::{self, Finishing},
    inspect,
    layer::{self, Allowance},
    manifest::Origin,
    needs,
    progress::{Reporter, Stage},
    root::Root,
    store::{Image, Store, make_folder, remove_any},
};
use layout::{LayerPart, Parts};

/// In the names of unpacked images, so that none is taken for a built one.
const ID_PREFIX: &str = "oci-";
const ID_CHARS: usize = 16;
const WORKSHOP: &str = "container";
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const STAGES: [Stage; 3] = [Stage::Unpack, Stage::Compile, Stage::Seal];

#[derive(Debug, Clone)]
pub struct UnpackRequest {
    /// The archive or the folder.
    pub source: PathBuf,
    /// What it was asked for as, for the manifest.
    pub reference: String,
    /// Of whoever unpacks it: PATH.
    pub environment: Vec<(String, String)>,
    /// RFC 3339, UTC.
    pub built_at: String,
}

/// Makes an image out of a container image, and makes it the one in use. What scripts may miss stands in its manifest.
pub async fn unpack(
    store: &Store,
    request: &UnpackRequest,
    reporter: &Reporter,
) -> Result<Image, ImageError> {
    let _lock = store.lock(reporter).await?;
    needs::check_space(store.folder())?;
    let work = store.workshop(WORKSHOP);
    let made = make(store, request, reporter, &work).await.map_err(needs::explained);
    remove_any(&work).map_err(|error| ImageError::file("delete", &work, &error))?;
    made
}

async fn make(
    store: &Store,
    request: &UnpackRequest,
    reporter: &Reporter,
    work: &Path,
) -> Result<Image, ImageError> {
    remove_any(work).map_err(|error| ImageError::file("delete", work, &error))?;
    let image = work.join("image");
    let (root, scratch) = (image.join("root"), work.join("scratch"));
    for folder in [&root, &scratch] {
        make_folder(folder)?;
    }
    reporter.stage(Stage::Unpack, &STAGES);
    let parts = in_thread({
        let (request, work, root, reporter) =
            (request.clone(), work.to_owned(), root.clone(), reporter.clone());
        move || unpack_now(&request.source, &work, &root, &reporter)
    })
    .await?;
    let id = format!("{ID_PREFIX}{}", &parts.config_digest.digits()[..ID_CHARS]);
    reporter.stage(Stage::Compile, &STAGES);
    let is_compiled = compile(request, root, scratch, reporter).await;
    reporter.stage(Stage::Seal, &STAGES);
    let finishing = Finishing {
        id: id.clone(),
        image: image.clone(),
        origin: Origin::Container {
            reference: request.reference.clone(),
            config_digest: parts.config_digest.to_string(),
        },
        built_at: request.built_at.clone(),
        wheels: None,
        requirements: None,
        is_compiled,
    };
    finish::seal(finishing, reporter).await?;
    store.put(&id, &image)
}

async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ImageError::cut())?
}

fn unpack_now(source: &Path, work: &Path, target: &Path, reporter: &Reporter) -> Result<Parts, ImageError> {
    let mut allowance = Allowance::default();
    let folder = if source.is_dir() {
        source.to_owned()
    } else {
        let folder = work.join("layout");
        make_folder(&folder)?;
        let file = File::open(source).map_err(|error| ImageError::file("open", source, &error))?;
        reporter.note("Opening the archive");
        layer::add(&open(&folder)?, decompressed(file)?, &mut allowance, |_| {})?;
        folder
    };
    let folder = open(&folder)?;
    let parts = layout::find(&folder)?;
    let target = open(target)?;
    for (index, part) in parts.layers.iter().enumerate() {
        reporter.step(index as u64, parts.layers.len() as u64);
        reporter.note(format!("Layer {} of {}", index + 1, parts.layers.len()));
        apply(&folder, part, &target, &mut allowance)?;
    }
    inspect::interpreter(&target)?;
    Ok(parts)
}

/// Nothing of a layer counts before its hashes are right; then what it deletes goes, then what it brings comes.
fn apply(
    folder: &Root,
    part: &LayerPart,
    target: &Root,
    allowance: &mut Allowance,
) -> Result<(), ImageError> {
    let unreadable = |error: io::Error| ImageError::inside("read", &part.path, &error);
    let reading = || -> Result<File, ImageError> {
        folder.open_file(&part.path).map_err(unreadable)?.ok_or_else(|| {
            let message = format!("The layer `{}` is missing.", part.content);
            ImageError::new("malformed", message, "Save or pull the image again.")
        })
    };
    if let Some(digest) = &part.digest {
        check_hash(reading()?, digest, unreadable)?;
    }
    // One byte more than is allowed shows in the hash.
    check_hash(decompressed(reading()?)?.take(allowance.bytes), &part.content, unreadable)?;
    layer::take_away(target, decompressed(reading()?)?, allowance)?;
    layer::add(target, decompressed(reading()?)?, allowance, |_| {})
}

fn check_hash(
    reader: impl Read,
    expected: &Digest,
    unreadable: impl Fn(io::Error) -> ImageError,
) -> Result<(), ImageError> {
    if Digest::of(reader).map_err(unreadable)? == *expected { Ok(()) } else { Err(wrong_digest(expected)) }
}

async fn compile(request: &UnpackRequest, root: PathBuf, scratch: PathBuf, reporter: &Reporter) -> bool {
    // Without bubblewrap the image works as it is; modules are then compiled anew in each run.
    let Ok(chamber) = Chamber::of(&request.environment, root, scratch) else {
        return false;
    };
    // Neither is one needed that doesn't compile, such as a template, nor is bubblewrap allowed in every container.
    finish::compile(&chamber, reporter).await.is_ok()
}

fn open(folder: &Path) -> Result<Root, ImageError> {
    Root::open(folder).map_err(|error| ImageError::file("open", folder, &error))
}

/// The bytes behind gzip or Zstandard, told by how the file begins; others as they are.
fn decompressed(file: File) -> Result<Box<dyn Read>, ImageError> {
    let broken = |error: &dyn std::fmt::Display| {
        ImageError::new("broken_archive", format!("The archive can't be read: {error}."), "Fetch it again.")
    };
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let begin = reader.fill_buf().map_err(|error| broken(&error))?;
    if begin.starts_with(GZIP) {
        Ok(Box::new(MultiGzDecoder::new(reader)))
    } else if begin.starts_with(ZSTD) {
        Ok(Box::new(StreamingDecoder::new(reader).map_err(|error| broken(&error))?))
    } else {
        Ok(Box::new(reader))
    }
}
