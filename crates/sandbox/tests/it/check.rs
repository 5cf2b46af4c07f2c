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
