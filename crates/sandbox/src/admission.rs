//! How many runs there may be at once, how many may wait, and for how long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{SandboxError, SandboxSettings};

#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    places_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

impl Admission {
    pub fn new(settings: &SandboxSettings) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.runs_at_once_max)),
            places_max: settings.runs_at_once_max,
            waiting: AtomicUsize::new(0),
            waiting_max: settings.waiting_max,
            wait_max: settings.wait_max,
        }
    }

    /// A place among the runs at once. It is free again when nothing of the run is left.
    pub async fn admit(&self) -> Result<OwnedSemaphorePermit, SandboxError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = Waiting::begin(&self.waiting);
        if waiting.before >= self.waiting_max {
            return Err(SandboxError::Overloaded { running: self.running(), waiting: waiting.before });
        }
        match timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(SandboxError::WaitedTooLong { waited: self.wait_max }),
        }
    }

    pub fn running(&self) -> usize {
        self.places_max.saturating_sub(self.places.available_permits())
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Nobody is admitted any more.
    pub fn close(&self) {
        self.places.close();
    }
}

pub fn stopped() -> SandboxError {
    SandboxError::Unavailable {
        what: "The sandbox is stopping.".to_owned(),
        remedy: "Try again when Errand is up again.".to_owned(),
    }
}

/// Counts as waiting while it lives: a request that is dropped waits no longer.
pub struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    pub fn begin(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
