use errand_domain::{ApiKeyId, Feedback, UserId, Vote};
use errand_storage::{
    Db, LedgerWrite,
    analytics::Range,
    conversations::{self, Owner},
    feedback::{self, FeedbackPage, NewFeedback, Votes},
};

use crate::{
    conversations::{new_conversation, new_turn, turn_end},
    harness::{TestResult, a_guru, at, masked, on_both, uuid},
};

async fn put(db: &Db, guru: errand_domain::GuruId, new: NewFeedback) -> TestResult {
    let mut tx = db.writer.begin().await?;
    feedback::put(&mut tx, guru, new).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn each_asker_has_one_vote_per_answer_and_may_change_it() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let (ana, key) =
            (Owner::User(UserId::from_uuid(uuid(0))), Owner::ApiKey(ApiKeyId::from_uuid(uuid(0))));
        let conversation = new_conversation(guru, Some(ana), 1);
        let turns = [new_turn(&conversation, 1), new_turn(&conversation, 2)];
        let mut writes = vec![LedgerWrite::ConversationStarted(conversation.clone())];
        for turn in &turns {
            writes.push(LedgerWrite::TurnStarted(turn.clone()));
            writes.push(LedgerWrite::TurnFinished(turn_end(turn)?));
        }
        db.writer.apply(writes).await?;
        let new = |turn: usize, voter, vote, comment: Option<&str>, second| NewFeedback {
            turn_id: turns[turn].id,
            voter,
            vote,
            comment: comment.map(masked),
            at: at(second),
        };
        put(db, guru, new(0, ana, Vote::Down, Some("wrong order"), 10)).await?;
        put(db, guru, new(0, ana, Vote::Up, None, 11)).await?;
        put(db, guru, new(0, key, Vote::Down, Some("too long"), 12)).await?;
        put(db, guru, new(1, ana, Vote::Down, None, 13)).await?;
        let first = Feedback {
            turn_id: turns[0].id,
            vote: Vote::Up,
            comment: None,
            created_at: at(10),
            updated_at: at(11),
        };
        assert_eq!(feedback::own(&db.reader, guru, turns[0].id, ana).await?, Some(first.clone()));
        let of_turn = feedback::of_turn(&db.reader, guru, turns[0].id).await?;
        assert_eq!(of_turn.iter().map(|one| one.vote).collect::<Vec<_>>(), [Vote::Up, Vote::Down]);
        let own = feedback::own_of_conversation(&db.reader, guru, conversation.id, ana).await?;
        assert_eq!(own.iter().map(|one| one.vote).collect::<Vec<_>>(), [Vote::Up, Vote::Down]);

        let page = |vote, before, limit| FeedbackPage { vote, before, limit };
        let down = feedback::list(&db.reader, guru, page(Some(Vote::Down), None, 9)).await?;
        let shown: Vec<_> =
            down.iter().map(|one| (one.feedback.turn_id, one.feedback.comment.as_deref())).collect();
        assert_eq!(shown, [(turns[1].id, None), (turns[0].id, Some("too long"))]);
        assert_eq!(down[0].answer.as_deref(), Some("On its way."));
        let rest = feedback::list(&db.reader, guru, page(None, Some(turns[1].id), 9)).await?;
        assert_eq!(rest.len(), 2);

        let all = Range { from: at(0), to: at(100) };
        assert_eq!(feedback::count(&db.reader, guru, all).await?, Votes { up: 1, down: 2 });
        let none = Range { from: at(50), to: at(100) };
        assert_eq!(feedback::count(&db.reader, guru, none).await?, Votes::default());
        assert_eq!(feedback::count(&db.reader, a_guru(db, "other").await?, all).await?, Votes::default());

        let mut tx = db.writer.begin().await?;
        assert!(feedback::delete(&mut tx, guru, turns[1].id, ana).await?);
        assert!(!feedback::delete(&mut tx, guru, turns[1].id, ana).await?);
        conversations::delete(&mut tx, guru, conversation.id).await?;
        tx.commit().await?;
        assert_eq!(feedback::of_turn(&db.reader, guru, turns[0].id).await?, vec![]);
        Ok(())
    })
    .await;
}
