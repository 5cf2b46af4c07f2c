//! One Python script: its environment, its room, its network, and how it ended.
//!
//! In order: an environment is made of arguments, secrets and built-ins; a child that stands ready is taken, or waited
//! for, and is sent the script; its sockets are served under the egress policy with the action's allowed hosts; the word to
//! run is awaited and passed on; the script runs while what it prints is passed on (`relay.rs`); then its end is told in
//! words (`wording.rs`). Whether it succeeded is decided by the reaped process alone.

mod environment;
mod relay;
mod room;
mod syntax;
mod wording;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use errand_domain::{HostContact, PythonScript, ResourceUsage, execution::Phase};
use errand_egress::{Egress, SandboxNetwork, SandboxRules};
use errand_sandbox::{
    LoadedChild, Program, RunLimits as SandboxLimits, RunReport, SandboxError, Tier, Usage,
};
use errand_secrets::Raw;
use tokio::sync::mpsc;

use crate::{Control, RunFailure, RunInput, RunOutcome, RunSink, RunnerEvent};

pub use room::{PoolStatus, PythonRoom, PythonState, PythonStatus};
pub use syntax::SyntaxProblem;
pub(crate) use syntax::check as check_syntax;

use relay::Relayed;

/// Chunks of output that wait to be passed on; a script that prints faster is held back.
const CHUNKS_BUFFERED_MAX: usize = 16;

/// What a script would be given, for showing it before it runs. Values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptPreview {
    pub environment: Vec<(String, Raw)>,
    /// Whether the data libraries stand loaded before the script starts.
    pub data_libraries: bool,
    pub allowed_hosts: Vec<String>,
    pub timeout: Duration,
    pub memory_bytes_max: u64,
    pub processes_max: u32,
}

pub(crate) fn preview(
    room: &PythonRoom,
    script: &PythonScript,
    input: &RunInput,
) -> Result<ScriptPreview, RunFailure> {
    let limits = room.limits();
    let environment = environment::of(script, input)?;
    Ok(ScriptPreview {
        environment: environment.into_iter().map(|(name, value)| (name, Raw::from(value))).collect(),
        data_libraries: Tier::for_script(&script.code) == Tier::Data,
        allowed_hosts: input.action.allowed_hosts.clone(),
        timeout: input.timeout,
        memory_bytes_max: limits.memory_bytes_max,
        processes_max: limits.processes_max,
    })
}

/// What happened outside the script while it ran.
struct Ran {
    report: RunReport,
    output: Relayed,
    contacts: Vec<HostContact>,
}

pub(crate) async fn run(
    egress: &Egress,
    room: &PythonRoom,
    script: &PythonScript,
    run: Running<'_>,
) -> RunOutcome {
    let Running { input, sink, control: Control { cancel, may_begin } } = run;
    let began = Instant::now();
    let program = match environment::of(script, input) {
        Ok(environment) => {
            Program { code: script.code.clone(), name: format!("{}.py", input.action.name), environment }
        }
        Err(failure) => return failure.into(),
    };
    let rules = SandboxRules {
        allowed_hosts: input.action.allowed_hosts.clone(),
        limits: room.network_limits().clone(),
    };
    let preparing = prepare(egress, room, Needs { tier: Tier::for_script(&script.code), program, rules });
    let prepared = tokio::select! {
        prepared = preparing => prepared,
        () = cancel.cancelled() => return wording::cancelled_before(),
    };
    let (child, network) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return wording::not_run(&error),
    };
    if !may_begin.await {
        return RunOutcome::not_begun();
    }
    let waited = began.elapsed();
    let limits = SandboxLimits { timeout: input.timeout, ..room.limits().clone() };
    let (chunks, printed) = mpsc::channel(CHUNKS_BUFFERED_MAX);
    let running = child.run(&limits, chunks, cancel);
    let (report, output) = tokio::join!(running, relay::relay(printed, sink));
    let contacts = network.finish().await;
    match report {
        Ok(report) => finish(Ran { report, output, contacts }, &limits, waited, sink).await,
        Err(error) => wording::not_run(&error),
    }
}

/// One run's constants: what it is given, where its events go, and whoever has a say in it.
pub(crate) struct Running<'a> {
    pub input: &'a RunInput,
    pub sink: &'a RunSink,
    pub control: Control<'a>,
}

/// What a child is made ready with.
struct Needs {
    tier: Tier,
    program: Program,
    rules: SandboxRules,
}

/// A child that has its program and its network, and has run nothing.
async fn prepare(
    egress: &Egress,
    room: &PythonRoom,
    needs: Needs,
) -> Result<(LoadedChild, SandboxNetwork), SandboxError> {
    let mut child = room.ready_child(needs.tier).await?;
    let sockets = child.take_sockets();
    let network = egress
        .serve_sandbox(sockets, needs.rules)
        .map_err(|source| SandboxError::Broken { step: "serving its network", source })?;
    let child = child.load(&needs.program).await?;
    Ok((child, network))
}

async fn finish(ran: Ran, limits: &SandboxLimits, waited: Duration, sink: &RunSink) -> RunOutcome {
    let outcome = wording::outcome(&ran, limits);
    for contact in ran.contacts {
        tell(sink, RunnerEvent::Contact(contact)).await;
    }
    for phase in phases(waited, &ran.report.usage) {
        tell(sink, RunnerEvent::Phase(phase)).await;
    }
    tell(sink, RunnerEvent::Usage(usage(&ran.report.usage))).await;
    outcome
}

fn phases(waited: Duration, usage: &Usage) -> [Phase; 2] {
    let (wait_us, run_us) = (micros(waited), micros(usage.run));
    [
        Phase { name: "wait".to_owned(), start_us: 0, duration_us: wait_us },
        Phase { name: "run".to_owned(), start_us: wait_us, duration_us: run_us },
    ]
}

fn usage(usage: &Usage) -> ResourceUsage {
    ResourceUsage { cpu_us: usage.cpu.map(micros), memory_peak_bytes: usage.memory_peak_bytes }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Nobody may be listening any more; the run goes on all the same.
async fn tell(sink: &RunSink, event: RunnerEvent) {
    let _ = sink.send(event).await;
}
