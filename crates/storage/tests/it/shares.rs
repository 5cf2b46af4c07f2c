use errand_domain::{Audience, Share, ShareId};
use errand_storage::{
    LedgerWrite, conversations,
    shares::{self, TitledShare},
};

use crate::{
    conversations::new_conversation,
    harness::{a_guru, at, on_both, uuid},
};

#[tokio::test]
async fn a_link_is_found_by_its_token_until_it_ends() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let other = a_guru(db, "other").await?;
        let conversation = new_conversation(guru, None, 1);
        db.writer.apply(vec![LedgerWrite::ConversationStarted(conversation.clone())]).await?;
        let share = |second, audience| Share {
            id: ShareId::from_uuid(uuid(second)),
            guru_id: guru,
            conversation_id: conversation.id,
            audience,
            made_by: "ana@acme.test".to_owned(),
            created_at: at(second),
            expires_at: at(second + 100),
        };
        let (first, second) = (share(1, Audience::Members), share(2, Audience::Anyone));
        let mut tx = db.writer.begin().await?;
        shares::insert(&mut tx, guru, &first, [1; 32]).await?;
        shares::insert(&mut tx, guru, &second, [2; 32]).await?;
        tx.commit().await?;
        assert_eq!(shares::by_token(&db.reader, [1; 32], at(50)).await?, Some(first.clone()));
        assert_eq!(shares::by_token(&db.reader, [1; 32], at(101)).await?, None);
        assert_eq!(shares::by_token(&db.reader, [3; 32], at(50)).await?, None);
        assert_eq!(shares::by_id(&db.reader, other, first.id).await?, None);
        let of_conversation = shares::of_conversation(&db.reader, guru, conversation.id, at(50)).await?;
        assert_eq!(of_conversation, [second.clone(), first.clone()]);
        let titled = TitledShare { share: second.clone(), title: "Where is my order?".to_owned() };
        assert_eq!(shares::list(&db.reader, guru, at(101), 9).await?, [titled]);
        assert_eq!(shares::list(&db.reader, other, at(0), 9).await?, vec![]);

        let mut tx = db.writer.begin().await?;
        assert!(!shares::delete(&mut tx, other, first.id).await?);
        assert!(shares::delete(&mut tx, guru, first.id).await?);
        assert_eq!(shares::delete_expired(&mut tx, at(101)).await?, 0);
        conversations::delete(&mut tx, guru, conversation.id).await?;
        tx.commit().await?;
        assert_eq!(shares::by_token(&db.reader, [2; 32], at(50)).await?, None, "its conversation is gone");
        Ok(())
    })
    .await;
}
