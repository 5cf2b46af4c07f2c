//! The sandbox as the runner sees it: it may still be starting, or not be possible on this machine.

use std::{sync::Arc, time::Duration};

use errand_domain::Problem;
use errand_egress::NetworkLimits;
use errand_sandbox::{ReadyChild, RunLimits, Sandbox, SandboxError, SandboxStatus, Tier};
use tokio::{sync::watch, time::timeout};

/// How long a run waits for a sandbox that is still starting.
const START_WAIT_MAX: Duration = Duration::from_secs(20);

/// Where the sandbox stands; whoever starts it says so.
#[derive(Debug, Clone)]
pub enum PythonState {
    Starting,
    Ready(Sandbox),
    /// Python can't run here. A sentence on why and one on how to mend it.
    Unavailable {
        what: String,
        remedy: String,
    },
}

/// What an operator sees of it.
#[derive(Debug, Clone)]
pub enum PythonStatus {
    Starting,
    Ready(PoolStatus),
    Unavailable { what: String, remedy: String },
}

/// The sandbox's children and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolStatus {
    /// Children that stand ready, without and with the data libraries loaded.
    pub ready_bare: usize,
    pub ready_data: usize,
    pub running: usize,
    pub waiting: usize,
    /// Since the start.
    pub runs_served: u64,
    /// Of the sandbox's own processes, since the start.
    pub restarts: u64,
    /// Of everything in it together.
    pub memory_bytes: Option<u64>,
}

impl From<SandboxStatus> for PoolStatus {
    fn from(status: SandboxStatus) -> Self {
        let ready = |tier| status.ready.iter().filter(|(of, _)| *of == tier).map(|(_, ready)| ready).sum();
        Self {
            ready_bare: ready(Tier::Bare),
            ready_data: ready(Tier::Data),
            running: status.running,
            waiting: status.waiting,
            runs_served: status.runs_served,
            restarts: status.restarts,
            memory_bytes: status.memory_bytes,
        }
    }
}

/// The way to the sandbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PythonRoom {
    state: watch::Receiver<PythonState>,
    /// What each run may use; its time is the action's.
    limits: Arc<RunLimits>,
    network: Arc<NetworkLimits>,
}

impl PythonRoom {
    pub fn new(state: watch::Receiver<PythonState>, limits: RunLimits, network: NetworkLimits) -> Self {
        Self { state, limits: Arc::new(limits), network: Arc::new(network) }
    }

    /// An installation without Python.
    pub fn closed(what: &str, remedy: &str) -> Self {
        let state = PythonState::Unavailable { what: what.to_owned(), remedy: remedy.to_owned() };
        // The last value stays readable once the sender is gone.
        Self::new(watch::channel(state).1, RunLimits::default(), NetworkLimits::default())
    }

    pub(super) fn limits(&self) -> &RunLimits {
        &self.limits
    }

    pub(super) fn network_limits(&self) -> &NetworkLimits {
        &self.network
    }

    pub fn status(&self) -> PythonStatus {
        match &*self.state.borrow() {
            PythonState::Starting => PythonStatus::Starting,
            PythonState::Ready(sandbox) => PythonStatus::Ready(sandbox.status().into()),
            PythonState::Unavailable { what, remedy } => {
                PythonStatus::Unavailable { what: what.clone(), remedy: remedy.clone() }
            }
        }
    }

    /// Why no script can run here; None while it can, or may soon.
    pub fn refusal(&self) -> Option<Problem> {
        match &*self.state.borrow() {
            PythonState::Unavailable { what, remedy } => Some(Problem::new(
                "python_unavailable",
                format!("Python can't run on this machine: {what}"),
                remedy.clone(),
            )),
            PythonState::Starting | PythonState::Ready(_) => None,
        }
    }

    pub(super) async fn ready_child(&self, tier: Tier) -> Result<ReadyChild, SandboxError> {
        self.sandbox().await?.ready_child(tier).await
    }

    /// The sandbox once it stands.
    async fn sandbox(&self) -> Result<Sandbox, SandboxError> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, PythonState::Starting));
        let Ok(Ok(state)) = timeout(START_WAIT_MAX, settled).await else { return Err(still_starting()) };
        match &*state {
            PythonState::Ready(sandbox) => Ok(sandbox.clone()),
            PythonState::Unavailable { what, remedy } => {
                Err(SandboxError::Unavailable { what: what.clone(), remedy: remedy.clone() })
            }
            PythonState::Starting => Err(still_starting()),
        }
    }
}

fn still_starting() -> SandboxError {
    SandboxError::Unavailable {
        what: "the sandbox is still starting.".to_owned(),
        remedy: "Try again in a moment; the log says what it waits for.".to_owned(),
    }
}
