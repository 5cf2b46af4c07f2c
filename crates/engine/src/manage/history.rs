//! Reading history, and settling what a dead process left behind.

use errand_domain::{Event, Execution, ExecutionId, StreamId};
use errand_secrets::Masked;
use errand_storage::{events, executions::{self, Filter}};

use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
};

/// Events of one execution that are shown.
const EVENTS_SHOWN_MAX: u32 = 2_000;

/// One execution with its story.
#[derive(Debug, Clone)]
pub struct ExecutionDetails {
    pub execution: Execution,
    pub events: Vec<Event<Masked>>,
}

impl Engine {
    /// A page of history, newest first, and the cursor of the next page when there is one.
    pub async fn list_executions(&self, permit: &Permit<Manage>, filter: &Filter) -> Result<Vec<Execution>> {
        Ok(executions::list(&self.db().reader, permit.guru_id(), filter).await?)
    }

    pub async fn execution(&self, permit: &Permit<Manage>, id: ExecutionId) -> Result<ExecutionDetails> {
        let execution = executions::by_id(&self.db().reader, permit.guru_id(), id)
            .await?
            .ok_or_else(|| EngineError::not_found("execution", id))?;
        let stream = execution.turn_id.map_or(StreamId::Execution(id), StreamId::Turn);
        let mut events = events::after(&self.db().reader, permit.guru_id(), stream, 0, EVENTS_SHOWN_MAX).await?;
        events.retain(|event| event.kind.execution_id() == Some(id));
        Ok(ExecutionDetails { execution, events })
    }
}
