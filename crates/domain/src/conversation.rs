//! Questions and answers in sequence.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, GuruId, Plan, Source, TurnId, UnixMillis, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    pub guru_id: GuruId,
    /// The first question, shortened.
    pub title: String,
    pub source: Source,
    pub user_id: Option<UserId>,
    /// The caller's own name for the asker (REST `external_user_id`); never used for identity.
    pub external_user_id: Option<String>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnStatus {
    Running,
    Done,
    Failed,
    Cancelled,
}

impl TurnStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// One question with its answer; both masked.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub id: TurnId,
    pub guru_id: GuruId,
    pub conversation_id: ConversationId,
    pub question: String,
    pub answer: Option<String>,
    pub plan: Option<Plan>,
    pub status: TurnStatus,
    pub source: Source,
    pub created_at: UnixMillis,
    pub finished_at: Option<UnixMillis>,
}
