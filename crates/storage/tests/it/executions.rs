use std::collections::BTreeSet;

use errand_domain::{ActionId, EndReason, Ending, ExecutionStatus, Source};
use errand_storage::{
    Db,
    executions::{
        self, Begin, DeadNodes, ExecutionEnd, ExecutionFilter, ExecutionPage, Fence, LISTED_OUTPUT_CHARS,
        NewExecution,
    },
    write_keys,
};

use crate::harness::{
    TestResult, a_guru, an_action, at, end_of, execution_id, ids, masked, new_execution, on_both, start, uuid,
};

async fn finish(db: &Db, end: ExecutionEnd) -> Result<bool, errand_storage::StorageError> {
    let mut tx = db.writer.begin().await?;
    let counted = executions::finish(&mut tx, end).await?;
    tx.commit().await?;
    Ok(counted)
}

#[tokio::test]
async fn an_execution_is_read_back_as_it_was_written() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let new = new_execution(&action, 5)?;
        start(db, &new).await?;
        let running = executions::by_id(&db.reader, guru, new.id).await?.expect("the execution");
        assert_eq!(
            (running.status, running.started_at, running.finished_at),
            (ExecutionStatus::Running, Some(at(5)), None)
        );
        assert_eq!(serde_json::to_string(&running.arguments)?, r#"{"order_id":"12345"}"#);
        assert_eq!(
            (running.action_name.as_str(), running.question.as_str()),
            ("orders", "Where is my order?")
        );

        assert!(finish(db, end_of(&new, ExecutionStatus::Succeeded)).await?);
        assert!(!finish(db, end_of(&new, ExecutionStatus::Failed)).await?);
        let ended = executions::by_id(&db.reader, guru, new.id).await?.expect("the execution");
        assert_eq!((ended.status, ended.duration_us), (ExecutionStatus::Succeeded, Some(250_000)));
        assert_eq!(ended.output.as_deref(), Some("{\"status\":\"on its way\"}"));
        assert_eq!(executions::by_id(&db.reader, a_guru(db, "other").await?, new.id).await?, None);

        let last = executions::last_runs(&db.reader, guru).await?;
        assert_eq!(
            last.iter().map(|run| (run.action_id, run.execution_id)).collect::<Vec<_>>(),
            [(action.id, new.id)]
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn how_a_script_ended_is_kept() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        for (number, reason) in (1..).zip(EndReason::ALL) {
            let new = new_execution(&action, number)?;
            start(db, &new).await?;
            let ending = Some(Ending { reason, exit_code: Some(3), line: Some(7) });
            assert!(finish(db, ExecutionEnd { ending, ..end_of(&new, ExecutionStatus::Failed) }).await?);
            let ended = executions::by_id(&db.reader, guru, new.id).await?.expect("the execution");
            assert_eq!(ended.ending, ending);
        }
        let page = ExecutionPage { after: None, limit: 50 };
        let listed = executions::list(&db.reader, guru, &ExecutionFilter::default(), page).await?;
        assert_eq!(
            listed.iter().filter(|execution| execution.ending.is_some()).count(),
            EndReason::ALL.len()
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn eight_claimers_get_one_lease_and_old_leases_count_for_nothing() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let new = NewExecution { begin: Begin::Queued, ..new_execution(&action, 1)? };
        start(db, &new).await?;
        let mut tasks = tokio::task::JoinSet::new();
        for node in 0..8 {
            let (db, id) = (db.clone(), new.id);
            tasks.spawn(async move {
                let mut tx = db.writer.begin().await?;
                let claimed = executions::claim(&mut tx, &[id], &format!("node-{node}"), at(2)).await?;
                tx.commit().await?;
                Ok::<_, errand_storage::StorageError>(claimed.get(&id).copied())
            });
        }
        let fences = tasks.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        assert_eq!(fences.iter().flatten().collect::<Vec<_>>(), [&Fence::FIRST]);

        let mut end = end_of(&new, ExecutionStatus::Succeeded);
        end.fence = Fence::NONE;
        assert!(!finish(db, end.clone()).await?);
        end.fence = Fence::FIRST;
        assert!(finish(db, end).await?);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_node_ran_becomes_unknown_and_stays_so() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let dead = new_execution(&action, 1)?;
        let alive = NewExecution {
            begin: Begin::Running { owner: "node-2".to_owned() },
            ..new_execution(&action, 2)?
        };
        let queued = NewExecution { begin: Begin::Queued, ..new_execution(&action, 3)? };
        let ended = new_execution(&action, 4)?;
        for new in [&dead, &alive, &queued, &ended] {
            start(db, new).await?;
        }
        finish(db, end_of(&ended, ExecutionStatus::Succeeded)).await?;

        let mut tx = db.writer.begin().await?;
        let reason = masked("The process died.");
        let found = executions::interrupt(&mut tx, DeadNodes::Named("node-1"), &reason, at(9)).await?;
        tx.commit().await?;
        assert_eq!(found.iter().map(|run| (run.guru_id, run.id)).collect::<Vec<_>>(), [(guru, dead.id)]);
        assert!(!finish(db, end_of(&dead, ExecutionStatus::Succeeded)).await?);
        let row = executions::by_id(&db.reader, guru, dead.id).await?.expect("the execution");
        assert_eq!((row.status, row.error.as_deref()), (ExecutionStatus::Unknown, Some("The process died.")));

        assert_eq!(ids(&executions::queued_before(&db.reader, at(3), 10).await?), [queued.id]);
        assert_eq!(executions::queued_before(&db.reader, at(2), 10).await?, vec![]);
        let mut tx = db.writer.begin().await?;
        let rest = executions::interrupt(&mut tx, DeadNodes::AllBut("node-3"), &reason, at(9)).await?;
        assert_eq!(rest.iter().map(|run| run.id).collect::<Vec<_>>(), [alive.id]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn pages_show_everything_once_newest_first() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let mut expect = Vec::new();
        for seconds in 0..25 {
            let new = new_execution(&action, seconds)?;
            start(db, &new).await?;
            expect.insert(0, new.id);
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = ExecutionPage { after, limit: 10 };
            let rows = executions::list(&db.reader, guru, &ExecutionFilter::default(), page).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            seen.extend(ids(&rows));
        }
        assert_eq!(seen, expect);
        Ok(())
    })
    .await;
}

/// Five executions, a second apart, each unlike the others in one way; the filter shows those at `expect`.
async fn check_filter(db: &Db, filter: ExecutionFilter, expect: &[usize]) -> TestResult {
    let slug = format!("guru-{}", execution_id(0).as_uuid().simple());
    let guru = a_guru(db, &slug).await?;
    let action = an_action(db, guru, "orders").await?;
    let mut all = Vec::new();
    for seconds in 0..5 {
        all.push(new_execution(&action, seconds)?);
    }
    all[1].source = Source::Api;
    all[2].question = masked("Is 100% of it gone? C:\\temp");
    all[3].action_id = filter.action.unwrap_or(action.id);
    for new in &all {
        start(db, new).await?;
    }
    finish(db, end_of(&all[0], ExecutionStatus::Succeeded)).await?;
    finish(db, end_of(&all[4], ExecutionStatus::Failed)).await?;
    let shown = executions::list(&db.reader, guru, &filter, ExecutionPage { after: None, limit: 10 }).await?;
    let expect: BTreeSet<_> = expect.iter().map(|place| all[*place].id).collect();
    assert_eq!(ids(&shown).into_iter().collect::<BTreeSet<_>>(), expect, "{filter:?}");
    assert!(shown.is_sorted_by(|one, next| one.id > next.id), "{filter:?}");
    Ok(())
}

#[tokio::test]
async fn filters_show_what_they_say() {
    use ExecutionStatus::{Failed, Running, Succeeded};
    on_both(async |db| {
        let none = ExecutionFilter::default;
        let text = |text: &str| ExecutionFilter { text: Some(text.to_owned()), ..none() };
        check_filter(db, none(), &[0, 1, 2, 3, 4]).await?;
        check_filter(db, ExecutionFilter { statuses: vec![Succeeded], ..none() }, &[0]).await?;
        check_filter(db, ExecutionFilter { statuses: vec![Failed, Succeeded, Failed], ..none() }, &[0, 4])
            .await?;
        check_filter(db, ExecutionFilter { source: Some(Source::Api), ..none() }, &[1]).await?;
        let both = ExecutionFilter { source: Some(Source::Api), statuses: vec![Running, Failed], ..none() };
        check_filter(db, both, &[1]).await?;
        let action = Some(ActionId::from_uuid(uuid(3)));
        check_filter(db, ExecutionFilter { action, ..none() }, &[3]).await?;
        check_filter(db, ExecutionFilter { from: Some(at(1)), to: Some(at(3)), ..none() }, &[1, 2, 3])
            .await?;
        check_filter(db, ExecutionFilter { from: Some(at(4).plus_ms(1)), ..none() }, &[]).await?;
        check_filter(db, text("where IS my"), &[0, 1, 3, 4]).await?;
        check_filter(db, text("12345"), &[0, 1, 2, 3, 4]).await?;
        check_filter(db, text("on its way"), &[0, 4]).await?;
        check_filter(db, text("100%"), &[2]).await?;
        check_filter(db, text("1%0"), &[]).await?;
        check_filter(db, text("C:\\t"), &[2]).await?;
        check_filter(db, text("_s 1"), &[]).await
    })
    .await;
}

#[tokio::test]
async fn a_list_cuts_long_outputs_and_says_so() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        for (seconds, chars) in [(1, LISTED_OUTPUT_CHARS), (2, LISTED_OUTPUT_CHARS + 1)] {
            let new = new_execution(&action, seconds)?;
            start(db, &new).await?;
            let output = Some(masked(&"é".repeat(chars)));
            finish(db, ExecutionEnd { output, ..end_of(&new, ExecutionStatus::Succeeded) }).await?;
        }
        let page = ExecutionPage { after: None, limit: 10 };
        let rows = executions::list(&db.reader, guru, &ExecutionFilter::default(), page).await?;
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.output.as_ref().map_or(0, |output| output.chars().count()), row.output_truncated))
            .collect();
        assert_eq!(shown, [(LISTED_OUTPUT_CHARS, true), (LISTED_OUTPUT_CHARS, false)]);
        let whole = executions::by_id(&db.reader, guru, rows[0].id).await?.expect("the execution");
        assert_eq!(whole.output.map(|output| output.chars().count()), Some(LISTED_OUTPUT_CHARS + 1));
        assert!(!whole.output_truncated);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn retention_forgets_ended_executions_of_one_guru() {
    on_both(async |db| {
        let (guru, other) = (a_guru(db, "acme").await?, a_guru(db, "other").await?);
        let action = an_action(db, guru, "orders").await?;
        let others = an_action(db, other, "orders").await?;
        let all = [
            new_execution(&action, 1)?,
            new_execution(&action, 2)?,
            new_execution(&action, 9)?,
            new_execution(&others, 1)?,
        ];
        for new in &all {
            start(db, new).await?;
        }
        for new in [&all[0], &all[2], &all[3]] {
            finish(db, end_of(new, ExecutionStatus::Succeeded)).await?;
        }
        let mut tx = db.writer.begin().await?;
        write_keys::take(&mut tx, guru, "k", all[0].id, at(1)).await?;
        assert_eq!(executions::count_before(&mut tx, guru, at(5)).await?, 1);
        assert_eq!(executions::delete_before(&mut tx, guru, at(5), 10).await?, 1);
        tx.commit().await?;
        let page = ExecutionPage { after: None, limit: 10 };
        let left = executions::list(&db.reader, guru, &ExecutionFilter::default(), page).await?;
        assert_eq!(ids(&left), [all[2].id, all[1].id]);
        assert_eq!(write_keys::holder(&db.reader, guru, "k").await?, None);
        assert!(executions::by_id(&db.reader, other, all[3].id).await?.is_some());
        Ok(())
    })
    .await;
}
