//! Runs actions when their schedules say so.
//!
//! There is no leader: every process looks at what is due, and the row lock of a schedule and the key of its firings
//! see to it that one time fires once. Deciding and running are apart. Deciding puts an execution into the ledger, as
//! queued, in the transaction that moves the schedule on; running claims it. So a process that dies in between loses
//! nothing, and another one, or the next start, runs what waits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use errand_domain::{
    Action, BuiltIns, ExecutionId, FiringOutcome, GuruId, ScheduleId, Source, StreamId, UnixMillis,
    schedule::{self, Schedule},
};
use errand_storage::{
    LedgerWrite, Transaction,
    executions::{self, Begin, ExecutionEnd, Fence, NewExecution},
    gurus,
    schedules::{self, Firing, Telling, Waiting},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Engine,
    catalogue::GuruView,
    clock::new_uuid,
    error::Result,
    events::masked_arguments,
    run::{Job, complete_arguments},
    stop::Stop,
};

/// How long a change made elsewhere may go unnoticed, and so how late a firing may be because of it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Schedules decided about, and runs begun, between two looks at the clock.
const BATCH: u32 = 100;
/// Of these, how many share a transaction: fewer commits, and still a short wait for whoever else wants to write.
const DECIDED_TOGETHER: usize = 25;

impl Engine {
    /// Fires schedules until it is told to stop. What has begun by then is waited for by [`Engine::shut_down`].
    pub async fn run_scheduler(&self, stop: CancellationToken) {
        loop {
            let pause = match self.fire_what_is_due().await {
                Ok(()) => self.until_next_due().await.unwrap_or(LOOK_AGAIN),
                Err(error) => {
                    tracing::error!(%error, "schedules could not be looked at");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Decides about every schedule that is due, and begins every run that may begin.
    pub async fn fire_what_is_due(&self) -> Result<()> {
        self.decide_what_is_due().await?;
        self.begin_what_waits().await
    }

    /// The first half: what comes of a time is in the ledger afterwards, and nothing runs yet.
    pub async fn decide_what_is_due(&self) -> Result<()> {
        let now = self.clock().now();
        let due = schedules::due(&self.db().reader, now, BATCH).await?;
        for several in due.chunks(DECIDED_TOGETHER) {
            // Before the transaction: loading a guru may write, and SQLite has one writer.
            let maskers = self.maskers(several.iter().map(|(_, guru)| *guru)).await?;
            let mut tx = self.db().writer.begin().await?;
            for (id, guru) in several {
                let masker = maskers.get(guru).map(Arc::clone).unwrap_or_default();
                self.decide_about(&mut tx, *id, &masker, now).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// The masks of these gurus; one that was deleted meanwhile has none.
    async fn maskers(
        &self,
        wanted: impl Iterator<Item = GuruId>,
    ) -> Result<HashMap<GuruId, Arc<errand_secrets::Masker>>> {
        let mut found = HashMap::new();
        for id in wanted {
            if found.contains_key(&id) {
                continue;
            }
            if let Some(view) = self.view_by_id(id).await? {
                found.insert(id, Arc::clone(&view.masker));
            }
        }
        Ok(found)
    }

    async fn view_by_id(&self, id: GuruId) -> Result<Option<Arc<GuruView>>> {
        match gurus::by_id(&self.db().reader, id).await? {
            Some(guru) => self.guru_view(guru.slug.as_str()).await,
            None => Ok(None),
        }
    }

    /// The second half, for whatever waits, whoever decided about it. What another process took meanwhile is left to it.
    pub async fn begin_what_waits(&self) -> Result<()> {
        let waiting = schedules::waiting(&self.db().reader, BATCH).await?;
        for several in waiting.chunks(DECIDED_TOGETHER) {
            let now = self.clock().now();
            let mut taken = Vec::with_capacity(several.len());
            let mut tx = self.db().writer.begin().await?;
            for waiting in several {
                let (guru, id) = (waiting.guru_id, waiting.execution_id);
                if executions::claim(&mut tx, guru, id, self.node(), now).await?.is_some() {
                    schedules::note_started(&mut tx, id, now).await?;
                    taken.push((*waiting, schedules::of_action(&mut tx, guru, waiting.action_id).await?));
                }
            }
            tx.commit().await?;
            for (waiting, schedule) in taken {
                let id = waiting.execution_id;
                if let Err(error) = self.begin_taken(waiting, schedule, now).await {
                    tracing::error!(execution = %id, %error, "a scheduled run could not begin");
                    self.drop_claimed(waiting, now).await?;
                }
            }
        }
        Ok(())
    }

    async fn until_next_due(&self) -> Result<Duration> {
        let next = schedules::next_due(&self.db().reader).await?;
        let wait = next.map_or(LOOK_AGAIN, |next| Duration::from_millis(next.since(self.clock().now())));
        Ok(wait.min(LOOK_AGAIN))
    }

    /// Decides about one schedule, unless another process did meanwhile.
    async fn decide_about(
        &self,
        tx: &mut Transaction,
        id: ScheduleId,
        masker: &errand_secrets::Masker,
        now: UnixMillis,
    ) -> Result<()> {
        let Some(schedule) = schedules::lock_due(tx, id, now).await? else { return Ok(()) };
        let Some(due_at) = schedule.next_at else { return Ok(()) };
        let timing = match schedule.spec.timing() {
            Ok(timing) => timing,
            Err(problem) => {
                // It was valid when it was saved: this machine's time zones know less than that one's did.
                tracing::error!(schedule = %id, %problem, "a schedule can't be read any more; it is stopped");
                return Ok(schedules::advance(tx, id, None).await?);
            }
        };
        let due = schedule::decide(&timing, schedule.spec.missed, due_at, now);
        schedules::advance(tx, id, due.next_at).await?;
        let action = errand_storage::actions::by_id(&mut *tx, schedule.guru_id, schedule.action_id).await?;
        if let Some(action) = action.filter(|action| action.enabled) {
            let outcome = if due.is_missed {
                FiringOutcome::Missed
            } else {
                schedule::outcome(schedule.spec.overlap, schedules::unfinished(&mut *tx, id).await?)
            };
            let execution_id = (outcome == FiringOutcome::Fired).then(|| ExecutionId::from_uuid(new_uuid()));
            let firing = Firing {
                schedule_id: id,
                fire_at: due.fire_at,
                outcome,
                execution_id,
                decided_at: now,
                started_at: None,
            };
            let telling = if schedule.spec.results.is_some() { Telling::Open } else { Telling::Nobody };
            let is_first = schedules::record_firing(tx, &firing, telling).await?;
            if let Some(execution_id) = execution_id.filter(|_| is_first) {
                let row = queued(execution_id, &schedule, &action, masker, now)?;
                tx.apply(vec![LedgerWrite::ExecutionStarted(row)]).await?;
            }
        }
        Ok(())
    }

    /// Begins a run that this process has taken, in a task of its own.
    async fn begin_taken(&self, waiting: Waiting, schedule: Option<Schedule>, now: UnixMillis) -> Result<()> {
        let view = self.view_by_id(waiting.guru_id).await?;
        let job = schedule.zip(view).and_then(|(schedule, view)| job(waiting, schedule, &view));
        let Some(job) = job else { return self.drop_claimed(waiting, now).await };
        let engine = self.clone();
        self.spawn_work(async move {
            let id = job.execution_id;
            if let Err(error) = engine.run_claimed(job).await {
                tracing::error!(execution = %id, %error, "a scheduled run failed");
                engine.hub().close(StreamId::Execution(id));
            }
        });
        Ok(())
    }

    async fn run_claimed(&self, mut job: Job) -> Result<()> {
        let writer = self.open_stream(StreamId::Execution(job.execution_id), &job.guru);
        match complete_arguments(&job.action.spec, &job.arguments) {
            Ok(arguments) => {
                job.arguments = arguments;
                self.execute_claimed(job, &writer, &Stop::new()).await?;
            }
            // The action changed since its schedule was saved.
            Err(error) => self.refuse_claimed(&job, &error.to_string(), &writer).await?,
        }
        Ok(())
    }

    /// Ends a run whose action or schedule went away between deciding and running.
    async fn drop_claimed(&self, waiting: Waiting, now: UnixMillis) -> Result<()> {
        let end = ExecutionEnd {
            id: waiting.execution_id,
            guru_id: waiting.guru_id,
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

/// The ledger's row of a run that is still to begin.
fn queued(
    id: ExecutionId,
    schedule: &Schedule,
    action: &Action,
    masker: &errand_secrets::Masker,
    at: UnixMillis,
) -> Result<NewExecution> {
    Ok(NewExecution {
        id,
        guru_id: schedule.guru_id,
        action_id: action.id,
        action_name: action.spec.name.clone(),
        action_version: action.version,
        kind: action.spec.body.kind(),
        source: Source::Schedule,
        turn_id: None,
        conversation_id: None,
        parent_id: None,
        user_id: None,
        question: errand_secrets::Masked::default(),
        arguments: masked_arguments(masker, &schedule.spec.arguments)?,
        begin: Begin::Queued,
        at,
    })
}

/// None when the guru has no such action any more.
fn job(waiting: Waiting, schedule: Schedule, view: &Arc<GuruView>) -> Option<Job> {
    Some(Job {
        execution_id: waiting.execution_id,
        guru: Arc::clone(view),
        action: Arc::clone(view.action_by_id(waiting.action_id)?),
        arguments: schedule.spec.arguments,
        built_ins: BuiltIns::anonymous(&view.guru.slug),
        source: Source::Schedule,
        question: String::new(),
        turn: None,
        parent_id: None,
        user_id: None,
    })
}
