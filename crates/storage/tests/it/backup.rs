use errand_storage::gurus;

use crate::harness::{TestResult, a_guru, on_both, open};

#[tokio::test]
async fn a_copy_holds_what_is_committed_and_nobody_waits_for_it() {
    on_both(async |db| {
        a_guru(db, "kept").await?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("copy.db");
        if db.kind() != "sqlite" {
            assert_eq!(db.sqlite_bytes().await?, None);
            assert!(db.back_up_to(&path).await.is_err());
            return Ok(());
        }
        // A writer in the middle of its work is neither waited for nor copied.
        let mut tx = db.writer.begin().await?;
        let id = gurus::list(&mut tx).await?[0].id;
        assert!(gurus::delete(&mut tx, id).await?);
        db.back_up_to(&path).await?;
        tx.commit().await?;

        let bytes = db.sqlite_bytes().await?.unwrap_or_default();
        assert!((1..=2 * bytes).contains(&std::fs::metadata(&path)?.len()));
        let copy = open(&format!("sqlite:{}", path.display())).await?;
        let slugs: Vec<_> =
            gurus::list(&copy.reader).await?.into_iter().map(|guru| guru.slug.to_string()).collect();
        copy.close().await;
        assert_eq!(slugs, ["kept"]);
        assert!(db.back_up_to(&path).await.is_err(), "nothing is written over");
        TestResult::Ok(())
    })
    .await;
}
