use errand_domain::{
    Action, ActionId, Arguments, ExecutionStatus, GuruId, ScheduleId, Source, UnixMillis,
    schedule::{FiringOutcome, Missed, Overlap, Schedule, ScheduleSpec},
};
use errand_storage::{
    Db,
    executions::{self, Begin, ExecutionEnd, Fence, NewExecution},
    schedules::{self, Firing, Telling},
};

use crate::harness::{TestResult, a_guru, an_action, at, end_of, new_execution, on_both, start, uuid};

fn a_schedule(action: &Action, overlap: Overlap, next_at: Option<UnixMillis>) -> Schedule {
    Schedule {
        id: ScheduleId::from_uuid(uuid(1)),
        guru_id: action.guru_id,
        action_id: action.id,
        spec: ScheduleSpec {
            cron: "* * * * *".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            arguments: Arguments::new(),
            overlap,
            missed: Missed::CatchUpOnce,
            results: None,
        },
        enabled: next_at.is_some(),
        next_at,
        created_at: at(1),
        updated_at: at(1),
    }
}

async fn put(db: &Db, schedule: &Schedule) -> TestResult {
    let mut tx = db.writer.begin().await?;
    schedules::put(&mut tx, schedule.guru_id, schedule).await?;
    Ok(tx.commit().await?)
}

/// A firing at that second with an execution that waits.
async fn fire(
    db: &Db,
    schedule: &Schedule,
    action: &Action,
    second: i64,
) -> Result<NewExecution, Box<dyn std::error::Error>> {
    let new =
        NewExecution { begin: Begin::Queued, source: Source::Schedule, ..new_execution(action, second)? };
    let firing = Firing {
        schedule_id: schedule.id,
        fire_at: at(second),
        outcome: FiringOutcome::Fired,
        execution_id: Some(new.id),
        decided_at: at(second),
        started_at: None,
    };
    let mut tx = db.writer.begin().await?;
    assert!(schedules::record_firing(&mut tx, &firing, Telling::Open).await?);
    assert!(!schedules::record_firing(&mut tx, &firing, Telling::Open).await?, "one time, twice");
    tx.commit().await?;
    start(db, &new).await?;
    Ok(new)
}

#[tokio::test]
async fn an_action_has_one_schedule_that_is_found_when_it_is_due() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        assert_eq!(schedules::next_due(&db.reader).await?, None);
        let first = a_schedule(&action, Overlap::Skip, Some(at(60)));
        put(db, &first).await?;
        let changed = Schedule {
            id: ScheduleId::from_uuid(uuid(2)),
            next_at: Some(at(120)),
            created_at: at(9),
            updated_at: at(9),
            ..a_schedule(&action, Overlap::Queue, None)
        };
        put(db, &changed).await?;
        let found = schedules::of_action(&db.reader, guru, action.id).await?.expect("the schedule");
        assert_eq!(found, Schedule { id: first.id, created_at: at(1), ..changed });
        assert_eq!(schedules::list(&db.reader, guru).await?, vec![found.clone()]);
        assert_eq!(schedules::of_action(&db.reader, a_guru(db, "other").await?, action.id).await?, None);

        assert_eq!(schedules::next_due(&db.reader).await?, Some(at(120)));
        assert_eq!(schedules::due(&db.reader, at(119), 10).await?, vec![]);
        assert_eq!(schedules::due(&db.reader, at(120), 10).await?, vec![(found.id, guru)]);
        let mut tx = db.writer.begin().await?;
        assert!(schedules::lock_due(&mut tx, found.id, at(120)).await?.is_some());
        schedules::advance(&mut tx, found.id, None).await?;
        assert!(schedules::lock_due(&mut tx, found.id, at(120)).await?.is_none());
        tx.commit().await?;
        assert_eq!(schedules::due(&db.reader, at(999), 10).await?, vec![]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn eight_deciders_decide_once() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let schedule = a_schedule(&action, Overlap::Allow, Some(at(60)));
        put(db, &schedule).await?;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (db, id) = (db.clone(), schedule.id);
            tasks.spawn(async move {
                let mut tx = db.writer.begin().await?;
                let held = schedules::lock_due(&mut tx, id, at(60)).await?.is_some();
                if held {
                    schedules::advance(&mut tx, id, Some(at(120))).await?;
                }
                tx.commit().await?;
                Ok::<_, errand_storage::StorageError>(held)
            });
        }
        let held = tasks.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        assert_eq!(held.into_iter().filter(|held| *held).count(), 1);
        Ok(())
    })
    .await;
}

async fn waiting(db: &Db) -> Result<Vec<errand_domain::ExecutionId>, errand_storage::StorageError> {
    Ok(schedules::waiting(&db.reader, 10).await?.into_iter().map(|one| one.execution_id).collect())
}

async fn claim(db: &Db, guru: GuruId, new: &NewExecution, second: i64) -> TestResult {
    let mut tx = db.writer.begin().await?;
    assert_eq!(executions::claim(&mut tx, guru, new.id, "node-1", at(second)).await?, Some(Fence::FIRST));
    schedules::note_started(&mut tx, new.id, at(second)).await?;
    Ok(tx.commit().await?)
}

async fn finish(db: &Db, end: ExecutionEnd) -> TestResult {
    let mut tx = db.writer.begin().await?;
    assert!(executions::finish(&mut tx, end).await?);
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn runs_of_a_queueing_schedule_begin_one_after_the_other() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let schedule = a_schedule(&action, Overlap::Queue, Some(at(60)));
        put(db, &schedule).await?;
        let first = fire(db, &schedule, &action, 60).await?;
        let second = fire(db, &schedule, &action, 120).await?;
        assert_eq!(schedules::unfinished(&db.reader, schedule.id).await?, 2);
        assert_eq!(waiting(db).await?, [first.id]);
        claim(db, guru, &first, 61).await?;
        assert_eq!(waiting(db).await?, []);
        finish(db, end_of(&first, ExecutionStatus::Succeeded)).await?;
        assert_eq!(waiting(db).await?, [second.id]);

        put(db, &a_schedule(&action, Overlap::Allow, Some(at(180)))).await?;
        let third = fire(db, &schedule, &action, 180).await?;
        assert_eq!(waiting(db).await?, [second.id, third.id]);

        let list = schedules::firings(&db.reader, guru, action.id, 2).await?;
        assert_eq!(list.iter().map(|one| one.fire_at).collect::<Vec<_>>(), [at(180), at(120)]);
        let all = schedules::firings(&db.reader, guru, action.id, 9).await?;
        assert_eq!(all[2].lateness_ms(), Some(1_000));
        assert_eq!(schedules::last_firings(&db.reader, guru).await?, vec![all[0]]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_deleted_schedule_leaves_nothing_waiting() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let schedule = a_schedule(&action, Overlap::Queue, Some(at(60)));
        put(db, &schedule).await?;
        let running = fire(db, &schedule, &action, 60).await?;
        let queued = fire(db, &schedule, &action, 120).await?;
        claim(db, guru, &running, 61).await?;
        let mut tx = db.writer.begin().await?;
        assert!(schedules::delete(&mut tx, guru, action.id, at(130)).await?);
        assert!(!schedules::delete(&mut tx, guru, ActionId::from_uuid(uuid(9)), at(130)).await?);
        tx.commit().await?;
        let status = async |id| {
            Ok::<_, errand_storage::StorageError>(
                executions::by_id(&db.reader, guru, id).await?.map(|row| row.status),
            )
        };
        assert_eq!(status(queued.id).await?, Some(ExecutionStatus::Cancelled));
        assert_eq!(status(running.id).await?, Some(ExecutionStatus::Running));
        assert_eq!(schedules::list(&db.reader, guru).await?, vec![]);
        Ok(())
    })
    .await;
}
