use errand_storage::{
    StorageError,
    http_replies::{self, Earlier, Reply, RequestKey},
    settings,
    write_keys::{self, Taken},
};

use crate::harness::{a_guru, at, execution_id, masked, on_both};

#[tokio::test]
async fn a_write_key_is_taken_by_one_execution() {
    on_both(async |db| {
        let (acme, other) = (a_guru(db, "acme").await?, a_guru(db, "other").await?);
        let take = async |guru, execution| {
            let mut tx = db.writer.begin().await?;
            let taken = write_keys::take(&mut tx, guru, "k", execution, at(1)).await?;
            tx.commit().await?;
            Ok::<_, StorageError>(taken)
        };
        let (one, two) = (execution_id(1), execution_id(2));
        let (first, second) = tokio::join!(take(acme, one), take(acme, two));
        let winner = write_keys::holder(&db.reader, acme, "k").await?.expect("a holder");
        let outcomes = if winner == one { [first?, second?] } else { [second?, first?] };
        assert_eq!(outcomes, [Taken::ByThis, Taken::ByOther(winner)]);
        assert_eq!(take(acme, winner).await?, Taken::ByThis);
        assert_eq!(take(other, one).await?, Taken::ByThis);

        let mut tx = db.writer.begin().await?;
        assert!(!write_keys::release(&mut tx, acme, "k", execution_id(3)).await?);
        assert!(write_keys::release(&mut tx, acme, "k", winner).await?);
        tx.commit().await?;
        assert_eq!(write_keys::holder(&db.reader, acme, "k").await?, None);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_finds_its_reply() {
    on_both(async |db| {
        let request = RequestKey { caller: "key_1", key: "abc" };
        let begin = async |caller| {
            let mut tx = db.writer.begin().await?;
            let earlier =
                http_replies::begin(&mut tx, RequestKey { caller, key: "abc" }, [7; 32], at(1)).await?;
            tx.commit().await?;
            Ok::<_, StorageError>(earlier)
        };
        assert_eq!(begin("key_1").await?, None);
        assert_eq!(begin("key_2").await?, None);
        assert_eq!(begin("key_1").await?, Some(Earlier { request_hash: [7; 32], reply: None }));
        let mut tx = db.writer.begin().await?;
        http_replies::finish(&mut tx, request, 201, masked("{}")).await?;
        http_replies::forget(&mut tx, request).await?;
        http_replies::forget(&mut tx, RequestKey { caller: "key_2", key: "abc" }).await?;
        tx.commit().await?;
        let reply = Some(Reply { status: 201, body: "{}".to_owned() });
        assert_eq!(begin("key_1").await?, Some(Earlier { request_hash: [7; 32], reply }));
        assert_eq!(begin("key_2").await?, None);
        let mut tx = db.writer.begin().await?;
        assert_eq!(http_replies::delete_before(&mut tx, at(2)).await?, 2);
        tx.commit().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn settings_are_kept_as_json() {
    on_both(async |db| {
        let mut tx = db.writer.begin().await?;
        settings::put(&mut tx, "retention_days", &30, at(1)).await?;
        settings::put(&mut tx, "retention_days", &60, at(2)).await?;
        assert!(!settings::put_if_absent(&mut tx, "retention_days", &90, at(3)).await?);
        assert!(settings::put_if_absent(&mut tx, "installation", &"x", at(3)).await?);
        tx.commit().await?;
        assert_eq!(settings::get::<u32>(&db.reader, "retention_days").await?, Some(60));
        assert_eq!(settings::get::<u32>(&db.reader, "other").await?, None);
        let odd = settings::get::<u32>(&db.reader, "installation").await;
        assert!(matches!(odd, Err(StorageError::Corrupt { what: "setting", .. })), "{odd:?}");
        let mut tx = db.writer.begin().await?;
        assert!(settings::delete(&mut tx, "installation").await?);
        assert!(!settings::delete(&mut tx, "installation").await?);
        tx.commit().await?;
        Ok(())
    })
    .await;
}
