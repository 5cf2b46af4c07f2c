//! What is in a root: the interpreter, the packages, and what a script would miss.

use std::{collections::BTreeSet, path::Path};

use super::{
    error::ImageError,
    manifest::{DebianPackage, Library},
    recipe::{self, PYTHON},
    root::Root,
};

const DPKG_STATUS: &str = "var/lib/dpkg/status";
const DPKG_STATUS_BYTES_MAX: u64 = 64 * 1024 * 1024;
const METADATA_BYTES_MAX: u64 = 64 * 1024;
/// Where an interpreter may be, in the order in which scripts look: one built from source, as the usual container images
/// have it (with a Python of Debian's beside it that their libraries are not for), or Debian's own.
const INTERPRETERS: [&str; 2] = ["/usr/local/bin/python3.13", "/usr/bin/python3.13"];
const PREFIXES: &[&str] = &["usr/local", "usr"];
/// Where libraries may be, below a prefix.
const LIBRARY_FOLDERS: &[&str] =
    &["lib/python3.13/site-packages", "lib/python3.13/dist-packages", "lib/python3/dist-packages"];
/// Programs and data that scripts count on, with where they may be.
const EXPECTED: &[(&str, &[&str])] = &[
    ("git", &["usr/bin/git", "usr/local/bin/git", "bin/git"]),
    ("curl", &["usr/bin/curl", "usr/local/bin/curl", "bin/curl"]),
    (
        "root certificates (the package `ca-certificates`)",
        &["etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem"],
    ),
    ("time zones (the package `tzdata`)", &["usr/share/zoneinfo/Europe/Berlin"]),
];

/// Where the interpreter is, from the image's root.
pub fn interpreter(root: &Root) -> Result<String, ImageError> {
    let Some(found) = find_interpreter(root) else {
        return Err(ImageError::new(
            "no_python",
            format!("There is no `{PYTHON}` in the image: not in `/usr/bin` and not in `/usr/local/bin`."),
            "Use an image with CPython 3.13, or let Errand build one: `errand image build`.",
        ));
    };
    if !LOADERS.iter().any(|loader| root.has(loader)) {
        return Err(ImageError::new(
            "no_glibc",
            "The image has no GNU C library, which the sandbox's own part needs (Alpine's is another one).",
            "Use an image that is based on Debian or another distribution with glibc.",
        ));
    }
    Ok(found.to_owned())
}

/// The same for a root that is in use.
pub fn interpreter_in(root: &Path) -> Option<&'static str> {
    Root::open(root).ok().and_then(|root| find_interpreter(&root))
}

fn find_interpreter(root: &Root) -> Option<&'static str> {
    INTERPRETERS.into_iter().find(|path| root.has(path))
}

const LOADERS: &[&str] = &["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"];

/// The folders in which `interpreter` finds modules, for compiling them.
pub fn module_folders(root: &Root) -> Vec<String> {
    let all = PREFIXES
        .iter()
        .flat_map(|prefix| ["lib/python3.13", "lib/python3"].map(|folder| format!("{prefix}/{folder}")));
    all.filter(|folder| root.has(folder)).map(|folder| format!("/{folder}")).collect()
}

/// Installed Debian packages, by dpkg's own book.
pub fn debian_packages(root: &Root) -> Result<Vec<DebianPackage>, ImageError> {
    let book = root
        .read(DPKG_STATUS, DPKG_STATUS_BYTES_MAX)
        .map_err(|error| ImageError::inside("read", DPKG_STATUS, &error))?
        .unwrap_or_default();
    let mut all: Vec<DebianPackage> = book.split("\n\n").filter_map(debian_package).collect();
    all.sort();
    Ok(all)
}

fn debian_package(paragraph: &str) -> Option<DebianPackage> {
    let field = |name: &str| {
        paragraph
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(|value| value.trim().to_owned())
    };
    let is_installed = field("Status")?.ends_with(" installed");
    is_installed.then_some(DebianPackage {
        name: field("Package")?,
        version: field("Version")?,
        architecture: field("Architecture")?,
    })
}

/// Installed Python packages, by the metadata that each leaves.
pub fn libraries(root: &Root) -> Result<Vec<Library>, ImageError> {
    let mut all = BTreeSet::new();
    for folder in PREFIXES
        .iter()
        .flat_map(|prefix| LIBRARY_FOLDERS.iter().map(move |folder| format!("{prefix}/{folder}")))
    {
        let names = root.names(&folder).map_err(|error| ImageError::inside("read", &folder, &error))?;
        for name in names.iter().filter(|name| name.ends_with(".dist-info")) {
            let path = format!("{folder}/{name}/METADATA");
            let text = root
                .read(&path, METADATA_BYTES_MAX)
                .map_err(|error| ImageError::inside("read", &path, &error))?
                .unwrap_or_default();
            all.extend(library(&text));
        }
    }
    Ok(all.into_iter().collect())
}

fn library(metadata: &str) -> Option<Library> {
    let field = |name: &str| {
        let mut headers = metadata.lines().take_while(|line| !line.trim().is_empty());
        headers.find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    Some(Library { name: normal(&field("Name:")?), version: field("Version:")?, sha256: None })
}

/// A Python package's name as all tools compare it.
pub fn normal(name: &str) -> String {
    let lower = name.to_ascii_lowercase().replace(['_', '.'], "-");
    lower.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// What scripts written for Errand's own image would not find.
pub fn missing(root: &Root, libraries: &[Library]) -> Vec<String> {
    let programs = EXPECTED
        .iter()
        .filter(|(_, paths)| !paths.iter().any(|path| root.has(path)))
        .map(|(name, _)| (*name).to_owned());
    let packages = recipe::wanted_libraries()
        .filter(|wanted| !libraries.iter().any(|library| library.name == *wanted))
        .map(|name| format!("the Python package `{name}`"));
    programs.chain(packages).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn root_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        let root = Root::open(folder.path()).expect("it is there");
        (folder, root)
    }

    #[test]
    fn an_interpreter_is_found_or_the_lack_of_it_told() {
        fn check(files: &[&str], expect: Result<&str, &str>) {
            let files: Vec<_> = files.iter().map(|name| (*name, "")).collect();
            let (_folder, root) = root_with(&files);
            let got = interpreter(&root);
            assert_eq!(got.as_deref().map_err(|error| error.code), expect, "{files:?}");
        }
        check(&["usr/bin/python3.13", "lib64/ld-linux-x86-64.so.2"], Ok("/usr/bin/python3.13"));
        check(&["usr/local/bin/python3.13", "lib/ld-linux-aarch64.so.1"], Ok("/usr/local/bin/python3.13"));
        check(
            &["usr/bin/python3.13", "usr/local/bin/python3.13", "lib64/ld-linux-x86-64.so.2"],
            Ok("/usr/local/bin/python3.13"),
        );
        check(&["usr/bin/python3.12", "lib64/ld-linux-x86-64.so.2"], Err("no_python"));
        check(&["usr/local/bin/python3.13", "lib/ld-musl-x86_64.so.1"], Err("no_glibc"));
    }

    #[test]
    fn packages_are_read_from_their_books() {
        let (_folder, root) = root_with(&[
            (
                DPKG_STATUS,
                "Package: git\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.47.3-0\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n",
            ),
            (
                "usr/local/lib/python3.13/dist-packages/Slack_SDK-3.48.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Slack.SDK\nVersion: 3.48.0\n\nName: not this\n",
            ),
        ]);
        let git =
            DebianPackage { name: "git".into(), version: "1:2.47.3-0".into(), architecture: "amd64".into() };
        assert_eq!(debian_packages(&root), Ok(vec![git]));
        let slack = Library { name: "slack-sdk".into(), version: "3.48.0".into(), sha256: None };
        assert_eq!(libraries(&root), Ok(vec![slack.clone()]));
        let missing = missing(&root, &[slack]);
        assert!(
            missing.contains(&"git".to_owned())
                && missing.contains(&"the Python package `pandas`".to_owned()),
            "{missing:?}"
        );
        assert!(!missing.contains(&"the Python package `slack-sdk`".to_owned()), "{missing:?}");
    }
}
