use errand_storage::{
    Db,
    audit::{self, AuditEntry, AuditFilter, AuditPage, Verdict},
};

use crate::harness::{TestResult, at, masked, on_both, open};

fn entry(seconds: i64, object: &str) -> AuditEntry {
    AuditEntry {
        at: at(seconds),
        actor: "user_1".to_owned(),
        origin: "127.0.0.1".to_owned(),
        verb: "action.update".to_owned(),
        object: object.to_owned(),
        guru_id: None,
        before: None,
        after: Some(masked("{}")),
    }
}

async fn append(db: &Db, entry: AuditEntry) -> TestResult {
    let mut tx = db.writer.begin().await?;
    audit::append(&mut tx, entry).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn concurrent_appends_form_one_chain() {
    on_both(async |db| {
        assert!(matches!(audit::verify(&db.reader).await?, Verdict::Intact(head) if head.seq == 0));
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..8 {
            let db = db.clone();
            tasks.spawn(async move {
                for turn in 0..5 {
                    append(&db, entry(turn, &format!("{writer}/{turn}")))
                        .await
                        .map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            });
        }
        for outcome in tasks.join_all().await {
            outcome?;
        }
        let head = audit::head(&db.reader).await?;
        assert_eq!(head.seq, 40);
        assert_eq!(audit::verify(&db.reader).await?, Verdict::Intact(head));
        let page = AuditPage { guru_id: None, before: Some(3), limit: 10 };
        let rows = audit::list(&db.reader, page, &AuditFilter::default()).await?;
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 1]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn filters_show_what_they_say() {
    on_both(async |db| {
        append(db, entry(1, "action refund")).await?;
        append(db, AuditEntry { verb: "action_x.update".to_owned(), ..entry(2, "secret KEY_1") }).await?;
        append(
            db,
            AuditEntry {
                actor: "bo".to_owned(),
                verb: "action.delete".to_owned(),
                ..entry(3, "action Refund 100%")
            },
        )
        .await?;
        let check = async |filter: AuditFilter, expect: &[i64]| {
            let page = AuditPage { guru_id: None, before: None, limit: 10 };
            let rows = audit::list(&db.reader, page, &filter).await.expect("rows");
            assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), expect, "{filter:?}");
        };
        let none = AuditFilter::default;
        let text = |text: &str| Some(text.to_owned());
        check(none(), &[3, 2, 1]).await;
        check(AuditFilter { actor: text("bo"), ..none() }, &[3]).await;
        check(AuditFilter { verb: text("action"), ..none() }, &[3, 1]).await;
        check(AuditFilter { verb: text("action.update"), ..none() }, &[1]).await;
        check(AuditFilter { object: text("refund"), ..none() }, &[3, 1]).await;
        check(AuditFilter { object: text("100%"), ..none() }, &[3]).await;
        check(AuditFilter { object: text("KEY_"), verb: text("action_x"), ..none() }, &[2]).await;
        check(AuditFilter { object: text("%"), actor: text("user_1"), ..none() }, &[]).await;
        Ok(())
    })
    .await;
}

/// Three entries, then a change behind storage's back.
async fn check(tampering: &'static str, expect: i64) {
    for database in errand_testkit::databases().await {
        let db = open(&database.url).await.expect("a fresh database opens");
        for seconds in 1..=3 {
            append(&db, entry(seconds, "x")).await.expect("an entry is appended");
        }
        database.execute(tampering).await;
        let verdict = audit::verify(&db.reader).await.expect("the log is walked");
        assert_eq!(verdict, Verdict::Broken { seq: expect }, "{}: {tampering}", database.kind);
        db.close().await;
    }
}

#[tokio::test]
async fn tampering_shows() {
    check("UPDATE audit_log SET actor = 'user_2' WHERE seq = 2", 2).await;
    check("UPDATE audit_log SET before_json = '' WHERE seq = 3", 3).await;
    check("DELETE FROM audit_log WHERE seq = 2", 2).await;
    check("DELETE FROM audit_log WHERE seq = 3", 3).await;
    check("UPDATE audit_head SET seq = 2", 3).await;
}

#[test]
fn the_hash_tells_fields_apart() {
    let hash = |entry: &AuditEntry| audit::chain_hash([0; 32], 1, entry);
    let base = entry(1, "x");
    let moved = AuditEntry { verb: format!("{}x", base.verb), object: String::new(), ..base.clone() };
    let empty = AuditEntry { before: Some(masked("")), ..base.clone() };
    assert_eq!(hash(&base), hash(&base.clone()));
    assert_ne!(hash(&base), hash(&moved));
    assert_ne!(hash(&base), hash(&empty));
    assert_ne!(hash(&base), audit::chain_hash([0; 32], 2, &base));
    assert_ne!(hash(&base), audit::chain_hash([1; 32], 1, &base));
}
