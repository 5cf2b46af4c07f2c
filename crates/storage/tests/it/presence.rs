//! Who is at work on a database.

use std::time::Duration;

use crate::harness::{TestResult, open};

#[tokio::test]
async fn a_process_knows_whether_it_is_alone() -> TestResult {
    let database = errand_testkit::postgres::postgres().await;
    let (first, second) = (open(&database.url).await?, open(&database.url).await?);
    let mut one = first.announce().await?;
    assert!(one.is_alone());

    // A second one waits until the first has done what only a process alone may do.
    let waiting = tokio::spawn(async move {
        let two = second.announce().await;
        (second, two)
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    one.share().await?;
    let (second, two) = waiting.await?;
    assert!(!two?.is_alone());

    // With the first gone as if it had been killed, a third is alone.
    drop(one);
    for _ in 0..100 {
        if second.announce().await?.is_alone() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a process that is gone still counts");
}

#[tokio::test]
async fn an_sqlite_file_has_one_server() -> TestResult {
    let database = errand_testkit::postgres::sqlite();
    let db = open(&database.url).await?;
    let mut presence = db.announce().await?;
    assert!(presence.is_alone());
    presence.share().await?;
    db.close().await;
    Ok(())
}
