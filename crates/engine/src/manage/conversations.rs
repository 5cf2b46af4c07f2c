//! Conversations of the one who asks: each sees only their own.

use errand_domain::{Conversation, ConversationId, Execution, ExecutionStatus, Turn, TurnId};
use errand_storage::{conversations::{self, Asker, Page}, executions};

use crate::{
    Engine, EngineError,
    access::{Ask, Caller, Permit},
    error::Result,
};

/// A turn with the executions it led to.
#[derive(Debug, Clone)]
pub struct TurnDetails {
    pub turn: Turn,
    pub executions: Vec<Execution>,
}

impl Engine {
    pub async fn list_conversations(&self, permit: &Permit<Ask>, page: Page) -> Result<Vec<Conversation>> {
        Ok(conversations::list_own(&self.db().reader, permit.guru_id(), asker(permit), page).await?)
    }

    /// One conversation of this caller; somebody else's does not exist for them.
    pub async fn own_conversation(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<Conversation> {
        conversations::own(&self.db().reader, permit.guru_id(), asker(permit), id)
            .await?
            .ok_or_else(|| EngineError::not_found("conversation", id))
    }

    pub async fn conversation_turns(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<(Conversation, Vec<TurnDetails>)> {
        let conversation = self.own_conversation(permit, id).await?;
        let turns = conversations::last_turns(&self.db().reader, permit.guru_id(), id, TURNS_SHOWN_MAX).await?;
        let mut details = Vec::with_capacity(turns.len());
        for turn in turns {
            let executions = executions::of_turn(&self.db().reader, permit.guru_id(), turn.id).await?;
            details.push(TurnDetails { turn, executions });
        }
        Ok((conversation, details))
    }

    pub async fn own_turn(&self, permit: &Permit<Ask>, id: TurnId) -> Result<TurnDetails> {
        let turn = conversations::turn(&self.db().reader, permit.guru_id(), id)
            .await?
            .ok_or_else(|| EngineError::not_found("turn", id))?;
        self.own_conversation(permit, turn.conversation_id).await.map_err(|_| EngineError::not_found("turn", id))?;
        let executions = executions::of_turn(&self.db().reader, permit.guru_id(), id).await?;
        Ok(TurnDetails { turn, executions })
    }

    pub async fn delete_conversation(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<()> {
        let conversation = self.own_conversation(permit, id).await?;
        let mut tx = self.db().writer.begin().await?;
        conversations::delete(&mut tx, permit.guru_id(), conversation.id).await?;
        Ok(tx.commit().await?)
    }
}

/// The latest turns that a conversation shows.
const TURNS_SHOWN_MAX: usize = 200;

/// Whose conversations these are: a person's, or a key's.
pub(crate) fn asker(permit: &Permit<Ask>) -> Asker {
    match &*permit.caller {
        Caller::User(user) => Asker::User(user.id),
        Caller::ApiKey(key) => Asker::ApiKey(key.id),
    }
}

impl TurnDetails {
    /// Whether everything that ran came out well.
    pub fn all_succeeded(&self) -> bool {
        self.executions.iter().all(|execution| execution.status == ExecutionStatus::Succeeded)
    }
}
