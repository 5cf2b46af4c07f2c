//! Conversations of the one who asks: each sees only their own.

use errand_domain::{Conversation, ConversationId, Execution, Feedback, Turn, TurnId, UnixMillis};
use errand_storage::{
    conversations::{self, ConversationPage},
    executions, feedback,
};

use crate::{
    Engine, EngineError,
    access::{Ask, Permit},
    error::Result,
};

/// The latest turns that a conversation shows.
pub(super) const TURNS_SHOWN_MAX: u32 = 200;

/// A turn with the executions it led to.
#[derive(Debug, Clone)]
pub struct TurnDetails {
    pub turn: Turn,
    pub executions: Vec<Execution>,
    /// What the asker thinks of the answer.
    pub feedback: Option<Feedback>,
}

impl Engine {
    /// A page of the caller's conversations, last changed first, with the next page's cursor; None for a cursor that no
    /// page gave.
    pub async fn list_conversations(
        &self,
        permit: &Permit<Ask>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Option<(Vec<Conversation>, Option<String>)>> {
        let Ok(after) = cursor.map(read_cursor).transpose() else { return Ok(None) };
        let page = ConversationPage { after, limit };
        let items =
            conversations::list_own(&self.db().reader, permit.guru_id(), permit.owner(), page).await?;
        let full = items.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = items.last().filter(|_| full).map(|last| format!("{}.{}", last.updated_at.0, last.id));
        Ok(Some((items, next)))
    }

    /// One conversation of this caller; somebody else's does not exist for them.
    pub async fn own_conversation(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<Conversation> {
        conversations::by_id(&self.db().reader, permit.guru_id(), id)
            .await?
            .filter(|(_, owner)| *owner == Some(permit.owner()))
            .map(|(conversation, _)| conversation)
            .ok_or_else(|| EngineError::not_found("conversation", id))
    }

    pub async fn conversation_turns(
        &self,
        permit: &Permit<Ask>,
        id: ConversationId,
    ) -> Result<(Conversation, Vec<TurnDetails>)> {
        let conversation = self.own_conversation(permit, id).await?;
        let turns =
            conversations::last_turns(&self.db().reader, permit.guru_id(), id, TURNS_SHOWN_MAX).await?;
        let mut votes =
            feedback::own_of_conversation(&self.db().reader, permit.guru_id(), id, permit.owner()).await?;
        let mut details = Vec::with_capacity(turns.len());
        for turn in turns {
            let executions = executions::of_turn(&self.db().reader, permit.guru_id(), turn.id).await?;
            let vote = votes.iter().position(|one| one.turn_id == turn.id);
            let feedback = vote.map(|place| votes.swap_remove(place));
            details.push(TurnDetails { turn, executions, feedback });
        }
        Ok((conversation, details))
    }

    pub async fn own_turn(&self, permit: &Permit<Ask>, id: TurnId) -> Result<TurnDetails> {
        let turn = conversations::turn(&self.db().reader, permit.guru_id(), id)
            .await?
            .ok_or_else(|| EngineError::not_found("turn", id))?;
        self.own_conversation(permit, turn.conversation_id)
            .await
            .map_err(|_| EngineError::not_found("turn", id))?;
        let executions = executions::of_turn(&self.db().reader, permit.guru_id(), id).await?;
        let feedback = feedback::own(&self.db().reader, permit.guru_id(), id, permit.owner()).await?;
        Ok(TurnDetails { turn, executions, feedback })
    }

    pub async fn delete_conversation(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<()> {
        let conversation = self.own_conversation(permit, id).await?;
        let mut tx = self.db().writer.begin().await?;
        conversations::delete(&mut tx, permit.guru_id(), conversation.id).await?;
        Ok(tx.commit().await?)
    }
}

/// `<updated_at>.<id>` of the last item of the page before.
fn read_cursor(text: &str) -> std::result::Result<(UnixMillis, ConversationId), ()> {
    let (time, id) = text.split_once('.').ok_or(())?;
    Ok((UnixMillis(time.parse().map_err(|_| ())?), id.parse().map_err(|_| ())?))
}
