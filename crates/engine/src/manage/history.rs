//! Reading history, and settling what a dead process left behind.

use std::sync::Arc;

use errand_domain::{
    Delivery, Event, EventKind, Execution, ExecutionId, ExecutionStatus, Feedback, Plan, Problem, Source,
    StreamId, TurnStatus, UnixMillis, Vote, limits,
};
use errand_secrets::Masked;
use errand_storage::{
    conversations, deliveries,
    events::{self, Batch},
    executions::{self, DeadNodes, ExecutionFilter, ExecutionPage, Interrupted},
    feedback, gurus, schedules, settings,
};

use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
};

/// Which executions to show.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    /// The action's name.
    pub action: Option<String>,
    /// Any of these; empty for any.
    pub statuses: Vec<ExecutionStatus>,
    pub source: Option<Source>,
    pub text: Option<String>,
    pub from: Option<UnixMillis>,
    pub to: Option<UnixMillis>,
    /// Led to by a question whose answer somebody voted so on.
    pub vote: Option<Vote>,
    /// The last execution of the page before.
    pub before: Option<ExecutionId>,
    pub limit: u32,
}

/// One execution with its story.
#[derive(Debug, Clone)]
pub struct ExecutionDetails {
    pub execution: Execution,
    pub events: Vec<Event<Masked>>,
    /// Of the turn that it belongs to.
    pub plan: Option<Plan>,
    /// What its asker thought of the answer that it led to.
    pub feedback: Vec<Feedback>,
    /// Whom its result was told to.
    pub deliveries: Vec<Delivery>,
}

/// What a guru keeps of its history, and what it would forget with another setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionOutlook {
    /// Days in force; 0 for ever.
    pub days: u32,
    /// The operator's, for gurus without a setting of their own; 0 for ever.
    pub days_of_operator: u32,
    /// Runs and turns that are older than the days asked about.
    pub executions: u32,
    pub turns: u32,
}

impl Engine {
    /// A page of history, newest first, and the next page's cursor when there may be one.
    pub async fn list_executions(
        &self,
        permit: &Permit<Manage>,
        query: HistoryQuery,
    ) -> Result<(Vec<Execution>, Option<ExecutionId>)> {
        let action = match &query.action {
            None => None,
            Some(name) => {
                Some(permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?.id)
            }
        };
        let filter = ExecutionFilter {
            action,
            statuses: query.statuses,
            source: query.source,
            text: query.text,
            from: query.from,
            to: query.to,
            vote: query.vote,
        };
        let page = ExecutionPage { after: query.before, limit: query.limit };
        let items = executions::list(&self.db().reader, permit.guru_id(), &filter, page).await?;
        let full = items.len() == usize::try_from(query.limit).unwrap_or(usize::MAX);
        let next = items.last().filter(|_| full).map(|last| last.id);
        Ok((items, next))
    }

    pub async fn execution(&self, permit: &Permit<Manage>, id: ExecutionId) -> Result<ExecutionDetails> {
        let execution = executions::by_id(&self.db().reader, permit.guru_id(), id)
            .await?
            .ok_or_else(|| EngineError::not_found("execution", id))?;
        let events = events::of_execution(&self.db().reader, permit.guru_id(), id, execution.turn_id).await?;
        let plan = match execution.turn_id {
            Some(turn) => conversations::turn(&self.db().reader, permit.guru_id(), turn).await?,
            None => None,
        }
        .and_then(|turn| turn.plan);
        let feedback = match execution.turn_id {
            Some(turn) => feedback::of_turn(&self.db().reader, permit.guru_id(), turn).await?,
            None => Vec::new(),
        };
        let deliveries = deliveries::of_execution(&self.db().reader, permit.guru_id(), id).await?;
        Ok(ExecutionDetails { execution, events, plan, feedback, deliveries })
    }

    /// What keeping history for so many days would forget; nothing for 0, which keeps it for ever. Nothing is changed.
    pub async fn retention_outlook(
        &self,
        permit: &Permit<Manage>,
        days: Option<u32>,
    ) -> Result<RetentionOutlook> {
        let days_of_operator = self.limits().retention_days;
        let in_force = permit.guru.guru.settings.retention_days.unwrap_or(days_of_operator);
        let asked = days.unwrap_or(in_force);
        if asked > limits::RETENTION_DAYS_MAX {
            let hint = format!("Choose 0 to {}; 0 keeps it for ever.", limits::RETENTION_DAYS_MAX);
            return Err(Problem::new("out_of_range", "History can't be kept for that many days.", hint)
                .at("days")
                .into());
        }
        let outlook = RetentionOutlook { days: in_force, days_of_operator, executions: 0, turns: 0 };
        if asked == 0 {
            return Ok(outlook);
        }
        let (db, guru, before) = (&self.db().reader, permit.guru_id(), self.days_ago(asked));
        Ok(RetentionOutlook {
            executions: executions::count_before(db, guru, before).await?,
            turns: conversations::count_before(db, guru, before).await?,
            ..outlook
        })
    }

    fn days_ago(&self, days: u32) -> UnixMillis {
        self.clock().now().plus_ms(-i64::from(days) * DAY_MS)
    }

    /// For a process that knows itself to be the only one, as it starts: what was running when the last one died is
    /// marked `unknown` (its effect may or may not have taken place), its turns failed, and their streams are ended, so
    /// that nobody who follows one waits for ever. Nothing is run again.
    pub async fn settle_interrupted(&self) -> Result<usize> {
        let dead = DeadNodes::AllBut(self.node());
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        let interrupted = executions::interrupt(&mut tx, dead, &Masked::ours(INTERRUPTED_RUN), now).await?;
        let turns = conversations::fail_interrupted_turns(&mut tx, dead, now).await?;
        let mut ends: Vec<_> = interrupted.iter().map(|run| (stream_of(run), interrupted_run(run))).collect();
        ends.extend(turns.into_iter().map(|(_, turn)| (StreamId::Turn(turn), interrupted_turn())));
        for (stream, kind) in ends {
            let seq = events::last_seq(&mut tx, stream).await? + 1;
            events::append(
                &mut tx,
                &[Batch { stream, events: vec![Arc::new(Event { seq, at: now, kind })] }],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(interrupted.len())
    }

    /// Forgets history that is older than its guru keeps it, in small steps; how many runs and turns. To be called now
    /// and then.
    pub async fn forget_old_history(&self) -> Result<u64> {
        let mut forgotten = 0;
        for guru in gurus::list(&self.db().reader).await? {
            let days = guru.settings.retention_days.unwrap_or(self.limits().retention_days);
            if days == 0 {
                continue;
            }
            let before = self.days_ago(days);
            loop {
                let mut tx = self.db().writer.begin().await?;
                let runs = executions::delete_before(&mut tx, guru.id, before, FORGOTTEN_AT_ONCE).await?;
                let turns = conversations::delete_before(&mut tx, guru.id, before, FORGOTTEN_AT_ONCE).await?;
                schedules::forget_firings(&mut tx, guru.id, before).await?;
                deliveries::delete_before(&mut tx, guru.id, before).await?;
                tx.commit().await?;
                forgotten += runs + turns;
                if runs.max(turns) < u64::from(FORGOTTEN_AT_ONCE) {
                    break;
                }
            }
        }
        Ok(forgotten)
    }

    /// Whether the database answers, and can be written if the last that was to be recorded was not.
    pub async fn check_ready(&self) -> Result<()> {
        const NAME: &str = "readiness";
        // One look by a key that nothing has: asked often, it must cost nothing.
        settings::get::<bool>(&self.db().reader, NAME).await?;
        if self.recorder().is_failing() {
            let mut tx = self.db().writer.begin().await?;
            settings::put(&mut tx, NAME, &true, self.clock().now()).await?;
            settings::delete(&mut tx, NAME).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Rows of one transaction: others that write wait for it.
const FORGOTTEN_AT_ONCE: u32 = 200;

const INTERRUPTED_RUN: &str = "Errand stopped while this ran; whether it took effect is not known. Check the other system before you run it again.";
const INTERRUPTED_TURN: &str =
    "Errand stopped while it answered this. Ask again; what had run is in the history.";

fn stream_of(run: &Interrupted) -> StreamId {
    run.turn_id.map_or(StreamId::Execution(run.id), StreamId::Turn)
}

fn interrupted_run(run: &Interrupted) -> EventKind<Masked> {
    EventKind::ActionFinished {
        execution_id: run.id,
        action: run.action_name.clone(),
        status: ExecutionStatus::Unknown,
        // How long it ran is not known either.
        duration_us: 0,
        output: None,
        output_truncated: false,
        error: Some(Masked::ours(INTERRUPTED_RUN)),
        ending: None,
        masked_count: 0,
    }
}

fn interrupted_turn() -> EventKind<Masked> {
    EventKind::TurnFinished { status: TurnStatus::Failed, error: Some(Masked::ours(INTERRUPTED_TURN)) }
}
