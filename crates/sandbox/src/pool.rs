//! The ready children of one tier.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore, watch},
    time::timeout,
};

use crate::{SandboxError, Tier, admission::Waiting, admission::stopped, child::Child};

/// Most scripts that are short have ended by then.
const REST: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Pool {
    pub tier: Tier,
    ready: Mutex<VecDeque<Child>>,
    /// As many permits as there are ready children; who waits here is served in order.
    available: Semaphore,
    waiting: AtomicUsize,
    made: AtomicU64,
    taken: Mutex<Option<Instant>>,
    /// A child was taken, or somebody waits.
    pub changed: Notify,
    /// Why there are no children, while that lasts.
    failure: watch::Sender<Option<Arc<Failure>>>,
    target: usize,
}

#[derive(Debug)]
struct Failure {
    what: String,
    remedy: String,
}

impl Pool {
    pub fn new(tier: Tier, target: usize) -> Self {
        Self {
            tier,
            ready: Mutex::default(),
            available: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            made: AtomicU64::new(0),
            taken: Mutex::default(),
            changed: Notify::new(),
            failure: watch::channel(None).0,
            target,
        }
    }

    pub async fn take(&self, wait_max: Duration) -> Result<Child, SandboxError> {
        if let Some(child) = self.take_ready() {
            return Ok(child);
        }
        let waiting = Waiting::begin(&self.waiting);
        self.changed.notify_one();
        let taken = timeout(wait_max, self.wait_for_ready()).await;
        drop(waiting);
        taken.unwrap_or(Err(SandboxError::WaitedTooLong { waited: wait_max }))
    }

    /// One that stands ready now, unless others wait for it already.
    fn take_ready(&self) -> Option<Child> {
        while let Ok(permit) = self.available.try_acquire() {
            permit.forget();
            if let Some(child) = self.next() {
                return Some(child);
            }
        }
        None
    }

    async fn wait_for_ready(&self) -> Result<Child, SandboxError> {
        let mut failure = self.failure.subscribe();
        loop {
            let permit = tokio::select! {
                biased;
                permit = self.available.acquire() => permit,
                failure = failure.wait_for(Option::is_some) => return Err(reason(failure.ok().and_then(|failure| failure.clone()))),
            };
            permit.map_err(|_| stopped())?.forget();
            if let Some(child) = self.next() {
                return Ok(child);
            }
        }
    }

    /// Whoever holds a permit. One that died while it stood ready is passed over.
    fn next(&self) -> Option<Child> {
        let child = self.lock().pop_front();
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.changed.notify_one();
        child.filter(Child::is_ready)
    }

    pub fn put(&self, child: Child) {
        self.lock().push_back(child);
        self.made.fetch_add(1, Ordering::Relaxed);
        self.failure.send_replace(None);
        self.available.add_permits(1);
    }

    /// Whoever waits, and whoever comes, is refused until a child is made.
    pub fn fail(&self, error: &SandboxError) {
        let failure = Failure {
            what: format!("No sandbox can be prepared: {error}"),
            remedy:
                "`errand doctor` says what this machine lacks; `errand image build` makes the image anew."
                    .to_owned(),
        };
        self.failure.send_replace(Some(Arc::new(failure)));
    }

    /// Children that ever stood ready.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// How many children to make now, beside those that are being made.
    pub fn deficit(&self, making: usize) -> usize {
        let wanted = self.target + self.waiting.load(Ordering::Relaxed);
        wanted.saturating_sub(self.ready() + making)
    }

    /// How long to leave the processors to the run that has just begun, which a clone would hold up.
    pub fn rest(&self) -> Duration {
        if self.waiting.load(Ordering::Relaxed) > 0 || self.ready() * 2 <= self.target {
            return Duration::ZERO;
        }
        let taken = *self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.map_or(Duration::ZERO, |taken| REST.saturating_sub(taken.elapsed()))
    }

    pub fn ready(&self) -> usize {
        self.lock().len()
    }

    /// Children of a launcher that is gone are of no use.
    pub fn clear(&self) {
        let gone: Vec<Child> = self.lock().drain(..).collect();
        self.available.forget_permits(gone.len());
    }

    pub fn close(&self) {
        self.available.close();
        self.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Child>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reason(failure: Option<Arc<Failure>>) -> SandboxError {
    failure.map_or_else(stopped, |failure| SandboxError::Unavailable {
        what: failure.what.clone(),
        remedy: failure.remedy.clone(),
    })
}
