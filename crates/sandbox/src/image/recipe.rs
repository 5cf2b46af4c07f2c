//! What goes into the image that Errand builds. Its hash names the image, so that a changed recipe is another image and
//! an unchanged one is never built twice.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{digest::hex, error::ImageError};

pub const RELEASE: &str = "trixie";
pub const PYTHON: &str = "python3.13";
pub const PACKAGES: &[&str] = &[
    "ca-certificates",
    "curl",
    "git",
    // NumPy's wheels link to it.
    "libstdc++6",
    "media-types",
    "netbase",
    "python-is-python3",
    "python3",
    // pip, as the wheel that installs the others.
    "python3-pip-whl",
    PYTHON,
    "tzdata",
];
/// What nobody reads in a sandbox.
pub const PATHS_LEFT_OUT: &[&str] = &[
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
];
/// Test suites of packages, by far the greatest number of modules: nobody imports them.
pub const TESTS_LEFT_OUT_OF: &[&str] = &["numpy", "pandas"];
/// The Python packages, each version with the hashes of its wheels.
pub const LOCK: &str = include_str!("../../image/requirements.lock");
const WANTED: &str = include_str!("../../image/requirements.in");
/// The time of every file, so that two builds of one recipe don't differ by it: 2026-11-01, when the lock was made.
pub const FILES_TIME_S: i64 = 1_793_491_200;
/// Raised when the steps of a build change what comes out.
const STEPS_VERSION: u32 = 1;
const REQUIREMENTS_BYTES_MAX: usize = 256 * 1024;
const ID_CHARS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// What the operator adds.
    pub requirements: Option<Requirements>,
}

/// An operator's requirements: names with or without versions, and hashes for all or for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    text: String,
    has_hashes: bool,
}

impl Recipe {
    pub fn sha256(&self) -> String {
        sha256_of(&[
            &STEPS_VERSION.to_string(),
            &FILES_TIME_S.to_string(),
            RELEASE,
            architecture(),
            &PACKAGES.join("\n"),
            &PATHS_LEFT_OUT.join("\n"),
            &TESTS_LEFT_OUT_OF.join("\n"),
            LOCK,
            self.requirements.as_ref().map_or("", Requirements::text),
        ])
    }

    /// The image's name: enough of the hash to tell it from others.
    pub fn id(&self) -> String {
        self.sha256()[..ID_CHARS].to_owned()
    }
}

/// What Debian's part is made of: builds that agree on it can share it. An empty mirror is mmdebstrap's own.
pub fn base_sha256(mirror: &str) -> String {
    let (packages, left_out) = (PACKAGES.join("\n"), PATHS_LEFT_OUT.join("\n"));
    sha256_of(&[
        &STEPS_VERSION.to_string(),
        &FILES_TIME_S.to_string(),
        RELEASE,
        architecture(),
        &packages,
        &left_out,
        mirror,
    ])
}

/// Lengths come first, so that no two lists give the same bytes.
fn sha256_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

impl Requirements {
    /// # Errors
    /// When a line is an option (where packages come from is pip's own settings) or names a path or an address.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        if text.len() > REQUIREMENTS_BYTES_MAX {
            return Err(ImageError::new(
                "requirements",
                format!("The requirements file is longer than {} kB.", REQUIREMENTS_BYTES_MAX / 1024),
                "Name packages, one a line.",
            ));
        }
        let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        let (mut with, mut without) = (0, 0);
        for line in joined.lines().map(requirement).filter(|line| !line.is_empty()) {
            check_requirement(line)?;
            if line.contains("--hash=") {
                with += 1;
            } else {
                without += 1;
            }
        }
        if with > 0 && without > 0 {
            return Err(ImageError::new(
                "requirements",
                format!("In the requirements file {with} packages have hashes and {without} have none."),
                "Give hashes to all, the packages that they need included, or to none.",
            ));
        }
        Ok(Self { text: text.to_owned(), has_hashes: with > 0 })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub const fn has_hashes(&self) -> bool {
        self.has_hashes
    }
}

/// A line without its remark, which starts at a `#` after a space.
fn requirement(line: &str) -> &str {
    let line = if line.starts_with('#') { "" } else { line };
    line.split(" #").next().unwrap_or_default().trim()
}

fn check_requirement(line: &str) -> Result<(), ImageError> {
    let name = line.split(" --hash=").next().unwrap_or_default();
    let why = if name.starts_with('-') {
        "is an option; set where packages come from in pip's own settings"
    } else if name.contains(['/', '\\', '@', '$']) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        "names no package; only packages of an index can be added, as wheels"
    } else {
        return Ok(());
    };
    let shown: String = line.chars().take(80).collect();
    Err(ImageError::new(
        "requirements",
        format!("The line `{shown}` of the requirements file {why}."),
        "Write one package a line, such as `boto3==1.40.0`.",
    ))
}

/// The lock's packages as `name==version`: no addition may change them.
pub fn constraints() -> String {
    let mut text = String::new();
    for line in LOCK.lines().filter(|line| line.contains("==")) {
        let _ = writeln!(text, "{}", line.trim_end_matches('\\').trim());
    }
    text
}

pub fn locked_packages() -> usize {
    constraints().lines().count()
}

/// The packages that scripts are promised, as `requirements.in` lists them, in the names that all tools compare.
pub fn wanted_libraries() -> impl Iterator<Item = String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = move |line: &'static str| line.split(|c| !is_name(c)).next().unwrap_or_default();
    WANTED.lines().map(requirement).map(name).filter(|name| !name.is_empty()).map(super::inspect::normal)
}

/// Debian's and the container world's name for this machine.
pub const fn architecture() -> &'static str {
    if cfg!(target_arch = "x86_64") {
        "amd64"
    } else if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_pins_what_a_script_may_import() {
        let pinned = constraints();
        for name in wanted_libraries() {
            assert!(pinned.lines().any(|pin| pin.starts_with(&format!("{name}=="))), "{name}");
        }
        for entry in LOCK.split("==").skip(1) {
            assert!(entry.contains("--hash=sha256:"), "{entry}");
        }
        assert_eq!(locked_packages(), LOCK.matches("==").count());
    }

    #[test]
    fn another_recipe_is_another_image() {
        let id = |text: Option<&str>| {
            Recipe { requirements: text.map(|text| Requirements::parse(text).expect("it is well-formed")) }
                .id()
        };
        assert_eq!(id(None), id(None));
        assert_eq!(id(None).len(), ID_CHARS);
        assert_ne!(id(None), id(Some("boto3\n")));
        assert_ne!(id(Some("boto3\n")), id(Some("boto3==1.40.0\n")));
    }

    fn check(text: &str, expect: Result<bool, &str>) {
        let got = Requirements::parse(text);
        match expect {
            Ok(has_hashes) => assert_eq!(got.map(|got| got.has_hashes()), Ok(has_hashes), "{text}"),
            Err(part) => {
                assert!(got.as_ref().is_err_and(|error| error.message.contains(part)), "{text}: {got:?}");
            }
        }
    }

    #[test]
    fn an_operators_requirements_name_packages() {
        check(
            "# ours\nboto3\nfaker==37.0.0  # for demos\nuvicorn[standard]>=0.30; python_version > '3.9'\n",
            Ok(false),
        );
        check("boto3==1.40.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n", Ok(true));
        check("", Ok(false));
        check("boto3==1.40.0 --hash=sha256:abc\nfaker\n", Err("1 packages have hashes and 1 have none"));
        check("--index-url https://elsewhere.example\n", Err("is an option"));
        check("-e .\n", Err("is an option"));
        check("./wheels/ours.whl\n", Err("names no package"));
        check("ours @ https://elsewhere.example/ours.whl\n", Err("names no package"));
        check("${SECRET}\n", Err("names no package"));
    }
}
