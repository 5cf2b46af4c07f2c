//! One run of one action, as the ledger shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ActionId, ActionKind, ActionName, Arguments, ConversationId, ExecutionId, GuruId, Source, TurnId,
    UnixMillis, UserId,
};

/// How far an execution has come. The four last-named ends are told apart because each asks for something else
/// from the reader: mend the action, raise the limit, nothing, look at the other system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Written to the ledger, not yet begun.
    Queued,
    Running,
    Succeeded,
    /// It ran and ended badly (an HTTP error status, a non-zero exit).
    Failed,
    /// It could not be started (a missing secret, a refused host, a kind without a runner).
    Refused,
    TimedOut,
    Cancelled,
    /// The process that ran it died; whether its effect took place is not known. Never run again silently.
    Unknown,
}

impl ExecutionStatus {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Refused,
        Self::TimedOut,
        Self::Cancelled,
        Self::Unknown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl fmt::Display for ExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a script ended as it did, where the status alone does not tell. Each asks the builder for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It ended by itself with a code other than 0.
    ExitCode,
    /// An exception that nothing caught.
    Exception,
    /// A signal of its own making, such as a crash in a library.
    Signal,
    OutOfMemory,
    Timeout,
    /// It failed after it had asked for more processes than it may have.
    ProcessLimit,
    /// It failed after `/tmp` had become full.
    DiskFull,
    /// It wrote more than may be read.
    OutputLimit,
    /// It failed after the egress policy had refused a connection.
    DeniedConnection,
    Cancelled,
    /// Too many runs were under way; nothing was started.
    Overloaded,
    /// This machine can't run it; nothing was started.
    Unavailable,
    /// The sandbox broke; whether the script began is not known.
    Broken,
}

impl EndReason {
    pub const ALL: [Self; 13] = [
        Self::ExitCode,
        Self::Exception,
        Self::Signal,
        Self::OutOfMemory,
        Self::Timeout,
        Self::ProcessLimit,
        Self::DiskFull,
        Self::OutputLimit,
        Self::DeniedConnection,
        Self::Cancelled,
        Self::Overloaded,
        Self::Unavailable,
        Self::Broken,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExitCode => "exit_code",
            Self::Exception => "exception",
            Self::Signal => "signal",
            Self::OutOfMemory => "out_of_memory",
            Self::Timeout => "timeout",
            Self::ProcessLimit => "process_limit",
            Self::DiskFull => "disk_full",
            Self::OutputLimit => "output_limit",
            Self::DeniedConnection => "denied_connection",
            Self::Cancelled => "cancelled",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Broken => "broken",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether it was ended from outside, in the middle of whatever it was writing.
    pub const fn is_forced(self) -> bool {
        matches!(
            self,
            Self::Signal
                | Self::OutOfMemory
                | Self::Timeout
                | Self::OutputLimit
                | Self::Cancelled
                | Self::Broken
        )
    }
}

/// How a script's run came to its end, for programs; the execution's `error` says the same in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub reason: EndReason,
    /// Of a script that ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The line of the script at which it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Ending {
    pub const fn of(reason: EndReason) -> Self {
        Self { reason, exit_code: None, line: None }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// Processor time of all its processes, when the machine could tell.
    pub cpu_us: Option<u64>,
    pub memory_peak_bytes: Option<u64>,
}

/// The ledger's row: what a history list shows. Texts in it (`arguments`, `error`, `output`) are masked before they
/// get here; the storage crate takes only masked text for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub id: ExecutionId,
    pub guru_id: GuruId,
    pub action_id: ActionId,
    pub action_name: ActionName,
    pub action_version: u32,
    pub kind: ActionKind,
    pub source: Source,
    pub status: ExecutionStatus,
    pub turn_id: Option<TurnId>,
    pub conversation_id: Option<ConversationId>,
    /// The execution that started this one (an agent's tool call).
    pub parent_id: Option<ExecutionId>,
    pub user_id: Option<UserId>,
    /// The question that led to it; empty for tests and schedules.
    pub question: String,
    pub arguments: Arguments,
    /// What the action gave back, masked and capped.
    pub output: Option<String>,
    pub output_truncated: bool,
    /// Why it did not succeed: one sentence on what happened, one on what to do.
    pub error: Option<String>,
    /// How a script ended, when it did not end well.
    pub ending: Option<Ending>,
    pub created_at: UnixMillis,
    pub started_at: Option<UnixMillis>,
    pub finished_at: Option<UnixMillis>,
    /// Wall time from start to end in microseconds, by a monotonic clock.
    pub duration_us: Option<u64>,
}

/// One request and its answer, as sent over the wire. `T` is `Raw` in a runner and `Masked` everywhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpExchange<T> {
    pub method: String,
    pub url: T,
    pub request_headers: Vec<(String, T)>,
    pub request_body: Option<T>,
    /// None when no answer came.
    pub status: Option<u16>,
    pub response_headers: Vec<(String, T)>,
    pub response_body: Option<T>,
    /// The answer was longer than the cap and is cut here.
    pub response_truncated: bool,
}

impl<T> HttpExchange<T> {
    /// The same exchange with every text passed through `f`.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> HttpExchange<U> {
        HttpExchange {
            method: self.method,
            url: f(self.url),
            request_headers: self.request_headers.into_iter().map(|(name, value)| (name, f(value))).collect(),
            request_body: self.request_body.map(&mut f),
            status: self.status,
            response_headers: self
                .response_headers
                .into_iter()
                .map(|(name, value)| (name, f(value)))
                .collect(),
            response_body: self.response_body.map(&mut f),
            response_truncated: self.response_truncated,
        }
    }
}

/// One host that an execution reached, or was kept from reaching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostContact {
    /// Host name or address literal as asked for, lower case.
    pub host: String,
    pub port: u16,
    /// The address connected to, when there was one.
    pub address: Option<String>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Why the egress policy said no; None when it was reached.
    pub refused: Option<String>,
}

/// One part of an execution's time, for the waterfall: name, start after the execution's start, length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    pub name: String,
    pub start_us: u64,
    pub duration_us: u64,
}
