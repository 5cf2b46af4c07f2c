//! Where control groups are mounted on this machine, and which of them are ours.

use std::{
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use crate::{SandboxError, ids::outer_uid, surroundings::container};

use super::{at, write};

const SUPERVISOR: &str = "supervisor";
const CONTROLLERS: [&str; 4] = ["memory", "cpu", "cpuacct", "pids"];
/// There, `cpu` counts too.
const CONTROLLERS_V2: [&str; 3] = ["memory", "cpu", "pids"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// A folder per controller.
    V1 {
        memory: PathBuf,
        cpu: PathBuf,
        cpuacct: PathBuf,
        pids: PathBuf,
    },
    V2 {
        base: PathBuf,
        is_own: bool,
    },
}

impl Layout {
    /// The groups named `base`; by default `errand`, or the group that a service manager delegated to this process.
    pub fn find(base: Option<&str>) -> Result<Self, SandboxError> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::from_mounts(&mounts, &own, base)
    }

    pub(super) fn from_mounts(mounts: &str, own: &str, base: Option<&str>) -> Result<Self, SandboxError> {
        let name = base.map_or_else(default_name, str::to_owned);
        let v1 =
            |controller: &str| mount_of(mounts, "cgroup", Some(controller)).map(|mount| mount.join(&name));
        if let [Some(memory), Some(cpu), Some(cpuacct), Some(pids)] = CONTROLLERS.map(v1) {
            return Ok(Self::V1 { memory, cpu, cpuacct, pids });
        }
        let Some(mount) = mount_of(mounts, "cgroup2", None) else {
            return Err(SandboxError::Unavailable {
                what: "No control groups are mounted.".to_owned(),
                remedy: "Mount cgroup2 at /sys/fs/cgroup, as nearly every distribution does.".to_owned(),
            });
        };
        let delegated = own
            .lines()
            .find_map(|line| line.strip_prefix("0::/"))
            .filter(|_| base.is_none())
            .map(|path| if path.is_empty() { mount.clone() } else { mount.join(path) })
            .and_then(|folder| {
                if let Some(above) = above_leaf(&folder) {
                    return Some(above.to_path_buf());
                }
                let is_given = if folder == mount { is_part(&folder) } else { is_alone_in(&folder) };
                (is_given && can_have_limits(&folder)).then_some(folder)
            });
        Ok(match delegated {
            Some(base) => Self::V2 { base, is_own: true },
            None => Self::V2 { base: mount.join(name), is_own: false },
        })
    }

    pub fn version(&self) -> u8 {
        match self {
            Self::V1 { .. } => 1,
            Self::V2 { .. } => 2,
        }
    }

    /// In version 2, the group in which an ordinary user's Errand has to be started: what is outside can't be moved in by
    /// its owner, and a group with limited children holds no process.
    pub fn start_group(&self) -> Option<PathBuf> {
        match self {
            Self::V1 { .. } => None,
            Self::V2 { base, .. } => Some(base.join(SUPERVISOR)),
        }
    }

    /// Each folder once.
    pub fn bases(&self) -> Vec<&Path> {
        match self {
            Self::V1 { memory, cpu, cpuacct, pids } => {
                let mut all: Vec<&Path> = vec![memory, cpu, cpuacct, pids];
                // `cpu` and `cpuacct` are often one mount.
                all.sort_unstable();
                all.dedup();
                all
            }
            Self::V2 { base, .. } => vec![base],
        }
    }

    /// Makes the base groups and lets their children have limits.
    pub(super) fn prepare(&self) -> Result<(), SandboxError> {
        self.prepare_folders().map_err(|error| self.refused(&error))
    }

    fn prepare_folders(&self) -> io::Result<()> {
        for base in self.bases() {
            match fs::create_dir(base) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(base, &error)),
                _ => {}
            }
        }
        if let Self::V2 { base, is_own } = self {
            if *is_own {
                make_way(base)?;
            } else if let Some(mount) = base.parent() {
                // It may be enabled already, by who may.
                let _ = self.enable_controllers(mount);
            }
            self.enable_controllers(base)?;
        }
        Ok(())
    }

    pub(super) fn enable_controllers(&self, folder: &Path) -> io::Result<()> {
        match self {
            Self::V1 { .. } => Ok(()),
            Self::V2 { .. } => write(&folder.join("cgroup.subtree_control"), "+memory +cpu +pids"),
        }
    }

    pub(super) fn refused(&self, error: &io::Error) -> SandboxError {
        SandboxError::Unavailable {
            what: format!("Control groups can't be used ({error})."),
            remedy: self.remedy(),
        }
    }

    pub(super) fn remedy(&self) -> String {
        match (container(), self) {
            (Some(container), _) => container.groups_remedy(),
            (None, Self::V1 { .. }) => {
                "As root, run `errand sandbox delegate --user NAME` once after each start of the machine.".to_owned()
            }
            // What is outside of a delegated group can't be moved into it, also not by its owner.
            (None, Self::V2 { .. }) => {
                "Run it as a service with `Delegate=cpu memory pids` (systemd); or as root run `errand sandbox delegate \
                 --user NAME`, and start Errand in that group as it says."
                    .to_owned()
            }
        }
    }
}

/// Gives an ordinary user a group of their own per controller. Called as root; lasts until the machine restarts.
pub fn delegate(uid: u32, gid: u32) -> Result<Layout, SandboxError> {
    let layout = Layout::find(Some(&name_for(uid)))?;
    let hand_over = |group: &Path| {
        for path in [
            group.to_path_buf(),
            group.join("cgroup.procs"),
            group.join("tasks"),
            group.join("cgroup.subtree_control"),
        ] {
            if path.exists() {
                chown(&path, Some(uid), Some(gid)).map_err(|error| at(&path, &error))?;
            }
        }
        Ok(())
    };
    let handed = layout.prepare_folders().and_then(|()| {
        layout.bases().into_iter().try_for_each(hand_over)?;
        layout.start_group().map_or(Ok(()), |group| {
            fs::create_dir_all(&group).map_err(|error| at(&group, &error))?;
            hand_over(&group)
        })
    });
    handed.map(|()| layout).map_err(|error| SandboxError::Unavailable {
        what: format!("The control groups can't be handed over ({error})."),
        remedy: "Run this as root.".to_owned(),
    })
}

/// A group with limited children may hold no process itself: this one moves down, and in a container the others that were
/// started with it.
fn make_way(base: &Path) -> io::Result<()> {
    let leaf = base.join(SUPERVISOR);
    fs::create_dir_all(&leaf).map_err(|error| at(&leaf, &error))?;
    let door = leaf.join("cgroup.procs");
    write(&door, "0")?;
    for other in fs::read_to_string(base.join("cgroup.procs")).unwrap_or_default().lines() {
        // It may have ended since.
        let _ = write(&door, other);
    }
    Ok(())
}

/// The group of which this is the leaf for supervisors ([`make_way`]): one that was started there, or by another one, goes on
/// in it. To move down once more would close the leaf to the next.
fn above_leaf(folder: &Path) -> Option<&Path> {
    let above = folder.parent().filter(|_| folder.ends_with(SUPERVISOR))?;
    let holds_none =
        fs::read_to_string(above.join("cgroup.procs")).is_ok_and(|processes| processes.is_empty());
    (holds_none && can_have_limits(above)).then_some(above)
}

/// The whole tree's own group has no kind; what a container sees as the whole has.
fn is_part(folder: &Path) -> bool {
    folder.join("cgroup.type").exists()
}

/// Nobody else's processes would be moved, such as the shell of a session.
fn is_alone_in(folder: &Path) -> bool {
    let own = std::process::id().to_string();
    fs::read_to_string(folder.join("cgroup.procs"))
        .is_ok_and(|processes| processes.lines().all(|process| process == own))
}

pub(super) fn default_name() -> String {
    name_for(outer_uid())
}

fn name_for(uid: u32) -> String {
    if uid == 0 { "errand".to_owned() } else { format!("errand-{uid}") }
}

/// Whether groups can be made in there that have limits. A service that none were asked for is given none.
fn can_have_limits(folder: &Path) -> bool {
    let controllers = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
    let has = |name: &str| controllers.split_whitespace().any(|given| given == name);
    CONTROLLERS_V2.into_iter().all(has)
        && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
        && rustix::fs::access(folder.join("cgroup.subtree_control"), rustix::fs::Access::WRITE_OK).is_ok()
}

/// Where a file system of `kind` is mounted, with `option` among its own options.
fn mount_of(mounts: &str, kind: &str, option: Option<&str>) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let found = after.next()? == kind;
        let options = after.nth(1).unwrap_or_default();
        let has_option = option.is_none_or(|option| options.split(',').any(|other| other == option));
        (found && has_option).then(|| before.split(' ').nth(4).map(PathBuf::from))?
    })
}
