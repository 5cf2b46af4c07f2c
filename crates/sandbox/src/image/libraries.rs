//! Python's part of the image: wheels fetched by the lock's hashes, then installed without a network.
//!
//! pip is the image's own. No package is built and none of its code runs here: a wheel is unpacked, that is all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    chamber::{Share, Visit},
    error::ImageError,
    needs::pip_settings,
    pip::PipSettings,
    recipe::{self, LOCK, PYTHON, Recipe, TESTS_LEFT_OUT_OF},
    root::Root,
    work::Job,
};

const WHEELS_INSIDE: &str = "/run/errand/wheels";
const INPUTS_INSIDE: &str = "/run/errand/requirements";
const CERTIFICATE_INSIDE: &str = "/run/errand/certificates.pem";
const CLIENT_CERTIFICATE_INSIDE: &str = "/run/errand/client.pem";
const PIP_FOLDER: &str = "usr/share/python-wheels";
const LOCK_FILE: &str = "lock.txt";
const ADDED_FILE: &str = "added.txt";
const CONSTRAINTS_FILE: &str = "constraints.txt";
const DEBIANS_FOLDER: &str = "usr/local/lib/python3.13/dist-packages";
const TESTS: &str = "tests";
const FOLDERS_DEEP_MAX: usize = 32;
const FETCH_HINT: &str = "Check the network and pip's settings (PIP_INDEX_URL, PIP_CERT, pip.conf), and run it again: it goes on where it stopped.";
/// pip says so when it tries version after version of packages that don't go with those that are pinned.
const ENDLESS: &str = "This is taking longer than usual";
const ADDED_HINT: &str = "Check the lines of the requirements file: the names, that each has a wheel for Python 3.13 (nothing is built from source), and that none needs other versions than those that Errand pins (`libraries` in an image's manifest.json). If nothing at all is found, check the network and pip's settings. Then run it again: what was fetched is kept.";
const INSTALL_HINT: &str = "Run it again. If it fails on a package of yours, take that out of the requirements file or choose another version.";

/// One file of requirements, and how pip is to read it.
struct Input {
    arguments: Vec<String>,
    packages: u64,
    /// The operator's own.
    is_added: bool,
}

/// Fetches every wheel, with the image read-only. What was fetched before is kept.
pub(super) async fn wheels(job: &Job<'_>) -> Result<(), ImageError> {
    let settings = pip_settings(&job.request.environment);
    for input in inputs(&job.request.recipe) {
        let mut options = vec!["download", "--only-binary=:all:", "--no-cache-dir"];
        let destination = format!("--dest={WHEELS_INSIDE}");
        options.push(&destination);
        let mut visit = pip(job, &options, &input)?;
        connect(&mut visit, &settings);
        visit.shares.push(share(&job.work.wheels(), WHEELS_INSIDE, true));
        visit.may_connect = true;
        visit.hint = if input.is_added { ADDED_HINT } else { FETCH_HINT };
        visit.gives_up_at = Some(ENDLESS);
        run(job, visit, "Collecting ", input.packages).await?;
    }
    Ok(())
}

/// Installs them, with what was fetched and nothing else.
pub(super) async fn install(job: &Job<'_>) -> Result<(), ImageError> {
    for input in inputs(&job.request.recipe) {
        let links = format!("--find-links={WHEELS_INSIDE}");
        let options = [
            "install",
            "--no-index",
            &links,
            "--only-binary=:all:",
            "--no-compile",
            "--break-system-packages",
            "--root-user-action=ignore",
            "--no-warn-script-location",
        ];
        let mut visit = pip(job, &options, &input)?;
        visit.shares.push(share(&job.work.wheels(), WHEELS_INSIDE, false));
        visit.may_write = true;
        visit.hint = INSTALL_HINT;
        run(job, visit, "Processing ", input.packages).await?;
    }
    let mut check = pip(job, &["check"], &Input { arguments: Vec::new(), packages: 0, is_added: false })?;
    check.hint = INSTALL_HINT;
    run(job, check, "Checking ", 0).await?;
    leave_tests_out(&job.work.root().join(DEBIANS_FOLDER))
}

/// The lock first: what is added can't change it.
fn inputs(recipe: &Recipe) -> Vec<Input> {
    let file = |name: &str| format!("--requirement={INPUTS_INSIDE}/{name}");
    let exact = ["--require-hashes", "--no-deps"].map(str::to_owned);
    let packages = recipe::locked_packages() as u64;
    let mut all =
        vec![Input { arguments: [exact.as_slice(), &[file(LOCK_FILE)]].concat(), packages, is_added: false }];
    if let Some(added) = &recipe.requirements {
        let how = if added.has_hashes() {
            exact.to_vec()
        } else {
            vec![format!("--constraint={INPUTS_INSIDE}/{CONSTRAINTS_FILE}")]
        };
        all.push(Input {
            arguments: [how.as_slice(), &[file(ADDED_FILE)]].concat(),
            packages: 0,
            is_added: true,
        });
    }
    all
}

fn pip(job: &Job<'_>, options: &[&str], input: &Input) -> Result<Visit, ImageError> {
    let folder = job.work.folder_for("requirements")?;
    let recipe = &job.request.recipe;
    let files = [
        (LOCK_FILE, LOCK.to_owned()),
        (ADDED_FILE, recipe.requirements.as_ref().map_or_else(String::new, |added| added.text().to_owned())),
        (CONSTRAINTS_FILE, recipe::constraints()),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| ImageError::file("write", &path, &error))?;
    }
    let program = wheel_of_pip(&job.root()?)?;
    let mut command = vec![format!("/usr/bin/{PYTHON}"), format!("{program}/pip")];
    command.extend(options.iter().map(|option| (*option).to_owned()));
    command.extend(input.arguments.iter().cloned());
    // No settings but those that are handed in: the image's own files are not the machine's.
    let environment = [
        ("PIP_CONFIG_FILE", "/dev/null"),
        ("PIP_NO_INPUT", "1"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_PROGRESS_BAR", "off"),
    ];
    Ok(Visit {
        name: "pip",
        command,
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        shares: vec![share(&folder, INPUTS_INSIDE, false)],
        ..Visit::default()
    })
}

/// The image brings pip as a wheel, which Python runs as it is.
fn wheel_of_pip(root: &Root) -> Result<String, ImageError> {
    let names = root.names(PIP_FOLDER).map_err(|error| ImageError::inside("read", PIP_FOLDER, &error))?;
    let found =
        names.into_iter().find(|name| name.starts_with("pip-") && name.strip_suffix(".whl").is_some());
    found.map(|name| format!("/{PIP_FOLDER}/{name}")).ok_or_else(|| {
        ImageError::new(
            "no_pip",
            "The base has no pip.",
            "Build the image anew: `errand image build --anew`.",
        )
    })
}

fn connect(visit: &mut Visit, settings: &PipSettings) {
    visit.environment.extend(settings.variables.iter().cloned());
    let certificates = [
        ("PIP_CERT", &settings.certificate, CERTIFICATE_INSIDE),
        ("PIP_CLIENT_CERT", &settings.client_certificate, CLIENT_CERTIFICATE_INSIDE),
    ];
    for (name, file, inside) in certificates {
        if let Some(file) = file {
            visit.shares.push(share(file, inside, false));
            visit.environment.push((name.to_owned(), inside.to_owned()));
        }
    }
    for (index, folder) in settings.folders.iter().enumerate() {
        let inside = format!("/run/errand/links/{index}");
        visit.shares.push(share(folder, &inside, false));
        visit.command.push(format!("--find-links={inside}"));
    }
}

async fn run(job: &Job<'_>, visit: Visit, each: &str, packages: u64) -> Result<(), ImageError> {
    let mut done = 0;
    let tool = job.chamber()?.tool(visit);
    tool.run(|line| {
        if let Some(what) = line.strip_prefix(each) {
            let name = what.split(" (").next().unwrap_or(what);
            job.reporter.note(name.rsplit('/').next().unwrap_or(name));
            job.reporter.step(done, packages);
            done += 1;
        }
    })
    .await
}

fn share(from: &Path, to: &str, is_writable: bool) -> Share {
    Share { from: from.to_owned(), to: to.to_owned(), is_writable }
}

/// Test suites are most of the modules of some packages, and nobody imports them.
fn leave_tests_out(libraries: &Path) -> Result<(), ImageError> {
    for package in TESTS_LEFT_OUT_OF {
        let folder = libraries.join(package);
        remove_tests(&folder, FOLDERS_DEEP_MAX).map_err(|error| ImageError::file("tidy", &folder, &error))?;
    }
    Ok(())
}

fn remove_tests(folder: &Path, deep: usize) -> std::io::Result<()> {
    if deep == 0 || !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if entry.file_name() == TESTS {
            fs::remove_dir_all(entry.path())?;
        } else {
            remove_tests(&entry.path(), deep - 1)?;
        }
    }
    Ok(())
}

/// The wheels that were fetched, by file name.
pub(super) fn fetched(wheels: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let entries = fs::read_dir(wheels).map_err(|error| ImageError::file("read", wheels, &error))?;
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    Ok(all)
}
