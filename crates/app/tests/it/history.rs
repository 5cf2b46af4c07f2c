//! What ran: found again by filters and pages, told in full, and true after a crash.

use std::time::Duration;

use errand_domain::UnixMillis;
use errand_testkit::{Reply, TestDatabase, Upstream, databases, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Server, Setup,
    actions::{PARCEL_QUESTION, WEATHER_QUESTION, string_parameter},
    get_action, post_action, sse,
};

/// Lies between the third and the fourth run, so that a time can be told apart from both.
const PAUSE_MS: i64 = 50;

#[tokio::test]
async fn history_is_filtered_paged_and_told_in_full_on_both_databases() {
    for database in databases().await {
        let upstream = Upstream::start(|request| match request.path_and_query.as_str() {
            "/parcels" => Reply::text(500, "none left"),
            _ => Reply::json(&json!({"temperature": 21})),
        })
        .await;
        let server = reaching(&upstream, &database).await;
        let api = server.api();
        api.new_guru("g").await;
        api.new_secret("g", "WEATHER_KEY", "weather-key-0123456789").await;
        let mut weather = get_action("weather", &upstream.url("/weather?city={city}&key={WEATHER_KEY}"));
        weather["parameters"] = json!([string_parameter("city")]);
        weather["parameters"][0]["required"] = json!(false);
        api.new_action("g", &weather).await;
        api.new_action("g", &post_action("parcel", &upstream.url("/parcels"))).await;

        let mut ids = Vec::new();
        for city in ["Lisbon", "Porto", "Faro"] {
            ids.push(api.run("g", "weather", json!({"city": city})).await["id"].clone());
        }
        tokio::time::sleep(Duration::from_millis(PAUSE_MS.unsigned_abs())).await;
        ids.push(api.run("g", "parcel", json!({})).await["id"].clone());
        let tested =
            api.post("/api/v1/g/actions/weather/test", json!({"arguments": {"city": "Évora"}})).await.ok(200);
        ids.push(tested["id"].clone());
        ids.push(api.ask("g", PARCEL_QUESTION).await["references"][0]["execution_id"].clone());
        ids.reverse();

        filters_find(&api, &ids).await;
        pages_join_without_gap(&api, &ids).await;
        a_page_tells_the_whole_run(&api, &ids, &upstream).await;
        assert_eq!(api.get("/api/v1/g/actions/weather").await.ok(200)["tested_version"], 1);
        let other_guru = format!("/api/v1/other/executions/{}", ids[0].as_str().expect("an id"));
        api.new_guru("other").await;
        api.get(&other_guru).await.refused(404, "not_found", &["execution"]);
    }
}

async fn reaching(upstream: &Upstream, database: &TestDatabase) -> Server {
    let database_url = (database.kind == "postgres").then(|| database.url.clone());
    Server::start(Setup { open: vec![upstream.address()], database_url, ..Setup::default() }).await
}

/// Newest first: asked parcel, tested Évora, parcel, Faro, Porto, Lisbon.
async fn filters_find(api: &Api, ids: &[Value]) {
    let check = async |query: &str, expect: &[usize]| {
        let found: Vec<_> = api.history("g", query).await.iter().map(|run| run["id"].clone()).collect();
        let expect: Vec<_> = expect.iter().map(|&at| ids[at].clone()).collect();
        assert_eq!(found, expect, "{query}");
    };
    check("", &[0, 1, 2, 3, 4, 5]).await;
    check("?action=weather", &[1, 3, 4, 5]).await;
    check("?action=parcel", &[0, 2]).await;
    check("?status=failed", &[0, 2]).await;
    check("?status=failed,succeeded", &[0, 1, 2, 3, 4, 5]).await;
    check("?status=cancelled", &[]).await;
    check("?source=test", &[1]).await;
    check("?source=api&action=parcel", &[0, 2]).await;
    check("?text=Porto", &[4]).await;
    check("?text=neighbour", &[0]).await;
    check("?text=none%20left", &[0, 2]).await;
    check("?text=%25", &[]).await;
    let parcel = api.execution("g", ids[2].as_str().expect("an id")).await;
    let at = UnixMillis::from_rfc3339(parcel["created_at"].as_str().expect("a time")).expect("a time");
    let between = at.plus_ms(-PAUSE_MS / 2).to_rfc3339();
    check(&format!("?from={between}"), &[0, 1, 2]).await;
    check(&format!("?to={between}"), &[3, 4, 5]).await;
    let moment = at.to_rfc3339();
    check(&format!("?from={moment}"), &[0, 1, 2]).await;
    check(&format!("?to={moment}"), &[3, 4, 5]).await;
    check("?from=2999-01-01T00:00:00Z", &[]).await;
    check("?to=2000-01-01T00:00:00Z", &[]).await;
}

async fn pages_join_without_gap(api: &Api, ids: &[Value]) {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..ids.len() {
        let page = api.get(&format!("/api/v1/g/executions?limit=4{cursor}")).await.ok(200);
        let items = page["items"].as_array().expect("a list");
        assert!(items.len() <= 4);
        found.extend(items.iter().map(|run| run["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ids);
}

async fn a_page_tells_the_whole_run(api: &Api, ids: &[Value], upstream: &Upstream) {
    let page = api.execution("g", ids[4].as_str().expect("an id")).await;
    assert_eq!(
        (&page["action"], &page["kind"], &page["source"]),
        (&json!("weather"), &json!("api_call"), &json!("api"))
    );
    assert_eq!((&page["status"], &page["arguments"]), (&json!("succeeded"), &json!({"city": "Porto"})));
    assert_eq!(page["output"], "{\"temperature\":21}");
    // What ran for a question says why; what was run by hand has nothing to say.
    assert_eq!(page["plan"], Value::Null);
    let asked = api.execution("g", ids[0].as_str().expect("an id")).await;
    assert_eq!(asked["plan"]["steps"][0]["action"], "parcel", "{asked}");
    let [exchange] = &page["exchanges"].as_array().expect("a list")[..] else {
        panic!("one exchange: {page}")
    };
    assert_eq!((&exchange["method"], &exchange["status"]), (&json!("GET"), &json!(200)));
    assert_eq!(exchange["url"], upstream.url("/weather?city=Porto&key=[secret:WEATHER_KEY]"));
    assert_eq!(exchange["response_body"], "{\"temperature\":21}");
    let [contact] = &page["contacts"].as_array().expect("a list")[..] else { panic!("one contact: {page}") };
    assert_eq!(
        (&contact["host"], &contact["port"]),
        (&json!("127.0.0.1"), &json!(upstream.address().port()))
    );
    assert_eq!((&contact["address"], &contact["refused"]), (&json!("127.0.0.1"), &Value::Null));
    assert!(contact["bytes_sent"].as_u64().is_some_and(|bytes| bytes > 60), "{contact}");
    assert!(contact["bytes_received"].as_u64().is_some_and(|bytes| bytes > 18), "{contact}");
    let phases: Vec<_> =
        page["phases"].as_array().expect("a list").iter().map(|phase| phase["name"].as_str()).collect();
    for phase in ["prepare", "wait", "read"] {
        assert!(phases.contains(&Some(phase)), "{phase} is not in {phases:?}");
    }
    let events: Vec<_> =
        page["events"].as_array().expect("a list").iter().map(|event| event["type"].as_str()).collect();
    assert_eq!(
        (events.first(), events.last()),
        (Some(&Some("action_started")), Some(&Some("action_finished")))
    );

    let asked = api.execution("g", ids[0].as_str().expect("an id")).await;
    assert_eq!(asked["question"], PARCEL_QUESTION);
    assert!(asked["turn_id"].is_string() && asked["conversation_id"].is_string(), "{asked}");
    assert_eq!(asked["exchanges"][0]["request_body"], "{\"express\": true}");
    let of_it: Vec<_> =
        asked["events"].as_array().expect("a list").iter().map(|event| &event["execution_id"]).collect();
    assert!(of_it.iter().all(|id| **id == ids[0]), "events of other runs are shown: {of_it:?}");
}

/// A write may have taken effect when the process died under it: it is `unknown`, and never run again silently.
#[tokio::test]
async fn a_write_cut_by_a_crash_is_unknown_and_never_repeated() {
    for database in databases().await {
        check_cut_write(&database).await;
    }
}

async fn check_cut_write(database: &TestDatabase) {
    let upstream = Upstream::start(|request| match request.method.as_str() {
        "POST" => Reply::json(&json!({"sent": true})).held(),
        _ => Reply::json(&json!({"temperature": 21})),
    })
    .await;
    let mut server = reaching(&upstream, database).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("parcel", &upstream.url("/parcels"))).await;
    let finished = api.ask("g", WEATHER_QUESTION).await;

    let mut events =
        sse::Reader::new(api.ask_streaming("g", json!({"question": PARCEL_QUESTION, "stream": true})).await);
    let started = events.until("action_started").await;
    upstream.wait_for_requests(2).await;
    server.kill_9();
    server.start_again().await;
    let api = server.api();

    let cut = api.execution("g", started.data["execution_id"].as_str().expect("an id")).await;
    assert_eq!((&cut["status"], &cut["action"]), (&json!("unknown"), &json!("parcel")));
    assert!(
        cut["error"]
            .as_str()
            .is_some_and(|error| error.contains("not known") && error.contains("Check the other system")),
        "{cut}"
    );
    assert!(cut["finished_at"].is_string(), "{cut}");
    let unknown = api.history("g", "?status=unknown").await;
    assert_eq!(unknown.len(), 1);
    an_interrupted_turn_ends(&api, cut["turn_id"].as_str().expect("an id")).await;

    let kept =
        api.get(&format!("/api/v1/g/turns/{}", finished["turn_id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!((&kept["answer"], &kept["status"]), (&finished["content"], &json!("done")));
    assert_eq!(kept["references"][0]["output"], "{\"temperature\":21}");
    let again = api.ask("g", WEATHER_QUESTION).await;
    assert_eq!(again["references"][0]["status"], "succeeded", "the server works on after a crash");
    let posts = upstream.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 1, "the write was sent again");
    upstream.release();
}

/// Who reconnects to a turn that a crash cut must not wait for ever.
async fn an_interrupted_turn_ends(api: &Api, turn: &str) {
    let story = api.get(&format!("/api/v1/g/turns/{turn}")).await.ok(200);
    assert_eq!(story["status"], "failed");
    let events = api.events("g", turn).await;
    let last = events.last().expect("there are events");
    assert_eq!((last.name.as_str(), &last.data["status"]), ("turn_finished", &json!("failed")), "{last:?}");
    assert!(last.data["error"].as_str().is_some_and(|error| error.contains("stopped")), "{last:?}");
    let numbers: Vec<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_read_cut_by_a_crash_is_settled_and_what_had_finished_is_kept() {
    for database in databases().await {
        check_cut_read(&database).await;
    }
}

async fn check_cut_read(database: &TestDatabase) {
    const RUNS: usize = 40;
    let upstream = Upstream::start(|request| match request.path_and_query.as_str() {
        "/slow" => Reply::text(200, "late").held(),
        _ => Reply::json(&json!({"temperature": 21})),
    })
    .await;
    let mut server = reaching(&upstream, database).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("quick_write", &upstream.url("/write"))).await;
    api.new_action("g", &get_action("slow", &upstream.url("/slow"))).await;
    let slow = tokio::spawn({
        let request = api.request(Method::POST, "/api/v1/g/actions/slow/run").json(&json!({}));
        async move { request.send().await.is_ok() }
    });
    eventually("the slow read is under way", || {
        upstream.requests().iter().any(|r| r.path_and_query == "/slow")
    })
    .await;

    let mut told = Vec::new();
    for number in 0..RUNS {
        let action = if number % 2 == 0 { "weather" } else { "quick_write" };
        told.push(api.run("g", action, json!({})).await);
    }
    server.kill_9();
    assert!(!slow.await.expect("the slow run's task"), "a killed server answered");
    server.start_again().await;
    let api = server.api();

    for run in &told {
        let kept = api.execution("g", run["id"].as_str().expect("an id")).await;
        for field in ["status", "output", "action", "source", "created_at"] {
            assert_eq!(kept[field], run[field], "what had been told as finished changed: {field}");
        }
    }
    let cut = api.history("g", "?action=slow").await;
    assert_eq!(cut.len(), 1, "the row of the read that was under way");
    assert_eq!(cut[0]["status"], "unknown");
    assert!(api.history("g", "?status=running,queued").await.is_empty());
    assert_eq!(upstream.requests().iter().filter(|request| request.path_and_query == "/slow").count(), 1);
    upstream.release();
}
