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
    /// Children made by one zygote before it is replaced (all share its hash seed).
    pub zygote_children_max: u32,
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
            zygote_children_max: 500,
        }
    }
}
