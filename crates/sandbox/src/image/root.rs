//! A folder whose files come from elsewhere. No path leaves it, whatever links lie in it: the kernel resolves every
//! parent with the folder as its root, and last names are never followed.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, linkat, mkdirat, openat, openat2, statat,
        symlinkat, unlinkat,
    },
    io::Errno,
};

const PATH_BYTES_MAX: usize = 4_096;
const NAME_BYTES_MAX: usize = 255;
const ENTERING: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Folders within folders; more is nothing that a package would have.
const FOLDERS_DEEP_MAX: usize = 128;
const LOOKUPS_MAX: usize = 16;

/// The modes of everything in an image: it holds no secret, belongs to no one in particular and is read by whoever
/// Errand runs as. No file has rights of its own (set-user-id).
pub const FOLDER_MODE: Mode = Mode::from_raw_mode(0o755);
pub const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
pub const PROGRAM_MODE: Mode = Mode::from_raw_mode(0o755);

#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
}

/// The folder that holds an entry, with the entry's name in it.
#[derive(Debug)]
pub struct Place<'a> {
    parent: OwnedFd,
    name: &'a OsStr,
}

impl Root {
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { folder: rustix::fs::open(path, flags, Mode::empty())? })
    }

    /// Where an entry is or would be; None when its folder isn't there.
    pub fn find<'a>(&self, parts: &[&'a OsStr]) -> io::Result<Option<Place<'a>>> {
        let Some((name, folders)) = parts.split_last() else {
            return Ok(None);
        };
        match self.folder(folders) {
            Ok(parent) => Ok(Some(Place { parent, name })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, with the folders made that are missing.
    pub fn place<'a>(&self, parts: &[&'a OsStr]) -> io::Result<Place<'a>> {
        let (name, folders) =
            parts.split_last().ok_or_else(|| io::Error::other("the root itself has no place"))?;
        let mut missing = 0;
        // From the deepest folder that is there, downwards.
        let mut parent = loop {
            match self.folder(&folders[..folders.len() - missing]) {
                Ok(found) => break found,
                Err(Errno::NOENT) if missing < folders.len() => missing += 1,
                Err(error) => return Err(error.into()),
            }
        };
        for folder in &folders[folders.len() - missing..] {
            // What is there and can't be entered is a link that leads nowhere; it is not ours to make that place.
            mkdirat(&parent, *folder, FOLDER_MODE)?;
            let made = openat(&parent, *folder, ENTERING, Mode::empty())?;
            rustix::fs::fchmod(&made, FOLDER_MODE)?;
            parent = made;
        }
        Ok(Place { parent, name })
    }

    fn folder(&self, parts: &[&OsStr]) -> Result<OwnedFd, Errno> {
        let path = if parts.is_empty() { ".".into() } else { parts.iter().collect::<std::path::PathBuf>() };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..LOOKUPS_MAX {
            match openat2(&self.folder, &path, flags, Mode::empty(), resolve) {
                // Something was renamed meanwhile, anywhere on the machine.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
        Err(Errno::AGAIN)
    }

    /// A regular file for reading, links followed within the root; None when there is none.
    pub fn open_file(&self, path: &str) -> io::Result<Option<File>> {
        // A pipe must not make us wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let file = match openat2(&self.folder, path, flags, Mode::empty(), resolve) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(file.metadata()?.is_file().then_some(file))
    }

    /// A file's text up to a length, links followed within the root; None when there is none.
    pub fn read(&self, path: &str, bytes_max: u64) -> io::Result<Option<String>> {
        let Some(file) = self.open_file(path)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        file.take(bytes_max).read_to_end(&mut text)?;
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Whether something is there, a link's target counting and not the link.
    pub fn has(&self, path: &str) -> bool {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        openat2(&self.folder, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve).is_ok()
    }

    /// Names in a folder, sorted; none when it isn't there.
    pub fn names(&self, path: &str) -> io::Result<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let folder = match openat2(&self.folder, path, flags, Mode::empty(), resolve) {
            Ok(folder) => folder,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names: Vec<String> = entries(folder.as_fd())?
            .into_iter()
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Puts a small file in its place, whatever was there.
    pub fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let place = self.place(&split(path.as_bytes())?)?;
        place.remove()?;
        let mut file = place.create(FILE_MODE)?;
        file.write_all(text.as_bytes())
    }

    pub fn make_folder(&self, path: &str) -> io::Result<()> {
        self.place(&split(path.as_bytes())?)?.make_folder()
    }

    /// What is in a folder goes; the folder stays.
    pub fn clear(&self, path: &str) -> io::Result<()> {
        self.find(&split(path.as_bytes())?)?.map_or(Ok(()), |place| place.clear())
    }

    pub fn remove(&self, path: &str) -> io::Result<()> {
        match self.find(&split(path.as_bytes())?)? {
            Some(place) => place.remove(),
            None => Ok(()),
        }
    }
}

impl Place<'_> {
    /// A new file; nothing may be there.
    pub fn create(&self, mode: Mode) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.parent, self.name, flags, mode)?;
        // What the process masks out of new files is no business of the image.
        rustix::fs::fchmod(&file, mode)?;
        Ok(File::from(file))
    }

    /// A folder, unless one is there already. Anything else that is there makes way.
    pub fn make_folder(&self) -> io::Result<()> {
        match mkdirat(&self.parent, self.name, FOLDER_MODE) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                let found = statat(&self.parent, self.name, AtFlags::SYMLINK_NOFOLLOW)?;
                if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                    return Ok(());
                }
                self.remove()?;
                mkdirat(&self.parent, self.name, FOLDER_MODE)?;
            }
            Err(error) => return Err(error.into()),
        }
        let folder = openat(&self.parent, self.name, ENTERING, Mode::empty())?;
        Ok(rustix::fs::fchmod(folder, FOLDER_MODE)?)
    }

    pub fn link_to(&self, target: &OsStr) -> io::Result<()> {
        Ok(symlinkat(target, &self.parent, self.name)?)
    }

    /// A second name for a file of the same root.
    pub fn share(&self, original: &Place<'_>) -> io::Result<()> {
        let found = statat(&original.parent, original.name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
            return Err(io::Error::other("a folder has one name only"));
        }
        Ok(linkat(&original.parent, original.name, &self.parent, self.name, AtFlags::empty())?)
    }

    /// Whatever is there goes, with all below it. Links go, not what they lead to.
    pub fn remove(&self) -> io::Result<()> {
        remove(self.parent.as_fd(), self.name, 0)
    }

    /// What is in this folder goes; the folder stays. Nothing happens when it is no folder.
    pub fn clear(&self) -> io::Result<()> {
        match enter(self.parent.as_fd(), self.name) {
            Ok(folder) => clear(folder.as_fd(), 0),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn remove(parent: BorrowedFd<'_>, name: &OsStr, deep: usize) -> io::Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    let folder = match enter(parent, name) {
        Err(Errno::XDEV) => return Err(io::Error::other("something is mounted in it; unmount that first")),
        entered => entered?,
    };
    clear(folder.as_fd(), deep + 1)?;
    Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

fn clear(folder: BorrowedFd<'_>, deep: usize) -> io::Result<()> {
    if deep > FOLDERS_DEEP_MAX {
        return Err(io::Error::other(format!("folders lie more than {FOLDERS_DEEP_MAX} deep")));
    }
    for name in entries(folder)? {
        remove(folder, OsStr::from_bytes(&name), deep)?;
    }
    Ok(())
}

/// A folder to delete from. One that is mounted there is another's: the kernel refuses it.
fn enter(parent: BorrowedFd<'_>, name: &OsStr) -> Result<OwnedFd, Errno> {
    openat2(parent, name, ENTERING, Mode::empty(), ResolveFlags::NO_XDEV)
}

fn entries(folder: BorrowedFd<'_>) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(name.to_vec());
        }
    }
    Ok(names)
}

/// A path's names, when it is one that stays below where it starts: relative, with no way up.
pub fn split(path: &[u8]) -> io::Result<Vec<&OsStr>> {
    if path.starts_with(b"/") {
        return Err(refused("the path is absolute"));
    }
    if path.len() > PATH_BYTES_MAX || path.contains(&0) {
        return Err(refused("the path is too long or holds a zero byte"));
    }
    let parts: Vec<&OsStr> = path
        .split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
        .map(OsStr::from_bytes)
        .collect();
    if parts.iter().any(|part| *part == "..") {
        return Err(refused("the path leads upwards"));
    }
    if parts.len() > FOLDERS_DEEP_MAX || parts.iter().any(|part| part.len() > NAME_BYTES_MAX) {
        return Err(refused("the path is too deep or holds too long a name"));
    }
    Ok(parts)
}

/// Told apart from what the file system says: this is the path's own fault.
fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
