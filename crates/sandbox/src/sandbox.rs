//! The sandbox as the rest of the program sees it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use errand_egress::SandboxSockets;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    OutputChunk, Program, RunLimits, RunReport, SandboxError, SandboxSettings, Tier,
    admission::Admission,
    cgroup::{Groups, Layout},
    child::Child,
    host::{Host, broken},
    ids::Ids,
    keeper::{self, Ground},
    pool::Pool,
    run, seccomp,
};

/// Runs scripts on this machine. Clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ground: Arc<Ground>,
    admission: Admission,
    pools: [Arc<Pool>; 2],
    host: watch::Receiver<Option<Arc<Host>>>,
    runs_served: AtomicU64,
    /// Stopped when dropped: launcher, zygotes and ready children go with them.
    keepers: tokio::sync::Mutex<JoinSet<()>>,
}

impl Drop for Inner {
    /// Without this, the launcher would live as long as the process.
    fn drop(&mut self) {
        if let Some(host) = &*self.host.borrow() {
            host.hang_up();
        }
    }
}

/// For `errand doctor` and the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxStatus {
    /// Per tier, children that stand ready.
    pub ready: [(Tier, usize); 2],
    pub running: usize,
    pub waiting: usize,
    pub runs_served: u64,
    /// Of the launcher or a zygote, since the start.
    pub restarts: u64,
    /// Of zygotes, ready children and runs together.
    pub memory_bytes: Option<u64>,
    pub launcher_is_up: bool,
    pub cgroup_version: u8,
}

impl Sandbox {
    /// Returns when the launcher stands; zygotes warm up meanwhile, and the first runs wait for them.
    pub async fn start(mut settings: SandboxSettings) -> Result<Self, SandboxError> {
        settings.image = real_folder(&settings.image)?;
        raise_open_files();
        let filter = seccomp::filter()
            .map_err(|error| broken("reading the list of system calls", std::io::Error::other(error)))?;
        let groups = Groups::open(Layout::find(settings.cgroup.as_deref())?)?;
        let zygotes = groups.zygotes().map_err(|error| broken("making control groups", error))?;
        let ids = Ids::of_this_process(&settings);
        let pools = Tier::ALL.map(|tier| Arc::new(Pool::new(tier, settings.ready_children)));
        let admission = Admission::new(&settings);
        let (children_made, restarts) = (AtomicU64::new(0), AtomicU64::new(0));
        let ground = Arc::new(Ground { settings, groups, zygotes, ids, filter, children_made, restarts });

        let host = match ground.start_host().await {
            Ok(host) => host,
            Err(error) => {
                // The launcher was killed and may still be on its way out of its group.
                ground.groups.remove().await;
                return Err(error);
            }
        };
        let (current, host_seen) = watch::channel(Some(Arc::clone(&host)));
        let mut keepers = JoinSet::new();
        keepers.spawn(keeper::keep_host(Arc::clone(&ground), host, current));
        for pool in &pools {
            keepers.spawn(keeper::keep_pool(Arc::clone(&ground), Arc::clone(pool), host_seen.clone()));
        }
        let keepers = tokio::sync::Mutex::new(keepers);
        Ok(Self(Arc::new(Inner {
            ground,
            admission,
            pools,
            host: host_seen,
            runs_served: AtomicU64::new(0),
            keepers,
        })))
    }

    /// A child for one run. Waits within the settings' bounds when there are too many runs.
    pub async fn ready_child(&self, tier: Tier) -> Result<ReadyChild, SandboxError> {
        let asked = Instant::now();
        let place = self.0.admission.admit().await?;
        let wait_max = self.0.ground.settings.wait_max.saturating_sub(asked.elapsed());
        let mut child = self.pool(tier).take(wait_max).await?;
        child.held = Some(place);
        Ok(ReadyChild { sandbox: self.clone(), child, wait: asked.elapsed() })
    }

    pub fn status(&self) -> SandboxStatus {
        let Inner { ground, admission, pools, host, runs_served, .. } = &*self.0;
        SandboxStatus {
            ready: pools.each_ref().map(|pool| (pool.tier, pool.ready())),
            running: admission.running(),
            waiting: admission.waiting(),
            runs_served: runs_served.load(Ordering::Relaxed),
            restarts: ground.restarts.load(Ordering::Relaxed),
            memory_bytes: ground.groups.memory_bytes(),
            launcher_is_up: host.borrow().as_ref().is_some_and(|host| !host.is_closed()),
            cgroup_version: ground.groups.version(),
        }
    }

    /// Ends whatever runs, and returns when nothing is left.
    pub async fn stop(&self) {
        self.0.admission.close();
        let host = self.0.host.borrow().clone();
        self.0.keepers.lock().await.shutdown().await;
        for pool in &self.0.pools {
            pool.close();
        }
        if let Some(host) = host {
            host.stop().await;
        }
        self.0.ground.groups.remove().await;
    }

    fn pool(&self, tier: Tier) -> &Pool {
        let [bare, data] = &self.0.pools;
        match tier {
            Tier::Bare => bare,
            Tier::Data => data,
        }
    }
}

/// Each child takes some twenty descriptors here, and services are started with room for a thousand.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised; many runs at once may fail");
    }
}

/// Where the image's root really lies: runs find it by its own name in its folder, which a link would not have.
fn real_folder(image: &Path) -> Result<PathBuf, SandboxError> {
    image.canonicalize().map_err(|error| SandboxError::Unavailable {
        what: format!("The image's root `{}` can't be opened ({error}).", image.display()),
        remedy: "Run `errand image build`, or name another image.".to_owned(),
    })
}

/// A child that waits for its program. Dropped, it is killed.
#[derive(Debug)]
pub struct ReadyChild {
    sandbox: Sandbox,
    child: Child,
    wait: std::time::Duration,
}

impl ReadyChild {
    /// The sockets that listen inside the child's network. Once; then there are none.
    pub fn take_sockets(&mut self) -> SandboxSockets {
        std::mem::take(&mut self.child.sockets)
    }

    /// Hands the program over. The child reads and compiles it; not one line of it runs yet.
    pub async fn load(mut self, program: &Program) -> Result<LoadedChild, SandboxError> {
        run::load(&mut self.child, program).await?;
        Ok(LoadedChild(self))
    }

    /// Loads the program and runs it at once, as [`LoadedChild::run`] does.
    pub async fn run(
        self,
        program: &Program,
        limits: &RunLimits,
        chunks: mpsc::Sender<OutputChunk>,
        cancel: &CancellationToken,
    ) -> Result<RunReport, SandboxError> {
        self.load(program).await?.run(limits, chunks, cancel).await
    }
}

/// A child that holds its program and waits for the word to run it. Dropped, it is killed, and nothing has run.
#[derive(Debug)]
pub struct LoadedChild(ReadyChild);

impl LoadedChild {
    /// Runs the program to its end. Dropping the future kills every process of the run at once.
    ///
    /// `limits` may be lower than those the sandbox was started with, never higher; the size of `/tmp` is the sandbox's.
    pub async fn run(
        self,
        limits: &RunLimits,
        chunks: mpsc::Sender<OutputChunk>,
        cancel: &CancellationToken,
    ) -> Result<RunReport, SandboxError> {
        let ReadyChild { sandbox, child, wait } = self.0;
        let limits = sandbox.0.ground.settings.limits.lowered_to(limits);
        if limits.differs_in_groups(&sandbox.0.ground.settings.limits)
            && let Some(group) = child.group()
        {
            group.limit(&limits).map_err(|error| broken("setting the run's limits", error))?;
        }
        sandbox.0.runs_served.fetch_add(1, Ordering::Relaxed);
        run::run(child, run::Order { limits: &limits, chunks, cancel, wait }).await
    }
}
