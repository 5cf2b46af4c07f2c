//! The audit log, analytics, exports, retention and backups through their doors.

use std::process::{Command, Output};

use errand_domain::Role;
use errand_testkit::{Reply, Upstream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Api, Server, Setup,
    actions::{PARCEL_QUESTION, WEATHER_QUESTION},
    get_action, post_action,
    server::binary,
};

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

#[tokio::test]
async fn every_change_is_in_the_log_with_what_it_changed_and_from_where() {
    let server =
        Server::start(Setup { settings: "trusted_proxies = [\"127.0.0.1\"]", ..Setup::default() }).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_guru("other").await;
    let mut file = get_action("weather", "https://weather.example.com/now");
    api.new_action("g", &file).await;
    file["trigger"] = json!("When the user asks whether it rains");
    let through_proxy = api
        .request(Method::PUT, "/api/v1/g/actions/weather")
        .header("x-forwarded-for", "198.51.100.9, 203.0.113.7");
    Api::send(through_proxy.json(&file)).await.ok(200);
    api.new_secret("g", "WEATHER_KEY", "a-long-enough-key").await;

    let page = api.get("/api/v1/g/audit").await.ok(200);
    let verbs: Vec<_> = list(&page["items"]).iter().map(|one| &one["verb"]).collect();
    assert_eq!(verbs, ["secret.create", "action.update", "action.enable", "action.create", "guru.create"]);
    let update = &page["items"][1];
    assert_eq!(update["origin"], "203.0.113.7");
    assert_eq!(page["items"][0]["origin"], "127.0.0.1");
    let [change] = list(&update["changes"]) else { panic!("{update}") };
    assert_eq!((&change["field"], &change["after"]), (&json!("trigger"), &file["trigger"]));
    assert!(!page.to_string().contains("a-long-enough-key"));

    let only = api.get("/api/v1/g/audit?verb=action&limit=2").await.ok(200);
    assert_eq!(list(&only["items"]).len(), 2);
    let cursor = only["next_cursor"].as_str().expect("a cursor");
    let rest = api.get(&format!("/api/v1/g/audit?verb=action&cursor={cursor}")).await.ok(200);
    assert_eq!(rest["items"][0]["verb"], "action.create");
    let all = api.get("/api/v1/system/audit?object=other").await.ok(200);
    assert_eq!(all["items"][0]["object"], "guru other");
    let check = api.get("/api/v1/system/audit/check").await.ok(200);
    assert_eq!((&check["intact"], &check["broken_at"]), (&json!(true), &json!(null)));
    api.get("/api/v1/g/audit?cursor=x").await.refused(400, "bad_cursor", &[]);

    let builder = server.new_session("bo@acme.test", "g", Role::GuruAdmin).await;
    builder.get("/api/v1/g/audit").await.ok(200);
    builder.get("/api/v1/system/audit").await.refused(403, "forbidden", &[]);
}

#[tokio::test]
async fn use_is_summed_and_exported() {
    let upstream = Upstream::start(|request| {
        if request.path_and_query == "/parcels" {
            Reply::text(500, "no parcels today")
        } else {
            Reply::json(&json!({"note": "=1+1", "temperature": 21}))
        }
    })
    .await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("parcel", &upstream.url("/parcels"))).await;
    api.ask("g", WEATHER_QUESTION).await;
    api.ask("g", PARCEL_QUESTION).await;
    api.ask("g", "Tell me a joke about penguins").await;
    api.post("/api/v1/g/actions/weather/test", json!({})).await.ok(200);

    let all = api.get("/api/v1/g/analytics").await.ok(200);
    let sums = |runs: &Value| (runs["runs"].as_u64(), runs["failures"].as_u64());
    assert_eq!(sums(&all["totals"]), (Some(2), Some(1)), "{all}");
    let by: Vec<_> = list(&all["by_action"]).iter().map(|one| (&one["key"], sums(one))).collect();
    assert_eq!(by, [(&json!("parcel"), (Some(1), Some(1))), (&json!("weather"), (Some(1), Some(0)))]);
    assert!(all["by_action"][1]["p95_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{all}");
    assert!((30..=31).contains(&list(&all["by_day"]).len()), "{all}");
    let questions = &all["questions"];
    assert_eq!(
        (&questions["asked"], &questions["acted"], &questions["unmatched"]),
        (&json!(3), &json!(2), &json!(1))
    );
    let unmatched = api.get("/api/v1/g/analytics/unmatched").await.ok(200);
    assert_eq!(unmatched["items"][0]["question"], "Tell me a joke about penguins");

    let table = api.get("/api/v1/g/analytics/table?by=action").await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    assert!(table.text.starts_with("action,runs,failures,p50_ms,p95_ms\r\nparcel,1,1,"), "{}", table.text);
    api.get("/api/v1/g/analytics/table?by=mood").await.refused(400, "bad_table", &["mood"]);
    let backwards = "/api/v1/g/analytics?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    api.get(backwards).await.refused(422, "bad_range", &["ends before"]);
    let too_long = "/api/v1/g/analytics?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    api.get(too_long).await.refused(422, "bad_range", &["too long"]);

    let csv = api.get("/api/v1/g/executions/export").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.text.lines().count(), 4, "{}", csv.text);
    let json = api.get("/api/v1/g/executions/export?format=json&action=weather").await.ok(200);
    let sources: Vec<_> = list(&json).iter().map(|run| &run["source"]).collect();
    assert_eq!(sources, ["test", "api"]);
    let none = api.get("/api/v1/g/executions/export?format=json&status=timed_out").await.ok(200);
    assert_eq!(none, json!([]));
    api.get("/api/v1/g/executions/export?format=pdf").await.refused(400, "bad_format", &["pdf"]);
    api.get("/api/v1/g/executions/export?action=nothing").await.refused(404, "not_found", &["nothing"]);
}

#[tokio::test]
async fn a_guru_says_how_long_its_history_is_kept() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let patch = async |days: Value| {
        let request = api.request(Method::PATCH, "/api/v1/gurus/g").json(&json!({"retention_days": days}));
        Api::send(request).await
    };
    assert_eq!(patch(json!(30)).await.ok(200)["retention_days"], 30);
    patch(json!(0)).await.refused(422, "out_of_range", &["that many days"]);
    // What another setting would forget is told before it is saved; nothing here is that old.
    let outlook = api.get("/api/v1/g/retention?days=7").await.ok(200);
    assert_eq!(outlook, json!({"days": 30, "days_of_operator": 0, "executions": 0, "turns": 0}));
    api.get("/api/v1/g/retention?days=99999").await.refused(422, "out_of_range", &["that many days"]);
    assert_eq!(patch(json!(null)).await.ok(200)["retention_days"], json!(null));
}

fn errand(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.env_clear().arg("--data-dir").arg(server.data_dir()).args(arguments);
    command.output().expect("run errand")
}

#[tokio::test]
async fn a_backup_of_a_running_server_brings_everything_back() {
    let mut server = Server::start(Setup::default()).await;
    server.api().new_guru("kept").await;
    let file = server.folder().join("backup.db");
    let name = file.to_str().expect("a path in UTF-8");
    let written = errand(&server, &["backup", name]);
    assert!(written.status.success(), "{written:?}");
    let again = errand(&server, &["backup", name]);
    assert!(!again.status.success(), "a backup was written over");
    server.api().new_guru("later").await;

    let running = errand(&server, &["restore", "--yes", name]);
    assert!(!running.status.success(), "the database of a running server was replaced");
    server.tell_to_stop();
    assert!(server.wait_for_exit().await.success());
    let restored = errand(&server, &["restore", "--yes", name]);
    assert!(restored.status.success(), "{restored:?}");
    server.start_again().await;
    let gurus = server.api().get("/api/v1/gurus").await.ok(200);
    let slugs: Vec<_> = list(&gurus["items"]).iter().map(|one| &one["slug"]).collect();
    assert_eq!(slugs, ["kept"]);
    assert!(server.data_dir().join("errand.db.before-restore").exists());
}
