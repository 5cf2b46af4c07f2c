use errand_domain::{
    Action, ActionId, Arguments, ExecutionStatus, ScheduleId, Source, UnixMillis,
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
    let first = schedules::record_firings(&mut tx, &[(firing, Telling::Open)]).await?;
    assert!(first.contains(&schedule.id));
    let second = schedules::record_firings(&mut tx, &[(firing, Telling::Open)]).await?;
    assert!(second.is_empty(), "one time, twice");
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
        assert_eq!(schedules::gurus_due(&db.reader, at(119), 10).await?, vec![]);
        let due = schedules::gurus_due(&db.reader, at(120), 10).await?;
        assert_eq!(due.iter().map(|mark| mark.id).collect::<Vec<_>>(), [guru]);
        let mut tx = db.writer.begin().await?;
        assert_eq!(schedules::take_due(&mut tx, at(120), 10).await?, vec![found.clone()]);
        schedules::advance(&mut tx, &[(found.id, None)]).await?;
        assert_eq!(schedules::take_due(&mut tx, at(120), 10).await?, vec![]);
        tx.commit().await?;
        assert_eq!(schedules::gurus_due(&db.reader, at(999), 10).await?, vec![]);
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
                let held = schedules::take_due(&mut tx, at(60), 10).await?.iter().any(|one| one.id == id);
                if held {
                    schedules::advance(&mut tx, &[(id, Some(at(120)))]).await?;
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

#[tokio::test]
async fn deciders_share_what_is_due_and_each_gets_its_own() {
    const SCHEDULES: i64 = 150;
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        for number in 0..SCHEDULES {
            let letters = (b'a' + u8::try_from(number % 26)?, b'a' + u8::try_from(number / 26)?);
            let name = format!("tick_{}{}", char::from(letters.0), char::from(letters.1));
            let action = an_action(db, guru, &name).await?;
            let id = ScheduleId::from_uuid(uuid(100 + number));
            put(db, &Schedule { id, ..a_schedule(&action, Overlap::Skip, Some(at(60))) }).await?;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let db = db.clone();
            tasks.spawn(async move {
                let mut all = Vec::new();
                loop {
                    let mut tx = db.writer.begin().await?;
                    let taken = schedules::take_due(&mut tx, at(60), 40).await?;
                    let moved: Vec<_> = taken.iter().map(|one| (one.id, Some(at(120)))).collect();
                    schedules::advance(&mut tx, &moved).await?;
                    tx.commit().await?;
                    all.extend(moved.iter().map(|(id, _)| id.to_string()));
                    if moved.is_empty() {
                        return Ok::<_, errand_storage::StorageError>(all);
                    }
                }
            });
        }
        let taken = tasks.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut all: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(all.len(), usize::try_from(SCHEDULES)?, "each was taken once");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), usize::try_from(SCHEDULES)?);
        let list = schedules::list(&db.reader, guru).await?;
        assert!(list.iter().all(|one| one.next_at == Some(at(120))));
        Ok(())
    })
    .await;
}

async fn waiting(db: &Db) -> Result<Vec<errand_domain::ExecutionId>, errand_storage::StorageError> {
    Ok(schedules::waiting(&db.reader, 10).await?.into_iter().map(|one| one.execution_id).collect())
}

async fn claim(db: &Db, new: &NewExecution, second: i64) -> TestResult {
    let mut tx = db.writer.begin().await?;
    let claimed = schedules::begin(&mut tx, &[new.id], "node-1", at(second)).await?;
    assert_eq!(claimed.get(&new.id), Some(&Fence::FIRST));
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
        let unfinished =
            schedules::unfinished(&db.reader, &[schedule.id, ScheduleId::from_uuid(uuid(9))]).await?;
        assert_eq!(unfinished.into_iter().collect::<Vec<_>>(), [(schedule.id, 2)]);
        assert_eq!(waiting(db).await?, [first.id]);
        claim(db, &first, 61).await?;
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
        claim(db, &running, 61).await?;
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
