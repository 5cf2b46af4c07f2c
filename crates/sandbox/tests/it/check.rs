//! What `errand doctor` says of this machine.

use errand_sandbox::{RequirementState, SandboxSettings, check};

use crate::harness::settings;

#[test]
fn a_machine_is_judged_by_a_script() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let state_of = |settings: &SandboxSettings, what: &str| {
        let all = runtime.block_on(check(settings));
        let found = all.iter().find(|requirement| requirement.what == what);
        assert!(all.iter().all(|it| it.remedy.is_empty() == (it.state == RequirementState::Met)), "{all:?}");
        found.map(|requirement| requirement.state)
    };
    assert_eq!(state_of(&settings(), "a script"), Some(RequirementState::Met));
    let without_image = SandboxSettings { image: "/nowhere/rootfs".into(), ..settings() };
    assert_eq!(state_of(&without_image, "image"), Some(RequirementState::Missing));
    assert_eq!(state_of(&without_image, "a script"), None, "nothing is tried where something is missing");
    let closed = SandboxSettings { cgroup: Some("missing/errand".to_owned()), ..settings() };
    assert_eq!(state_of(&closed, "control groups"), Some(RequirementState::Missing));
}

/// Says to the test that it runs where parts of `/proc` are hidden, as the usual containers have it.
const HIDDEN: &str = "ERRAND_TEST_PROC_IS_HIDDEN";

#[test]
fn a_hidden_proc_is_told() {
    if std::env::var_os(HIDDEN).is_some() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let all = runtime.block_on(check(&settings()));
        let found = all.iter().find(|it| it.what == "user namespaces").expect("it is looked at");
        assert_eq!(found.state, RequirementState::Missing, "{found:?}");
        assert!(found.message.contains("`/proc`") && !found.remedy.is_empty(), "{found:?}");
        assert!(all.iter().all(|it| it.what != "a script"), "nothing is tried where something is missing");
        return;
    }
    // A second user namespace may not take away what the first one put over `/proc`.
    let script =
        "mount -t tmpfs hidden /proc/bus && exec unshare --user --map-root-user --mount \"$0\" \"$@\"";
    let this_test = std::env::current_exe().expect("a test binary");
    let done = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"])
        .arg(script)
        .arg(this_test)
        .args(["check::a_hidden_proc_is_told", "--exact"])
        .env(HIDDEN, "1")
        .output()
        .expect("unshare");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 passed"), "no test ran: {said}");
}
