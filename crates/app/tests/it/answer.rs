//! Asking: the demo's conversation, its streams, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Server, Setup,
    actions::{PARCEL_QUESTION, WEATHER_QUESTION},
    get_action, post_action,
    sse::{self, SseEvent},
};
use errand_engine::access::Scope;
use errand_testkit::{Reply, TestDatabase, Upstream, databases};

const REFUND_QUESTION: &str = "I asked for a refund three days ago, order 12345, where is it?";
const DOUBLE_QUESTION: &str = "Is the site down? Also which tickets breach SLA in the next 3 hours?";

#[tokio::test]
async fn the_demo_answers_on_both_databases() {
    for database in databases().await {
        let server = demo_on(&database).await;
        let api = server.api();
        refund_is_looked_up(&api).await;
        missing_address_is_asked_for_and_taken_from_the_next_turn(&api).await;
        streamed_text_is_the_answer(&api).await;
        events_come_numbered_and_resume_anywhere(&api).await;
    }
}

async fn demo_on(database: &TestDatabase) -> Server {
    let database_url = (database.kind == "postgres").then(|| database.url.clone());
    Server::start(Setup { demo: true, python: true, database_url, ..Setup::default() }).await
}

async fn refund_is_looked_up(api: &Api) {
    let answer = api.ask("demo", REFUND_QUESTION).await;
    assert_eq!(answer["slug"], "demo");
    assert_eq!(answer["question"], REFUND_QUESTION);
    let content = text(&answer["content"]);
    for words in ["49.90 USD", "12345", "pending", "Next step"] {
        assert!(content.contains(words), "`{words}` is not in: {content}");
    }
    let [reference] = references(&answer) else { panic!("one action ran, not {}", answer["references"]) };
    assert_eq!(reference["action"], "refund_lookup");
    assert_eq!(reference["arguments"], json!({"order_id": "12345"}));
    assert_eq!(reference["status"], "succeeded");
    assert!(reference["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{reference}");
    let output: Value = serde_json::from_str(text(&reference["output"])).expect("the script's JSON");
    assert_eq!(output["charges"][0]["amount"], 4990);
}

async fn missing_address_is_asked_for_and_taken_from_the_next_turn(api: &Api) {
    let asked = api.ask("demo", "I was charged twice!").await;
    assert!(references(&asked).is_empty(), "nothing runs without the address: {asked}");
    assert!(text(&asked["content"]).contains("customer email"), "{asked}");

    let session = &asked["session_id"];
    let answer = api.ask_with("demo", json!({"question": "ana@acme.test", "session_id": session})).await;
    assert_eq!(&answer["session_id"], session);
    let [reference] = references(&answer) else { panic!("one action ran, not {}", answer["references"]) };
    assert_eq!(reference["action"], "double_charge");
    assert_eq!(reference["arguments"]["customer_email"], "ana@acme.test");
    assert!(text(&answer["content"]).to_lowercase().contains("charge"), "{answer}");

    let story = api.get(&format!("/api/v1/demo/conversations/{}", text(session))).await.ok(200);
    let questions: Vec<_> = list(&story["turns"]).iter().map(|turn| text(&turn["question"])).collect();
    assert_eq!(questions, ["I was charged twice!", "ana@acme.test"]);
    assert_eq!(story["title"], "I was charged twice!");
}

async fn streamed_text_is_the_answer(api: &Api) {
    let request = api
        .request(Method::POST, "/api/v1/demo/answer/")
        .json(&json!({"question": REFUND_QUESTION, "stream": true}));
    let streamed = Api::send(request).await;
    assert_eq!(streamed.status, 200);
    assert_eq!(streamed.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(streamed.text, text(&api.ask("demo", REFUND_QUESTION).await["content"]));
}

async fn events_come_numbered_and_resume_anywhere(api: &Api) {
    let response = api.ask_streaming("demo", json!({"question": DOUBLE_QUESTION, "stream": true})).await;
    let events = sse::read_all(response).await;
    assert_numbered(&events);
    for event in &events {
        assert_eq!(
            (event.data["seq"].as_u64(), text(&event.data["type"])),
            (Some(event.id), event.name.as_str())
        );
    }
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names[..2], ["turn_started", "planned"]);
    assert_eq!(names.last(), Some(&"turn_finished"));
    assert_two_ran_in_parallel(&events);

    let turns = api.get("/api/v1/demo/conversations?limit=1").await.ok(200);
    let story =
        api.get(&format!("/api/v1/demo/conversations/{}", text(&turns["items"][0]["id"]))).await.ok(200);
    let turn = text(&story["turns"][0]["id"]).to_owned();
    assert_eq!(story["turns"][0]["answer"], said(&events));
    let path = format!("/api/v1/demo/turns/{turn}/events");
    for after in [0, 1, events.len() / 2, events.len() - 1] {
        let by_query =
            api.request(Method::GET, &format!("{path}?after={after}")).send().await.expect("an answer");
        assert_eq!(sse::read_all(by_query).await, events[after..], "after={after}");
        let by_header =
            api.request(Method::GET, &path).header("last-event-id", after.to_string()).send().await;
        assert_eq!(
            sse::read_all(by_header.expect("an answer")).await,
            events[after..],
            "Last-Event-ID: {after}"
        );
    }
}

fn assert_numbered(events: &[SseEvent]) {
    let numbers: Vec<_> = events.iter().map(|event| event.id).collect();
    let expected: Vec<_> = (1..=events.len() as u64).collect();
    assert_eq!(numbers, expected);
}

/// Both began before either ended.
fn assert_two_ran_in_parallel(events: &[SseEvent]) {
    let of = |name: &str| -> Vec<usize> { (0..events.len()).filter(|&at| events[at].name == name).collect() };
    let (started, finished) = (of("action_started"), of("action_finished"));
    assert_eq!((started.len(), finished.len()), (2, 2));
    assert!(started[1] < finished[0], "the second began only after the first had ended");
    let mut actions: Vec<_> = started.iter().map(|&at| text(&events[at].data["action"])).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["outage_status", "sla_breach"]);
}

fn said(events: &[SseEvent]) -> String {
    events.iter().filter(|event| event.name == "answer_text").map(|event| text(&event.data["text"])).collect()
}

/// Requests and hosts are the builder's to see; whoever may only ask gets the rest with its own numbers.
#[tokio::test]
async fn an_asker_does_not_see_the_requests_behind_an_answer() {
    let upstream = Upstream::start(|_| {
        Reply::json(&json!({"temperature": 21})).header("set-cookie", "session=upstreams-own")
    })
    .await;
    let server = Server::reaching(&upstream).await;
    let manager = server.api();
    manager.new_guru("g").await;
    manager.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    let asker = server.with_key(&server.new_key(&[Scope::Ask]).await);
    let body = json!({"question": WEATHER_QUESTION, "stream": true});
    for (api, sees) in [(&manager, true), (&asker, false)] {
        let live = sse::read_all(api.ask_streaming("g", body.clone()).await).await;
        let behind = |event: &&SseEvent| ["http_exchanged", "host_contacted"].contains(&event.name.as_str());
        assert_eq!(live.iter().filter(behind).count(), if sees { 2 } else { 0 });
        assert!(said(&live).contains("21"), "{live:?}");
        assert_eq!(live.last().map(|event| event.name.as_str()), Some("turn_finished"));
        assert!(live.is_sorted_by(|one, next| one.id < next.id), "{live:?}");
        assert_eq!(
            live.len() as u64 == live[live.len() - 1].id,
            sees,
            "holes only where something is left out"
        );
        assert!(live.iter().all(|event| !event.data.to_string().contains("upstreams-own")));

        let conversations = api.get("/api/v1/g/conversations?limit=1").await.ok(200);
        let path = format!("/api/v1/g/conversations/{}", text(&conversations["items"][0]["id"]));
        let story = api.get(&path).await.ok(200);
        let turn = text(&story["turns"][0]["id"]);
        assert_eq!(api.events("g", turn).await, live, "the ledger shows the same");
    }
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let server = Server::demo().await;
    let api = server.api();
    let plan = api.post("/api/v1/demo/plan", json!({"question": DOUBLE_QUESTION})).await.ok(200);
    let steps: Vec<_> = list(&plan["steps"]).iter().map(|step| text(&step["action"])).collect();
    assert_eq!(steps, ["outage_status", "sla_breach"]);
    assert_eq!(plan["steps"][1]["arguments"], json!({"hours_ahead": 3}));
    assert_eq!(list(&plan["considered"]).len(), 13, "every action was judged");

    let plan = api.post("/api/v1/demo/plan", json!({"question": "I was charged twice!"})).await.ok(200);
    assert_eq!(plan["missing"][0]["parameters"], json!(["customer_email"]));

    assert!(api.history("demo", "").await.is_empty(), "a plan left a run behind");
    assert_eq!(api.get("/api/v1/demo/conversations").await.ok(200)["items"], json!([]));
    api.post("/api/v1/demo/plan", json!({"question": " "})).await.refused(422, "empty", &["empty"]);
}

#[tokio::test]
async fn an_existing_answer_is_given_again_only_when_asked_for() {
    let upstream = Upstream::saying(json!({"temperature": 21})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;

    let first = api.ask("g", WEATHER_QUESTION).await;
    let again =
        json!({"question": WEATHER_QUESTION, "session_id": first["session_id"], "fetch_existing": true});
    let existing = api.ask_with("g", again).await;
    assert_eq!(existing["turn_id"], first["turn_id"]);
    assert_eq!(existing["content"], first["content"]);
    assert_eq!(upstream.requests().len(), 1);

    let anew =
        api.ask_with("g", json!({"question": WEATHER_QUESTION, "session_id": first["session_id"]})).await;
    assert_ne!(anew["turn_id"], first["turn_id"]);
    assert_eq!(upstream.requests().len(), 2);
    let never_asked = json!({"question": "Is it raining in Porto?", "session_id": first["session_id"], "fetch_existing": true});
    assert_eq!(references(&api.ask_with("g", never_asked).await).len(), 1);
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn one_failing_action_leaves_the_others_alone() {
    let good = Upstream::saying(json!({"temperature": 21})).await;
    let broken = Upstream::start(|_| errand_testkit::Reply::text(500, "no parcels today")).await;
    let server =
        Server::start(Setup { open: vec![good.address(), broken.address()], ..Setup::default() }).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &good.url("/weather"))).await;
    api.new_action("g", &post_action("parcel", &broken.url("/parcels"))).await;

    let answer = api.ask("g", &format!("{WEATHER_QUESTION} {PARCEL_QUESTION}.")).await;
    let mut ends: Vec<_> =
        references(&answer).iter().map(|run| (text(&run["action"]), text(&run["status"]))).collect();
    ends.sort_unstable();
    assert_eq!(ends, [("parcel", "failed"), ("weather", "succeeded")]);
    let content = text(&answer["content"]);
    assert!(content.contains("21") && content.contains("Parcel** failed"), "{content}");
    assert_eq!(broken.requests().len(), 1, "a write is never tried twice");
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_words() {
    let server = Server::demo().await;
    let api = server.api();
    let ask = |body: Value| api.post("/api/v1/demo/answer/", body);
    let unknown = "conv_01a2067cfaec775f88621a84b5ded2d9";
    ask(json!({"question": "Hello", "session_id": unknown})).await.refused(
        404,
        "not_found",
        &["conversation", unknown],
    );
    ask(json!({"question": "Hello", "session_id": "nonsense"})).await.refused(
        404,
        "not_found",
        &["session", "nonsense"],
    );
    ask(json!({"question": ""})).await.refused(422, "empty", &["question is empty"]);
    ask(json!({"question": "a".repeat(8_001)})).await.refused(422, "too_long", &["8001", "8000"]);
    ask(json!({"question": "Hello", "external_user_id": "é".repeat(201)})).await.refused(
        422,
        "too_long",
        &["external_user_id", "201", "200"],
    );
    ask(json!({})).await.refused(400, "bad_body", &["question"]);
    ask(json!({"question": "Hello", "sesion_id": unknown})).await.refused(400, "bad_body", &["sesion_id"]);
    api.post("/api/v1/nobody/answer/", json!({"question": "Hello"})).await.refused(
        404,
        "not_found",
        &["guru", "nobody"],
    );

    let question = json!({"question": "Hello"});
    let missing = server.anonymous().post("/api/v1/demo/answer/", question.clone()).await;
    missing.refused(401, "unauthenticated", &["credentials", "x-api-key"]);
    let wrong = server.with_key("errand_wrong").post("/api/v1/demo/answer/", question).await;
    wrong.refused(401, "unauthenticated", &["credentials", "x-api-key"]);

    let nothing = api.ask("demo", "Tell me a joke about penguins").await;
    assert!(references(&nothing).is_empty());
    assert!(text(&nothing["content"]).contains("nothing was run"), "{nothing}");
    assert!(api.history("demo", "").await.is_empty());
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn references(answer: &Value) -> &[Value] {
    list(&answer["references"])
}
