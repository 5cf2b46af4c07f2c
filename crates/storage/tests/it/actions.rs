use errand_domain::{ActionId, ActionSpec};
use errand_storage::{
    StorageError,
    actions::{self, ActionChange, ActionVectors, Enablement, NewAction, VersionEntry},
    gurus,
};

use crate::harness::{a_guru, an_action, at, on_both, spec, uuid};

#[tokio::test]
async fn an_action_is_kept_with_all_its_versions() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        assert_eq!((action.version, action.enabled, action.tested_version), (1, false, None));
        assert_eq!(*action.spec, spec("orders")?);

        let changed =
            ActionSpec { trigger: "When the user asks for a parcel".to_owned(), ..spec("parcels")? };
        let change =
            ActionChange { id: action.id, version: 1, spec: &changed, author: "ana@acme.test", at: at(9) };
        let mut tx = db.writer.begin().await?;
        assert_eq!(actions::update(&mut tx, guru, change).await?, 2);
        let Err(StorageError::Stale { what: "action" }) = actions::update(&mut tx, guru, change).await else {
            panic!("a change of version 1, twice")
        };
        tx.commit().await?;

        assert_eq!(actions::by_name(&db.reader, guru, &"orders".parse()?).await?, None);
        let found =
            actions::by_name(&db.reader, guru, &"parcels".parse()?).await?.expect("the renamed action");
        assert_eq!(
            (found.version, found.updated_at, found.created_at, &*found.spec),
            (2, at(9), at(1), &changed)
        );
        let entry = |version, seconds| VersionEntry {
            version,
            author: Some("ana@acme.test".to_owned()),
            created_at: at(seconds),
        };
        let version = async |number| actions::version(&db.reader, guru, action.id, number).await;
        assert_eq!(version(1).await?, Some((spec("orders")?, entry(1, 1))));
        assert_eq!(version(2).await?, Some((changed, entry(2, 9))));
        assert_eq!(version(3).await?, None);
        let list = async |before, limit| actions::versions(&db.reader, guru, action.id, before, limit).await;
        assert_eq!(list(None, 10).await?, vec![entry(2, 9), entry(1, 1)]);
        assert_eq!(list(None, 1).await?, vec![entry(2, 9)]);
        assert_eq!(list(Some(2), 10).await?, vec![entry(1, 1)]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn enabling_testing_and_deleting_are_noted() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let id = an_action(db, guru, "orders").await?.id;
        let before = gurus::revision(&db.reader, guru).await?.expect("a revision");
        let mut tx = db.writer.begin().await?;
        assert!(actions::set_tested(&mut tx, guru, id, 1).await?);
        assert!(!actions::set_tested(&mut tx, guru, id, 1).await?);
        assert!(actions::set_enabled(&mut tx, guru, id, Enablement::Enabled, at(2)).await?);
        tx.commit().await?;
        let action = actions::by_id(&db.reader, guru, id).await?.expect("the action");
        assert_eq!((action.enabled, action.tested_version, action.updated_at), (true, Some(1), at(2)));
        assert_eq!(gurus::revision(&db.reader, guru).await?, Some(before + 2));

        let reason = Some("Secret `SHOP_KEY` was deleted".to_owned());
        let mut tx = db.writer.begin().await?;
        actions::set_enabled(&mut tx, guru, id, Enablement::Disabled { reason: reason.clone() }, at(3))
            .await?;
        tx.commit().await?;
        let action = actions::by_id(&db.reader, guru, id).await?.expect("the action");
        assert_eq!((action.enabled, action.disabled_reason), (false, reason));

        let mut tx = db.writer.begin().await?;
        assert!(actions::delete(&mut tx, guru, id).await?);
        assert!(!actions::delete(&mut tx, guru, id).await?);
        tx.commit().await?;
        assert_eq!(actions::list(&db.reader, guru).await?, vec![]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn another_guru_sees_and_changes_nothing() {
    on_both(async |db| {
        let (acme, other) = (a_guru(db, "acme").await?, a_guru(db, "other").await?);
        let action = an_action(db, acme, "orders").await?;
        an_action(db, other, "orders").await?;
        assert_eq!(actions::by_id(&db.reader, other, action.id).await?, None);
        assert_eq!(actions::version(&db.reader, other, action.id, 1).await?, None);
        assert_eq!(actions::versions(&db.reader, other, action.id, None, 10).await?, vec![]);
        assert_eq!(
            (actions::count(&db.reader, acme).await?, actions::count(&db.reader, other).await?),
            (1, 1)
        );
        let mut tx = db.writer.begin().await?;
        assert!(!actions::set_enabled(&mut tx, other, action.id, Enablement::Enabled, at(2)).await?);
        assert!(!actions::set_tested(&mut tx, other, action.id, 1).await?);
        assert!(!actions::delete(&mut tx, other, action.id).await?);
        let change = ActionChange {
            id: action.id,
            version: 1,
            spec: &action.spec,
            author: "ana@acme.test",
            at: at(2),
        };
        assert!(actions::update(&mut tx, other, change).await.is_err());
        tx.commit().await?;
        assert_eq!(actions::by_id(&db.reader, acme, action.id).await?, Some(action));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_name_is_taken_once_per_guru() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        an_action(db, guru, "orders").await?;
        let mut tx = db.writer.begin().await?;
        let again = NewAction {
            id: ActionId::from_uuid(uuid(2)),
            spec: &spec("orders")?,
            author: "ana@acme.test",
            at: at(2),
        };
        let Err(StorageError::Conflict { what }) = actions::insert(&mut tx, guru, again).await else {
            panic!("a second `orders`")
        };
        assert_eq!(what, "an action with this name");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_secret_knows_its_actions_and_vectors_fit_the_version() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let key = "SHOP_KEY".parse()?;
        let users = actions::using_secret(&db.reader, guru, &key).await?;
        assert_eq!(users, vec![(action.id, "orders".parse()?)]);

        let vectors = ActionVectors { action_id: action.id, version: 1, bytes: vec![0, 1, 255] };
        let mut tx = db.writer.begin().await?;
        actions::put_vectors(&mut tx, guru, "small", vectors.clone()).await?;
        actions::put_vectors(&mut tx, guru, "small", vectors.clone()).await?;
        tx.commit().await?;
        assert_eq!(actions::vectors(&db.reader, guru, "small").await?, vec![vectors]);
        assert_eq!(actions::vectors(&db.reader, guru, "large").await?, vec![]);

        let python = serde_json::json!({"version": 1, "name": "orders", "trigger": "When asked",
            "run": {"type": "python", "code": "print(1)", "secrets": ["OTHER_KEY"]}});
        let python = errand_domain::action_file::ActionFile::from_value(python)?
            .check(&errand_domain::limits::Limits::default())?;
        let mut tx = db.writer.begin().await?;
        let change =
            ActionChange { id: action.id, version: 1, spec: &python, author: "ana@acme.test", at: at(2) };
        actions::update(&mut tx, guru, change).await?;
        tx.commit().await?;
        assert_eq!(actions::using_secret(&db.reader, guru, &key).await?, vec![]);
        assert_eq!(actions::using_secret(&db.reader, guru, &"OTHER_KEY".parse()?).await?.len(), 1);
        assert_eq!(actions::vectors(&db.reader, guru, "small").await?, vec![]);
        Ok(())
    })
    .await;
}
