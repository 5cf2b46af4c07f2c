//! Reading history, and settling what a dead process left behind.

use std::sync::Arc;

use errand_domain::{
    Event, EventKind, Execution, ExecutionId, ExecutionStatus, Source, StreamId, TurnStatus, UnixMillis,
};
use errand_secrets::Masked;
use errand_storage::{
    conversations,
    events::{self, Batch},
    executions::{self, DeadNodes, ExecutionFilter, ExecutionPage, Interrupted},
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
    /// The last execution of the page before.
    pub before: Option<ExecutionId>,
    pub limit: u32,
}

/// One execution with its story.
#[derive(Debug, Clone)]
pub struct ExecutionDetails {
    pub execution: Execution,
    pub events: Vec<Event<Masked>>,
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
        Ok(ExecutionDetails { execution, events })
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

    /// Whether the database answers.
    pub async fn check_ready(&self) -> Result<()> {
        // One look by a key that nothing has: asked often, it must cost nothing.
        errand_storage::settings::get::<bool>(&self.db().reader, "readiness").await?;
        Ok(())
    }
}

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
