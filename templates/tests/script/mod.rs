//! Runs an action's script with the image's interpreter and libraries, by bubblewrap. What a run is walled off from is
//! tested elsewhere; here it is what the script makes of the back office's answers.

use std::{path::PathBuf, process::Stdio};

use tokio::process::Command;

/// What a script printed and how it ended.
pub struct Ran {
    pub succeeded: bool,
    pub stdout: String,
    pub stderr: String,
}

pub async fn run(code: &str, environment: &[(String, String)]) -> Ran {
    let output = Command::new("bwrap")
        .args(["--unshare-user", "--unshare-pid", "--die-with-parent", "--ro-bind"])
        .arg(image())
        .args([
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--tmpfs",
            "/tmp",
            "--",
            "/usr/bin/python3.13",
            "-B",
            "-c",
            code,
        ])
        .env_clear()
        .env("HOME", "/tmp")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("`bwrap` can be started; scripts/install-test-needs.sh installs it");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { succeeded: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The image's files, where `make test` puts them.
fn image() -> PathBuf {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache/image");
    let images = std::env::var_os("ERRAND_IMAGE_DIR").map_or_else(|| here.into(), PathBuf::from);
    let root = images.join("current/root");
    assert!(
        root.join("usr/bin/python3.13").exists(),
        "there is no image in `{}`; `ERRAND_IMAGE_DIR={} errand image build` makes it",
        images.display(),
        images.display()
    );
    root
}
