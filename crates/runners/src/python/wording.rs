//! How a run ended, in words for whoever wrote the script: one sentence on what happened, one on what to do.

use std::time::Duration;

use errand_domain::{EndReason, Ending, ExecutionStatus, HostContact};
use errand_sandbox::{Ending as SandboxEnding, RunLimits, SandboxError};
use errand_secrets::Raw;

use super::Ran;
use crate::RunOutcome;

/// Characters of an exception's message that is repeated. A longer one is left to the traceback: cut, it might end
/// within a secret that nobody would recognise any more.
const MESSAGE_CHARS_MAX: usize = 500;
/// What a shell says of a command that a signal ended: 128 and the signal's number.
const KILLED_EXIT_CODE: i32 = 128;

pub(super) fn outcome(ran: &Ran, limits: &RunLimits) -> RunOutcome {
    let (status, end) = match judge(ran, limits) {
        None => (ExecutionStatus::Succeeded, None),
        Some(end) => (status_of(end.ending.reason), Some(end)),
    };
    let (ending, error) = end.map(|end| (end.ending, Raw::from(end.words))).unzip();
    RunOutcome {
        status,
        output: Some(Raw::from(ran.output.stdout.clone())),
        output_truncated: ran.report.ending == SandboxEnding::OutputLimit,
        error,
        ending,
    }
}

/// The run was not wanted any more before a child was there.
pub(super) fn cancelled_before() -> RunOutcome {
    RunOutcome {
        status: ExecutionStatus::Cancelled,
        output: None,
        output_truncated: false,
        error: Some(Raw::from("It was cancelled before it had started. Nothing was done.")),
        ending: Some(Ending::of(EndReason::Cancelled)),
    }
}

/// Nothing ran, or nobody knows how it went.
pub(super) fn not_run(error: &SandboxError) -> RunOutcome {
    let (status, reason) = match error {
        SandboxError::Overloaded { .. } | SandboxError::WaitedTooLong { .. } => {
            (ExecutionStatus::Refused, EndReason::Overloaded)
        }
        SandboxError::Unavailable { .. } => (ExecutionStatus::Refused, EndReason::Unavailable),
        SandboxError::Interrupted | SandboxError::Broken { .. } => {
            (ExecutionStatus::Failed, EndReason::Broken)
        }
    };
    RunOutcome {
        status,
        output: None,
        output_truncated: false,
        error: Some(Raw::from(error.to_string())),
        ending: Some(Ending::of(reason)),
    }
}

const fn status_of(reason: EndReason) -> ExecutionStatus {
    match reason {
        EndReason::Timeout => ExecutionStatus::TimedOut,
        EndReason::Cancelled => ExecutionStatus::Cancelled,
        _ => ExecutionStatus::Failed,
    }
}

struct End {
    ending: Ending,
    words: String,
}

fn end(reason: EndReason, words: impl Into<String>) -> End {
    End { ending: Ending::of(reason), words: words.into() }
}

/// None when it succeeded.
fn judge(ran: &Ran, limits: &RunLimits) -> Option<End> {
    Some(match &ran.report.ending {
        SandboxEnding::Exited { code: 0 } => return None,
        SandboxEnding::Exited { code } => exited(ran, limits, *code),
        SandboxEnding::Uncaught { exception, message, line } => {
            let told = Exception { exception, message, line: *line };
            let mut end = uncaught(ran, limits, &told);
            end.ending = Ending { exit_code: Some(1), line: *line, ..end.ending };
            end
        }
        SandboxEnding::Signalled { signal } => signalled(*signal),
        SandboxEnding::OutOfMemory => end(EndReason::OutOfMemory, out_of_memory(limits)),
        SandboxEnding::TimedOut => end(EndReason::Timeout, timed_out(limits.timeout)),
        SandboxEnding::OutputLimit => end(EndReason::OutputLimit, output_limit(limits)),
        SandboxEnding::Cancelled => end(
            EndReason::Cancelled,
            "It was cancelled and ended at once. What it had sent before may have taken effect: look there before \
             running it again.",
        ),
    })
}

fn exited(ran: &Ran, limits: &RunLimits, code: i32) -> End {
    let mut end = hit_limit(ran, limits).unwrap_or_else(|| {
        end(EndReason::ExitCode, format!("The script ended with exit code {code}. {}", exit_hint(ran, code)))
    });
    end.ending.exit_code = Some(code);
    end
}

fn exit_hint(ran: &Ran, code: i32) -> &'static str {
    if code > KILLED_EXIT_CODE {
        "A command that it started was killed; its standard error may say why."
    } else if ran.output.stderr.is_empty() {
        "Print the reason to standard error before it exits, or end with `sys.exit(0)` when all is well."
    } else {
        "Its standard error says why."
    }
}

#[expect(
    clippy::struct_field_names,
    reason = "an exception is named by its type, which is `exception` on the line"
)]
struct Exception<'a> {
    exception: &'a str,
    message: &'a str,
    line: Option<u32>,
}

/// A limit or refusal behind the exception is the better explanation, when the exception looks like it.
fn uncaught(ran: &Ran, limits: &RunLimits, told: &Exception<'_>) -> End {
    let place = told.line.map_or_else(String::new, |line| format!(" at line {line}"));
    let explained = match kind_of(told) {
        Kind::Memory => Some(end(EndReason::OutOfMemory, out_of_memory(limits))),
        Kind::Connection => denied(&ran.contacts),
        Kind::File => Some(end(EndReason::DiskFull, disk_full(limits))),
        Kind::Disk if ran.report.hit_tmp_limit => Some(end(EndReason::DiskFull, disk_full(limits))),
        Kind::Process if ran.report.hit_process_limit => {
            Some(end(EndReason::ProcessLimit, process_limit(limits)))
        }
        Kind::Other if ran.report.hit_memory_limit => {
            Some(end(EndReason::OutOfMemory, child_out_of_memory(limits)))
        }
        Kind::Disk | Kind::Process | Kind::Other => None,
    };
    if let Some(mut end) = explained {
        if let Some(line) = told.line {
            end.words = format!("At line {line}: {}", end.words);
        }
        return end;
    }
    end(
        EndReason::Exception,
        format!(
            "The script stopped{place} with `{}`{} {}",
            told.exception,
            message_part(told.message),
            exception_hint(told.exception)
        ),
    )
}

/// What an exception is about, by its name and words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Memory,
    Connection,
    Disk,
    /// One file that would be larger than all of `/tmp`.
    File,
    Process,
    Other,
}

fn kind_of(told: &Exception<'_>) -> Kind {
    let name = told.exception.rsplit('.').next().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| told.message.contains(word));
    match name {
        "MemoryError" | "_ArrayMemoryError" => Kind::Memory,
        "BlockingIOError" => Kind::Process,
        _ if says(&["File too large", "[Errno 27]"]) => Kind::File,
        _ if says(&["No space left on device", "[Errno 28]"]) => Kind::Disk,
        _ if says(&["Resource temporarily unavailable", "can't start new thread", "[Errno 11]"]) => {
            Kind::Process
        }
        "gaierror" | "URLError" | "ProxyError" | "SSLError" | "InterfaceError" | "OperationalError" => {
            Kind::Connection
        }
        _ if name.contains("Connect") || says(&["refused the connection", "Connection refused"]) => {
            Kind::Connection
        }
        _ => Kind::Other,
    }
}

fn exception_hint(exception: &str) -> &'static str {
    match exception.rsplit('.').next().unwrap_or_default() {
        "KeyError" => {
            "If it is a variable: parameters without a value are not set; use `os.environ.get(…)` for optional ones."
        }
        "ModuleNotFoundError" => "Only the libraries of the image are there; the operator can add one to it.",
        "SyntaxError" | "IndentationError" | "TabError" => "Correct that line.",
        "PermissionError" => "Only `/tmp` can be written to, and nothing there can be executed.",
        _ => "The traceback is in its standard error.",
    }
}

/// Limits that a script ran into before it gave up.
fn hit_limit(ran: &Ran, limits: &RunLimits) -> Option<End> {
    if ran.report.hit_memory_limit {
        return Some(end(EndReason::OutOfMemory, child_out_of_memory(limits)));
    }
    if ran.report.hit_process_limit {
        return Some(end(EndReason::ProcessLimit, process_limit(limits)));
    }
    if ran.report.hit_tmp_limit {
        return Some(end(EndReason::DiskFull, disk_full(limits)));
    }
    denied(&ran.contacts)
}

/// The first refusal, with the host and the rule.
fn denied(contacts: &[HostContact]) -> Option<End> {
    let contact = contacts.iter().find(|contact| contact.refused.is_some())?;
    let why = contact.refused.as_deref().unwrap_or_default().trim_end();
    let stop = if why.ends_with(['.', '!', '?']) { "" } else { "." };
    let host = if contact.host.contains(':') { format!("[{}]", contact.host) } else { contact.host.clone() };
    let port = if contact.port == 0 { String::new() } else { format!(":{}", contact.port) };
    Some(end(
        EndReason::DeniedConnection,
        format!("A connection to `{host}{port}` was refused, and the script failed after it. {why}{stop}"),
    ))
}

fn signalled(signal: i32) -> End {
    let what = match signal {
        4 => "an illegal instruction (SIGILL)".to_owned(),
        6 => "abort (SIGABRT)".to_owned(),
        7 => "a bus error (SIGBUS)".to_owned(),
        8 => "an arithmetic error (SIGFPE)".to_owned(),
        9 => "SIGKILL".to_owned(),
        11 => "a memory fault (SIGSEGV)".to_owned(),
        15 => "SIGTERM".to_owned(),
        25 => "a file that grew too large (SIGXFSZ)".to_owned(),
        31 => "a system call that the sandbox does not allow (SIGSYS)".to_owned(),
        other => format!("signal {other}"),
    };
    end(
        EndReason::Signal,
        format!(
            "The script was ended by {what}. A library crashed or the script signalled itself; its standard error may say more."
        ),
    )
}

fn out_of_memory(limits: &RunLimits) -> String {
    format!(
        "The script ran out of memory: it may use {}, its files in `/tmp` included. Read less at a time, or have the \
         operator raise `sandbox.memory_bytes_max`.",
        size(limits.memory_bytes_max)
    )
}

fn child_out_of_memory(limits: &RunLimits) -> String {
    format!(
        "A process of the script was ended because memory ran out: all of them together may use {}. Start fewer, or \
         have the operator raise `sandbox.memory_bytes_max`.",
        size(limits.memory_bytes_max)
    )
}

fn timed_out(timeout: Duration) -> String {
    format!(
        "The script ran longer than {} and was ended. Give its requests shorter timeouts, or raise the action's \
         `timeout_ms`. What it had sent before may have taken effect: look there before running it again.",
        seconds(timeout)
    )
}

fn output_limit(limits: &RunLimits) -> String {
    format!(
        "The script wrote more than {} and was ended. Print only what the answer needs.",
        size(limits.stdout_bytes_max as u64)
    )
}

fn process_limit(limits: &RunLimits) -> String {
    format!(
        "The script wanted more than {} processes and threads. Start fewer at once, or have the operator raise \
         `sandbox.processes_max`.",
        limits.processes_max
    )
}

fn disk_full(limits: &RunLimits) -> String {
    format!(
        "`/tmp` was full: a script may write {} there. Keep less, or have the operator raise `sandbox.tmp_bytes_max`.",
        size(limits.tmp_bytes_max)
    )
}

/// The exception's message as it is, since a secret in it must stay recognisable; `: ` before and a stop behind.
fn message_part(message: &str) -> String {
    if message.trim().is_empty() || message.chars().count() > MESSAGE_CHARS_MAX {
        return ".".to_owned();
    }
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!(": {message}{stop}")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// In the units of the settings: 1,024 bytes to a KiB.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes * 10 / unit;
            return if tenths.is_multiple_of(10) {
                format!("{} {name}", tenths / 10)
            } else {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{bytes} bytes")
}
