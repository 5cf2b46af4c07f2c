//! Links that show a conversation, on the wire.

use errand_domain::{Audience, Share};
use errand_engine::manage::shares::{NewShare, SharedConversation, SharedTurn, WantedShare};
use errand_storage::shares::TitledShare;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    /// Who may read: `members` (when left out: who is signed in and may ask the guru) or `anyone` (whoever has the link,
    /// where the guru allows it).
    #[schema(pattern = "^(members|anyone)$")]
    pub audience: Option<String>,
    /// 1 to 365; 30 when left out.
    #[schema(minimum = 1, maximum = 365)]
    pub expires_in_days: Option<u32>,
}

impl ShareBody {
    pub fn read(&self) -> ApiResult<WantedShare> {
        let audience = match self.audience.as_deref() {
            None => Audience::default(),
            Some(text) => Audience::parse(text).ok_or_else(|| {
                ApiError::bad_request(
                    "bad_audience",
                    format!("`{text}` is no audience."),
                    "Choose `members` or `anyone`.",
                )
            })?,
        };
        Ok(WantedShare { audience, expires_in_days: self.expires_in_days })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShareReply {
    pub id: String,
    pub conversation_id: String,
    /// `members` or `anyone`.
    pub audience: &'static str,
    /// E-mail address of the person, or name of the key.
    pub made_by: String,
    /// What was said later is not shown.
    pub created_at: String,
    pub expires_at: String,
}

impl From<Share> for ShareReply {
    fn from(share: Share) -> Self {
        Self {
            id: share.id.to_string(),
            conversation_id: share.conversation_id.to_string(),
            audience: share.audience.as_str(),
            made_by: share.made_by,
            created_at: share.created_at.to_rfc3339(),
            expires_at: share.expires_at.to_rfc3339(),
        }
    }
}

/// A link of any asker.
#[derive(Debug, Serialize, ToSchema)]
pub struct TitledShareReply {
    #[serde(flatten)]
    pub share: ShareReply,
    /// The conversation's title.
    pub title: String,
}

impl From<TitledShare> for TitledShareReply {
    fn from(one: TitledShare) -> Self {
        Self { share: one.share.into(), title: one.title }
    }
}

/// A link just made.
#[derive(Serialize, ToSchema)]
pub struct NewShareReply {
    #[serde(flatten)]
    pub share: ShareReply,
    /// Opens the conversation; shown this once.
    pub token: String,
    /// Where it is read, below this server's address. The token stands after `#`, which browsers send to nobody.
    pub path: String,
}

impl From<NewShare> for NewShareReply {
    fn from(new: NewShare) -> Self {
        let token = new.token.expose().to_owned();
        Self { share: new.share.into(), path: format!("/shared#{token}"), token }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedBody {
    /// What stands after `#` in the link.
    #[schema(write_only)]
    pub token: String,
}

/// A conversation as its readers see it: masked, without arguments and outputs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedReply {
    pub guru_name: String,
    pub title: String,
    pub shared_at: String,
    pub expires_at: String,
    /// There were more turns before the first one.
    pub has_earlier: bool,
    /// Oldest first.
    pub turns: Vec<SharedTurnReply>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SharedTurnReply {
    pub question: String,
    /// Markdown.
    pub answer: String,
    pub actions: Vec<SharedActionReply>,
    pub at: String,
}

/// An action that ran for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedActionReply {
    pub name: String,
    pub status: &'static str,
}

impl From<SharedConversation> for SharedReply {
    fn from(shared: SharedConversation) -> Self {
        Self {
            guru_name: shared.guru_name,
            title: shared.title,
            shared_at: shared.shared_at.to_rfc3339(),
            expires_at: shared.expires_at.to_rfc3339(),
            has_earlier: shared.has_earlier,
            turns: shared.turns.into_iter().map(SharedTurnReply::from).collect(),
        }
    }
}

impl From<SharedTurn> for SharedTurnReply {
    fn from(turn: SharedTurn) -> Self {
        let actions = turn.actions.into_iter();
        Self {
            question: turn.question,
            answer: turn.answer,
            actions: actions
                .map(|one| SharedActionReply { name: one.name, status: one.status.as_str() })
                .collect(),
            at: turn.at.to_rfc3339(),
        }
    }
}
