//! Votes on answers: each asker has one per answer, and may change it.

use errand_domain::{Feedback, Problem, TurnId, TurnStatus, Vote, feedback::check_comment};
use errand_storage::feedback::{self, FeedbackPage, Judged, NewFeedback};

use crate::{
    Engine, EngineError,
    access::{Ask, Manage, Permit},
    error::Result,
};

impl Engine {
    /// Keeps what the asker thinks of an answer of their own, in place of what they thought before.
    pub async fn vote(
        &self,
        permit: &Permit<Ask>,
        turn_id: TurnId,
        vote: Vote,
        comment: Option<&str>,
    ) -> Result<Feedback> {
        let comment = check_comment(comment)?;
        let turn = self.own_turn(permit, turn_id).await?.turn;
        if turn.status == TurnStatus::Running {
            return Err(EngineError::Conflict(Problem::new(
                "still_running",
                "This question is still being answered.",
                "Vote once the answer is there.",
            )));
        }
        let new = NewFeedback {
            turn_id,
            voter: permit.owner(),
            vote,
            comment: comment.map(|text| permit.guru.masker.mask_str(text)),
            at: self.clock().now(),
        };
        let mut tx = self.db().writer.begin().await?;
        feedback::put(&mut tx, permit.guru_id(), new).await?;
        let kept = feedback::own(&mut tx, permit.guru_id(), turn_id, permit.owner()).await?;
        tx.commit().await?;
        kept.ok_or_else(|| EngineError::not_found("turn", turn_id))
    }

    /// Takes the asker's vote back; without one, nothing changes.
    pub async fn take_vote_back(&self, permit: &Permit<Ask>, turn_id: TurnId) -> Result<()> {
        self.own_turn(permit, turn_id).await?;
        let mut tx = self.db().writer.begin().await?;
        feedback::delete(&mut tx, permit.guru_id(), turn_id, permit.owner()).await?;
        Ok(tx.commit().await?)
    }

    /// A page of votes with their questions and answers, newest answer first, with the next page's cursor.
    pub async fn list_feedback(
        &self,
        permit: &Permit<Manage>,
        page: FeedbackPage,
    ) -> Result<(Vec<Judged>, Option<TurnId>)> {
        let items = feedback::list(&self.db().reader, permit.guru_id(), page).await?;
        let full = items.len() == usize::try_from(page.limit).unwrap_or(usize::MAX);
        let next = items.last().filter(|_| full).map(|last| last.feedback.turn_id);
        Ok((items, next))
    }
}
