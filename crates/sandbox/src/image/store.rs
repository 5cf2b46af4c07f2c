//! The folder of images: one folder each, named by what went into it, and `current`, a link to the one in use.
//!
//! ```text
//! current -> 3f1c…            the image that runs use
//! 3f1c…/root/                 its files
//! 3f1c…/manifest.json         what it is made of
//! .build-3f1c…/               one that is being made
//! ```
//! An image appears under its name when it is whole, in one step.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{error::ImageError, manifest::Manifest, progress::Reporter, root::Root};

const CURRENT: &str = "current";
const CURRENT_DRAFT: &str = ".current";
const LOCK: &str = ".lock";
const WORKSHOP: &str = ".build-";
/// How names begin of what lies here while something is made, fetched or deleted, and stays when that is cut.
const LEFTOVERS: [&str; 3] = [WORKSHOP, ".pull-", ".removed-"];
const ROOT: &str = "root";
const LOCK_LOOK_EVERY: Duration = Duration::from_millis(500);
/// Whoever Errand runs as reads images; only their owner changes them.
const FOLDER_MODE: u32 = 0o755;

#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// An image that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub id: String,
    /// Its root file system.
    pub root: PathBuf,
    pub manifest: Manifest,
}

/// Held while an image is made, by this process and by the programs that it starts: one that outlives it, tidying up or
/// unaware, still works in there.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Store {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn find(&self, id: &str) -> Result<Option<Image>, ImageError> {
        let folder = self.image_folder(id)?;
        if !folder.join(ROOT).is_dir() {
            return Ok(None);
        }
        let manifest = Manifest::read(&folder)?;
        Ok(Some(Image { id: id.to_owned(), root: folder.join(ROOT), manifest }))
    }

    /// The image in use.
    pub fn current(&self) -> Result<Option<Image>, ImageError> {
        self.current_id().map_or(Ok(None), |id| self.find(&id))
    }

    fn current_id(&self) -> Option<String> {
        let target = fs::read_link(self.folder.join(CURRENT)).ok()?;
        target.to_str().filter(|id| is_id(id)).map(str::to_owned)
    }

    /// All images, by name; one that can't be read is left out.
    pub fn list(&self) -> Result<Vec<Image>, ImageError> {
        let mut images: Vec<Image> = self
            .names()?
            .into_iter()
            .filter(|name| name != CURRENT && is_id(name))
            .filter_map(|name| self.find(&name).ok().flatten())
            .collect();
        images.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(images)
    }

    /// Makes an image the one in use.
    pub fn use_image(&self, id: &str) -> Result<Image, ImageError> {
        let image = self.find(id)?.ok_or_else(|| not_there(id))?;
        if self.current_id().as_deref() != Some(id) {
            let draft = self.folder.join(CURRENT_DRAFT);
            let placed = remove_any(&draft)
                .and_then(|()| symlink(id, &draft))
                .and_then(|()| fs::rename(&draft, self.folder.join(CURRENT)));
            placed.map_err(|error| ImageError::file("set the link", &self.folder.join(CURRENT), &error))?;
        }
        Ok(image)
    }

    /// Deletes an image; the one in use stays.
    pub fn remove(&self, id: &str) -> Result<(), ImageError> {
        if self.current_id().as_deref() == Some(id) {
            return Err(ImageError::new(
                "in_use",
                format!("The image `{id}` is the one in use."),
                "Use another one first: `errand image use ID`, or build or unpack one.",
            ));
        }
        let folder = self.image_folder(id)?;
        if !folder.exists() {
            return Err(not_there(id));
        }
        // Out of sight at once, so that a half-deleted image is never found.
        let gone = self.folder.join(format!(".removed-{id}"));
        remove_any(&gone)
            .and_then(|()| fs::rename(&folder, &gone))
            .and_then(|()| remove_any(&gone))
            .map_err(|error| ImageError::file("delete", &folder, &error))
    }

    /// Waits until nobody else makes an image here.
    pub(super) async fn lock(&self, reporter: &Reporter) -> Result<Lock, ImageError> {
        make_folder(&self.folder)?;
        let path = self.folder.join(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| ImageError::file("open", &path, &error))?;
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
            .map_err(|error| ImageError::file("open", &path, &error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) => {
                    reporter.note("Waiting for another build of the image to end");
                    tokio::time::sleep(LOCK_LOOK_EVERY).await;
                }
                Err(TryLockError::Error(error)) => return Err(ImageError::file("lock", &path, &error)),
            }
        }
    }

    /// Where an image is made.
    pub(super) fn workshop(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{WORKSHOP}{id}"))
    }

    /// Where images are made or were, until that was cut.
    pub(super) fn workshops(&self) -> Result<Vec<PathBuf>, ImageError> {
        self.hidden(&[WORKSHOP])
    }

    /// What builds that were cut left, and would go on from.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, ImageError> {
        self.hidden(&LEFTOVERS)
    }

    /// Deletes all of that, once nobody makes an image; tells how many there were.
    pub async fn remove_leftovers(&self, reporter: &Reporter) -> Result<usize, ImageError> {
        if self.leftovers()?.is_empty() {
            return Ok(0);
        }
        let _lock = self.lock(reporter).await?;
        let all = self.leftovers()?;
        for path in &all {
            remove_any(path).map_err(|error| ImageError::file("delete", path, &error))?;
        }
        Ok(all.len())
    }

    fn hidden(&self, beginnings: &[&str]) -> Result<Vec<PathBuf>, ImageError> {
        let is_one = |name: &String| beginnings.iter().any(|beginning| name.starts_with(beginning));
        let mut all: Vec<PathBuf> =
            self.names()?.into_iter().filter(is_one).map(|name| self.folder.join(name)).collect();
        all.sort();
        Ok(all)
    }

    fn names(&self) -> Result<Vec<String>, ImageError> {
        match fs::read_dir(&self.folder) {
            Ok(entries) => {
                Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(ImageError::file("read", &self.folder, &error)),
        }
    }

    /// Puts a finished image in its place, over an older one of the same name, and makes it the one in use.
    pub(super) fn put(&self, id: &str, draft: &Path) -> Result<Image, ImageError> {
        let folder = self.image_folder(id)?;
        let old = self.folder.join(format!(".removed-{id}"));
        let placed = remove_any(&old)
            .and_then(|()| if folder.exists() { fs::rename(&folder, &old) } else { Ok(()) })
            .and_then(|()| fs::rename(draft, &folder))
            .and_then(|()| remove_any(&old));
        placed.map_err(|error| ImageError::file("put the image into", &folder, &error))?;
        self.use_image(id)
    }

    fn image_folder(&self, id: &str) -> Result<PathBuf, ImageError> {
        if is_id(id) { Ok(self.folder.join(id)) } else { Err(not_there(id)) }
    }
}

/// Names that we give: nothing that could be a path.
fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain)
}

fn not_there(id: &str) -> ImageError {
    let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
    ImageError::new(
        "not_found",
        format!("There is no image `{shown}`."),
        "`errand image list` shows the images.",
    )
}

pub(super) fn make_folder(path: &Path) -> Result<(), ImageError> {
    let made = fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(FOLDER_MODE)));
    made.map_err(|error| ImageError::file("make the folder", path, &error))
}

/// Deletes a file, a link or a folder, and nothing that is mounted in it; it need not be there.
pub(super) fn remove_any(path: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    match Root::open(folder) {
        Ok(folder) => folder.find(&[name])?.map_or(Ok(()), |place| place.remove()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
