//! Debian's part of the image: mmdebstrap with this machine's own mirror.

use std::fs::{self, File};

use super::{
    error::ImageError,
    needs::{self, Needs},
    recipe::{self, FILES_TIME_S, PACKAGES, PATHS_LEFT_OUT, RELEASE},
    tool::{Tool, locate, search_path},
    work::Job,
};

/// What mmdebstrap says when it begins something, in order.
const BASE_STEPS: &[&str] = &[
    "running apt-get update",
    "downloading packages",
    "extracting archives",
    "installing essential packages",
    "installing remaining packages",
    "cleaning package lists",
    "creating tarball",
];

/// What root has mounted while packages are installed (the machine's `/sys` among it) goes with the last process, however
/// that one ends: what stayed mounted would be in the way of deleting the folder, or be deleted with it.
const OWN_MOUNTS: [&str; 3] = ["--mount", "--propagation=private", "--"];

/// All packages as one archive, which appears when it is whole.
pub(super) async fn base(job: &Job<'_>, needs: &Needs) -> Result<(), ImageError> {
    let draft = job.work.archive().with_extension("part");
    let output = File::create(&draft).map_err(|error| ImageError::file("write", &draft, &error))?;
    let mut tool = mmdebstrap(job, needs, output);
    apt_options(job, &mut tool).await?;
    tool.arguments([RELEASE, "-"]).arguments(sources(job, needs));
    tool.run(|line| {
        let text = line.strip_prefix("I: ").unwrap_or(line);
        if let Some(step) = BASE_STEPS.iter().position(|step| text.starts_with(step)) {
            job.reporter.step(step as u64, BASE_STEPS.len() as u64);
            job.reporter.note(text.trim_end_matches('.'));
        }
    })
    .await?;
    let archive = job.work.archive();
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&draft, &archive))
        .map_err(|error| ImageError::file("write", &archive, &error))
}

fn mmdebstrap(job: &Job<'_>, needs: &Needs, output: File) -> Tool {
    let environment = &job.request.environment;
    let mut passed = vec![
        ("PATH".to_owned(), search_path(environment)),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("SOURCE_DATE_EPOCH".to_owned(), FILES_TIME_S.to_string()),
    ];
    passed.extend(
        environment.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with("_proxy")).cloned(),
    );
    let mode = if needs::is_root() {
        // There is room here, and perhaps none where temporary files go.
        passed.push(("TMPDIR".to_owned(), job.work.scratch().display().to_string()));
        "--mode=root"
    } else {
        // The image's users must reach the folder, which they don't in a private data directory.
        passed.extend(
            environment
                .iter()
                .filter(|(name, _)| matches!(name.as_str(), "TMPDIR" | "USER" | "HOME"))
                .cloned(),
        );
        "--mode=unshare"
    };
    let mut tool = Tool {
        name: "mmdebstrap",
        program: needs.unshare.clone().unwrap_or_else(|| needs.mmdebstrap.clone()),
        arguments: Vec::new(),
        environment: passed,
        output: Some(output),
        hint: "Check that Debian's mirror can be reached (another one: `--mirror`), and run it again: it goes on where it stopped.".to_owned(),
        gives_up_at: None,
    };
    if needs.unshare.is_some() {
        tool.arguments(OWN_MOUNTS).argument(&needs.mmdebstrap);
    }
    tool.argument(mode)
        .arguments(["--variant=essential", "--format=tar", "--components=main"])
        .argument(format!("--architectures={}", recipe::architecture()))
        .argument(format!("--include={}", PACKAGES.join(",")))
        .argument(format!("--keyring={}", needs.keyring.display()))
        .arguments([
            "--aptopt=APT::Install-Recommends \"false\"",
            "--aptopt=Acquire::Retries \"3\"",
            "--dpkgopt=force-unsafe-io",
        ])
        .arguments(PATHS_LEFT_OUT.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    tool
}

/// How this machine's apt connects holds for the build too.
async fn apt_options(job: &Job<'_>, tool: &mut Tool) -> Result<(), ImageError> {
    const PASSED: &[&str] =
        &["Acquire::http::", "Acquire::https::", "Acquire::ForceIPv4", "Acquire::ForceIPv6"];
    let Some(program) = locate(&job.request.environment, "apt-config") else {
        return Ok(());
    };
    let mut lines = Vec::new();
    let asked = Tool {
        name: "apt-config",
        program,
        arguments: vec!["dump".into(), "Acquire".into()],
        environment: vec![("PATH".to_owned(), search_path(&job.request.environment))],
        output: None,
        hint: "Check the settings in /etc/apt.".to_owned(),
        gives_up_at: None,
    };
    asked
        .run(|line| {
            if PASSED.iter().any(|name| line.starts_with(name)) {
                lines.push(line.to_owned());
            }
        })
        .await?;
    if !lines.is_empty() {
        let path = job.work.scratch().join("apt.conf");
        fs::write(&path, lines.join("\n") + "\n")
            .map_err(|error| ImageError::file("write", &path, &error))?;
        tool.argument(format!("--aptopt={}", path.display()));
    }
    Ok(())
}

/// Sources for mmdebstrap; none leaves it to its own default.
fn sources(job: &Job<'_>, needs: &Needs) -> Vec<String> {
    let found = needs::mirrors();
    let keyring = needs.keyring.display();
    let line = |uri: &str, suite: &str| format!("deb [signed-by={keyring}] {uri} {RELEASE}{suite} main");
    match (&job.request.mirror, &found.main) {
        // A mirror that was asked for is all there is: a snapshot would be mixed with today's otherwise.
        (Some(mirror), _) => vec![line(mirror, "")],
        (None, Some(main)) => {
            let mut all = vec![line(main, ""), line(main, "-updates")];
            all.extend(found.security.as_ref().map(|uri| line(uri, "-security")));
            all
        }
        (None, None) => Vec::new(),
    }
}
