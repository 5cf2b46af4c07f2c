use errand_domain::{ConversationId, ExecutionStatus, Plan, Source, TurnId, TurnStatus};
use errand_storage::{
    Db, LedgerWrite, MaskedJson,
    analytics::{self, Day, GroupBy, Range},
    conversations::{NewTurn, TurnEnd},
    executions::{ExecutionEnd, NewExecution},
};

use crate::harness::{
    TestResult, a_guru, an_action, at, end_of, masked, new_execution, on_both, start, uuid,
};

fn all() -> Range {
    Range { from: at(0), to: at(1_000) }
}

/// An ended run that took so many milliseconds.
async fn ran(db: &Db, new: NewExecution, status: ExecutionStatus, ms: u64) -> TestResult {
    start(db, &new).await?;
    let end = ExecutionEnd { duration_us: Some(ms * 1_000), ..end_of(&new, status) };
    db.writer.apply(vec![LedgerWrite::ExecutionFinished(end)]).await?;
    Ok(())
}

type Line<'a> = (&'a str, u32, u32, Option<i64>, Option<i64>);

fn shown(list: &[analytics::Runs]) -> Vec<Line<'_>> {
    let ms = |us: Option<i64>| us.map(|us| us / 1_000);
    list.iter()
        .map(|one| (one.key.as_str(), one.runs, one.failures, ms(one.p50_us), ms(one.p95_us)))
        .collect()
}

#[tokio::test]
async fn runs_are_summed_by_action_source_and_day() {
    use ExecutionStatus::{Failed, Succeeded, TimedOut};
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let (orders, parcels) = (an_action(db, guru, "orders").await?, an_action(db, guru, "parcels").await?);
        for second in 1..=20 {
            ran(db, new_execution(&orders, second)?, Succeeded, u64::try_from(second)?).await?;
        }
        ran(db, NewExecution { source: Source::Api, ..new_execution(&parcels, 100)? }, Failed, 7).await?;
        ran(db, NewExecution { source: Source::Api, ..new_execution(&parcels, 200)? }, TimedOut, 9).await?;
        start(db, &NewExecution { source: Source::Api, ..new_execution(&parcels, 200)? }).await?;
        ran(db, NewExecution { source: Source::Test, ..new_execution(&parcels, 200)? }, Failed, 1).await?;
        ran(db, new_execution(&parcels, 1_000)?, Failed, 1).await?;
        let others = a_guru(db, "other").await?;
        ran(db, new_execution(&an_action(db, others, "orders").await?, 5)?, Failed, 1).await?;

        let by_action = analytics::runs_by(&db.reader, guru, all(), GroupBy::Action).await?;
        assert_eq!(
            shown(&by_action),
            [("orders", 20, 0, Some(10), Some(19)), ("parcels", 3, 2, Some(7), Some(9)),]
        );
        let by_source = analytics::runs_by(&db.reader, guru, all(), GroupBy::Source).await?;
        assert_eq!(shown(&by_source), [("api", 3, 2, Some(7), Some(9)), ("web", 20, 0, Some(10), Some(19))]);
        let in_all = analytics::runs_in_all(&db.reader, guru, all()).await?.expect("a line");
        assert_eq!((in_all.runs, in_all.failures), (23, 2));
        let day =
            |name: &str, from, to| Day { name: name.to_owned(), range: Range { from: at(from), to: at(to) } };
        let days = [day("one", 0, 100), day("two", 100, 101), day("three", 101, 150), day("four", 150, 300)];
        let by_day = analytics::runs_by_day(&db.reader, guru, &days).await?;
        assert_eq!(
            shown(&by_day),
            [
                ("four", 2, 1, Some(9), Some(9)),
                ("one", 20, 0, Some(10), Some(19)),
                ("two", 1, 1, Some(7), Some(7)),
            ]
        );
        let nothing = Range { from: at(500), to: at(600) };
        assert_eq!(analytics::runs_in_all(&db.reader, guru, nothing).await?, None);
        assert_eq!(analytics::runs_by_day(&db.reader, guru, &[]).await?, vec![]);
        Ok(())
    })
    .await;
}

/// A turn with the plan that JSON says.
async fn asked(
    db: &Db,
    guru: errand_domain::GuruId,
    second: i64,
    question: &str,
    steps: &str,
    missing: &str,
) -> TestResult {
    let id = TurnId::from_uuid(uuid(second));
    let turn = NewTurn {
        id,
        guru_id: guru,
        conversation_id: ConversationId::from_uuid(uuid(1)),
        question: masked(question),
        title: masked(question),
        source: Source::Web,
        lease_owner: "node-1".to_owned(),
        at: at(second),
    };
    let plan = format!(
        r#"{{"version":1,"planner":"\"steps\":[]","steps":[{steps}],"missing":[{missing}],"considered":[],"notices":[]}}"#
    );
    let plan: Plan = serde_json::from_str(&plan)?;
    let end = TurnEnd {
        id,
        guru_id: guru,
        answer: None,
        plan: Some(MaskedJson::of_masked_fields("plan", &plan)?),
        status: TurnStatus::Done,
        at: at(second),
    };
    db.writer.apply(vec![LedgerWrite::TurnStarted(turn), LedgerWrite::TurnFinished(end)]).await?;
    Ok(())
}

#[tokio::test]
async fn questions_are_told_apart_by_what_came_of_them() {
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let action = an_action(db, guru, "orders").await?;
        let step = format!(
            r#"{{"action_id":"{}","action":"orders","action_version":1,"arguments":{{}},"origins":[],"runs_with":null}}"#,
            action.id
        );
        let missing = format!(
            r#"{{"action_id":"{}","action":"orders","action_version":1,"arguments":{{}},"origins":[],"parameters":["order_id"]}}"#,
            action.id
        );
        assert_eq!(analytics::questions(&db.reader, guru, all()).await?, analytics::Questions::default());
        asked(db, guru, 1, "ran", &step, "").await?;
        asked(db, guru, 2, "both", &step, &missing).await?;
        asked(db, guru, 3, "asked back", "", &missing).await?;
        asked(db, guru, 4, "nothing", "", "").await?;
        asked(db, guru, 5, "nothing again", "", "").await?;
        asked(db, guru, 2_000, "later", "", "").await?;
        let found = analytics::questions(&db.reader, guru, all()).await?;
        assert_eq!((found.asked, found.acted, found.missing, found.unmatched), (5, 2, 2, 2));
        let unmatched = analytics::unmatched(&db.reader, guru, all(), 10).await?;
        let questions: Vec<_> = unmatched.iter().map(|one| (one.question.as_str(), one.at)).collect();
        assert_eq!(questions, [("nothing again", at(5)), ("nothing", at(4))]);
        assert_eq!(analytics::unmatched(&db.reader, guru, all(), 1).await?.len(), 1);
        Ok(())
    })
    .await;
}
