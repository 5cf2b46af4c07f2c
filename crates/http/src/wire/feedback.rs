//! Votes on answers, on the wire.

use errand_domain::Feedback;
use errand_storage::feedback::Judged;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// `up` or `down`.
    #[schema(pattern = "^(up|down)$")]
    pub vote: String,
    /// What was good or wrong; secrets in it are masked.
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeedbackReply {
    pub turn_id: String,
    /// `up` or `down`.
    pub vote: &'static str,
    pub comment: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

impl From<Feedback> for FeedbackReply {
    fn from(feedback: Feedback) -> Self {
        Self {
            turn_id: feedback.turn_id.to_string(),
            vote: feedback.vote.as_str(),
            comment: feedback.comment,
            created_at: feedback.created_at.to_rfc3339(),
            updated_at: feedback.updated_at.to_rfc3339(),
        }
    }
}

/// A vote with the question and answer that it is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgedReply {
    #[serde(flatten)]
    pub feedback: FeedbackReply,
    pub question: String,
    pub answer: Option<String>,
}

impl From<Judged> for JudgedReply {
    fn from(one: Judged) -> Self {
        Self { feedback: one.feedback.into(), question: one.question, answer: one.answer }
    }
}
