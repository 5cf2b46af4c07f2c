//! How a run ended. "Could not start" ([`SandboxError`]) is never confused with "ended badly" ([`Ending`]).

use std::time::Duration;

/// Why a script ended, from the reaped process and its control group; never from what the script says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It came to its end or called `exit`; 0 is success.
    Exited {
        code: i32,
    },
    /// An exception nobody caught, as the interpreter reported it; the process did exit with 1.
    Uncaught {
        exception: String,
        message: String,
        line: Option<u32>,
    },
    /// It was killed by a signal that was not ours.
    Signalled {
        signal: i32,
    },
    OutOfMemory,
    TimedOut,
    /// It wrote more to stdout than the limit.
    OutputLimit,
    /// The execution was cancelled.
    Cancelled,
}

/// What a run cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Waiting for a ready child.
    pub wait: Duration,
    /// From the script's start to its last output.
    pub run: Duration,
    /// Processor time, when the control group could tell.
    pub cpu: Option<Duration>,
    pub memory_peak_bytes: Option<u64>,
}

#[expect(clippy::struct_excessive_bools, reason = "each tells of a limit of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    pub ending: Ending,
    pub usage: Usage,
    /// A process could not be created because of `processes_max`.
    pub hit_process_limit: bool,
    /// `/tmp` was full at some time.
    pub hit_tmp_limit: bool,
    /// One of its subprocesses was killed for memory while the script itself went on.
    pub hit_memory_limit: bool,
    /// There was more stderr than was kept.
    pub stderr_truncated: bool,
}

/// Why nothing ran, or nobody knows how it ended. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(
        "{} runs are under way and {} wait already. Try again in a moment, or raise `sandbox.runs_at_once_max`.",
        running,
        waiting
    )]
    Overloaded { running: usize, waiting: usize },
    #[error("No sandbox became free within {} s. Try again in a moment, or raise `sandbox.runs_at_once_max`.", waited.as_secs())]
    WaitedTooLong { waited: Duration },
    #[error("Python can't run on this machine: {what} {remedy}")]
    Unavailable { what: String, remedy: String },
    /// A part of it was killed or crashed, and the run with it.
    #[error(
        "The sandbox was interrupted while the script ran, and ended it. What the script had sent before may have \
         taken effect: look there before running it again."
    )]
    Interrupted,
    #[error("The sandbox broke while {step}: {source}. Try again; `errand doctor` checks this machine.")]
    Broken {
        step: &'static str,
        #[source]
        source: std::io::Error,
    },
}
