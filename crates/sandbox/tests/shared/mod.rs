//! What the test binaries of this crate share: where the image and the launcher are, and how to be somebody else.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};

/// The root of the image that `make test` made.
pub fn image() -> PathBuf {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/image");
    let images = std::env::var_os("ERRAND_IMAGE_DIR").map_or_else(|| here.into(), PathBuf::from);
    let root = images.join("current/root");
    assert!(
        root.join("usr/bin/python3").exists(),
        "there is no image at {}: `make test` makes it",
        root.display()
    );
    root
}

/// The binary that becomes the launcher; a copy of it when the tests run as an ordinary user.
pub fn launcher() -> PathBuf {
    std::env::var_os(LAUNCHER)
        .map_or_else(|| env!("CARGO_BIN_EXE_errand-sandbox-launcher").into(), PathBuf::from)
}

const LAUNCHER: &str = "ERRAND_SANDBOX_LAUNCHER";
/// Ids that no user of this machine has; each test process takes one of its own.
const USER_FIRST: u32 = 60_100;
const USERS: u32 = 200;

/// Runs tests of this binary once more as an ordinary user with control groups of its own. Only root can do that.
pub fn repeat_as_ordinary_user(choice: &[&str]) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let uid = USER_FIRST + std::process::id() % USERS;
    let layout = errand_sandbox::delegate_cgroups(uid, uid).expect("delegated groups");
    // The build's own folder may be closed to others.
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("an open folder");
    let own = std::env::current_exe().expect("a test binary");
    let [tests, launcher] = [own, launcher()].map(|program| {
        let copy = folder.path().join(program.file_name().expect("a name"));
        fs::copy(&program, &copy).expect("a copy");
        copy
    });
    let group = layout.start_group();
    let enter = if group.is_some() { "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"" } else { "exec \"$@\"" };
    let done = Command::new("sh")
        .args(["-c", enter])
        .arg(group.clone().unwrap_or_default())
        .arg("setpriv")
        .args([format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".to_owned()])
        .arg(tests)
        .args(choice)
        .args(["--test-threads", "1"])
        .current_dir("/")
        .env(LAUNCHER, launcher)
        .env("TMPDIR", "/tmp")
        .output()
        .expect("setpriv");
    if let Some(group) = group {
        // The tests' own place in it, then the group.
        let _ = fs::remove_dir(group.join("supervisor"));
        let _ = fs::remove_dir(group);
    }
    for base in layout.bases() {
        let _ = fs::remove_dir(base);
    }
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "as user {uid}:\n{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(!said.contains(" 0 passed"), "no test ran: {said}");
}
