use errand_domain::{GuruId, SecretId};
use errand_storage::{
    LedgerWrite, StorageError, gurus,
    secrets::{self, SealedSecret, SecretsUsed},
};

use crate::harness::{TestResult, a_guru, at, masked, on_both, uuid};

fn sealed(guru: GuruId, version: u32, bytes: &[u8]) -> Result<SealedSecret, Box<dyn std::error::Error>> {
    let (id, name) = (SecretId::from_uuid(uuid(1)), "SHOP_KEY".parse()?);
    Ok(SealedSecret { id, guru_id: guru, name, version, sealed: bytes.to_vec(), hosts: None })
}

async fn put(db: &errand_storage::Db, guru: GuruId, secret: &SealedSecret, seconds: i64) -> TestResult {
    let mut tx = db.writer.begin().await?;
    secrets::put(&mut tx, guru, secret, at(seconds)).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn a_secret_is_created_replaced_rewrapped_and_deleted() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let name = "SHOP_KEY".parse()?;
        assert_eq!(secrets::next_version(&db.reader, guru, &name).await?, 1);
        let first = sealed(guru, 1, &[1, 2, 3])?;
        put(db, guru, &first, 1).await?;
        assert_eq!(secrets::next_version(&db.reader, guru, &name).await?, 2);
        assert_eq!(secrets::sealed(&db.reader, guru).await?, vec![first.clone()]);

        put(db, guru, &sealed(guru, 2, &[4])?, 5).await?;
        let entries = secrets::list(&db.reader, guru).await?;
        let [entry] = entries.as_slice() else { panic!("one secret, not {entries:?}") };
        assert_eq!(
            (entry.id, entry.version, entry.created_at, entry.updated_at),
            (first.id, 2, at(1), at(5))
        );
        assert_eq!(entry.last_used_at, None);

        let mut tx = db.writer.begin().await?;
        assert!(secrets::replace_blob(&mut tx, guru, &sealed(guru, 2, &[5])?).await?);
        assert!(!secrets::replace_blob(&mut tx, guru, &sealed(guru, 1, &[6])?).await?);
        assert!(secrets::set_hosts(&mut tx, guru, &name, Some(&["api.shop.test".to_owned()]), at(6)).await?);
        tx.commit().await?;
        for (by, second) in [("orders", 7), ("late", 3)] {
            let used =
                SecretsUsed { guru_id: guru, names: vec![name.clone()], by: masked(by), at: at(second) };
            db.writer.apply(vec![LedgerWrite::SecretsUsed(used)]).await?;
        }
        let all = secrets::all_sealed(&db.reader, None, 10).await?;
        assert_eq!(all[0].sealed, vec![5]);
        assert_eq!(secrets::all_sealed(&db.reader, Some(all[0].id), 10).await?, vec![]);
        let entry = secrets::list(&db.reader, guru).await?.remove(0);
        assert_eq!((entry.last_used_at, entry.last_used_by.as_deref()), (Some(at(7)), Some("orders")));
        assert_eq!(entry.hosts, Some(vec!["api.shop.test".to_owned()]));
        assert_eq!(secrets::sealed(&db.reader, guru).await?[0].hosts, entry.hosts);

        let before = gurus::revision(&db.reader, guru).await?.expect("a revision");
        let mut tx = db.writer.begin().await?;
        assert!(secrets::delete(&mut tx, guru, &name).await?);
        assert!(!secrets::delete(&mut tx, a_guru_that_is_not(), &name).await?);
        tx.commit().await?;
        assert_eq!(secrets::count(&db.reader, guru).await?, 0);
        assert_eq!(gurus::revision(&db.reader, guru).await?, Some(before + 1));
        Ok(())
    })
    .await;
}

fn a_guru_that_is_not() -> GuruId {
    GuruId::from_uuid(uuid(99))
}

#[tokio::test]
async fn a_value_sealed_for_another_version_is_refused() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        put(db, guru, &sealed(guru, 1, &[1])?, 1).await?;
        for version in [1, 3] {
            let mut tx = db.writer.begin().await?;
            let outcome = secrets::put(&mut tx, guru, &sealed(guru, version, &[2])?, at(2)).await;
            assert!(matches!(outcome, Err(StorageError::Stale { what: "secret" })), "{outcome:?}");
        }
        Ok(())
    })
    .await;
}

#[test]
fn debug_output_shows_no_bytes() -> TestResult {
    let shown = format!("{:?}", sealed(GuruId::from_uuid(uuid(1)), 1, &[77, 78])?);
    assert_eq!(shown, "SealedSecret(SHOP_KEY v1, 2 bytes)");
    Ok(())
}
