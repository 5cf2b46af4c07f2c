use errand_domain::{ActionId, GuruId, GuruSettings};
use errand_storage::{
    StorageError,
    actions::{self, NewAction},
    gurus,
};

use crate::harness::{a_guru, an_action, at, on_both, spec, uuid};

#[tokio::test]
async fn a_guru_is_kept_changed_and_deleted_with_all_it_has() {
    on_both(async |db| {
        let id = a_guru(db, "acme").await?;
        let Err(StorageError::Conflict { what }) = gurus_insert_again(db).await else {
            panic!("a second `acme`")
        };
        assert_eq!(what, "a guru with this slug");

        let settings = GuruSettings { name: "Acme Care".to_owned(), ..GuruSettings::default() };
        let mut tx = db.writer.begin().await?;
        assert!(gurus::update_settings(&mut tx, id, &settings, at(5)).await?);
        assert!(!gurus::update_settings(&mut tx, GuruId::from_uuid(uuid(9)), &settings, at(5)).await?);
        tx.commit().await?;
        let found = gurus::by_slug(&db.reader, &"acme".parse()?).await?.expect("the guru");
        assert_eq!((found.settings, found.updated_at, found.created_at), (settings, at(5), at(0)));
        assert_eq!(gurus::revision(&db.reader, id).await?, Some(2));

        an_action(db, id, "orders").await?;
        assert_eq!(gurus::revision(&db.reader, id).await?, Some(3));
        let mut tx = db.writer.begin().await?;
        assert!(gurus::delete(&mut tx, id).await?);
        assert!(!gurus::delete(&mut tx, id).await?);
        tx.commit().await?;
        assert_eq!(gurus::list(&db.reader).await?, vec![]);
        assert_eq!(gurus::revision(&db.reader, id).await?, None);
        Ok(())
    })
    .await;
}

async fn gurus_insert_again(db: &errand_storage::Db) -> Result<(), StorageError> {
    let mut again = gurus::list(&db.reader).await?.remove(0);
    again.id = GuruId::from_uuid(uuid(2));
    let mut tx = db.writer.begin().await?;
    gurus::insert(&mut tx, &again).await
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_sees_its_own_writes() {
    on_both(async |db| {
        let id = a_guru(db, "acme").await?;
        let mut tx = db.writer.begin().await?;
        gurus::update_settings(&mut tx, id, &GuruSettings::default(), at(5)).await?;
        assert_eq!(gurus::revision(&mut tx, id).await?, Some(2));
        assert_eq!(gurus::revision(&db.reader, id).await?, Some(1));
        drop(tx);
        assert_eq!(gurus::revision(&db.reader, id).await?, Some(1));
        Ok(())
    })
    .await;
}

/// Counting and inserting under the lock: of eight that see room for one more, one gets in.
#[tokio::test]
async fn a_limit_holds_when_many_insert_at_once() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..8 {
            let (db, spec) = (db.clone(), spec(&format!("orders_{number}"))?);
            tasks.spawn(async move {
                let mut tx = db.writer.begin().await?;
                assert!(gurus::lock(&mut tx, guru).await?);
                if actions::count(&mut tx, guru).await? < 1 {
                    let id = ActionId::from_uuid(uuid(number));
                    actions::insert(
                        &mut tx,
                        guru,
                        NewAction { id, spec: &spec, author: "ana@acme.test", at: at(1) },
                    )
                    .await?;
                }
                tx.commit().await
            });
        }
        tasks.join_all().await.into_iter().collect::<Result<Vec<()>, _>>()?;
        assert_eq!(actions::count(&db.reader, guru).await?, 1);
        Ok(())
    })
    .await;
}
