//! Whether this process lives in a container, and what that container must be started with.

use std::path::Path;

use crate::ids::outer_uid;

/// What Docker, Podman and Kubernetes put into every container.
const MARKS: [&str; 3] = ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io"];

/// The usual containers forbid what makes another one: namespaces, mounts, an own `/proc`.
pub(crate) const OPTIONS: &str = "Start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt \
                       systempaths=unconfined` (Podman: `unmask=ALL` instead of the last).";
const GROUPS: &str = "Start the container with `--cgroupns=host --volume /sys/fs/cgroup:/sys/fs/cgroup:rw`.";

/// A container around this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Container {
    /// Who its root is on the machine.
    root_uid: u32,
}

/// None on a machine of its own.
pub(crate) fn container() -> Option<Container> {
    let is_marked = MARKS.iter().any(|mark| Path::new(mark).exists());
    is_marked.then(|| Container { root_uid: outer_uid() })
}

impl Container {
    pub(crate) fn groups_remedy(self) -> String {
        if self.root_uid == 0 {
            return GROUPS.to_owned();
        }
        let uid = self.root_uid;
        format!(
            "{GROUPS} Outside of it, as root, run `errand sandbox delegate --user {uid}` once after each start of the machine, unless the user's own control groups are delegated (version 2, systemd: `Delegate=cpu memory pids`)."
        )
    }
}
