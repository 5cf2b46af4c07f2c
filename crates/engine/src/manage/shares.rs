//! Links that show a conversation to others, read-only and masked.
//!
//! Who has a link is let in by it and by nothing else of the asker's: what is shown was said before the link was made,
//! and is questions, answers and the names of what ran, never arguments or outputs.

use std::sync::Arc;

use errand_domain::{
    Audience, Conversation, ConversationId, ExecutionStatus, Problem, Share, ShareId, TurnStatus, UnixMillis,
    share::{SHARES_PER_CONVERSATION_MAX, check_days},
};
use errand_storage::{
    conversations, executions,
    shares::{self, TitledShare},
};
use serde::Serialize;

use super::{Change, conversations::TURNS_SHOWN_MAX};
use crate::{
    Engine, EngineError,
    access::{Ask, Caller, Manage, Permit, Scope},
    accounts::{Token, hash},
    clock::new_uuid,
    error::Result,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What an asker wants of a link; what is left out takes its default.
#[derive(Debug, Clone, Copy, Default)]
pub struct WantedShare {
    pub audience: Audience,
    pub expires_in_days: Option<u32>,
}

/// A link just made, with its token: this is the only time that it can be seen.
#[allow(missing_debug_implementations, reason = "a token must not print")]
pub struct NewShare {
    pub share: Share,
    pub token: Token,
}

/// A conversation as its readers see it.
#[derive(Debug, Clone)]
pub struct SharedConversation {
    pub guru_name: String,
    pub title: String,
    pub shared_at: UnixMillis,
    pub expires_at: UnixMillis,
    pub turns: Vec<SharedTurn>,
    /// Earlier turns that are not shown.
    pub has_earlier: bool,
}

#[derive(Debug, Clone)]
pub struct SharedTurn {
    pub question: String,
    pub answer: String,
    pub actions: Vec<SharedAction>,
    pub at: UnixMillis,
}

#[derive(Debug, Clone)]
pub struct SharedAction {
    pub name: String,
    pub status: ExecutionStatus,
}

impl Engine {
    /// Makes a link to a conversation of the caller's own.
    pub async fn share_conversation(
        &self,
        permit: &Permit<Ask>,
        id: ConversationId,
        wanted: WantedShare,
    ) -> Result<NewShare> {
        let days = check_days(wanted.expires_in_days)?;
        let conversation = self.own_conversation(permit, id).await?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let guru = errand_storage::gurus::by_id(&mut tx, permit.guru_id()).await?;
        let public_links = guru.is_some_and(|guru| guru.settings.public_links);
        if wanted.audience == Audience::Anyone && !public_links {
            return Err(no_public_links());
        }
        let existing = shares::of_conversation(&mut tx, permit.guru_id(), id, now).await?;
        if existing.len() >= SHARES_PER_CONVERSATION_MAX {
            let message = "This conversation has as many links as it may have.";
            return Err(Problem::new("too_many", message, "End one that is not needed.").into());
        }
        let share = Share {
            id: ShareId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            conversation_id: conversation.id,
            audience: wanted.audience,
            made_by: permit.caller.label().to_owned(),
            created_at: now,
            expires_at: now.plus_ms(i64::from(days) * DAY_MS),
        };
        let token = Token::random();
        shares::insert(&mut tx, permit.guru_id(), &share, hash(token.expose())).await?;
        let change = change(permit, "share.create", share.id, (None, Some(ShareShown::of(&share))));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        Ok(NewShare { share, token })
    }

    /// The links of a conversation of the caller's own, newest first.
    pub async fn list_own_shares(&self, permit: &Permit<Ask>, id: ConversationId) -> Result<Vec<Share>> {
        self.own_conversation(permit, id).await?;
        let now = self.clock().now();
        Ok(shares::of_conversation(&self.db().reader, permit.guru_id(), id, now).await?)
    }

    /// The links of all askers of the guru, newest first.
    pub async fn list_shares(&self, permit: &Permit<Manage>, limit: u32) -> Result<Vec<TitledShare>> {
        let now = self.clock().now();
        Ok(shares::list(&self.db().reader, permit.guru_id(), now, limit).await?)
    }

    /// Ends a link at once: one's own, or any for who manages the guru.
    pub async fn end_share(&self, permit: &Permit<Ask>, id: ShareId) -> Result<()> {
        let unknown = || EngineError::not_found("link", id);
        let share = shares::by_id(&self.db().reader, permit.guru_id(), id).await?.ok_or_else(unknown)?;
        if !permit.caller.may(Scope::Manage, permit.guru_id()) {
            self.own_conversation(permit, share.conversation_id).await.map_err(|_| unknown())?;
        }
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        if !shares::delete(&mut tx, permit.guru_id(), id).await? {
            return Err(unknown());
        }
        let change = change(permit, "share.revoke", id, (Some(ShareShown::of(&share)), None));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        Ok(tx.commit().await?)
    }

    /// What a link shows to this reader. Somebody who is not let in learns no more than that there is nothing for them,
    /// and who is not signed in that signing in may help; both only with a link that is good.
    pub async fn read_shared(&self, reader: Option<&Arc<Caller>>, token: &str) -> Result<SharedConversation> {
        let now = self.clock().now();
        let share = shares::by_token(&self.db().reader, hash(token), now).await?.ok_or_else(link_ended)?;
        let guru =
            errand_storage::gurus::by_id(&self.db().reader, share.guru_id).await?.ok_or_else(link_ended)?;
        let view = self.guru_view(guru.slug.as_str()).await?.ok_or_else(link_ended)?;
        let is_public = share.audience == Audience::Anyone && guru.settings.public_links;
        if !is_public {
            let reader = reader.ok_or_else(EngineError::unauthenticated)?;
            if !reader.may(Scope::Ask, share.guru_id) {
                return Err(link_ended());
            }
        }
        let (conversation, _) = conversations::by_id(&self.db().reader, share.guru_id, share.conversation_id)
            .await?
            .ok_or_else(link_ended)?;
        self.shown(&view.masker, guru.settings.name, conversation, &share).await
    }

    async fn shown(
        &self,
        masker: &errand_secrets::Masker,
        guru_name: String,
        conversation: Conversation,
        share: &Share,
    ) -> Result<SharedConversation> {
        // What was masked when it was said is masked once more: a secret may have been stored since.
        let mask = |text: &str| masker.mask_str(text).into_string();
        let db = &self.db().reader;
        let found =
            conversations::last_turns(db, share.guru_id, conversation.id, TURNS_SHOWN_MAX + 1).await?;
        let shown_max = usize::try_from(TURNS_SHOWN_MAX).unwrap_or(usize::MAX);
        let has_earlier = found.len() > shown_max;
        let mut turns = Vec::new();
        for turn in found.into_iter().skip(usize::from(has_earlier)) {
            let is_before = turn.finished_at.is_some_and(|at| at <= share.created_at);
            if turn.status == TurnStatus::Running || !is_before {
                continue;
            }
            let ran = executions::of_turn(db, share.guru_id, turn.id).await?;
            turns.push(SharedTurn {
                question: mask(&turn.question),
                answer: mask(turn.answer.as_deref().unwrap_or_default()),
                actions: ran
                    .into_iter()
                    .map(|run| SharedAction { name: run.action_name.to_string(), status: run.status })
                    .collect(),
                at: turn.created_at,
            });
        }
        Ok(SharedConversation {
            guru_name,
            title: mask(&conversation.title),
            shared_at: share.created_at,
            expires_at: share.expires_at,
            turns,
            has_earlier,
        })
    }
}

/// A link in the audit log: everything but its token.
#[derive(Serialize)]
struct ShareShown {
    conversation: String,
    audience: &'static str,
    made_by: String,
    expires_at: String,
}

impl ShareShown {
    fn of(share: &Share) -> Self {
        Self {
            conversation: share.conversation_id.to_string(),
            audience: share.audience.as_str(),
            made_by: share.made_by.clone(),
            expires_at: share.expires_at.to_rfc3339(),
        }
    }
}

fn change<'a>(
    permit: &'a Permit<Ask>,
    verb: &'static str,
    id: ShareId,
    (before, after): (Option<ShareShown>, Option<ShareShown>),
) -> Change<'a, ShareShown, ShareShown> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("share {id}"),
        guru_id: Some(permit.guru_id()),
        before,
        after,
    }
}

/// The same whether it never was, was ended, ran out, or is for others: a guess must tell nothing.
fn link_ended() -> EngineError {
    EngineError::NotFound(Problem::new(
        "link_ended",
        "This link shows nothing: it has ended, or it is not for you.",
        "Ask who sent it for a new one.",
    ))
}

fn no_public_links() -> EngineError {
    EngineError::Forbidden(Problem::new(
        "no_public_links",
        "This guru allows no links for people who are not signed in.",
        "Share with members, or ask an administrator of the guru to allow public links.",
    ))
}
