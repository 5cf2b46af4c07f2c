//! The order of work: a question becomes a plan, the plan becomes runs, the runs become an answer, and everything is
//! in the ledger before it is shown. Also who may do what, and the verbs by which gurus, actions and secrets change.
//!
//! This crate must not know HTTP types, SQL text or the environment. Doors call its verbs; it calls planners and
//! runners.

pub mod access;
pub mod accounts;
pub mod answer;
pub mod catalogue;
pub mod clock;
mod decide;
mod deliver;
mod error;
pub mod events;
pub mod follow;
mod history;
pub mod hub;
pub mod lab;
pub mod manage;
pub mod model;
pub mod run;
pub mod scheduler;
mod secret_use;
mod stop;
pub mod turn;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use errand_domain::{ExecutionId, Problem, StreamId, TurnId, limits::Limits, model::Prices};
use errand_planners::Planner;
use errand_runners::Runners;
use errand_secrets::Keyring;
use errand_storage::Db;
use tokio::{
    sync::{OwnedSemaphorePermit, RwLock, Semaphore},
    task::JoinHandle,
};
use tokio_util::task::TaskTracker;

pub use errand_runners::PythonStatus;
pub use errand_secrets::{Masked, SecretText};
pub use error::{EngineError, Result, error_chain};

use crate::{
    accounts::{KeyCache, SignInProvider, Throttle},
    catalogue::GuruView,
    clock::Clock,
    events::{Recorder, StreamWriter},
    hub::Hub,
    stop::{Running, Stop},
};

/// What an engine is made of; `app` puts it together.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    pub keyring: Keyring,
    pub planner: Planner,
    pub runners: Runners,
    /// By which people may sign in, beside passwords and links.
    pub identity: Option<SignInProvider>,
    pub clock: Clock,
    pub limits: Limits,
    /// What language models cost whose guru names no price of its own.
    pub prices: Prices,
    /// Executions under way at once on this node; more are refused as overloaded, and those of schedules wait.
    pub executions_at_once_max: usize,
    /// Where backups that are asked for here are written.
    pub backups: PathBuf,
    /// How browsers reach the dashboard, for links in messages; empty for none.
    pub public_url: String,
    /// This process's name in the ledger: what it runs is known by it when it dies.
    pub node: String,
}

/// The engine. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    keyring: RwLock<Keyring>,
    planner: Planner,
    runners: Runners,
    identity: Option<SignInProvider>,
    clock: Clock,
    limits: Limits,
    prices: Prices,
    node: String,
    hub: Arc<Hub>,
    recorder: Recorder,
    places: Arc<Semaphore>,
    places_all: usize,
    views: catalogue::Views,
    keys: KeyCache,
    sign_ins: Throttle,
    turns: Mutex<HashMap<TurnId, Stop>>,
    runs: Mutex<HashMap<ExecutionId, Running>>,
    secret_uses: secret_use::LastNoted,
    public_url: String,
    backups: manage::backups::Room,
    work: TaskTracker,
}

/// A place among the executions under way, given back when it is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

/// One part in so many of the places is never taken by what can wait.
const PLACES_RESERVED_PART: usize = 4;

/// How long a stopping engine waits for what is under way before it gives up on it.
pub const SHUTDOWN_WAIT_MAX: Duration = Duration::from_secs(30);

impl Engine {
    pub fn new(parts: Parts) -> Self {
        let hub = Arc::new(Hub::default());
        let (recorder, _writer) = Recorder::start(parts.db.writer.clone(), Arc::clone(&hub));
        Self(Arc::new(Inner {
            db: parts.db,
            keyring: RwLock::new(parts.keyring),
            planner: parts.planner,
            runners: parts.runners,
            identity: parts.identity,
            clock: parts.clock,
            limits: parts.limits,
            prices: parts.prices,
            node: parts.node,
            hub,
            recorder,
            places: Arc::new(Semaphore::new(parts.executions_at_once_max)),
            places_all: parts.executions_at_once_max,
            views: catalogue::Views::default(),
            keys: KeyCache::default(),
            sign_ins: Throttle::default(),
            turns: Mutex::default(),
            runs: Mutex::default(),
            secret_uses: secret_use::LastNoted::default(),
            public_url: parts.public_url,
            backups: manage::backups::Room::new(parts.backups),
            work: TaskTracker::new(),
        }))
    }

    /// Stops taking turns and waits for what is under way; what is left after the wait is cancelled and recorded.
    pub async fn shut_down(&self) {
        self.0.work.close();
        if tokio::time::timeout(SHUTDOWN_WAIT_MAX, self.0.work.wait()).await.is_err() {
            for stop in self.turns().values() {
                stop.ordered.cancel();
            }
            self.stop_all();
            let _ = tokio::time::timeout(SHUTDOWN_WAIT_MAX, self.0.work.wait()).await;
        }
        // Everything handed to the writer before this is committed once this empty write is.
        let _ = self.recorder().submit(Vec::new()).committed().await;
    }

    /// Orders a turn's end. False when it is not running here.
    pub fn cancel_turn(&self, turn_id: TurnId) -> bool {
        self.turns().get(&turn_id).map(|stop| stop.ordered.cancel()).is_some()
    }

    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    pub(crate) fn prices(&self) -> &Prices {
        &self.0.prices
    }

    pub fn node(&self) -> &str {
        &self.0.node
    }

    pub fn planner(&self) -> &Planner {
        &self.0.planner
    }

    /// Where the sandbox for Python stands.
    pub fn python_status(&self) -> PythonStatus {
        self.runners().python_status()
    }

    pub(crate) fn runners(&self) -> &Runners {
        &self.0.runners
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    fn open_stream(&self, stream: StreamId, guru: &GuruView) -> StreamWriter {
        StreamWriter::open(self, stream, Arc::clone(&guru.masker))
    }

    /// Up to `wanted` places for runs that can wait: a part of them is left for whoever can't.
    fn spare_places(&self, wanted: usize) -> Vec<Place> {
        let places = &self.0.places;
        let reserved = self.0.places_all / PLACES_RESERVED_PART;
        let mut taken = Vec::new();
        while taken.len() < wanted
            && places.available_permits() > reserved
            && let Ok(place) = Arc::clone(places).try_acquire_owned()
        {
            taken.push(place);
        }
        taken
    }

    /// A place among the executions under way, or a clear no.
    fn admit(&self) -> std::result::Result<Place, Problem> {
        Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| {
            Problem::new(
                "overloaded",
                "Too many actions are running on this node already.",
                "Try again in a moment, or raise `executions_at_once_max`.",
            )
        })
    }

    /// Work that a stopping process waits for.
    fn spawn_work<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.work.spawn(work)
    }

    fn register_turn(&self, turn_id: TurnId, stop: Stop) {
        self.turns().insert(turn_id, stop);
    }

    fn forget_turn(&self, turn_id: TurnId) {
        self.turns().remove(&turn_id);
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<TurnId, Stop>> {
        // The map is never left half-changed, so a panic elsewhere does not spoil it.
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
