//! One run: a program into a ready child, its output out, and why it ended.

use std::{
    io,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::{io::AsyncWriteExt, sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Ending, OutputChunk, Program, RunLimits, RunReport, SandboxError, Stream, Usage,
    cgroup::Spent,
    child::Child,
    host::{Progress, broken},
    output::Tap,
};

/// Between a script's end and the last of its output being taken by a slow listener.
const DRAIN_MAX: Duration = Duration::from_secs(10);
const HINT_BYTES_MAX: usize = 16 * 1024;

/// As `zygote.py` reads it.
#[derive(Serialize)]
struct Sent<'a> {
    version: u32,
    name: &'a str,
    code: &'a str,
    environment: &'a [(String, String)],
}

/// What the script's side says of an exception. It may be forged: it is shown to the builder and decides nothing.
#[derive(Deserialize)]
struct Hint {
    exception: String,
    message: String,
    line: Option<u32>,
    errno: Option<i32>,
}

/// Why nothing more is waited for.
enum Stop {
    Ended(i32),
    TimedOut,
    Cancelled,
    OutputLimit,
    Lost,
}

/// What a run is given.
pub struct Order<'a> {
    pub program: &'a Program,
    pub limits: &'a RunLimits,
    pub chunks: mpsc::Sender<OutputChunk>,
    pub cancel: &'a CancellationToken,
    pub wait: Duration,
}

pub async fn run(mut child: Child, order: Order<'_>) -> Result<RunReport, SandboxError> {
    let started = Instant::now();
    let mut stdout = Tap::new(Stream::Stdout, order.limits.stdout_bytes_max);
    let mut stderr = Tap::new(Stream::Stderr, order.limits.stderr_bytes_max);
    let packed = pack(order.program)?;
    let stop = {
        let conversation = converse(&mut child, &packed, [&mut stdout, &mut stderr], &order);
        tokio::select! {
            stop = timeout(order.limits.timeout, conversation) => stop.unwrap_or(Stop::TimedOut),
            () = order.cancel.cancelled() => Stop::Cancelled,
        }
    };
    if !matches!(stop, Stop::Ended(_)) {
        child.kill();
    }
    if !matches!(stop, Stop::Cancelled | Stop::Lost) {
        let drained = async {
            stdout.drain(&child.stdout, &order.chunks).await;
            stderr.drain(&child.stderr, &order.chunks).await;
        };
        let _ = timeout(DRAIN_MAX, drained).await;
    }
    let run = started.elapsed();
    let hint = read_hint(&child);
    let spent = child.group().map(crate::cgroup::Group::spent).unwrap_or_default();
    let full_tmp = child.tmp_is_full() || hint.as_ref().is_some_and(|hint| hint.errno == Some(libc::ENOSPC));
    child.kill();
    let overflowed = stdout.overflowed;
    let ending = match stop {
        Stop::Lost => return Err(SandboxError::Interrupted),
        Stop::TimedOut => Ending::TimedOut,
        Stop::Cancelled => Ending::Cancelled,
        Stop::OutputLimit => Ending::OutputLimit,
        Stop::Ended(_) if overflowed => Ending::OutputLimit,
        Stop::Ended(status) => ending(status, &spent, hint),
    };
    Ok(RunReport {
        usage: Usage { wait: order.wait, run, cpu: spent.cpu, memory_peak_bytes: spent.memory_peak_bytes },
        hit_process_limit: spent.refused_processes > 0,
        hit_tmp_limit: full_tmp,
        hit_memory_limit: spent.killed_for_memory > 0 && ending != Ending::OutOfMemory,
        stderr_truncated: stderr.overflowed,
        ending,
    })
}

/// Sends the program and passes output on until the script has ended or written too much.
async fn converse(child: &mut Child, packed: &[u8], taps: [&mut Tap; 2], order: &Order<'_>) -> Stop {
    let [stdout, stderr] = taps;
    let mut progress = child.watched.progress.clone();
    let ended = async move {
        match progress.wait_for(|progress| *progress != Progress::Running).await.as_deref() {
            Ok(Progress::Ended { status } | Progress::Gone { status }) => Stop::Ended(*status),
            Ok(Progress::Running) | Err(_) => Stop::Lost,
        }
    };
    tokio::pin!(ended);
    // A child that died before it read everything is told by its end.
    let sending = async {
        let _ = child.line.write_all(packed).await;
        let _ = child.line.shutdown().await;
    };
    tokio::select! {
        biased;
        () = sending => {}
        stop = &mut ended => return stop,
    }
    loop {
        if stdout.overflowed {
            return Stop::OutputLimit;
        }
        tokio::select! {
            stop = &mut ended => return stop,
            () = stdout.step(&child.stdout, &order.chunks), if !stdout.ended => {}
            () = stderr.step(&child.stderr, &order.chunks), if !stderr.ended => {}
        }
    }
}

fn pack(program: &Program) -> Result<Vec<u8>, SandboxError> {
    let refused = |what: &str| {
        broken("sending the script", io::Error::new(io::ErrorKind::InvalidInput, what.to_owned()))
    };
    if program
        .environment
        .iter()
        .any(|(name, value)| name.is_empty() || name.contains(['=', '\0']) || value.contains('\0'))
    {
        return Err(refused("a variable holds a zero byte or has no proper name"));
    }
    let sent =
        Sent { version: 1, name: &program.name, code: &program.code, environment: &program.environment };
    serde_json::to_vec(&sent).map_err(|error| broken("sending the script", error.into()))
}

/// From the process's own status and what its group counted.
fn ending(status: i32, spent: &Spent, hint: Option<Hint>) -> Ending {
    if libc::WIFSIGNALED(status) {
        let signal = libc::WTERMSIG(status);
        if signal == libc::SIGKILL && spent.killed_for_memory > 0 {
            return Ending::OutOfMemory;
        }
        return Ending::Signalled { signal };
    }
    match (libc::WEXITSTATUS(status), hint) {
        (1, Some(Hint { exception, message, line, .. })) => Ending::Uncaught { exception, message, line },
        (code, _) => Ending::Exited { code },
    }
}

fn read_hint(child: &Child) -> Option<Hint> {
    let mut bytes = vec![0; HINT_BYTES_MAX];
    // From the kernel itself, as the runtime may not have heard of it yet.
    let length = rustix::io::read(&child.line, &mut bytes).ok()?;
    serde_json::from_slice(bytes.get(..length)?).ok()
}
