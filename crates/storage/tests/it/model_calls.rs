use errand_domain::{
    ModelCall,
    model::{ModelPurpose, TokenUsage},
};
use errand_storage::{
    LedgerWrite,
    analytics::{Day, Range},
    conversations::{self, NewTurn},
    gurus,
    model_calls::{self, CallsPage, ModelUse, TurnCalls},
};

use crate::{
    conversations::{new_conversation, new_turn, turn_end},
    harness::{a_guru, at, on_both},
};

fn call(model: &str, purpose: ModelPurpose, tokens: u32, cost_micros: Option<u64>) -> ModelCall {
    ModelCall {
        purpose,
        model: model.to_owned(),
        tries: 1,
        usage: TokenUsage { input: tokens, output: tokens / 10 },
        duration_us: 5_000,
        cost_micros,
        error: (tokens == 0).then(|| "it is down".to_owned()),
    }
}

fn of(turn: &NewTurn, calls: Vec<ModelCall>) -> LedgerWrite {
    LedgerWrite::ModelsAsked(TurnCalls { guru_id: turn.guru_id, turn_id: turn.id, calls })
}

fn sums(key: &str, calls: u32, failures: u32, input: u64, cost: Option<u64>, unpriced: u32) -> ModelUse {
    ModelUse {
        key: key.to_owned(),
        calls,
        failures,
        input_tokens: input,
        output_tokens: input / 10,
        cost_micros: cost,
        unpriced,
    }
}

#[tokio::test]
async fn tokens_and_cost_are_summed_by_model_day_and_guru_and_listed() {
    use ModelPurpose::{Answer, Plan};
    on_both(async |db| {
        let guru = a_guru(db, "acme").await?;
        let other = a_guru(db, "other").await?;
        let (mine, theirs) = (new_conversation(guru, None, 1), new_conversation(other, None, 1));
        let turns = [new_turn(&mine, 10), new_turn(&mine, 20), new_turn(&mine, 110), new_turn(&theirs, 10)];
        let mut writes =
            vec![LedgerWrite::ConversationStarted(mine), LedgerWrite::ConversationStarted(theirs)];
        for turn in &turns {
            writes.push(LedgerWrite::TurnStarted(turn.clone()));
            writes.push(LedgerWrite::TurnFinished(turn_end(turn)?));
        }
        writes.push(of(
            &turns[0],
            vec![call("a:one", Plan, 100, Some(7)), call("a:one", Answer, 200, Some(9))],
        ));
        writes.push(of(&turns[1], vec![call("a:two", Plan, 50, None), call("a:two", Plan, 0, None)]));
        writes.push(of(&turns[2], vec![call("a:one", Plan, 300, Some(30))]));
        writes.push(of(&turns[3], vec![call("a:one", Plan, 1_000, Some(100))]));
        db.writer.apply(writes).await?;

        let all = Range { from: at(0), to: at(1_000) };
        assert_eq!(
            model_calls::by_model(&db.reader, guru, all).await?,
            [sums("a:one", 3, 0, 600, Some(46), 0), sums("a:two", 2, 1, 50, None, 1)]
        );
        assert_eq!(model_calls::in_all(&db.reader, guru, all).await?, Some(sums("", 5, 1, 650, Some(46), 1)));
        let empty = Range { from: at(500), to: at(1_000) };
        assert_eq!(model_calls::in_all(&db.reader, guru, empty).await?, None);
        let day =
            |name: &str, from, to| Day { name: name.to_owned(), range: Range { from: at(from), to: at(to) } };
        let days = [day("one", 0, 100), day("two", 100, 200), day("three", 200, 300)];
        let by_day = model_calls::by_day(&db.reader, guru, &days).await?;
        assert_eq!(by_day, [sums("one", 4, 1, 350, Some(16), 1), sums("two", 1, 0, 300, Some(30), 0)]);
        let by_guru = model_calls::by_guru(&db.reader, all).await?;
        assert_eq!(by_guru, [sums("acme", 5, 1, 650, Some(46), 1), sums("other", 1, 0, 1_000, Some(100), 0)]);

        let mut page = CallsPage { range: all, model: None, before: None, limit: 2 };
        let mut seen = Vec::new();
        loop {
            let calls = model_calls::list(&db.reader, guru, page.clone()).await?;
            let Some(last) = calls.last() else { break };
            page.before = Some((last.turn_id, last.seq));
            seen.extend(calls.into_iter().map(|one| (one.turn_id, one.seq)));
        }
        let expect =
            [(2, 0), (1, 1), (1, 0), (0, 1), (0, 0)].map(|(turn, seq): (usize, u32)| (turns[turn].id, seq));
        assert_eq!(seen, expect);
        let of_two = CallsPage { model: Some("a:two".to_owned()), before: None, limit: 9, ..page };
        let two = model_calls::list(&db.reader, guru, of_two).await?;
        let shown: Vec<_> = two.iter().map(|one| (one.input_tokens, one.failed, one.at)).collect();
        assert_eq!(shown, [(0, true, at(20)), (50, false, at(20))]);

        // What a deleted conversation cost stays until its retention is over.
        let mut tx = db.writer.begin().await?;
        conversations::delete(&mut tx, guru, turns[0].conversation_id).await?;
        tx.commit().await?;
        assert_eq!(model_calls::by_model(&db.reader, guru, all).await?.len(), 2);
        let mut tx = db.writer.begin().await?;
        conversations::delete_before(&mut tx, guru, at(100), 9).await?;
        tx.commit().await?;
        assert_eq!(
            model_calls::by_model(&db.reader, guru, all).await?,
            [sums("a:one", 1, 0, 300, Some(30), 0)]
        );
        let mut tx = db.writer.begin().await?;
        gurus::delete(&mut tx, guru).await?;
        tx.commit().await?;
        assert_eq!(model_calls::in_all(&db.reader, guru, all).await?, None);
        Ok(())
    })
    .await;
}
