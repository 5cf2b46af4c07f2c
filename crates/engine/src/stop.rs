//! The two ways in which a run is not wanted any more, and the list of what is under way to be stopped.

use std::sync::{MutexGuard, PoisonError};

use errand_domain::{ExecutionId, GuruId};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Engine,
    access::{Manage, Permit},
    error::Result,
    run::Job,
};

/// Whether somebody still wants the result, and whether somebody ordered the end.
///
/// Who merely goes away (closes the page, loses the line) abandons a run: what only reads is dropped, what may write is
/// finished. Who orders the end gets it: a script is killed at once with everything it started.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) ordered: CancellationToken,
    /// Cancelled by an order too.
    abandoned: CancellationToken,
}

impl Stop {
    pub(crate) fn new() -> Self {
        let ordered = CancellationToken::new();
        Self { abandoned: ordered.child_token(), ordered }
    }

    /// For one run among several: an order may end it alone, and ends with the others too.
    pub(crate) fn of_one_run(&self) -> StopOne {
        StopOne { ordered: self.ordered.child_token(), abandoned: self.abandoned.clone() }
    }

    pub(crate) fn abandon_when_dropped(&self) -> DropGuard {
        self.abandoned.clone().drop_guard()
    }

    pub(crate) fn abandon(&self) {
        self.abandoned.cancel();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.is_cancelled()
    }
}

/// As [`Stop`], for one run.
#[derive(Debug, Clone)]
pub(crate) struct StopOne {
    pub(crate) ordered: CancellationToken,
    abandoned: CancellationToken,
}

impl StopOne {
    pub(crate) fn is_abandoned(&self) -> bool {
        self.ordered.is_cancelled() || self.abandoned.is_cancelled()
    }

    /// Resolves once nobody wants the run any more, for whichever reason.
    pub(crate) async fn abandoned(&self) {
        tokio::select! {
            () = self.ordered.cancelled() => {}
            () = self.abandoned.cancelled() => {}
        }
    }
}

/// A run under way, by which it can be stopped.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    guru_id: GuruId,
    ordered: CancellationToken,
}

/// Keeps a run listed until it is dropped.
pub(crate) struct Listed<'a> {
    engine: &'a Engine,
    id: ExecutionId,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.engine.runs().remove(&self.id);
    }
}

impl Engine {
    pub(crate) fn list_run(&self, job: &Job, stop: &StopOne) -> Listed<'_> {
        let running = Running { guru_id: job.guru.guru.id, ordered: stop.ordered.clone() };
        self.runs().insert(job.execution_id, running);
        Listed { engine: self, id: job.execution_id }
    }

    /// Orders the end of one execution of the guru. One that has ended stays as it is.
    pub async fn cancel_execution(&self, permit: &Permit<Manage>, id: ExecutionId) -> Result<()> {
        let running = self.runs().get(&id).filter(|running| running.guru_id == permit.guru_id()).cloned();
        match running {
            Some(running) => running.ordered.cancel(),
            // Whether it was ever there.
            None => {
                self.execution(permit, id).await?;
            }
        }
        Ok(())
    }

    /// Orders the end of everything that is under way here.
    pub(crate) fn stop_all(&self) {
        for running in self.runs().values() {
            running.ordered.cancel();
        }
    }

    fn runs(&self) -> MutexGuard<'_, std::collections::HashMap<ExecutionId, Running>> {
        // The map is never left half-changed, so a panic elsewhere does not spoil it.
        self.0.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
