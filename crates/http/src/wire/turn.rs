//! Questions, answers and conversations on the wire.

use errand_domain::Conversation;
use errand_engine::manage::conversations::TurnDetails;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{execution::Reference, feedback::FeedbackReply, plan::PlanReply};

/// A question to a guru.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    #[schema(min_length = 1, max_length = 8000)]
    pub question: String,
    /// Stream the answer: text chunks, or typed events with `Accept: text/event-stream`.
    #[serde(default)]
    pub stream: bool,
    /// The conversation to go on with, as an earlier answer gave it.
    pub session_id: Option<String>,
    /// Your own name for the asker; kept with the conversation, never used as identity.
    #[schema(max_length = 200)]
    pub external_user_id: Option<String>,
    /// Give the latest answer to the same question in this session again instead of asking anew.
    #[serde(default)]
    pub fetch_existing: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerReply {
    /// The guru's slug.
    pub slug: String,
    /// The answer, in Markdown.
    pub content: String,
    pub question: String,
    pub date_updated: String,
    /// The actions that the answer rests on.
    pub references: Vec<Reference>,
    pub session_id: String,
    pub turn_id: String,
}

/// A question to plan for, without running anything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    #[schema(min_length = 1, max_length = 8000)]
    pub question: String,
    pub session_id: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnBody {
    #[schema(min_length = 1, max_length = 8000)]
    pub question: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TurnStarted {
    pub turn_id: String,
    pub conversation_id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TurnReply {
    pub id: String,
    pub conversation_id: String,
    pub question: String,
    /// Null while it is being answered.
    pub answer: Option<String>,
    /// `running`, `done`, `failed` or `cancelled`.
    pub status: &'static str,
    pub plan: Option<PlanReply>,
    pub references: Vec<Reference>,
    /// What the caller thinks of the answer; null without a vote.
    pub feedback: Option<FeedbackReply>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

impl From<TurnDetails> for TurnReply {
    fn from(details: TurnDetails) -> Self {
        let turn = details.turn;
        Self {
            id: turn.id.to_string(),
            conversation_id: turn.conversation_id.to_string(),
            question: turn.question,
            answer: turn.answer,
            status: turn.status.as_str(),
            plan: turn.plan.map(PlanReply::from),
            references: details.executions.into_iter().map(Reference::from).collect(),
            feedback: details.feedback.map(FeedbackReply::from),
            created_at: turn.created_at.to_rfc3339(),
            finished_at: turn.finished_at.map(errand_domain::UnixMillis::to_rfc3339),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationReply {
    pub id: String,
    /// The first question, shortened.
    pub title: String,
    pub created_at: String,
    pub updated_at: String,
}

impl From<Conversation> for ConversationReply {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            title: conversation.title,
            created_at: conversation.created_at.to_rfc3339(),
            updated_at: conversation.updated_at.to_rfc3339(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationStory {
    #[serde(flatten)]
    pub conversation: ConversationReply,
    /// Oldest first.
    pub turns: Vec<TurnReply>,
}
