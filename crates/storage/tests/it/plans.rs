//! Every filter of the history walks an index: a list that reads the whole table is quick in a test and dead in a year.

use errand_domain::{ActionId, ExecutionStatus, GuruId, Source};
use errand_storage::{
    Db, LedgerWrite,
    executions::{self, ExecutionFilter, ExecutionPage, NewExecution},
};
use errand_testkit::TestDatabase;

use crate::harness::{TestResult, a_guru, an_action, at, end_of, execution_id, new_execution, open, uuid};

const ROWS: i64 = 4_000;

/// Two gurus' history, ended in all ways, of many actions; the planner's statistics are fresh.
async fn fill(db: &Db, database: &TestDatabase) -> Result<(GuruId, ActionId), Box<dyn std::error::Error>> {
    let (acme, other) = (a_guru(db, "acme").await?, a_guru(db, "other").await?);
    let action = an_action(db, acme, "orders").await?;
    let other_actions: Vec<_> = (0..20).map(|_| ActionId::from_uuid(uuid(2))).collect();
    let mut writes = Vec::new();
    for number in 0..ROWS {
        let place = usize::try_from(number)?;
        let base = new_execution(&action, number)?;
        let new = NewExecution {
            guru_id: if number % 4 == 0 { other } else { acme },
            action_id: if number % 21 == 0 { action.id } else { other_actions[place % 20] },
            source: Source::ALL[place % 13],
            ..base
        };
        let status = ExecutionStatus::ALL[2 + place % 6];
        writes.push(LedgerWrite::ExecutionFinished(end_of(&new, status)));
        writes.push(LedgerWrite::ExecutionStarted(new));
    }
    db.writer.apply(writes).await?;
    database.execute("ANALYZE").await;
    Ok((acme, action.id))
}

async fn check(db: &Db, guru: GuruId, filter: ExecutionFilter) -> TestResult {
    for after in [None, Some(execution_id(ROWS / 2))] {
        let page = ExecutionPage { after, limit: 50 };
        let plan = executions::explain(&db.reader, guru, &filter, page).await?;
        let scans = |line: &String| line.contains("Seq Scan") || line.contains("SCAN executions");
        assert!(!plan.iter().any(scans), "{filter:?} reads the whole table:\n{}", plan.join("\n"));
        let sorts = |line: &String| line.contains("Sort  ") || line.contains("TEMP B-TREE");
        let merges = filter.statuses.len() > 1;
        assert!(merges || !plan.iter().any(sorts), "{filter:?} sorts:\n{}", plan.join("\n"));
        assert_eq!(executions::list(&db.reader, guru, &filter, page).await?.len(), 50, "{filter:?}");
    }
    Ok(())
}

#[tokio::test]
async fn every_filter_walks_an_index() {
    for database in errand_testkit::databases().await {
        let outcome = async {
            let db = open(&database.url).await?;
            let (guru, action) = fill(&db, &database).await?;
            let none = ExecutionFilter::default;
            check(&db, guru, none()).await?;
            check(&db, guru, ExecutionFilter { action: Some(action), ..none() }).await?;
            check(&db, guru, ExecutionFilter { source: Some(Source::Web), ..none() }).await?;
            check(&db, guru, ExecutionFilter { statuses: vec![ExecutionStatus::Failed], ..none() }).await?;
            let bad = vec![ExecutionStatus::Failed, ExecutionStatus::TimedOut, ExecutionStatus::Unknown];
            check(&db, guru, ExecutionFilter { statuses: bad, ..none() }).await?;
            check(&db, guru, ExecutionFilter { from: Some(at(100)), to: Some(at(3_900)), ..none() }).await?;
            check(&db, guru, ExecutionFilter { text: Some("ORDER".to_owned()), ..none() }).await?;
            db.close().await;
            TestResult::Ok(())
        };
        if let Err(error) = outcome.await {
            panic!("on {}: {error}", database.kind);
        }
    }
}
