//! What is older than its retention goes by itself, as the server runs, and nothing else does.

use std::time::Duration;

use errand_domain::{
    ActionId, ActionKind, Arguments, Audience, ConversationId, ExecutionId, ExecutionStatus, GuruId,
    ModelCall, Plan, Share, ShareId, Source, TurnId, TurnStatus, UnixMillis, UserId, Vote,
    model::{ModelPurpose, TokenUsage},
};
use errand_engine::Masked;
use errand_storage::{
    Db, LedgerWrite, MaskedJson, PoolSizes,
    conversations::{NewConversation, NewTurn, Owner, TurnEnd},
    executions::{Begin, ExecutionEnd, Fence, NewExecution},
    feedback::{self, NewFeedback},
    gurus,
    model_calls::TurnCalls,
    shares,
};
use errand_testkit::{databases, upstream::PATIENCE};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Api, Server, Setup};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn now() -> UnixMillis {
    errand_engine::clock::Clock::System.now()
}

/// A UUIDv7 born then.
fn born(at: UnixMillis) -> uuid::Uuid {
    let millis = u64::try_from(at.0).expect("after 1970");
    uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

fn masked(text: &str) -> Masked {
    Masked::from_ledger(text.to_owned())
}

/// A question of that time with its answer, vote, link, run and bill.
async fn ask_at(db: &Db, guru_id: GuruId, at: UnixMillis, question: &str) {
    let conversation_id = ConversationId::from_uuid(born(at));
    let owner = Owner::User(UserId::from_uuid(born(at)));
    let (turn_id, run_id) = (TurnId::from_uuid(born(at)), ExecutionId::from_uuid(born(at)));
    let call = ModelCall {
        purpose: ModelPurpose::Plan,
        model: "openai:m".to_owned(),
        tries: 1,
        usage: TokenUsage { input: 10, output: 1 },
        duration_us: 1,
        cost_micros: Some(5),
        error: None,
    };
    let plan = MaskedJson::of_masked_fields("plan", &Plan::empty("embedded")).expect("a plan");
    let arguments = MaskedJson::of_masked_fields("arguments", &Arguments::new()).expect("arguments");
    let writes = vec![
        LedgerWrite::ConversationStarted(NewConversation {
            id: conversation_id,
            guru_id,
            title: masked(question),
            source: Source::Web,
            owner: Some(owner),
            external_user_id: None,
            at,
        }),
        LedgerWrite::TurnStarted(NewTurn {
            id: turn_id,
            guru_id,
            conversation_id,
            question: masked(question),
            title: masked(question),
            source: Source::Web,
            lease_owner: "gone".to_owned(),
            at,
        }),
        LedgerWrite::TurnFinished(TurnEnd {
            id: turn_id,
            guru_id,
            answer: Some(masked("Done.")),
            plan: Some(plan),
            status: TurnStatus::Done,
            at,
        }),
        LedgerWrite::ExecutionStarted(NewExecution {
            id: run_id,
            guru_id,
            action_id: ActionId::from_uuid(born(at)),
            action_name: "tick".parse().expect("a name"),
            action_version: 1,
            kind: ActionKind::ApiCall,
            source: Source::Web,
            turn_id: Some(turn_id),
            conversation_id: Some(conversation_id),
            parent_id: None,
            user_id: None,
            question: masked(question),
            arguments,
            begin: Begin::Running { owner: "gone".to_owned() },
            at,
        }),
        LedgerWrite::ExecutionFinished(ExecutionEnd {
            id: run_id,
            guru_id,
            fence: Fence::FIRST,
            status: ExecutionStatus::Succeeded,
            output: Some(masked("out")),
            output_truncated: false,
            error: None,
            ending: None,
            at,
            duration_us: Some(1),
        }),
        LedgerWrite::ModelsAsked(TurnCalls { guru_id, turn_id, calls: vec![call] }),
    ];
    db.writer.apply(writes).await.expect("written");
    let mut tx = db.writer.begin().await.expect("begin");
    let new = NewFeedback { turn_id, voter: owner, vote: Vote::Down, comment: None, at };
    feedback::put(&mut tx, guru_id, new).await.expect("a vote");
    let share = Share {
        id: ShareId::from_uuid(born(at)),
        guru_id,
        conversation_id,
        audience: Audience::Members,
        made_by: "ana@acme.test".to_owned(),
        created_at: at,
        expires_at: at.plus_ms(300 * DAY_MS),
    };
    shares::insert(&mut tx, guru_id, &share, rand::random()).await.expect("a link");
    tx.commit().await.expect("commit");
}

/// The questions that the guru's history, votes and bill still know, and how many links there are.
async fn left(api: &Api, guru: &str) -> (Vec<String>, Vec<String>, Vec<String>, usize) {
    let texts = |items: &serde_json::Value| {
        let items = items.as_array().expect("a list").iter();
        items.map(|one| one["question"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    let history = texts(&json!(api.history(guru, "").await));
    let votes = texts(&api.get(&format!("/api/v1/{guru}/feedback")).await.ok(200)["items"]);
    let calls =
        format!("/api/v1/{guru}/analytics/model-calls?from={}", now().plus_ms(-60 * DAY_MS).to_rfc3339());
    let calls = texts(&api.get(&calls).await.ok(200)["items"]);
    let links =
        api.get(&format!("/api/v1/{guru}/shares")).await.ok(200)["items"].as_array().map_or(0, Vec::len);
    (history, votes, calls, links)
}

#[tokio::test]
async fn the_server_forgets_what_is_older_than_each_guru_keeps_it() {
    for database in databases().await {
        let database_url = database.url.starts_with("postgres").then(|| database.url.clone());
        let setup = Setup { settings: "[limits]\nretention_days = 30\n", database_url, ..Setup::default() };
        let mut server = Server::start(setup).await;
        let api = server.api();
        for guru in ["g", "patient"] {
            api.new_guru(guru).await;
        }
        let patient =
            api.request(Method::PATCH, "/api/v1/gurus/patient").json(&json!({"retention_days": 365}));
        Api::send(patient).await.ok(200);
        let audited =
            api.get("/api/v1/system/audit").await.ok(200)["items"].as_array().expect("entries").len();
        let location = server.location();
        let now = now();
        let db = Db::open(&location, PoolSizes::default(), now).await.expect("the server's database");
        for slug in ["g", "patient"] {
            let guru = gurus::by_slug(&db.reader, &slug.parse().expect("a slug"))
                .await
                .expect("read")
                .expect("a guru");
            ask_at(&db, guru.id, now.plus_ms(-40 * DAY_MS), "Old?").await;
            ask_at(&db, guru.id, now.plus_ms(-10 * DAY_MS), "New?").await;
        }
        db.close().await;
        let new = || vec!["New?".to_owned()];
        let both = || vec!["New?".to_owned(), "Old?".to_owned()];
        assert_eq!(left(&api, "g").await, (both(), both(), both(), 2));

        // The job runs as the server starts, and every hour from then on.
        server.kill_9();
        server.start_again().await;
        let api = server.api();
        let forgotten = async {
            while api.history("g", "").await.len() > 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, forgotten).await.expect("the old run is forgotten");
        server.tell_to_stop();
        assert!(server.wait_for_exit().await.success());
        server.start_again().await;
        let api = server.api();
        assert_eq!(left(&api, "g").await, (new(), new(), new(), 1), "{}", database.kind);
        assert_eq!(left(&api, "patient").await, (both(), both(), both(), 2), "{}", database.kind);
        let still = api.get("/api/v1/system/audit").await.ok(200)["items"].as_array().expect("entries").len();
        assert_eq!(still, audited, "the audit log stays");
        assert_eq!(api.get("/api/v1/system/audit/check").await.ok(200)["intact"], true);
    }
}
