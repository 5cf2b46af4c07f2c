//! The master key file: one key per line, newest first, readable by its owner alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{Keyring, MasterKey, MasterKeyError, SecretText, master_key::fill_random};

/// A key file larger than this is something else.
const FILE_BYTES_MAX: u64 = 64 * 1024;
const MODE_OWNER_ONLY: u32 = 0o600;
const MODE_OTHERS: u32 = 0o077;
const HEADER: &str = "# Master keys of this Errand, newest first, one per line. Back this file up apart from the\n\
                      # database: without it no stored secret can be read, and with it every one can.\n";

/// Whether the key file was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFile {
    Found,
    /// It was made now: the operator should be told to back it up.
    Created,
}

/// Reads the key file, or creates it with one fresh key when it is absent. When two processes start at once, one
/// creates it and both read the same key.
pub fn open_or_create_key_file(path: &Path) -> Result<(Keyring, KeyFile), KeyFileError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        _ => return read_key_file(path).map(|keyring| (keyring, KeyFile::Found)),
    }
    let key = MasterKey::generate().map_err(|error| KeyFileError::keys(path, error))?;
    let draft = write_draft(path, &[&key])?;
    // A hard link fails when the name exists, and the file appears under it complete or not at all.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(|error| KeyFileError::io("remove the draft beside", path, &error))?;
    let outcome = match linked {
        Ok(()) => KeyFile::Created,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => KeyFile::Found,
        Err(error) => return Err(KeyFileError::io("create", path, &error)),
    };
    sync_folder(path)?;
    read_key_file(path).map(|keyring| (keyring, outcome))
}

/// Reads the key file. Empty lines and lines that begin with `#` do not count.
///
/// # Errors
/// When it cannot be read, when anyone but its owner may read or write it, or when a line is not a key.
pub fn read_key_file(path: &Path) -> Result<Keyring, KeyFileError> {
    let file = File::open(path).map_err(|error| KeyFileError::io("open", path, &error))?;
    // Asked of the open file, so that the one checked is the one read.
    let about = file.metadata().map_err(|error| KeyFileError::io("look at", path, &error))?;
    if !about.is_file() || about.len() > FILE_BYTES_MAX {
        return Err(KeyFileError::NotAKeyFile { path: path.to_owned() });
    }
    if about.mode() & MODE_OTHERS != 0 {
        return Err(KeyFileError::Readable { path: path.to_owned(), mode: about.mode() & 0o777 });
    }
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1));
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| KeyFileError::io("read", path, &error))?;
    let mut keys = SecretText::new(String::with_capacity(text.len()));
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        keys = SecretText::new([keys.expose().as_str(), line, "\n"].concat());
    }
    Keyring::from_text(&keys).map_err(|error| KeyFileError::keys(path, error))
}

/// Puts a fresh key before the others: the first step of a rotation. Rewrap every sealed value with the answered
/// keyring, and only then take older keys out of the file.
///
/// # Errors
/// Like [`read_key_file`], and when the file cannot be replaced; the old file then stands untouched.
pub fn add_new_key_to_file(path: &Path) -> Result<Keyring, KeyFileError> {
    let keyring = read_key_file(path)?;
    let key = MasterKey::generate().map_err(|error| KeyFileError::keys(path, error))?;
    let keys: Vec<&MasterKey> = std::iter::once(&key).chain(keyring.keys()).collect();
    let draft = write_draft(path, &keys)?;
    // Through a link the real file is replaced, not the link.
    let target = fs::canonicalize(path).map_err(|error| KeyFileError::io("resolve", path, &error))?;
    if let Err(error) = fs::rename(&draft, &target) {
        // The first error is the one to tell; a draft left behind is readable by its owner alone.
        let _ = fs::remove_file(&draft);
        return Err(KeyFileError::io("replace", path, &error));
    }
    sync_folder(&target)?;
    read_key_file(path)
}

/// Why the key file could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    #[error("Could not {step} the master key file `{}`: {reason}. Check that its folder exists and belongs to Errand's user.", path.display())]
    Io { step: &'static str, path: PathBuf, reason: String },
    #[error(
        "The master key file `{}` has mode {mode:03o}, so others than its owner can get at the keys. Run \
         `chmod 600` on it; if others may have read it, rotate the key too.",
        path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    #[error("`{}` is not a master key file: it is no regular file, or larger than 64 KiB. Name the right file.", path.display())]
    NotAKeyFile { path: PathBuf },
    #[error("The master key file `{}` can't be used. {error}", path.display())]
    Keys { path: PathBuf, error: MasterKeyError },
}

impl KeyFileError {
    fn io(step: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { step, path: path.to_owned(), reason: error.to_string() }
    }

    fn keys(path: &Path, error: MasterKeyError) -> Self {
        Self::Keys { path: path.to_owned(), error }
    }
}

/// Writes the keys to a new file beside `path` (through links: beside the real file), complete and on disk.
fn write_draft(path: &Path, keys: &[&MasterKey]) -> Result<PathBuf, KeyFileError> {
    let mut suffix = [0; 8];
    fill_random(&mut suffix).map_err(|error| KeyFileError::keys(path, error))?;
    let mut draft = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    draft.push(format!(".{:016x}.draft", u64::from_be_bytes(suffix)));
    let draft = PathBuf::from(draft);
    let written = write_new(&draft, keys);
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(KeyFileError::io("write the draft of", path, &error));
    }
    Ok(draft)
}

fn write_new(path: &Path, keys: &[&MasterKey]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE_OWNER_ONLY).open(path)?;
    file.write_all(HEADER.as_bytes())?;
    for key in keys {
        file.write_all(key.to_text().as_bytes())?;
        file.write_all(b"\n")?;
    }
    file.sync_all()
}

/// Makes the file's name itself survive a power cut.
fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| KeyFileError::io("sync the folder of", path, &error))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use tempfile::TempDir;

    use super::*;

    fn folder() -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("master.key");
        (folder, path)
    }

    fn file_names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).expect("the folder lists");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_file_is_created_once_for_its_owner_alone() -> Result<(), KeyFileError> {
        let (folder, path) = folder();
        let (first, outcome) = open_or_create_key_file(&path)?;
        assert_eq!(outcome, KeyFile::Created);
        assert_eq!(fs::metadata(&path).expect("it exists").mode() & 0o777, 0o600);
        let (second, outcome) = open_or_create_key_file(&path)?;
        assert_eq!(outcome, KeyFile::Found);
        assert_eq!(first.current.id(), second.current.id());
        assert_eq!(file_names(&folder), ["master.key"]);
        Ok(())
    }

    #[test]
    fn processes_that_start_at_once_agree_on_the_key() {
        let (folder, path) = folder();
        let results: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| open_or_create_key_file(&path))).collect();
            starts.into_iter().map(|start| start.join().expect("no panic").expect("a keyring")).collect()
        });
        assert!(results.iter().all(|(ring, _)| ring.current.id() == results[0].0.current.id()));
        assert_eq!(results.iter().filter(|(_, outcome)| *outcome == KeyFile::Created).count(), 1);
        assert_eq!(file_names(&folder), ["master.key"]);
    }

    #[test]
    fn a_file_that_others_can_touch_is_refused() -> Result<(), KeyFileError> {
        let (_folder, path) = folder();
        open_or_create_key_file(&path)?;
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("chmod");
            let expect = Err(KeyFileError::Readable { path: path.clone(), mode });
            assert_eq!(read_key_file(&path).map(|_| ()), expect);
            assert_eq!(add_new_key_to_file(&path).map(|_| ()), expect);
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).expect("chmod");
        read_key_file(&path).map(|_| ())
    }

    #[test]
    fn a_new_key_comes_first_and_the_old_ones_stay() -> Result<(), KeyFileError> {
        let (folder, path) = folder();
        let (before, _) = open_or_create_key_file(&path)?;
        let after = add_new_key_to_file(&path)?;
        assert_ne!(after.current.id(), before.current.id());
        assert_eq!(after.older.iter().map(MasterKey::id).collect::<Vec<_>>(), [before.current.id()]);
        let again = add_new_key_to_file(&path)?;
        assert_eq!(again.older[0].id(), after.current.id());
        assert_eq!(again.older.len(), 2);
        assert_eq!(fs::metadata(&path).expect("it exists").mode() & 0o777, 0o600);
        assert_eq!(file_names(&folder), ["master.key"]);
        Ok(())
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_by_path_and_step() {
        let (folder, path) = folder();
        let missing = folder.path().join("missing/master.key");
        let Err(KeyFileError::Io { step, path: named, .. }) = open_or_create_key_file(&missing) else {
            panic!("a file in a missing folder was made");
        };
        assert_eq!((step, named), ("write the draft of", missing));
        assert_eq!(
            read_key_file(folder.path()).map(|_| ()),
            Err(KeyFileError::NotAKeyFile { path: folder.path().to_owned() })
        );
        write_new(&path, &[]).expect("a file without keys");
        assert_eq!(
            read_key_file(&path).map(|_| ()),
            Err(KeyFileError::Keys { path: path.clone(), error: MasterKeyError::None })
        );
    }
}
