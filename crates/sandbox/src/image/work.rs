//! The folder in which an image is made, and what has been done in it.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{
    build::BuildRequest,
    chamber::Chamber,
    digest::sha256,
    error::ImageError,
    libraries::fetched,
    progress::{Reporter, Stage},
    recipe::LOCK,
    root::Root,
    store::{make_folder, remove_any},
};

/// One build's folder.
///
/// ```text
/// stamps/      stages that are done, and one that was begun
/// base.tar     Debian's packages
/// wheels/      Python's
/// image/       what becomes the image: root/ and manifest.json
/// scratch/     temporary files
/// ```
#[derive(Debug)]
pub(super) struct Work {
    folder: PathBuf,
    base: String,
}

/// What a stage is handed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub request: &'a BuildRequest,
    pub work: &'a Work,
    pub reporter: &'a Reporter,
}

impl Work {
    /// `base` tells one choice of Debian's packages from another; what was begun with another is begun again.
    pub fn open(folder: PathBuf, base: &str, anew: bool) -> Result<Self, ImageError> {
        let stamped = folder.join("stamps").join(Stage::Base.stamp());
        let is_of_another = fs::read_to_string(&stamped).is_ok_and(|found| found != base);
        if anew || is_of_another {
            remove_any(&folder).map_err(|error| ImageError::file("delete", &folder, &error))?;
        }
        let work = Self { folder, base: base.to_owned() };
        for folder in [work.folder.clone(), work.stamps(), work.wheels(), work.image()] {
            make_folder(&folder)?;
        }
        Self::clear(&work.scratch())?;
        // Libraries that were installed in part could be anything; the base is unpacked again.
        if work.was_begun(Stage::Libraries) && !work.has(Stage::Libraries) {
            for stage in [Stage::Unpack, Stage::Libraries] {
                work.forget(stage)?;
            }
        }
        Ok(work)
    }

    /// Takes over what another build fetched and this one would fetch again: Debian's packages, and wheels of the lock.
    pub fn borrow_from(&self, other: &Path) -> Result<(), ImageError> {
        let other = Self { folder: other.to_owned(), base: self.base.clone() };
        let stamped = other.stamps().join(Stage::Base.stamp());
        if self.has(Stage::Base) || !fs::read_to_string(stamped).is_ok_and(|found| found == self.base) {
            return Ok(());
        }
        let share = |from: &Path, to: &Path| {
            fs::hard_link(from, to).map_err(|error| ImageError::file("link", to, &error))
        };
        remove_any(&self.archive()).map_err(|error| ImageError::file("delete", &self.archive(), &error))?;
        share(&other.archive(), &self.archive())?;
        for wheel in fetched(&other.wheels())? {
            let hash = File::open(&wheel).and_then(sha256);
            let hash = hash.map_err(|error| ImageError::file("read", &wheel, &error))?;
            let place = self.wheels().join(wheel.file_name().unwrap_or_default());
            if LOCK.contains(&hash) && !place.exists() {
                share(&wheel, &place)?;
            }
        }
        self.stamp(Stage::Base)
    }

    pub fn has(&self, stage: Stage) -> bool {
        self.stamps().join(stage.stamp()).exists()
    }

    fn was_begun(&self, stage: Stage) -> bool {
        self.begun(stage).exists()
    }

    pub fn begin(&self, stage: Stage) -> Result<(), ImageError> {
        mark(&self.begun(stage), "")
    }

    pub fn stamp(&self, stage: Stage) -> Result<(), ImageError> {
        let says = if stage == Stage::Base { &self.base } else { "" };
        mark(&self.stamps().join(stage.stamp()), says)
    }

    fn forget(&self, stage: Stage) -> Result<(), ImageError> {
        for path in [self.stamps().join(stage.stamp()), self.begun(stage)] {
            remove_any(&path).map_err(|error| ImageError::file("delete", &path, &error))?;
        }
        Ok(())
    }

    /// The image is in its place; nothing of the work is needed any more.
    pub fn finish(self) -> Result<(), ImageError> {
        remove_any(&self.folder).map_err(|error| ImageError::file("delete", &self.folder, &error))
    }

    /// An empty folder, whatever was there.
    pub fn clear(folder: &Path) -> Result<(), ImageError> {
        remove_any(folder).map_err(|error| ImageError::file("delete", folder, &error))?;
        make_folder(folder)
    }

    fn begun(&self, stage: Stage) -> PathBuf {
        self.stamps().join(format!("{}.begun", stage.stamp()))
    }

    fn stamps(&self) -> PathBuf {
        self.folder.join("stamps")
    }

    pub fn archive(&self) -> PathBuf {
        self.folder.join("base.tar")
    }

    pub fn wheels(&self) -> PathBuf {
        self.folder.join("wheels")
    }

    pub fn image(&self) -> PathBuf {
        self.folder.join("image")
    }

    pub fn root(&self) -> PathBuf {
        self.image().join("root")
    }

    /// A folder for a stage's own files.
    pub fn folder_for(&self, name: &str) -> Result<PathBuf, ImageError> {
        let folder = self.folder.join(name);
        make_folder(&folder)?;
        Ok(folder)
    }

    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }
}

fn mark(path: &Path, text: &str) -> Result<(), ImageError> {
    File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| ImageError::file("write", path, &error))
}

impl Job<'_> {
    /// For running the image's own programs.
    pub fn chamber(&self) -> Result<Chamber, ImageError> {
        Chamber::of(&self.request.environment, self.work.root(), self.work.scratch())
    }

    pub fn root(&self) -> Result<Root, ImageError> {
        Root::open(&self.work.root()).map_err(|error| ImageError::file("open", &self.work.root(), &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stages that would run, after some were done and one was begun in an earlier try.
    fn check(done: &[Stage], begun: Option<Stage>, anew: bool, expect: &[Stage]) {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("work");
        let work = Work::open(place.clone(), "base", false).expect("it can be made");
        for stage in done {
            work.begin(*stage).and_then(|()| work.stamp(*stage)).expect("stamped");
        }
        if let Some(stage) = begun {
            work.begin(stage).expect("begun");
        }
        std::fs::write(work.wheels().join("one.whl"), "kept").expect("a file");
        let again = Work::open(place, "base", anew).expect("it is there");
        let left: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| !again.has(*stage)).collect();
        assert_eq!(left, expect, "{done:?} {begun:?} {anew}");
        assert_eq!(again.wheels().join("one.whl").exists(), !anew);
    }

    #[test]
    fn a_cut_build_goes_on_where_it_stopped() {
        use Stage::{Base, Compile, Libraries, Seal, Unpack, Wheels};
        check(&[], None, false, &Stage::ALL);
        check(&[], Some(Base), false, &Stage::ALL);
        check(&[Base, Unpack], Some(Wheels), false, &[Wheels, Libraries, Compile, Seal]);
        check(&[Base, Unpack, Wheels], None, false, &[Libraries, Compile, Seal]);
        check(&[Base, Unpack, Wheels], Some(Libraries), false, &[Unpack, Libraries, Compile, Seal]);
        check(&[Base, Unpack, Wheels, Libraries], Some(Compile), false, &[Compile, Seal]);
        check(&[Base, Unpack, Wheels, Libraries], Some(Compile), true, &Stage::ALL);
    }

    #[test]
    fn another_mirror_is_another_build() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("work");
        let work = Work::open(place.clone(), "one", false).expect("it can be made");
        work.stamp(Stage::Base).expect("stamped");
        for (base, is_kept) in [("one", true), ("other", false)] {
            let again = Work::open(place.clone(), base, false).expect("it is there");
            assert_eq!(again.has(Stage::Base), is_kept, "{base}");
        }
    }

    #[test]
    fn what_another_build_fetched_is_not_fetched_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |name: &str, base: &str| Work::open(folder.path().join(name), base, false).expect("made");
        let cut = open("cut", "one");
        std::fs::write(cut.archive(), "packages").expect("a file");
        std::fs::write(cut.wheels().join("added.whl"), "of another recipe").expect("a file");
        let same = open("same", "one");
        same.borrow_from(&cut.folder).expect("nothing to take");
        assert!(!same.has(Stage::Base), "it was not whole");
        cut.stamp(Stage::Base).expect("stamped");
        same.borrow_from(&cut.folder).expect("taken");
        assert!(same.has(Stage::Base) && same.archive().exists());
        assert!(!same.wheels().join("added.whl").exists(), "only what the lock names is the same everywhere");
        let other = open("other", "another mirror");
        other.borrow_from(&cut.folder).expect("nothing to take");
        assert!(!other.has(Stage::Base));
    }
}
