use std::sync::Arc;

use errand_domain::{
    Event, EventKind, ExecutionId, ExecutionStatus, Source, StreamId, TurnStatus, event::OutputStream,
};
use errand_storage::{
    LedgerWrite, Masked, StorageError, conversations,
    events::{self, Batch},
    executions::{self, ExecutionEnd, NewExecution},
};

use crate::{
    conversations::{new_conversation, new_turn, turn_end},
    harness::{
        TestResult, a_guru, an_action, at, end_of, execution_id, masked, new_execution, on_both, open, start,
    },
};

fn shared(events: &[Event<Masked>]) -> Vec<Arc<Event<Masked>>> {
    events.iter().cloned().map(Arc::new).collect()
}

fn chunk(seq: u32, execution_id: ExecutionId, text: &str) -> Event<Masked> {
    let kind = EventKind::ActionOutput { execution_id, stream: OutputStream::Result, text: masked(text) };
    Event { seq, at: at(i64::from(seq)), kind }
}

#[tokio::test]
async fn a_whole_turn_in_one_batch_reads_as_one_written_step_by_step() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let conversation = new_conversation(guru, None, 1);
        let turn = new_turn(&conversation, 1);
        let mut run = new_execution(&action, 2)?;
        run.turn_id = Some(turn.id);
        let (question, source) = (masked("Where is my order?"), Source::Web);
        let stream = StreamId::Turn(turn.id);
        let events = vec![
            Event { seq: 1, at: at(1), kind: EventKind::TurnStarted { question, source } },
            chunk(2, run.id, "a"),
            Event {
                seq: 3,
                at: at(3),
                kind: EventKind::TurnFinished { status: TurnStatus::Done, error: None },
            },
        ];
        // Ends stand before beginnings, which must not matter.
        let applied = db
            .writer
            .apply(vec![
                LedgerWrite::Events(Batch { stream, events: shared(&events) }),
                LedgerWrite::TurnFinished(turn_end(&turn)?),
                LedgerWrite::ExecutionFinished(end_of(&run, ExecutionStatus::Succeeded)),
                LedgerWrite::ExecutionFinished(end_of(&run, ExecutionStatus::Failed)),
                LedgerWrite::ExecutionStarted(run.clone()),
                LedgerWrite::TurnStarted(turn.clone()),
                LedgerWrite::ConversationStarted(conversation.clone()),
            ])
            .await?;
        assert_eq!((applied.late_executions, applied.late_turns), (vec![run.id], vec![]));

        let found = executions::of_turn(&db.reader, guru, turn.id).await?;
        assert_eq!(found.iter().map(|run| run.status).collect::<Vec<_>>(), [ExecutionStatus::Succeeded]);
        assert_eq!((found[0].started_at, found[0].duration_us), (Some(at(2)), Some(250_000)));
        let found = conversations::turn(&db.reader, guru, turn.id).await?.expect("the turn");
        assert_eq!((found.status, found.finished_at), (TurnStatus::Done, Some(at(1).plus_ms(300))));
        assert_eq!(events::after(&db.reader, guru, stream, 0, 10).await?, events);
        assert_eq!(events::after(&db.reader, guru, stream, 1, 1).await?, events[1..2]);
        assert_eq!(events::after(&db.reader, guru, stream, 3, 10).await?, vec![]);
        assert_eq!(events::of_execution(&db.reader, guru, run.id, Some(turn.id)).await?, events[1..2]);
        assert_eq!(events::after(&db.reader, a_guru(db, "other").await?, stream, 0, 10).await?, vec![]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_failing_batch_leaves_nothing() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let run = new_execution(&action, 1)?;
        let stream = StreamId::Execution(run.id);
        let twice = vec![chunk(1, run.id, "a"), chunk(1, run.id, "b")];
        let writes = vec![
            LedgerWrite::ExecutionStarted(run.clone()),
            LedgerWrite::Events(Batch { stream, events: shared(&twice) }),
        ];
        let outcome = db.writer.apply(writes).await;
        let Err(StorageError::Conflict { what }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(what, "an event with this number");
        assert_eq!(executions::by_id(&db.reader, guru, run.id).await?, None);
        Ok(())
    })
    .await;
}

/// Trying it again would be in vain, and would keep others waiting.
#[tokio::test]
async fn what_breaks_a_rule_is_told_from_a_database_that_fails() {
    for database in errand_testkit::databases().await {
        let db = open(&database.url).await.expect("a database");
        let guru = a_guru(&db, "acme").await.expect("a guru");
        let action = an_action(&db, guru, "orders").await.expect("an action");
        let rule = match database.kind {
            "sqlite" => {
                "CREATE TRIGGER rule BEFORE INSERT ON executions WHEN NEW.question = 'bad'
                 BEGIN SELECT RAISE(ABORT, 'bad'); END"
            }
            _ => "ALTER TABLE executions ADD CONSTRAINT rule CHECK (question <> 'bad')",
        };
        database.execute(rule).await;
        let bad = NewExecution { question: masked("bad"), ..new_execution(&action, 1).expect("a row") };
        let outcome = db.writer.apply(vec![LedgerWrite::ExecutionStarted(bad.clone())]).await;
        assert!(matches!(outcome, Err(StorageError::Refused { .. })), "on {}: {outcome:?}", database.kind);
        let mut tx = db.writer.begin().await.expect("a transaction");
        let outcome = tx.apply(vec![LedgerWrite::ExecutionStarted(bad.clone())]).await;
        assert!(matches!(outcome, Err(StorageError::Refused { .. })), "on {}: {outcome:?}", database.kind);
        drop(tx);

        database.execute("ALTER TABLE executions RENAME TO executions_away").await;
        let outcome = db.writer.apply(vec![LedgerWrite::ExecutionStarted(bad)]).await;
        assert!(matches!(outcome, Err(StorageError::Query { .. })), "on {}: {outcome:?}", database.kind);
        db.close().await;
    }
}

/// PostgreSQL takes no zero character, which any script may print.
#[tokio::test]
async fn a_zero_character_is_written_as_one_that_can_be_shown() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let run = NewExecution { question: masked("an\0b"), ..new_execution(&action, 1)? };
        let end = ExecutionEnd { output: Some(masked("a\0b\0")), ..end_of(&run, ExecutionStatus::Succeeded) };
        start(db, &run).await?;
        db.writer.apply(vec![LedgerWrite::ExecutionFinished(end)]).await?;
        let row = executions::by_id(&db.reader, guru, run.id).await?.expect("the row");
        assert_eq!(row.question, "an\u{fffd}b");
        assert_eq!(row.output.as_deref(), Some("a\u{fffd}b\u{fffd}"));
        Ok(())
    })
    .await;
}

/// Batch sizes around those of the prepared statements.
#[tokio::test]
async fn batches_of_any_size_arrive_whole() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        for size in [0_u32, 1, 3, 4, 5, 21, 64, 65, 200] {
            let run = new_execution(&action, 1)?;
            start(db, &run).await?;
            let stream = StreamId::Execution(run.id);
            let events: Vec<_> = (1..=size).map(|seq| chunk(seq, run.id, "x")).collect();
            db.writer.apply(vec![LedgerWrite::Events(Batch { stream, events: shared(&events) })]).await?;
            assert_eq!(events::after(&db.reader, guru, stream, 0, 1_000).await?, events, "{size}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn eight_writers_at_once_lose_nothing() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let mut runs = Vec::new();
            for seconds in 0..20 {
                runs.push(new_execution(&action, seconds)?);
            }
            let db = db.clone();
            tasks.spawn(async move {
                for run in runs {
                    db.writer.apply(vec![LedgerWrite::ExecutionStarted(run.clone())]).await?;
                    let stream = StreamId::Execution(run.id);
                    let events = shared(&[chunk(1, run.id, "a")]);
                    let end = end_of(&run, ExecutionStatus::Succeeded);
                    let writes = vec![
                        LedgerWrite::ExecutionFinished(end),
                        LedgerWrite::Events(Batch { stream, events }),
                    ];
                    db.writer.apply(writes).await?;
                }
                Ok::<_, StorageError>(())
            });
        }
        tasks.join_all().await.into_iter().collect::<Result<Vec<()>, _>>()?;
        let page = executions::ExecutionPage { after: None, limit: 200 };
        let rows = executions::list(&db.reader, guru, &executions::ExecutionFilter::default(), page).await?;
        assert_eq!(rows.len(), 160);
        assert!(rows.iter().all(|row| row.status == ExecutionStatus::Succeeded));
        for row in &rows {
            assert_eq!(events::of_execution(&db.reader, guru, row.id, None).await?.len(), 1);
        }
        TestResult::Ok(())
    })
    .await;
}

#[tokio::test]
async fn masked_json_that_masking_broke_is_refused() {
    on_both(async |db| {
        let broken =
            errand_storage::MaskedJson::<errand_domain::Arguments>::new("arguments", masked("{\"a\":***}"));
        assert!(matches!(broken, Err(StorageError::BadJson { what: "arguments", .. })), "{broken:?}");
        let late = end_of(
            &new_execution(&an_action(db, a_guru(db, "acme").await?, "o").await?, 1)?,
            ExecutionStatus::Failed,
        );
        let applied = db.writer.apply(vec![LedgerWrite::ExecutionFinished(late.clone())]).await?;
        assert_eq!(applied.late_executions, [late.id]);
        assert_ne!(late.id, execution_id(1));
        Ok(())
    })
    .await;
}
