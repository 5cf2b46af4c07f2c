//! What this machine offers a sandbox, for `errand doctor`. It looks, tries, and leaves nothing behind.

use std::{fs, io, path::Path};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Ending, Program, RunLimits, Sandbox, SandboxError, SandboxSettings, Tier,
    cgroup::{Groups, Layout},
    host::{probe, try_group},
    ids::Ids,
    image::interpreter_in,
    surroundings::{OPTIONS, container},
    wire::Walls,
};

/// Restricts abstract sockets and signals too; older ones still keep files.
const LANDLOCK_VERSION_WHOLE: i64 = 6;

/// One thing that a sandbox needs, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    pub what: &'static str,
    pub state: RequirementState,
    pub message: String,
    /// How to mend it; empty when there is nothing to mend.
    pub remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequirementState {
    Met,
    /// It works, and could be better.
    Improvable,
    /// Python is refused without it.
    Missing,
}

/// Looks at each requirement; when none is missing, runs a script as a proof.
pub async fn check(settings: &SandboxSettings) -> Vec<Requirement> {
    let ids = Ids::of_this_process(settings);
    let mut all = vec![
        image(&settings.image),
        user_namespaces(settings).await,
        identities(&ids),
        control_groups(settings).await,
        system_call_filter(),
        landlock(),
    ];
    if all.iter().all(|requirement| requirement.state != RequirementState::Missing) {
        all.push(trial(settings).await);
    }
    all
}

fn image(image: &Path) -> Requirement {
    let what = "image";
    if interpreter_in(image).is_some() {
        return met(what, format!("The image is at {}.", image.display()));
    }
    missing(what, format!("There is no image at {}.", image.display()), "Run `errand image build`.")
}

/// Tried, not looked up: what forbids them (switches, `AppArmor`, a container's filter) is told by none of its files alone.
async fn user_namespaces(settings: &SandboxSettings) -> Requirement {
    let what = "user namespaces";
    let probed = probe(&settings.launcher).await;
    let (message, remedy) = match probed {
        Ok(None) => {
            return met(what, "Each run gets a user namespace of its own, with mounts and a `/proc`.");
        }
        Ok(Some((walls, error))) => (format!("{} ({error}).", forbidden(walls)), remedy_for(walls)),
        Err(error) => {
            (format!("They could not be tried ({error})."), "Run `errand doctor` again.".to_owned())
        }
    };
    missing(what, message, remedy)
}

const fn forbidden(walls: Walls) -> &'static str {
    match walls {
        Walls::UserNamespace => "A user namespace can't be made",
        Walls::Namespaces => "Namespaces of processes, mounts, network and the like can't be made",
        Walls::Mounts => "Nothing can be mounted in a namespace",
        Walls::Root => "The root can't be changed (`pivot_root`) in a namespace",
        Walls::Proc => {
            "A `/proc` of its own can't be mounted in a namespace, since parts of the one here are hidden"
        }
    }
}

fn remedy_for(walls: Walls) -> String {
    if container().is_some() {
        return OPTIONS.to_owned();
    }
    let is = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    let set =
        |name: &str, value: &str| format!("As root: `sysctl {name}={value}`, and the same in /etc/sysctl.d.");
    if walls == Walls::UserNamespace && !Path::new("/proc/self/ns/user").exists() {
        "Use a kernel with CONFIG_USER_NS.".to_owned()
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        set("user.max_user_namespaces", "10000")
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        set("kernel.unprivileged_userns_clone", "1")
    } else if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        let sysctl = set("kernel.apparmor_restrict_unprivileged_userns", "0");
        format!("{sysctl} Or give errand an AppArmor profile with `userns,`.")
    } else {
        "Look for what forbids it: the kernel's log (AppArmor, SELinux), the service's settings (`RestrictNamespaces`, \
         `PrivateUsers`, `ProtectProc`), a container around it."
            .to_owned()
    }
}

fn identities(ids: &Ids) -> Requirement {
    let what = "identities";
    match ids {
        Ids::Root { run_id } => met(what, format!("Runs have the id {run_id} on this machine, and no privilege.")),
        Ids::Confined { run_id } => {
            met(what, format!("Runs have the id {run_id} of this container, and no privilege."))
        }
        Ids::Subordinate { .. } => met(what, "Runs have a subordinate id of this user."),
        Ids::Single { .. } => Requirement {
            what,
            state: RequirementState::Improvable,
            message: "Runs have this user's own id on this machine, walled in all the same.".to_owned(),
            remedy: "Install `uidmap` and, as root, run `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \
                     USER`."
                .to_owned(),
        },
    }
}

async fn control_groups(settings: &SandboxSettings) -> Requirement {
    let what = "control groups";
    let opened = Layout::find(settings.cgroup.as_deref()).and_then(Groups::open);
    match opened {
        Ok(groups) => {
            let tried = try_groups(&groups, settings).await;
            let version = groups.version();
            groups.remove().await;
            match tried {
                Ok(()) => {
                    met(what, format!("Memory, processor and processes are limited (version {version})."))
                }
                Err((message, remedy)) => missing(what, message, remedy),
            }
        }
        Err(SandboxError::Unavailable { what: message, remedy }) => missing(what, message, remedy),
        Err(other) => missing(what, other.to_string(), ""),
    }
}

/// A group with limits, and a process moved into one: each may be forbidden where the other is not.
async fn try_groups(groups: &Groups, settings: &SandboxSettings) -> Result<(), (String, String)> {
    groups.run(0, &settings.limits).map_err(|error| {
        let remedy = "Enable the controllers memory, cpu and pids.";
        (format!("A run's limits can't be set ({error})."), remedy.to_owned())
    })?;
    let group = groups.zygotes().map_err(|error| (format!("{error}."), groups.remedy()))?;
    try_group(&settings.launcher, &group)
        .await
        .map_err(|error| (format!("A process can't be moved into its group ({error})."), groups.remedy()))
}

fn system_call_filter() -> Requirement {
    let what = "system-call filter";
    if fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nSeccomp:")) {
        return met(what, "The kernel filters system calls.");
    }
    missing(what, "The kernel can't filter system calls.", "Use a kernel with CONFIG_SECCOMP_FILTER.")
}

fn landlock() -> Requirement {
    let what = "landlock";
    match landlock_version() {
        Ok(version) if version >= LANDLOCK_VERSION_WHOLE => {
            met(what, format!("The kernel has landlock (version {version})."))
        }
        Ok(version) => Requirement {
            what,
            state: RequirementState::Improvable,
            message: format!("The kernel has landlock (version {version}), which keeps files."),
            remedy: "From Linux 6.12 on it also keeps signals and abstract sockets.".to_owned(),
        },
        Err(error) => missing(
            what,
            format!("The kernel has no landlock ({error})."),
            "Use Linux 5.13 or newer, with `landlock` among `lsm=` of the kernel's command line.",
        ),
    }
}

fn landlock_version() -> io::Result<i64> {
    const VERSION_FLAG: u32 = 1;
    // SAFETY: takes numbers and no attributes.
    #[expect(unsafe_code, reason = "one system call")]
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, VERSION_FLAG) };
    if version < 0 { Err(io::Error::last_os_error()) } else { Ok(version) }
}

/// The proof: a script in a sandbox of its own.
async fn trial(settings: &SandboxSettings) -> Requirement {
    let what = "a script";
    let settings = SandboxSettings { ready_children: 0, ..settings.clone() };
    match try_out(settings).await {
        Ok(Ending::Exited { code: 0 }) => met(what, "A script ran in a sandbox."),
        Ok(ending) => {
            missing(what, format!("A script did not end well: {ending:?}."), "Run `errand image build`.")
        }
        // What an error says to do is to look here.
        Err(SandboxError::Unavailable { what: message, .. }) => missing(what, message, trial_remedy()),
        Err(error) => missing(what, error.to_string(), trial_remedy()),
    }
}

fn trial_remedy() -> String {
    let elsewhere = "The log (ERRAND_LOG=debug) says more.".to_owned();
    container().map_or(elsewhere, |container| format!("{OPTIONS} {}", container.groups_remedy()))
}

async fn try_out(settings: SandboxSettings) -> Result<Ending, SandboxError> {
    let sandbox = Sandbox::start(settings).await?;
    let program =
        Program { code: "print(1)".to_owned(), name: "doctor.py".to_owned(), environment: Vec::new() };
    let ran = async {
        let child = sandbox.ready_child(Tier::Bare).await?;
        let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
        child.run(&program, &limits, mpsc::channel(1).0, &cancel).await
    };
    let report = ran.await;
    sandbox.stop().await;
    Ok(report?.ending)
}

fn met(what: &'static str, message: impl Into<String>) -> Requirement {
    Requirement { what, state: RequirementState::Met, message: message.into(), remedy: String::new() }
}

fn missing(what: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Requirement {
    Requirement { what, state: RequirementState::Missing, message: message.into(), remedy: remedy.into() }
}
