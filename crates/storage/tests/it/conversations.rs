use errand_domain::{ApiKeyId, ConversationId, GuruId, Plan, Source, TurnId, TurnStatus, UserId};
use errand_storage::{
    Db, LedgerWrite, MaskedJson,
    conversations::{self, ConversationPage, NewConversation, NewTurn, Owner, TurnEnd},
    executions::DeadNodes,
};

use crate::harness::{TestResult, a_guru, at, masked, on_both, uuid};

pub(crate) fn new_conversation(guru: GuruId, owner: Option<Owner>, seconds: i64) -> NewConversation {
    NewConversation {
        id: ConversationId::from_uuid(uuid(seconds)),
        guru_id: guru,
        title: masked("Where is my order?"),
        source: Source::Web,
        owner,
        external_user_id: None,
        at: at(seconds),
    }
}

pub(crate) fn new_turn(conversation: &NewConversation, seconds: i64) -> NewTurn {
    NewTurn {
        id: TurnId::from_uuid(uuid(seconds)),
        guru_id: conversation.guru_id,
        conversation_id: conversation.id,
        question: masked("Where is my order?"),
        title: masked("Where is my order?"),
        source: Source::Web,
        lease_owner: "node-1".to_owned(),
        at: at(seconds),
    }
}

pub(crate) fn turn_end(turn: &NewTurn) -> Result<TurnEnd, Box<dyn std::error::Error>> {
    let plan = serde_json::to_string(&Plan::empty("embedded"))?;
    Ok(TurnEnd {
        id: turn.id,
        guru_id: turn.guru_id,
        answer: Some(masked("On its way.")),
        plan: Some(MaskedJson::new("plan", masked(&plan))?),
        status: TurnStatus::Done,
        at: turn.at.plus_ms(300),
    })
}

async fn write(db: &Db, writes: Vec<LedgerWrite>) -> TestResult {
    assert_eq!(db.writer.apply(writes).await?, errand_storage::Applied::default());
    Ok(())
}

#[tokio::test]
async fn a_conversation_keeps_its_turns_in_order() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let owner = Some(Owner::User(UserId::from_uuid(uuid(0))));
        let conversation = new_conversation(guru, owner, 1);
        write(db, vec![LedgerWrite::ConversationStarted(conversation.clone())]).await?;
        let turns: Vec<_> = (1..=4).map(|seconds| new_turn(&conversation, seconds)).collect();
        for turn in &turns {
            write(db, vec![LedgerWrite::TurnStarted(turn.clone())]).await?;
        }
        write(db, vec![LedgerWrite::TurnFinished(turn_end(&turns[2])?)]).await?;

        let last = conversations::last_turns(&db.reader, guru, conversation.id, 3).await?;
        let expect: Vec<_> = turns[1..].iter().map(|turn| turn.id).collect();
        assert_eq!(last.iter().map(|turn| turn.id).collect::<Vec<_>>(), expect);
        let done = conversations::turn(&db.reader, guru, turns[2].id).await?.expect("the turn");
        assert_eq!((done.status, done.answer.as_deref()), (TurnStatus::Done, Some("On its way.")));
        assert_eq!((done.plan, done.finished_at), (Some(Plan::empty("embedded")), Some(at(3).plus_ms(300))));
        let (found, whose) =
            conversations::by_id(&db.reader, guru, conversation.id).await?.expect("the conversation");
        assert_eq!((whose, found.updated_at, found.created_at), (owner, at(4), at(1)));

        let other = a_guru(db, "other").await?;
        assert_eq!(conversations::turn(&db.reader, other, turns[2].id).await?, None);
        assert_eq!(conversations::by_id(&db.reader, other, conversation.id).await?, None);
        let late = db.writer.apply(vec![LedgerWrite::TurnFinished(turn_end(&turns[2])?)]).await?;
        assert_eq!(late.late_turns, [turns[2].id]);

        let mut tx = db.writer.begin().await?;
        assert!(!conversations::delete(&mut tx, other, conversation.id).await?);
        assert!(conversations::delete(&mut tx, guru, conversation.id).await?);
        tx.commit().await?;
        assert_eq!(conversations::last_turns(&db.reader, guru, conversation.id, 3).await?, vec![]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn owners_see_their_own_last_changed_first() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let ana = Owner::User(UserId::from_uuid(uuid(0)));
        let key = Owner::ApiKey(ApiKeyId::from_uuid(uuid(0)));
        let all = [
            new_conversation(guru, Some(ana), 1),
            new_conversation(guru, Some(ana), 2),
            new_conversation(guru, Some(key), 3),
            new_conversation(guru, None, 4),
            new_conversation(guru, Some(ana), 2),
        ];
        write(db, all.iter().cloned().map(LedgerWrite::ConversationStarted).collect()).await?;
        write(db, vec![LedgerWrite::TurnStarted(new_turn(&all[0], 9))]).await?;

        let mut seen = Vec::new();
        let mut page = ConversationPage { after: None, limit: 2 };
        loop {
            let rows = conversations::list_own(&db.reader, guru, ana, page).await?;
            let Some(last) = rows.last() else { break };
            page.after = Some((last.updated_at, last.id));
            seen.extend(rows.iter().map(|row| row.id));
        }
        assert_eq!(seen, [all[0].id, all[4].id, all[1].id]);
        let page = ConversationPage { after: None, limit: 10 };
        let of_key = conversations::list_own(&db.reader, guru, key, page).await?;
        assert_eq!(of_key.iter().map(|row| row.id).collect::<Vec<_>>(), [all[2].id]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn turns_of_a_dead_node_fail() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let conversation = new_conversation(guru, None, 1);
        let (done, open) = (new_turn(&conversation, 1), new_turn(&conversation, 2));
        write(
            db,
            vec![
                LedgerWrite::TurnStarted(done.clone()),
                LedgerWrite::TurnStarted(open.clone()),
                LedgerWrite::TurnFinished(turn_end(&done)?),
            ],
        )
        .await?;
        let mut tx = db.writer.begin().await?;
        let none = conversations::fail_interrupted_turns(&mut tx, DeadNodes::Named("node-2"), at(9)).await?;
        let failed =
            conversations::fail_interrupted_turns(&mut tx, DeadNodes::AllBut("node-2"), at(9)).await?;
        assert_eq!((none, failed), (vec![], vec![(guru, open.id)]));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn retention_forgets_old_turns_and_empty_conversations() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let (old, used) = (new_conversation(guru, None, 1), new_conversation(guru, None, 1));
        let turns = [new_turn(&old, 1), new_turn(&used, 2), new_turn(&used, 9), new_turn(&old, 3)];
        let mut writes: Vec<_> =
            [&old, &used].into_iter().cloned().map(LedgerWrite::ConversationStarted).collect();
        for turn in &turns {
            writes.push(LedgerWrite::TurnStarted(turn.clone()));
            writes.push(LedgerWrite::TurnFinished(turn_end(turn)?));
        }
        write(db, writes).await?;
        let mut tx = db.writer.begin().await?;
        assert_eq!(conversations::count_before(&mut tx, guru, at(5)).await?, 3);
        assert_eq!(conversations::delete_before(&mut tx, guru, at(5), 2).await?, 2);
        assert_eq!(conversations::delete_before(&mut tx, guru, at(5), 2).await?, 1);
        tx.commit().await?;
        assert_eq!(conversations::by_id(&db.reader, guru, old.id).await?, None);
        let left = conversations::last_turns(&db.reader, guru, used.id, 9).await?;
        assert_eq!(left.iter().map(|turn| turn.id).collect::<Vec<_>>(), [turns[2].id]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_first_question_names_a_conversation_begun_without_one() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let conversation = NewConversation { title: masked(""), ..new_conversation(guru, None, 1) };
        let (first, second) = (new_turn(&conversation, 2), new_turn(&conversation, 3));
        let second = NewTurn { title: masked("And this?"), ..second };
        write(db, vec![LedgerWrite::ConversationStarted(conversation.clone())]).await?;
        write(db, vec![LedgerWrite::TurnStarted(first)]).await?;
        write(db, vec![LedgerWrite::TurnStarted(second)]).await?;
        let (found, _) =
            conversations::by_id(&db.reader, guru, conversation.id).await?.expect("the conversation");
        assert_eq!(found.title, "Where is my order?");
        Ok(())
    })
    .await;
}
