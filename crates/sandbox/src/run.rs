//! One run: a program into a ready child, its output out, and why it ended.

use std::{
    io,
    time::{Duration, Instant},
};

use rustix::buffer::spare_capacity;
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

/// A child reads what it is sent at once; this is a bound on one that doesn't.
const LOAD_MAX: Duration = Duration::from_secs(20);
/// The word to run what was loaded. The end of the line instead says that nobody will give it.
const GO: &[u8] = b"G";

/// As `zygote.py` reads it, up to the end of the line.
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
    pub limits: &'a RunLimits,
    pub chunks: mpsc::Sender<OutputChunk>,
    pub cancel: &'a CancellationToken,
    pub wait: Duration,
}

/// Sends the program, which the child reads and compiles, and then waits for the word to run it.
pub async fn load(child: &mut Child, program: &Program) -> Result<(), SandboxError> {
    let packed = pack(program)?;
    match timeout(LOAD_MAX, child.line.write_all(&packed)).await {
        // A child that died before it read everything is told by its end.
        Ok(_) => Ok(()),
        Err(_elapsed) => Err(broken("sending the script", io::ErrorKind::TimedOut.into())),
    }
}

/// Runs what was loaded.
pub async fn run(mut child: Child, order: Order<'_>) -> Result<RunReport, SandboxError> {
    let started = Instant::now();
    let mut stdout = Tap::new(Stream::Stdout, order.limits.stdout_bytes_max);
    let mut stderr = Tap::new(Stream::Stderr, order.limits.stderr_bytes_max);
    let stop = {
        let conversation = converse(&mut child, [&mut stdout, &mut stderr], &order);
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
    child.part();
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

/// Gives the word and passes output on until the script has ended or written too much.
async fn converse(child: &mut Child, taps: [&mut Tap; 2], order: &Order<'_>) -> Stop {
    let [stdout, stderr] = taps;
    let mut progress = child.watched.progress.clone();
    let ended = async move {
        match progress.wait_for(|progress| *progress != Progress::Running).await.as_deref() {
            Ok(Progress::Ended { status } | Progress::Gone { status }) => Stop::Ended(*status),
            Ok(Progress::Running) | Err(_) => Stop::Lost,
        }
    };
    tokio::pin!(ended);
    // A child that has died is told by its end.
    let sending = async {
        let _ = child.line.write_all(GO).await;
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
    let mut packed = serde_json::to_vec(&sent).map_err(|error| broken("sending the script", error.into()))?;
    packed.push(b'\n');
    Ok(packed)
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
    let mut bytes = Vec::with_capacity(HINT_BYTES_MAX);
    // From the kernel itself, as the runtime may not have heard of it yet.
    rustix::io::read(&child.line, spare_capacity(&mut bytes)).ok()?;
    serde_json::from_slice(&bytes).ok()
}
