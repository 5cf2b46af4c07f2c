//! What every image ends with, wherever it came from: byte code, the seal, the manifest.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    chamber::{Chamber, Visit},
    digest::sha256,
    error::ImageError,
    inspect,
    libraries::fetched,
    manifest::{Library, MANIFEST_VERSION, Manifest, Origin},
    progress::Reporter,
    recipe,
    root::Root,
    seal::{seal as seal_files, tidy},
};

/// Modules that are no modules: broken on purpose, for the tests of tools.
const NOT_COMPILED: &str = r"/(lib2to3/tests/data|test/tokenizedata|test/bad)";
const FOLDERS_DEEP_MAX: usize = 64;
/// Entries between two reports.
const TELL_EVERY: u64 = 500;

/// What the manifest says beside what is found in the image.
#[derive(Debug)]
pub(super) struct Finishing {
    pub id: String,
    /// Holds `root`, gets the manifest.
    pub image: PathBuf,
    pub origin: Origin,
    pub built_at: String,
    /// The wheels that were installed, for their hashes.
    pub wheels: Option<PathBuf>,
    pub requirements: Option<String>,
    pub is_compiled: bool,
}

/// Puts byte code beside every module. It is checked against nothing when it is loaded: the image never changes.
pub(super) async fn compile(chamber: &Chamber, reporter: &Reporter) -> Result<(), ImageError> {
    let root = open(chamber.root())?;
    let folders = inspect::module_folders(&root);
    let modules = folders
        .iter()
        .map(|folder| count_modules(&chamber.root().join(&folder[1..]), FOLDERS_DEEP_MAX))
        .sum();
    let mut command = vec![inspect::interpreter(&root)?];
    command.extend(
        [
            "-I",
            "-m",
            "compileall",
            "-f",
            "-j",
            "0",
            "-x",
            NOT_COMPILED,
            "--invalidation-mode",
            "unchecked-hash",
        ]
        .map(str::to_owned),
    );
    command.extend(folders);
    let visit = Visit {
        name: "compileall",
        command,
        // The same byte code from the same source, whatever order the workers take it in.
        environment: vec![("PYTHONHASHSEED".to_owned(), "0".to_owned())],
        may_write: true,
        hint: "Run it again.",
        ..Visit::default()
    };
    let mut done = 0;
    let tool = chamber.tool(visit);
    tool.run(|line| {
        if line.starts_with("Compiling ") {
            done += 1;
            if done % 50 == 0 {
                reporter.step(done, modules);
            }
        }
    })
    .await
}

fn count_modules(folder: &Path, deep: usize) -> u64 {
    let Some(entries) = deep.checked_sub(1).and_then(|_| fs::read_dir(folder).ok()) else {
        return 0;
    };
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => count_modules(&entry.path(), deep - 1),
        Ok(kind) if kind.is_file() => {
            u64::from(entry.path().extension().is_some_and(|extension| extension == "py"))
        }
        _ => 0,
    };
    entries.flatten().map(of).sum()
}

/// Fixes what differs between machines, hashes all of it and writes the manifest.
pub(super) async fn seal(finishing: Finishing, reporter: &Reporter) -> Result<(), ImageError> {
    let reporter = reporter.clone();
    tokio::task::spawn_blocking(move || seal_now(finishing, &reporter))
        .await
        .map_err(|_| ImageError::cut())?
}

fn seal_now(finishing: Finishing, reporter: &Reporter) -> Result<(), ImageError> {
    let path = finishing.image.join("root");
    let root = open(&path)?;
    tidy(&root)?;
    let python = inspect::interpreter(&root)?;
    let mut libraries = inspect::libraries(&root)?;
    if let Some(wheels) = &finishing.wheels {
        add_hashes(&mut libraries, wheels)?;
    }
    let debian = inspect::debian_packages(&root)?;
    let missing = inspect::missing(&root, &libraries);
    let sealed = seal_files(&path, |done| {
        if done % TELL_EVERY == 0 {
            reporter.step(done, 0);
        }
    })?;
    let manifest = Manifest {
        version: MANIFEST_VERSION,
        id: finishing.id,
        origin: finishing.origin,
        architecture: recipe::architecture().to_owned(),
        built_at: finishing.built_at,
        python,
        debian,
        libraries,
        requirements: finishing.requirements,
        is_compiled: finishing.is_compiled,
        missing,
        files_sha256: sealed.files_sha256,
        files: sealed.files,
        bytes: sealed.bytes,
    };
    manifest.write(&finishing.image)
}

fn open(root: &Path) -> Result<Root, ImageError> {
    Root::open(root).map_err(|error| ImageError::file("open", root, &error))
}

/// Each library's hash is that of the wheel that it came from.
fn add_hashes(libraries: &mut [Library], wheels: &Path) -> Result<(), ImageError> {
    for path in fetched(wheels)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut parts = name.split('-');
        let (Some(package), Some(version)) = (parts.next(), parts.next()) else {
            continue;
        };
        let package = inspect::normal(package);
        if let Some(library) =
            libraries.iter_mut().find(|library| library.name == package && library.version == version)
        {
            library.sha256 = Some(
                fs::File::open(&path)
                    .and_then(sha256)
                    .map_err(|error| ImageError::file("read", &path, &error))?,
            );
        }
    }
    Ok(())
}
