//! The sandbox for Python actions: started beside the server, so that nobody waits for it, watched, and stopped.

use std::{sync::Arc, time::Duration};

use errand_runners::{PythonRoom, PythonState, PythonStatus};
use errand_sandbox::{Sandbox, SandboxError, SandboxSettings, image::Store};
use tokio::{sync::watch, task::JoinHandle};

use crate::config::Config;

/// How often the log says how the sandbox is used, when it is.
const REPORT_EVERY: Duration = Duration::from_mins(5);
/// A sandbox that is slower to stop is left to the kernel, which ends it with this process.
const STOP_WAIT_MAX: Duration = Duration::from_secs(10);

/// Where the runners look for the sandbox, and whoever starts it tells of it.
pub struct PythonHouse {
    pub room: PythonRoom,
    state: Arc<watch::Sender<PythonState>>,
}

impl PythonHouse {
    /// Nothing is started yet; runs wait.
    pub fn new(config: &Config) -> Self {
        let (state, seen) = watch::channel(PythonState::Starting);
        let limits = config.sandbox.run_limits(&config.limits);
        let room = PythonRoom::new(seen, limits, config.sandbox.network_limits());
        Self { room, state: Arc::new(state) }
    }

    /// Starts the sandbox in the background; what is known to be missing is told at once.
    pub fn open(self, config: &Config) -> OpenPython {
        let state = Arc::clone(&self.state);
        let starting = match settings(config) {
            Ok(settings) => tokio::spawn(async move {
                state.send_replace(start(settings).await);
            }),
            Err(closed) => {
                state.send_replace(closed);
                tokio::spawn(std::future::ready(()))
            }
        };
        OpenPython { state: self.state, starting, reporting: tokio::spawn(report(self.room)) }
    }
}

/// A sandbox that stands, is on its way, or could not be.
pub struct OpenPython {
    state: Arc<watch::Sender<PythonState>>,
    starting: JoinHandle<()>,
    reporting: JoinHandle<()>,
}

impl OpenPython {
    /// Ends what still runs, and returns when nothing is left.
    pub async fn stop(self) {
        self.reporting.abort();
        self.starting.abort();
        let _ = self.starting.await;
        let last = self.state.send_replace(unavailable("Errand is stopping.", "Start it again."));
        if let PythonState::Ready(sandbox) = last
            && tokio::time::timeout(STOP_WAIT_MAX, sandbox.stop()).await.is_err()
        {
            tracing::warn!("the sandbox did not stop in time");
        }
    }
}

/// The image in use and the limits; else why there can be no sandbox.
fn settings(config: &Config) -> Result<SandboxSettings, PythonState> {
    if !config.sandbox.enabled {
        return Err(unavailable("it is switched off.", "Set `sandbox.enabled` to true and restart."));
    }
    match Store::new(&config.image_dir).current() {
        Ok(Some(image)) => Ok(config.sandbox.settings(image.root, &config.limits)),
        Ok(None) => Err(unavailable(
            &format!("there is no image in `{}`.", config.image_dir.display()),
            "Run `errand image build` and restart; `errand doctor` says what that needs.",
        )),
        Err(error) => Err(unavailable(&error.message, &error.hint)),
    }
}

async fn start(settings: SandboxSettings) -> PythonState {
    match Sandbox::start(settings).await {
        Ok(sandbox) => {
            tracing::info!("the sandbox for Python actions stands");
            PythonState::Ready(sandbox)
        }
        Err(SandboxError::Unavailable { what, remedy }) => {
            tracing::warn!(%what, %remedy, "Python actions can't run on this machine");
            PythonState::Unavailable { what, remedy }
        }
        Err(error) => {
            tracing::error!(%error, "the sandbox could not be started");
            let what = error.to_string();
            unavailable(&what, "`errand doctor` says what this machine lacks; mend it and restart.")
        }
    }
}

fn unavailable(what: &str, remedy: &str) -> PythonState {
    PythonState::Unavailable { what: what.to_owned(), remedy: remedy.to_owned() }
}

/// Says now and then how the pool is used; nothing when it was not.
async fn report(room: PythonRoom) {
    let mut reported = 0;
    loop {
        tokio::time::sleep(REPORT_EVERY).await;
        let PythonStatus::Ready(pool) = room.status() else { continue };
        if pool.runs_served == reported {
            continue;
        }
        tracing::info!(
            runs = pool.runs_served - reported,
            running = pool.running,
            waiting = pool.waiting,
            ready_bare = pool.ready_bare,
            ready_data = pool.ready_data,
            restarts = pool.restarts,
            memory_bytes = pool.memory_bytes,
            "the sandbox of the last minutes"
        );
        reported = pool.runs_served;
    }
}
