//! The last touch to a root: fixed names, times and modes, and a hash over all of it.

use std::{
    fs, io,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use sha2::{Digest as _, Sha256};

use super::{
    digest::{hex, sha256},
    error::ImageError,
    recipe::FILES_TIME_S,
    root::{FILE_MODE, FOLDER_MODE, PROGRAM_MODE, Root},
};

/// Files of the machine that built it, or of the building itself.
const REMOVED: &[&str] = &[
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d",
    "etc/apt/trusted.gpg.d",
    "etc/.pwd.lock",
    "root/.cache",
];
/// Folders that stay, emptied.
const EMPTIED: &[&str] = &["var/cache", "var/log", "var/lib/apt/lists", "tmp", "var/tmp", "run"];
/// Folders that the sandbox mounts over.
const NEEDED: &[&str] = &["dev", "proc", "run", "sys", "tmp"];
/// Files that say where one is: in the sandbox, always the same.
const FIXED: &[(&str, &str)] = &[
    ("etc/hostname", "sandbox\n"),
    ("etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    // Names are answered inside the run's own network, by whoever serves it.
    ("etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n"),
    ("etc/machine-id", ""),
];

/// What the seal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub files_sha256: String,
    pub files: u64,
    pub bytes: u64,
}

/// Takes away what differs from one machine to the next.
pub fn tidy(root: &Root) -> Result<(), ImageError> {
    let inside = |step: &'static str, path: &'static str| {
        move |error: io::Error| ImageError::inside(step, path, &error)
    };
    for path in REMOVED {
        root.remove(path).map_err(inside("remove", path))?;
    }
    for path in EMPTIED {
        root.clear(path).map_err(inside("empty", path))?;
    }
    for path in NEEDED {
        root.make_folder(path).map_err(inside("make", path))?;
    }
    for (path, text) in FIXED {
        root.write(path, text).map_err(inside("write", path))?;
    }
    Ok(())
}

/// Sets times and modes and hashes everything, telling how many entries are done. No link is followed.
pub fn seal(root: &Path, mut tell: impl FnMut(u64)) -> Result<Sealed, ImageError> {
    let mut hash = Sha256::new();
    let mut sealed = Sealed { files_sha256: String::new(), files: 0, bytes: 0 };
    let mut open = vec![root.to_path_buf()];
    // Depth first, each folder's entries by name: the same order everywhere.
    while let Some(path) = open.pop() {
        let about = path.symlink_metadata().map_err(|error| ImageError::file("look at", &path, &error))?;
        let name = path.strip_prefix(root).unwrap_or(&path);
        let done = if about.is_dir() {
            folder(&path, name, &mut hash).map(|mut below| {
                below.sort_unstable_by(|one, other| other.cmp(one));
                open.append(&mut below);
            })
        } else if about.is_symlink() {
            fs::read_link(&path).map(|target| entry(&mut hash, b'l', name, target.as_os_str().as_bytes()))
        } else {
            sealed.bytes += about.len();
            file(&path, name, &mut hash)
        };
        done.and_then(|()| set_time(&path)).map_err(|error| ImageError::file("seal", &path, &error))?;
        sealed.files += 1;
        tell(sealed.files);
    }
    sealed.files_sha256 = hex(&hash.finalize());
    Ok(sealed)
}

fn folder(path: &Path, name: &Path, hash: &mut Sha256) -> io::Result<Vec<PathBuf>> {
    set_mode(path, FOLDER_MODE)?;
    entry(hash, b'd', name, b"");
    fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn file(path: &Path, name: &Path, hash: &mut Sha256) -> io::Result<()> {
    let is_program = path.metadata()?.permissions().mode() & 0o111 != 0;
    set_mode(path, if is_program { PROGRAM_MODE } else { FILE_MODE })?;
    let content = sha256(fs::File::open(path)?)?;
    entry(hash, if is_program { b'x' } else { b'f' }, name, content.as_bytes());
    Ok(())
}

fn set_mode(path: &Path, mode: rustix::fs::Mode) -> io::Result<()> {
    let (wanted, found) = (mode.bits(), path.metadata()?.permissions().mode() & 0o7777);
    if found == wanted { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(wanted)) }
}

fn set_time(path: &Path) -> io::Result<()> {
    let time = Timespec { tv_sec: FILES_TIME_S, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Lengths come first, so that no two trees give the same bytes.
fn entry(hash: &mut Sha256, kind: u8, name: &Path, content: &[u8]) {
    let name = name.as_os_str().as_bytes();
    hash.update([kind]);
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    hash.update((content.len() as u64).to_le_bytes());
    hash.update(content);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    fn tree(change: impl FnOnce(&Path)) -> (tempfile::TempDir, Sealed) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("usr/bin")).expect("folders");
        fs::write(root.join("usr/bin/tool"), "#!").expect("a file");
        fs::write(root.join("usr/bin/data"), "data").expect("a file");
        symlink("usr/bin", root.join("bin")).expect("a link");
        change(root);
        let sealed = seal(root, |_| {}).expect("it can be sealed");
        (folder, sealed)
    }

    #[test]
    fn the_hash_tells_what_counts_and_no_more() {
        fn check(change: impl FnOnce(&Path), is_the_same: bool, what: &str) {
            let (_one, before) = tree(|_| {});
            let (_other, after) = tree(change);
            assert_eq!(before.files_sha256 == after.files_sha256, is_the_same, "{what}");
        }
        check(|_| {}, true, "the same tree");
        check(
            |root| {
                fs::set_permissions(root.join("usr/bin/data"), fs::Permissions::from_mode(0o600))
                    .expect("chmod");
            },
            true,
            "rights",
        );
        check(
            |root| {
                fs::set_permissions(root.join("usr/bin/tool"), fs::Permissions::from_mode(0o711))
                    .expect("chmod");
            },
            false,
            "a program",
        );
        check(|root| fs::write(root.join("usr/bin/data"), "date").expect("write"), false, "content");
        check(
            |root| fs::rename(root.join("usr/bin/data"), root.join("usr/data")).expect("move"),
            false,
            "place",
        );
        check(
            |root| {
                fs::remove_file(root.join("bin")).expect("remove");
                symlink("usr", root.join("bin")).expect("a link");
            },
            false,
            "where a link leads",
        );
    }

    #[test]
    fn times_and_modes_are_fixed_and_links_not_followed() {
        let outside = tempfile::NamedTempFile::new().expect("a file");
        fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o600)).expect("chmod");
        let (folder, _) = tree(|root| {
            symlink(outside.path(), root.join("usr/outside")).expect("a link");
            fs::set_permissions(root.join("usr/bin/tool"), fs::Permissions::from_mode(0o4700))
                .expect("chmod");
        });
        let about = |name: &str| folder.path().join(name).symlink_metadata().expect("it is there");
        assert_eq!(
            (about("usr/bin/tool").mode() & 0o7777, about("usr/bin/tool").mtime()),
            (0o755, FILES_TIME_S)
        );
        assert_eq!(about("usr/outside").mtime(), FILES_TIME_S);
        let outside = outside.path().metadata().expect("it is there");
        assert!(outside.mode() & 0o7777 == 0o600 && outside.mtime() != FILES_TIME_S);
    }

    #[test]
    fn what_differs_between_machines_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = tempfile::tempdir().expect("a folder");
        fs::write(host.path().join("hostname"), "the machine").expect("a file");
        fs::create_dir_all(folder.path().join("var/log/apt")).expect("folders");
        // A hostile image: what is tidied leads out of it.
        symlink(host.path(), folder.path().join("etc")).expect("a link");
        let root = Root::open(folder.path()).expect("it is there");
        assert!(tidy(&root).is_err(), "the link leads to nothing inside");
        fs::remove_file(folder.path().join("etc")).expect("remove");
        tidy(&root).expect("it can be tidied");
        assert_eq!(fs::read_to_string(host.path().join("hostname")).ok().as_deref(), Some("the machine"));
        assert_eq!(fs::read_to_string(folder.path().join("etc/hostname")).ok().as_deref(), Some("sandbox\n"));
        assert!(folder.path().join("proc").is_dir() && !folder.path().join("var/log/apt").exists());
    }
}
