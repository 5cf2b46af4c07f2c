//! Runs actions when their schedules say so.
//!
//! There is no leader: every process looks at what is due, and the row lock of a schedule and the key of its firings
//! see to it that one time fires once. Deciding and running are apart. Deciding puts an execution into the ledger, as
//! queued, in the transaction that moves the schedule on; running claims it. So a process that dies in between loses
//! nothing, and another one, or the next start, runs what waits.
//!
//! Cron knows minutes, so thousands may be due at the same instant: both halves take many at a time, in few statements.

use std::{collections::HashMap, sync::Arc, time::Duration};

use errand_domain::{
    Action, BuiltIns, ExecutionId, FiringOutcome, GuruId, Source, StreamId, UnixMillis,
    schedule::{self, Due, Schedule},
};
use errand_storage::{
    LedgerWrite, Transaction,
    executions::{self, Begin, ExecutionEnd, Fence, NewExecution},
    gurus::GuruMark,
    schedules::{self, Firing, Telling, Waiting},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Engine, Place,
    catalogue::GuruView,
    clock::new_uuid,
    error::{Result, error_chain},
    events::masked_arguments,
    run::{Job, complete_arguments},
    stop::Stop,
};

/// How long a change made elsewhere may go unnoticed, and so how late a firing may be because of it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Between two looks while more is left than one takes: whoever else wants to write or run gets a turn.
const BREATH: Duration = Duration::from_millis(2);
/// Schedules decided about, and runs begun, in one look: few enough that its two transactions are short, and that what
/// was claimed begins at once.
const BATCH: u32 = 64;

/// What a look leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    Nothing,
    /// More is due than one look takes, or there was no place to run it: another look may help at once.
    More,
}

type Views = HashMap<GuruId, Arc<GuruView>>;

impl Engine {
    /// Fires schedules until it is told to stop. What has begun by then is waited for by [`Engine::shut_down`].
    pub async fn run_scheduler(&self, stop: CancellationToken) {
        loop {
            let pause = match self.fire_what_is_due().await {
                Ok(Left::More) => BREATH,
                Ok(Left::Nothing) => self.until_next_due().await.unwrap_or(LOOK_AGAIN),
                Err(error) => {
                    tracing::error!(error = error_chain(&error), "schedules could not be looked at");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One look: decides about schedules that are due, and begins runs that may begin.
    pub async fn fire_what_is_due(&self) -> Result<Left> {
        let decided = self.decide_what_is_due().await?;
        Ok(decided.max(self.begin_what_waits().await?))
    }

    /// The first half: what comes of a time is in the ledger afterwards, and nothing runs yet.
    pub async fn decide_what_is_due(&self) -> Result<Left> {
        let now = self.clock().now();
        let gurus = schedules::gurus_due(&self.db().reader, now, BATCH).await?;
        if gurus.is_empty() {
            return Ok(Left::Nothing);
        }
        // Before the transaction: loading a guru may write, and SQLite has one writer.
        let views = self.views_at(gurus.iter()).await?;
        let mut tx = self.db().writer.begin().await?;
        let due = schedules::take_due(&mut tx, now, BATCH).await?;
        let decided = decide_about(&mut tx, due, &views, now).await?;
        tx.commit().await?;
        Ok(left(decided))
    }

    /// The second half, for whatever waits, whoever decided about it, as far as there are places. What another process
    /// took meanwhile is left to it.
    pub async fn begin_what_waits(&self) -> Result<Left> {
        let mut places = self.spare_places(BATCH as usize);
        if places.is_empty() {
            return Ok(Left::More);
        }
        let waiting =
            schedules::waiting(&self.db().reader, u32::try_from(places.len()).unwrap_or(BATCH)).await?;
        if waiting.is_empty() {
            return Ok(Left::Nothing);
        }
        let views = self.views_at(waiting.iter().map(|one| &one.guru)).await?;
        let ids: Vec<_> = waiting.iter().map(|one| one.execution_id).collect();
        let mut tx = self.db().writer.begin().await?;
        let now = self.clock().now();
        let claimed = schedules::begin(&mut tx, &ids, self.node(), now).await?;
        tx.commit().await?;
        let is_full = waiting.len() == places.len();
        for one in waiting.into_iter().filter(|one| claimed.contains_key(&one.execution_id)) {
            let (id, guru) = (one.execution_id, one.guru.id);
            match views.get(&guru).and_then(|view| job(one, view)).zip(places.pop()) {
                Some((job, place)) => self.begin_claimed(job, place),
                None => self.drop_claimed(guru, id, now).await?,
            }
        }
        Ok(if is_full && !claimed.is_empty() { Left::More } else { Left::Nothing })
    }

    async fn until_next_due(&self) -> Result<Duration> {
        let next = schedules::next_due(&self.db().reader).await?;
        let wait = next.map_or(LOOK_AGAIN, |next| Duration::from_millis(next.since(self.clock().now())));
        Ok(wait.clamp(BREATH, LOOK_AGAIN))
    }

    /// Gurus as they stand at these marks; one that was deleted meanwhile is left out.
    async fn views_at(&self, marks: impl Iterator<Item = &GuruMark>) -> Result<Views> {
        let mut views = Views::new();
        for mark in marks {
            if !views.contains_key(&mark.id)
                && let Some(view) = self.guru_view_at(mark).await?
            {
                views.insert(mark.id, view);
            }
        }
        Ok(views)
    }

    /// Begins a run that this process has claimed, in a task of its own.
    fn begin_claimed(&self, job: Job, place: Place) {
        let engine = self.clone();
        self.spawn_work(async move {
            let id = job.execution_id;
            if let Err(error) = engine.run_claimed(job, place).await {
                tracing::error!(execution = %id, error = error_chain(&error), "a scheduled run failed");
                engine.hub().close(StreamId::Execution(id));
            }
        });
    }

    async fn run_claimed(&self, mut job: Job, place: Place) -> Result<()> {
        let writer = self.open_stream(StreamId::Execution(job.execution_id), &job.guru);
        match complete_arguments(&job.action.spec, &job.arguments) {
            Ok(arguments) => {
                job.arguments = arguments;
                self.execute_claimed((job, place), &writer, &Stop::new()).await?;
            }
            // The action changed since its schedule was saved.
            Err(error) => self.refuse_claimed(&job, &error.to_string(), &writer).await?,
        }
        Ok(())
    }

    /// Ends a run whose action went away between deciding and running.
    async fn drop_claimed(&self, guru_id: GuruId, id: ExecutionId, now: UnixMillis) -> Result<()> {
        let end = ExecutionEnd {
            id,
            guru_id,
            fence: Fence::FIRST,
            status: errand_domain::ExecutionStatus::Cancelled,
            output: None,
            output_truncated: false,
            error: None,
            ending: None,
            at: now,
            duration_us: None,
        };
        let mut tx = self.db().writer.begin().await?;
        executions::finish(&mut tx, end).await?;
        Ok(tx.commit().await?)
    }
}

fn left(decided: usize) -> Left {
    if decided == BATCH as usize { Left::More } else { Left::Nothing }
}

/// A schedule whose time has come and whose action may run.
struct Ready<'a> {
    schedule: Schedule,
    view: &'a GuruView,
    action: &'a Action,
    due: Due,
}

/// Decides about schedules that this transaction holds; how many. One whose guru or action is not among what was loaded
/// stays as it is: either it goes away with them, or the next look knows them.
async fn decide_about(
    tx: &mut Transaction,
    due: Vec<Schedule>,
    views: &Views,
    now: UnixMillis,
) -> Result<usize> {
    let (mut moved, mut ready) = (Vec::with_capacity(due.len()), Vec::with_capacity(due.len()));
    for schedule in due {
        let known = views
            .get(&schedule.guru_id)
            .and_then(|view| Some((&**view, &**view.action_by_id(schedule.action_id)?, schedule.next_at?)));
        let Some((view, action, due_at)) = known else { continue };
        match schedule.spec.timing() {
            Ok(timing) => {
                let due = schedule::decide(&timing, schedule.spec.missed, due_at, now);
                moved.push((schedule.id, due.next_at));
                if action.enabled {
                    ready.push(Ready { schedule, view, action, due });
                }
            }
            Err(problem) => {
                // It was valid when it was saved: this machine's time zones know less than that one's did.
                tracing::error!(schedule = %schedule.id, %problem, "a schedule can't be read any more; it is stopped");
                moved.push((schedule.id, None));
            }
        }
    }
    schedules::advance(tx, &moved).await?;
    fire(tx, &ready, now).await?;
    Ok(moved.len())
}

/// Notes what comes of these times, and queues the runs that come of them.
async fn fire(tx: &mut Transaction, ready: &[Ready<'_>], now: UnixMillis) -> Result<()> {
    let asked: Vec<_> = ready.iter().filter(|one| !one.due.is_missed).map(|one| one.schedule.id).collect();
    let unfinished = schedules::unfinished(&mut *tx, &asked).await?;
    let firings: Vec<_> = ready
        .iter()
        .map(|one| {
            let unfinished = unfinished.get(&one.schedule.id).copied().unwrap_or(0);
            let outcome = if one.due.is_missed {
                FiringOutcome::Missed
            } else {
                schedule::outcome(one.schedule.spec.overlap, unfinished)
            };
            let firing = Firing {
                schedule_id: one.schedule.id,
                fire_at: one.due.fire_at,
                outcome,
                execution_id: (outcome == FiringOutcome::Fired).then(|| ExecutionId::from_uuid(new_uuid())),
                decided_at: now,
                started_at: None,
            };
            let is_told = one.schedule.spec.results.is_some();
            (firing, if is_told { Telling::Open } else { Telling::Nobody })
        })
        .collect();
    let first = schedules::record_firings(tx, &firings).await?;
    let mut rows = Vec::new();
    for (one, (firing, _)) in ready.iter().zip(&firings) {
        if let Some(id) = firing.execution_id.filter(|_| first.contains(&one.schedule.id)) {
            rows.push(LedgerWrite::ExecutionStarted(queued(id, one, now)?));
        }
    }
    tx.apply(rows).await?;
    Ok(())
}

/// The ledger's row of a run that is still to begin.
fn queued(id: ExecutionId, one: &Ready<'_>, at: UnixMillis) -> Result<NewExecution> {
    Ok(NewExecution {
        id,
        guru_id: one.schedule.guru_id,
        action_id: one.action.id,
        action_name: one.action.spec.name.clone(),
        action_version: one.action.version,
        kind: one.action.spec.body.kind(),
        source: Source::Schedule,
        turn_id: None,
        conversation_id: None,
        parent_id: None,
        user_id: None,
        question: errand_secrets::Masked::default(),
        arguments: masked_arguments(&one.view.masker, &one.schedule.spec.arguments)?,
        begin: Begin::Queued,
        at,
    })
}

/// None when the guru has no such action any more.
fn job(waiting: Waiting, view: &Arc<GuruView>) -> Option<Job> {
    Some(Job {
        execution_id: waiting.execution_id,
        guru: Arc::clone(view),
        action: Arc::clone(view.action_by_id(waiting.action_id)?),
        arguments: waiting.arguments,
        built_ins: BuiltIns::anonymous(&view.guru.slug),
        source: Source::Schedule,
        question: String::new(),
        turn: None,
        parent_id: None,
        user_id: None,
    })
}
