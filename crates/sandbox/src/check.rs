//! What this machine offers a sandbox, for `errand doctor`. It looks, tries, and leaves nothing behind.

use std::{fs, io, path::Path};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Ending, Program, RunLimits, Sandbox, SandboxError, SandboxSettings, Tier,
    cgroup::{Groups, Layout},
    ids::Ids,
    image::interpreter_in,
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
        user_namespaces(),
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

fn user_namespaces() -> Requirement {
    let what = "user namespaces";
    let is = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    if !Path::new("/proc/self/ns/user").exists() {
        return missing(what, "The kernel has no user namespaces.", "Use a kernel with CONFIG_USER_NS.");
    }
    if is("/proc/sys/user/max_user_namespaces", "0") {
        return missing(
            what,
            "User namespaces are switched off.",
            "As root: `sysctl user.max_user_namespaces=10000`, and the same in /etc/sysctl.d.",
        );
    }
    if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        return missing(
            what,
            "User namespaces are for root only.",
            "As root: `sysctl kernel.unprivileged_userns_clone=1`, and the same in /etc/sysctl.d.",
        );
    }
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        return Requirement {
            what,
            state: RequirementState::Improvable,
            message: "AppArmor lets only named programs make user namespaces.".to_owned(),
            remedy: "When runs fail: `sysctl kernel.apparmor_restrict_unprivileged_userns=0` as root, or a profile with \
                     `userns,` for errand."
                .to_owned(),
        };
    }
    met(what, "Each run gets a user namespace of its own.")
}

fn identities(ids: &Ids) -> Requirement {
    let what = "identities";
    match ids {
        Ids::Root { run_id } => met(what, format!("Runs have the id {run_id} on this machine, and no privilege.")),
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
            let tried = groups.run(0, &settings.limits);
            let version = groups.version();
            groups.remove().await;
            match tried {
                Ok(_) => {
                    met(what, format!("Memory, processor and processes are limited (version {version})."))
                }
                Err(error) => missing(
                    what,
                    format!("A run's limits can't be set ({error})."),
                    "Enable the controllers memory, cpu and pids.",
                ),
            }
        }
        Err(SandboxError::Unavailable { what: message, remedy }) => missing(what, message, remedy),
        Err(other) => missing(what, other.to_string(), ""),
    }
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
        Err(SandboxError::Unavailable { what: message, remedy }) => missing(what, message, remedy),
        Err(error) => missing(
            what,
            error.to_string(),
            "In a container: allow user namespaces and unmask /proc (`--security-opt systempaths=unconfined`).",
        ),
    }
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
