//! What this machine needs for making an image, looked at before anything is done.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::{fs::statvfs, process::geteuid};

use super::{
    apt::Mirrors,
    error::ImageError,
    pip::{self, PipSettings, variable},
    tool::locate,
};
use crate::ids::is_privileged;

const MMDEBSTRAP: &str = "mmdebstrap";
const BUBBLEWRAP: &str = "bwrap";
const UID_MAPPER: &str = "newuidmap";
const UNSHARE: &str = "unshare";
const KEYRINGS: &[&str] =
    &["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];
/// The machine's own bundle of certificates, with whatever its operator added.
const BUNDLES: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// Archive, wheels and the files themselves, with room to spare.
const BYTES_FREE_MIN: u64 = 2_000_000_000;
const BYTES_FREE_TEMPORARY_MIN: u64 = 600_000_000;
const SPACE_HINT: &str =
    "Free some space, or put the images elsewhere with `image_dir` (ERRAND_IMAGE_DIR), and run it again.";
/// What the kernel says, and tar.
const FULL: [&str; 3] = ["No space left on device", "Disk quota exceeded", ": Wrote only "];
const SUBORDINATES_MIN: u64 = 65_536;

/// One thing that is in the way, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    pub what: String,
    pub remedy: String,
}

/// The programs and keys that a build uses.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    pub mmdebstrap: PathBuf,
    pub keyring: PathBuf,
    /// For root, whose mounts would be the machine's otherwise.
    pub unshare: Option<PathBuf>,
}

/// Why no image can be built here as things are; empty when nothing is in the way.
pub fn obstacles(environment: &[(String, String)]) -> Vec<Obstacle> {
    let mut all = Vec::new();
    let packages: Vec<(&str, &str)> =
        [(MMDEBSTRAP, "mmdebstrap"), (BUBBLEWRAP, "bubblewrap"), of_this_user()]
            .into_iter()
            .filter(|(program, _)| locate(environment, program).is_none())
            .collect();
    if !packages.is_empty() {
        let programs: Vec<String> = packages.iter().map(|(program, _)| format!("`{program}`")).collect();
        let names: Vec<&str> = packages.iter().map(|(_, package)| *package).collect();
        all.push(Obstacle {
            what: format!("Not installed: {}.", programs.join(", ")),
            remedy: format!("Install them: `apt install {}`.", names.join(" ")),
        });
    }
    if keyring().is_none() {
        all.push(Obstacle {
            what: "Debian's signing keys are not on this machine.".to_owned(),
            remedy: "Install them: `apt install debian-archive-keyring`.".to_owned(),
        });
    }
    if !is_root() {
        all.extend(subordinate_obstacle(environment));
    } else if !is_privileged() {
        all.push(Obstacle {
            what: "Root may not mount anything here, as in most containers.".to_owned(),
            remedy: "Build it outside of the container and share the folder `image_dir` with it.".to_owned(),
        });
    }
    all
}

/// What root's build needs and an ordinary user's doesn't, or the other way round: program and package.
fn of_this_user() -> (&'static str, &'static str) {
    if is_root() { (UNSHARE, "util-linux") } else { (UID_MAPPER, "uidmap") }
}

impl Needs {
    pub fn look(environment: &[(String, String)]) -> Result<Self, ImageError> {
        let obstacles = obstacles(environment);
        match (locate(environment, MMDEBSTRAP), keyring()) {
            (Some(mmdebstrap), Some(keyring)) if obstacles.is_empty() => {
                let unshare = locate(environment, UNSHARE).filter(|_| is_root());
                Ok(Self { mmdebstrap, keyring, unshare })
            }
            _ => {
                let join =
                    |part: fn(&Obstacle) -> &str| obstacles.iter().map(part).collect::<Vec<_>>().join(" ");
                Err(ImageError::new(
                    "needs",
                    format!("The image can't be built here. {}", join(|obstacle| &obstacle.what)),
                    format!(
                        "{} Or take a container image with Python 3.13: `errand image unpack`.",
                        join(|obstacle| &obstacle.remedy)
                    ),
                ))
            }
        }
    }
}

pub(super) fn bubblewrap(environment: &[(String, String)]) -> Option<PathBuf> {
    locate(environment, BUBBLEWRAP)
}

pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

fn keyring() -> Option<PathBuf> {
    KEYRINGS.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// An ordinary user needs ranges of subordinate ids, which make up the image's users while it is built.
fn subordinate_obstacle(environment: &[(String, String)]) -> Option<Obstacle> {
    let uid = geteuid().as_raw().to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = user_name(&users, &uid).or_else(|| variable(environment, "USER")).unwrap_or(&uid).to_owned();
    let lacks = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        !has_subordinates(&text, &name, &uid)
    };
    (lacks("/etc/subuid") || lacks("/etc/subgid")).then(|| Obstacle {
        what: format!("The user `{name}` has no range of subordinate ids."),
        remedy: format!(
            "As root: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}` (another range if that is taken)."
        ),
    })
}

fn user_name<'a>(users: &'a str, uid: &str) -> Option<&'a str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then_some(name)
    })
}

fn has_subordinates(text: &str, name: &str, uid: &str) -> bool {
    text.lines().any(|line| {
        let mut fields = line.split(':');
        let owner = fields.next().unwrap_or_default();
        let count = fields.nth(1).and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default();
        (owner == name || owner == uid) && count >= SUBORDINATES_MIN
    })
}

/// Whether there is room for an image, and for what an ordinary user's build unpacks where temporary files go.
pub(super) fn check_space_for_build(
    folder: &Path,
    environment: &[(String, String)],
) -> Result<(), ImageError> {
    check_space(folder)?;
    if is_root() {
        return Ok(());
    }
    let temporary = variable(environment, "TMPDIR").unwrap_or("/tmp");
    enough_space(
        Path::new(temporary),
        BYTES_FREE_TEMPORARY_MIN,
        "Free some space, or name another folder in TMPDIR that everybody may enter.",
    )
}

pub(super) fn check_space(folder: &Path) -> Result<(), ImageError> {
    enough_space(folder, BYTES_FREE_MIN, SPACE_HINT)
}

fn enough_space(folder: &Path, bytes_min: u64, hint: &str) -> Result<(), ImageError> {
    let about =
        statvfs(folder).map_err(|error| ImageError::file("look at the free space of", folder, &error))?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    if free >= bytes_min {
        return Ok(());
    }
    Err(ImageError::new(
        "space",
        format!(
            "There are {} MB free in `{}`, and making an image takes {} MB.",
            free / 1_000_000,
            folder.display(),
            bytes_min / 1_000_000
        ),
        hint,
    ))
}

/// A full disk as what it is, whoever met it: tools say so in words of their own, and tidy up before they end.
pub(super) fn explained(error: ImageError) -> ImageError {
    if !FULL.iter().any(|words| error.message.contains(words)) {
        return error;
    }
    ImageError::new("space", format!("The disk is full. {}", error.message), SPACE_HINT)
}

/// What apt on this machine is set to.
pub(super) fn mirrors() -> Mirrors {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    let mut more: Vec<PathBuf> = fs::read_dir("/etc/apt/sources.list.d")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    more.sort();
    files.extend(more.into_iter().filter(|path| {
        path.extension().is_some_and(|extension| extension == "list" || extension == "sources")
    }));
    let texts: Vec<(String, String)> = files
        .into_iter()
        .filter_map(|path| Some((path.to_str()?.to_owned(), fs::read_to_string(&path).ok()?)))
        .collect();
    Mirrors::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

/// What pip on this machine is set to.
pub(super) fn pip_settings(environment: &[(String, String)]) -> PipSettings {
    let texts: Vec<String> =
        pip::files(environment).iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    let mut settings = PipSettings::read(environment, &texts);
    let is_there = |path: &PathBuf| path.is_file();
    settings.certificate =
        settings.certificate.filter(is_there).or_else(|| BUNDLES.iter().map(PathBuf::from).find(is_there));
    settings.client_certificate = settings.client_certificate.filter(is_there);
    settings.folders.retain(|folder| folder.is_dir());
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_by_any_words() {
        let check = |said: &str, expect: &str| {
            assert_eq!(explained(ImageError::new("tool", said, "Check the mirror.")).code, expect, "{said}");
        };
        check(
            "`mmdebstrap` failed. It said last:\n  tar: ./usr/lib/a: Wrote only 512 of 10240 bytes\n",
            "space",
        );
        check("Could not write `a` in the image: No space left on device (os error 28).", "space");
        check("`mmdebstrap` failed. It said last:\n  Temporary failure resolving\n", "tool");
    }

    #[test]
    fn ranges_of_subordinate_ids_are_found_by_name_or_number() {
        fn check(text: &str, expect: bool) {
            assert_eq!(has_subordinates(text, "ana", "1000"), expect, "{text}");
        }
        check("ana:100000:65536\n", true);
        check("bo:100000:65536\n1000:165536:65536\n", true);
        check("ana:100000:1000\n", false);
        check("analog:100000:65536\n", false);
        check("", false);
        assert_eq!(
            user_name("root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n", "1000"),
            Some("ana")
        );
    }
}
