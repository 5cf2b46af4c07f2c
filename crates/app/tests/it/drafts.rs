//! A definition is tried before it is saved, and a test is followed as it runs.

use std::time::Duration;

use errand_testkit::Upstream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Server,
    actions::{WEATHER_QUESTION, string_parameter},
    get_action, sse,
};

const KEY: &str = "weather-key-0123456789";
const LOOKS_MAX: usize = 100;
const LOOK_EVERY: Duration = Duration::from_millis(50);

async fn server() -> (Upstream, Server) {
    let upstream = Upstream::saying(json!({"temperature": 21})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "WEATHER_KEY", KEY).await;
    (upstream, server)
}

fn weather(upstream: &Upstream) -> Value {
    let mut weather = get_action("weather", &upstream.url("/weather?city={city}&key={WEATHER_KEY}"));
    weather["parameters"] = json!([string_parameter("city")]);
    weather
}

#[tokio::test]
async fn a_draft_shows_its_request_masked_and_sends_nothing() {
    let (upstream, server) = server().await;
    let api = server.api();
    let path = "/api/v1/g/drafts/request";
    let body = json!({"definition": weather(&upstream), "arguments": {"city": "São Paulo"}});
    let request = api.post(path, body).await.ok(200);
    assert_eq!(request["method"], "GET");
    let url = request["url"].as_str().expect("a URL");
    assert!(url.ends_with("/weather?city=S%C3%A3o%20Paulo&key=[secret:WEATHER_KEY]"), "{url}");
    assert!(!request.to_string().contains(KEY));

    let without = json!({"definition": weather(&upstream)});
    api.post(path, without).await.refused(422, "missing_argument", &["city"]);
    let broken = json!({"definition": get_action("weather", "no address")});
    api.post(path, broken).await.refused(422, "bad_url", &["no address"]);
    assert!(upstream.requests().is_empty());
    assert_eq!(api.get("/api/v1/g/executions").await.ok(200)["items"], json!([]));
}

#[tokio::test]
async fn a_draft_is_planned_with_as_if_it_were_saved() {
    let (upstream, server) = server().await;
    let api = server.api();
    let fires = |plan: &Value| {
        let steps = plan["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .chain(plan["missing"].as_array().expect("missing"));
        steps.map(|step| step["action"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let plan = plan_draft(&api, &weather(&upstream), None).await;
    assert_eq!(fires(&plan), ["weather"]);
    assert_eq!(api.get("/api/v1/g/actions").await.ok(200)["used"], 0);

    // In the place of the version that is saved, not beside it.
    api.new_action("g", &weather(&upstream)).await;
    let mut other = weather(&upstream);
    other["name"] = json!("weather_report");
    assert_eq!(fires(&plan_draft(&api, &other, Some("weather")).await), ["weather_report"]);
    let body = json!({"definition": other, "replaces": "nothing", "question": WEATHER_QUESTION});
    api.post("/api/v1/g/drafts/plan", body).await.refused(404, "not_found", &["nothing"]);
}

#[tokio::test]
async fn a_draft_is_tried_on_what_was_asked_before() {
    let (upstream, server) = server().await;
    let api = server.api();
    api.ask("g", WEATHER_QUESTION).await;
    api.ask("g", "What is the capital of Portugal?").await;
    let replay = async |body: Value| api.post("/api/v1/g/drafts/replay", body).await;
    let found = replay(json!({"definition": weather(&upstream)})).await.ok(200);
    assert_eq!(found["turns"], 2);
    let changes = found["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{found}");
    assert_eq!((&changes[0]["question"], &changes[0]["before"]), (&json!(WEATHER_QUESTION), &json!([])));
    let after = changes[0]["after"].to_string();
    assert!(after.contains("weather("), "{after}");

    // Saved and on, the same definition changes nothing; it is its own next version.
    api.new_action("g", &weather(&upstream)).await;
    let same = json!({"definition": weather(&upstream), "replaces": "weather"});
    assert_eq!(replay(same).await.ok(200)["changes"], json!([]));
    let broken = json!({"definition": get_action("weather", "no address")});
    replay(broken).await.refused(422, "bad_url", &["no address"]);
    let unknown = json!({"definition": weather(&upstream), "replaces": "nothing"});
    replay(unknown).await.refused(404, "not_found", &["nothing"]);
    assert!(upstream.requests().is_empty());
}

async fn plan_draft(api: &Api, definition: &Value, replaces: Option<&str>) -> Value {
    let body = json!({"definition": definition, "replaces": replaces, "question": WEATHER_QUESTION});
    api.post("/api/v1/g/drafts/plan", body).await.ok(200)
}

#[tokio::test]
async fn a_test_is_told_as_it_runs_and_counts_like_any_other() {
    let (upstream, server) = server().await;
    let api = server.api();
    api.new_action("g", &weather(&upstream)).await;
    let response = api
        .request(Method::POST, "/api/v1/g/actions/weather/test")
        .header("accept", "text/event-stream")
        .json(&json!({"arguments": {"city": "Porto"}}))
        .send()
        .await
        .expect("an answer");
    let events = sse::read_all(response).await;
    assert_eq!(events.first().map(|event| event.name.as_str()), Some("action_started"));
    let end = events.last().expect("an end");
    assert_eq!((end.name.as_str(), &end.data["status"]), ("action_finished", &json!("succeeded")));
    assert!(events.iter().any(|event| event.name == "http_exchanged"));
    let id = end.data["execution_id"].as_str().expect("an id");
    let stored = api.get(&format!("/api/v1/g/executions/{id}")).await.ok(200);
    assert_eq!((&stored["source"], &stored["status"]), (&json!("test"), &json!("succeeded")));
    // Noted right after the end was told.
    let mut tested = Value::Null;
    for _ in 0..LOOKS_MAX {
        tested = api.get("/api/v1/g/actions/weather").await.ok(200)["tested_version"].clone();
        if tested == 1 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(tested, 1);
}
