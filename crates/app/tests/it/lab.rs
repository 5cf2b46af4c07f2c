//! The trigger lab: suites through the API on both databases, and files through the command line.

use std::process::Command;

use errand_testkit::{Upstream, databases};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Server, Setup, actions::WEATHER_QUESTION, get_action, post_action, server::binary,
};

#[tokio::test]
async fn a_suite_is_filled_from_the_history_run_and_compared() {
    for database in databases().await {
        let database_url = (database.kind == "postgres").then(|| database.url.clone());
        let upstream = Upstream::saying(json!({"temperature": 21})).await;
        let open = vec![upstream.address()];
        let server = Server::start(Setup { open, database_url, ..Setup::default() }).await;
        let api = server.api();
        api.new_guru("g").await;
        api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
        let suite = api.post("/api/v1/g/lab/suites", json!({"name": "weather"})).await.ok(201);
        let suite = suite["id"].as_str().expect("an id").to_owned();
        api.post("/api/v1/g/lab/suites", json!({"name": "weather"})).await.refused(409, "name_taken", &[]);
        history_becomes_a_case(&api, &suite).await;
        the_suite_runs(&api, &suite).await;
        cases_change_and_go(&api, &suite).await;
    }
}

async fn history_becomes_a_case(api: &Api, suite: &str) {
    let answer = api.ask("g", WEATHER_QUESTION).await;
    let body = json!({"turn_id": answer["turn_id"]});
    let added = api.post(&format!("/api/v1/g/lab/suites/{suite}/cases/from-turn"), body).await.ok(201);
    assert_eq!(added["case"]["question"], WEATHER_QUESTION);
    assert_eq!(added["case"]["expected"], json!({"weather": {}}));
    assert_eq!(added["turn_id"], answer["turn_id"]);
}

async fn the_suite_runs(api: &Api, suite: &str) {
    let path = format!("/api/v1/g/lab/suites/{suite}/run");
    let run = || api.post(&path, json!({"planner": "embedded"}));
    let first = run().await.ok(200);
    assert_eq!((&first["report"]["cases"], &first["report"]["firing"]["f1"]), (&json!(1), &json!(1.0)));
    assert_eq!(first["before"], Value::Null);
    let wrong = json!({"cases": [{"question": WEATHER_QUESTION, "expected": {}}]});
    api.post(&format!("/api/v1/g/lab/suites/{suite}/cases"), wrong).await.ok(201);
    let second = run().await.ok(200);
    assert_eq!(second["before"]["cases"], 1);
    assert_eq!(second["report"]["false_fire_rate"], 1.0);
    assert_eq!(second["failures"][0]["outcome"]["wrong"], json!(["weather"]));
    assert_eq!(second["failures"][0]["plan"]["considered"][0]["action"], "weather");
    let runs = api.get(&format!("/api/v1/g/lab/suites/{suite}/runs")).await.ok(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(2));
}

async fn cases_change_and_go(api: &Api, suite: &str) {
    let cases = format!("/api/v1/g/lab/suites/{suite}/cases");
    let list = api.get(&cases).await.ok(200);
    let case = list["items"][1]["id"].as_str().expect("an id").to_owned();
    let mended = json!({"question": "Thank you!", "expected": {}});
    api.put(&format!("/api/v1/g/lab/cases/{case}"), mended).await.ok(204);
    assert_eq!(api.get(&cases).await.ok(200)["items"][1]["case"]["question"], "Thank you!");
    api.post(&cases, json!({"cases": [{"question": " ", "expected": {}}]})).await.refused(
        422,
        "bad_case",
        &[],
    );
    api.delete(&format!("/api/v1/g/lab/cases/{case}")).await.ok(204);
    api.delete(&format!("/api/v1/g/lab/cases/{case}")).await.refused(404, "not_found", &[]);
    api.delete(&format!("/api/v1/g/lab/suites/{suite}")).await.ok(204);
    assert_eq!(api.get("/api/v1/g/lab/suites").await.ok(200)["items"], json!([]));
}

#[tokio::test]
async fn an_edit_is_tried_on_what_was_asked_and_overlaps_are_named() {
    let upstream = Upstream::saying(json!({"temperature": 21})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("send_parcel", &upstream.url("/parcel"))).await;
    api.ask("g", WEATHER_QUESTION).await;

    let edit = json!({"action": "weather", "trigger": "When the user asks about tides", "examples": ["When is high tide?"]});
    let replay = api.post("/api/v1/g/lab/replay", edit).await.ok(200);
    assert_eq!((&replay["turns"], &replay["changes"][0]["question"]), (&json!(1), &json!(WEATHER_QUESTION)));
    assert_eq!(
        (&replay["changes"][0]["before"], &replay["changes"][0]["after"]),
        (&json!(["weather()"]), &json!([]))
    );
    assert_eq!(upstream.requests().len(), 1, "a replay ran an action");

    assert_eq!(api.get("/api/v1/g/lab/overlaps").await.ok(200)["items"], json!([]));
    let mut twin = get_action("forecast", &upstream.url("/forecast"));
    twin["trigger"] = json!("When the user asks about the weather in a city tomorrow");
    api.new_action("g", &twin).await;
    let found = api.get("/api/v1/g/lab/overlaps").await.ok(200);
    let pair = &found["items"][0];
    let mut names = [pair["first"].as_str().expect("a name"), pair["second"].as_str().expect("a name")];
    names.sort_unstable();
    assert_eq!(names, ["forecast", "weather"]);
    assert!(pair["words"].as_array().expect("words").contains(&json!("weather")), "{pair}");
    let loose = json!({"cases": [{"question": "Hello", "expected": {}}]});
    assert_eq!(
        Api::send(api.request(Method::POST, "/api/v1/g/lab/run").json(&loose)).await.ok(200)["report"]["cases"],
        1
    );
}

const CATALOGUE: &str = r#"{"refund_lookup": {"trigger": "When the user asks where their refund is", "parameters": [
    {"name": "order_id", "type": "string", "description": "Order number", "required": true}]},
    "vacation_balance": {"trigger": "When the user asks how many vacation days are left"},
    "outage_status": {"trigger": "When the user asks whether the site is down"}}"#;
const CASES: &str = r#"{"question": "Where is my refund for order 12345?", "expected": {"refund_lookup": {"order_id": ["12345"]}}}
{"question": "Thanks a lot", "expected": {}}
"#;

fn check(planner: &str, options: &[&str], expect_exit: i32) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("catalogue.json"), CATALOGUE).expect("write");
    std::fs::write(path("cases.jsonl"), CASES).expect("write");
    let ran = Command::new(binary())
        .args([
            "--json",
            "lab",
            "run",
            "--planner",
            planner,
            "--now",
            "2026-11-19T10:00[Europe/Berlin]",
            "--catalogue",
        ])
        .arg(path("catalogue.json"))
        .arg("--cases")
        .arg(path("cases.jsonl"))
        .args(options)
        .env("ERRAND_DATA_DIR", folder.path())
        .output()
        .expect("run errand");
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(expect_exit), "{told}");
    serde_json::from_slice(&ran.stdout).unwrap_or_default()
}

/// The base model alone finds far less: judged by it, everybody would mend what is not broken.
#[test]
fn files_are_judged_by_the_planner_that_a_server_has() {
    let report = check("embedded", &[], 0);
    let planner = report["planner"].as_str().expect("a planner's name");
    assert!(planner.starts_with("embedded/") && planner.contains("-errand-"), "{planner}");
}

#[test]
fn files_need_no_server_and_a_missed_mark_fails() {
    let report = check("lexical", &["--min-f1", "1", "--max-false-fires", "0"], 0);
    assert_eq!(report["cases"], 2);
    assert_eq!(report["firing"]["exact_set"], 1.0);
    assert_eq!(report["arguments"]["exact"], 1.0);
    assert!(report["latency_ms"]["p99"].is_number(), "{report}");
    let wrong = r#"{"question": "Thanks", "expected": {"refund_lookup": {}}}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.jsonl");
    std::fs::write(&file, wrong).expect("write");
    let catalogue = folder.path().join("catalogue.json");
    std::fs::write(&catalogue, CATALOGUE).expect("write");
    let ran = Command::new(binary())
        .args(["lab", "run", "--planner", "lexical", "--wrong", "--min-f1", "0.5", "--catalogue"])
        .arg(&catalogue)
        .arg("--cases")
        .arg(&file)
        .env("ERRAND_DATA_DIR", folder.path())
        .output()
        .expect("run errand");
    assert_eq!(ran.status.code(), Some(1));
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(told.contains("F1 of firing: 0.000 is under the mark of 0.500."), "{told}");
    assert!(told.contains("missed: refund_lookup"), "{told}");
}
