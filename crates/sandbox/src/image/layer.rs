//! Unpacks a tar archive into a root, whatever the archive tries: nothing outside the root is read or written.
//!
//! Only what a script can use is kept: files, folders and links, under one owner and with the image's modes. Devices,
//! pipes, owners, extended attributes and set-user-id bits are left out.

use std::{ffi::OsStr, io, io::Read, os::unix::ffi::OsStrExt as _};

use tar::{Archive, Entry, EntryType};

use super::{
    error::ImageError,
    root::{FILE_MODE, PROGRAM_MODE, Root, split},
};

/// Names with a meaning in the layers of container images.
const WHITEOUT: &[u8] = b".wh.";
const WHITEOUT_OWN: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What an archive may still bring; shared by all layers of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub bytes: u64,
    pub entries: u64,
}

impl Default for Allowance {
    /// Many times what the shipped image needs.
    fn default() -> Self {
        Self { bytes: 16 * 1024 * 1024 * 1024, entries: 2_000_000 }
    }
}

/// Takes away what a layer deletes from those below. Comes before [`add`], since a layer may delete a folder's old
/// files after it has named its new ones.
pub fn take_away(root: &Root, archive: impl Read, allowance: &Allowance) -> Result<(), ImageError> {
    let mut entries = allowance.entries;
    each(archive, |entry, shown| {
        spend(&mut entries, 1, "entries")?;
        let path = entry.path_bytes().into_owned();
        let mut parts = split(&path).map_err(|error| hostile(shown, &error))?;
        let Some(name) = parts.pop().map(OsStr::as_bytes).filter(|name| name.starts_with(WHITEOUT)) else {
            return Ok(());
        };
        let done = if name == OPAQUE {
            root.find(&parts).and_then(|place| place.map_or(Ok(()), |place| place.clear()))
        } else if name.starts_with(WHITEOUT_OWN) || name == WHITEOUT {
            Ok(())
        } else {
            let gone = &name[WHITEOUT.len()..];
            if gone == b".." || gone == b"." {
                return Err(hostile(shown, &io::Error::other("it deletes a folder from inside")));
            }
            parts.push(OsStr::from_bytes(gone));
            root.find(&parts).and_then(|place| place.map_or(Ok(()), |place| place.remove()))
        };
        done.map_err(|error| ImageError::inside("delete", shown, &error))
    })
}

/// Adds what an archive holds. Gives the bytes written to `tell` as it goes.
pub fn add(
    root: &Root,
    archive: impl Read,
    allowance: &mut Allowance,
    mut tell: impl FnMut(u64),
) -> Result<(), ImageError> {
    let bytes_at_first = allowance.bytes;
    each(archive, |entry, shown| {
        spend(&mut allowance.entries, 1, "entries")?;
        let path = entry.path_bytes().into_owned();
        let parts = split(&path).map_err(|error| hostile(shown, &error))?;
        let Some(name) = parts.last() else {
            return Ok(());
        };
        if name.as_bytes().starts_with(WHITEOUT) {
            return Ok(());
        }
        let kind = entry.header().entry_type();
        if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            spend(&mut allowance.bytes, entry.size(), "bytes")?;
        }
        put(root, entry, kind, &parts).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => hostile(shown, &error),
            _ => ImageError::inside("write", shown, &error),
        })?;
        tell(bytes_at_first - allowance.bytes);
        Ok(())
    })
}

fn put(root: &Root, entry: &mut Entry<'_, impl Read>, kind: EntryType, parts: &[&OsStr]) -> io::Result<()> {
    let target = |entry: &Entry<'_, _>| {
        entry
            .link_name_bytes()
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| io::Error::other("the link leads nowhere"))
    };
    match kind {
        EntryType::Directory => root.place(parts)?.make_folder(),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let is_program = entry.header().mode()? & 0o111 != 0;
            let place = root.place(parts)?;
            place.remove()?;
            let mut file = place.create(if is_program { PROGRAM_MODE } else { FILE_MODE })?;
            io::copy(entry, &mut file).map(|_| ())
        }
        EntryType::Symlink => {
            let target = target(entry)?;
            let place = root.place(parts)?;
            place.remove()?;
            place.link_to(OsStr::from_bytes(&target))
        }
        EntryType::Link => {
            let target = target(entry)?;
            let target = split(&target)?;
            let original = root.find(&target)?.ok_or(io::ErrorKind::NotFound)?;
            let place = root.place(parts)?;
            if target != parts {
                place.remove()?;
                place.share(&original)?;
            }
            Ok(())
        }
        // Devices and pipes: the sandbox has its own.
        _ => Ok(()),
    }
}

fn each<R: Read>(
    archive: R,
    mut take: impl FnMut(&mut Entry<'_, R>, &str) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let mut archive = Archive::new(archive);
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        let shown = shown(&entry.path_bytes());
        take(&mut entry, &shown)?;
    }
    // What follows the end marker belongs to the stream too, and to its hash.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| broken(&error))?;
    Ok(())
}

const PATH_CHARS_SHOWN: usize = 120;

/// A path for an error: it comes from elsewhere.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).chars().filter(|c| !c.is_control()).take(PATH_CHARS_SHOWN).collect()
}

fn spend(left: &mut u64, amount: u64, unit: &str) -> Result<(), ImageError> {
    *left = left.checked_sub(amount).ok_or_else(|| {
        ImageError::new(
            "too_large",
            format!("The archive holds more {unit} than an image may."),
            "Use a smaller image; the sandbox needs Python and its libraries only.",
        )
    })?;
    Ok(())
}

fn hostile(path: &str, error: &io::Error) -> ImageError {
    ImageError::new(
        "hostile_archive",
        format!("The archive was refused at `{path}`: {error}."),
        "Don't use it; take the image from a place that you trust.",
    )
}

fn broken(error: &io::Error) -> ImageError {
    ImageError::new("broken_archive", format!("The archive can't be read: {error}."), "Fetch it again.")
}
