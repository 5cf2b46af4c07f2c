//! Every limit of a run and of the sandbox as a whole.

use std::{path::PathBuf, time::Duration};

/// Limits of one run. Each is enforced by the kernel or by the supervisor, never by the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLimits {
    /// Memory of all its processes and its `/tmp` together, without swap, in bytes.
    pub memory_bytes_max: u64,
    /// Processor time per second of wall time, in thousandths of a core.
    pub cpu_millicores: u32,
    /// Processes and threads at once.
    pub processes_max: u32,
    /// From the script's start to its forced end.
    pub timeout: Duration,
    /// Size of `/tmp` in bytes.
    pub tmp_bytes_max: u64,
    /// Of stdout; a script that writes more is ended.
    pub stdout_bytes_max: usize,
    /// Of stderr; what is beyond is dropped.
    pub stderr_bytes_max: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 512 * 1024 * 1024,
            cpu_millicores: 1_000,
            processes_max: 128,
            timeout: Duration::from_secs(30),
            tmp_bytes_max: 100 * 1024 * 1024,
            stdout_bytes_max: 1024 * 1024,
            stderr_bytes_max: 64 * 1024,
        }
    }
}

impl RunLimits {
    /// The lower of both, each.
    pub(crate) fn lowered_to(&self, other: &Self) -> Self {
        Self {
            memory_bytes_max: self.memory_bytes_max.min(other.memory_bytes_max),
            cpu_millicores: self.cpu_millicores.min(other.cpu_millicores),
            processes_max: self.processes_max.min(other.processes_max),
            timeout: self.timeout.min(other.timeout),
            tmp_bytes_max: self.tmp_bytes_max,
            stdout_bytes_max: self.stdout_bytes_max.min(other.stdout_bytes_max),
            stderr_bytes_max: self.stderr_bytes_max.min(other.stderr_bytes_max),
        }
    }

    /// What control groups enforce differs.
    pub(crate) fn differs_in_groups(&self, other: &Self) -> bool {
        (self.memory_bytes_max, self.cpu_millicores, self.processes_max)
            != (other.memory_bytes_max, other.cpu_millicores, other.processes_max)
    }
}

/// What an operator sets for the sandbox of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSettings {
    /// The image's root directory, as `errand image build` made it.
    pub image: PathBuf,
    /// The largest limits any run may have; children are prepared with these.
    pub limits: RunLimits,
    /// Children that stand ready, per tier.
    pub ready_children: usize,
    /// Runs at once; more wait.
    pub runs_at_once_max: usize,
    /// Runs that wait at most; more are refused as overloaded.
    pub waiting_max: usize,
    /// How long one may wait.
    pub wait_max: Duration,
    /// Children that one zygote makes at most; all share its hash seed. With one, each run has its own and waits for an
    /// interpreter to warm up.
    pub zygote_children_max: u32,
    /// Size of a run's `/dev/shm`, which counts as its memory.
    pub shm_bytes_max: u64,
    /// Descriptors that one process may have open.
    pub open_files_max: u64,
    /// Who runs are on the host when Errand runs as root: an id that nothing else uses. An ordinary user's runs have
    /// one of the user's subordinate ids.
    pub run_id: u32,
    /// The control group under which all others are made, such as `errand`; by default the one that a service manager
    /// delegated, else `errand` for root and `errand-<uid>` for others.
    pub cgroup: Option<String>,
    /// The binary that calls [`launcher_main`](crate::launcher_main) first thing: this one, unless a test has another.
    pub launcher: PathBuf,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            image: PathBuf::new(),
            limits: RunLimits::default(),
            ready_children: 4,
            runs_at_once_max: 64,
            waiting_max: 512,
            wait_max: Duration::from_secs(30),
            zygote_children_max: 1_000,
            shm_bytes_max: 64 * 1024 * 1024,
            open_files_max: 1024,
            run_id: 65_533,
            cgroup: None,
            launcher: PathBuf::from("/proc/self/exe"),
        }
    }
}
