//! An action's versions: every save is kept, compared and brought back.

use serde_json::json;

use crate::harness::{Server, Setup, get_action};

#[tokio::test]
async fn every_save_is_kept_and_can_be_brought_back() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let first = get_action("weather", "https://weather.example.com/now");
    api.new_action("g", &first).await;
    let mut second = first.clone();
    second["trigger"] = json!("When the user asks whether it rains");
    second["run"]["url"] = json!("https://weather.example.com/rain");
    api.put("/api/v1/g/actions/weather", second.clone()).await.ok(200);

    let page = api.get("/api/v1/g/actions/weather/versions").await.ok(200);
    let numbers: Vec<_> =
        page["items"].as_array().expect("a list").iter().map(|one| one["version"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(page["next_cursor"], json!(null));
    assert!(page["items"][0]["author"].is_string(), "{page}");
    let one_at_a_time = api.get("/api/v1/g/actions/weather/versions?limit=1").await.ok(200);
    assert_eq!(one_at_a_time["next_cursor"], "2");
    let rest = api.get("/api/v1/g/actions/weather/versions?cursor=2").await.ok(200);
    assert_eq!(rest["items"][0]["version"], 1);

    let old = api.get("/api/v1/g/actions/weather/versions/1").await.ok(200);
    assert_eq!(old["definition"]["trigger"], first["trigger"]);
    let diff = api.get("/api/v1/g/actions/weather/versions/2/diff").await.ok(200);
    let fields: Vec<_> =
        diff["changes"].as_array().expect("a list").iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["trigger", "run.url"]);
    assert_eq!(diff["changes"][1]["after"], second["run"]["url"]);
    let same = api.get("/api/v1/g/actions/weather/versions/2/diff?from=2").await.ok(200);
    assert_eq!(same["changes"], json!([]));

    let restored = api.post("/api/v1/g/actions/weather/versions/1/restore", json!({})).await.ok(200);
    assert_eq!((&restored["version"], &restored["enabled"]), (&json!(3), &json!(true)));
    assert_eq!(restored["definition"]["trigger"], first["trigger"]);
    assert_eq!(restored["warnings"][0]["code"], "never_tested");

    api.get("/api/v1/g/actions/weather/versions/9").await.refused(404, "not_found", &["9 of weather"]);
    api.get("/api/v1/g/actions/weather/versions?cursor=x").await.refused(400, "bad_cursor", &[]);
    api.post("/api/v1/g/actions/nothing/versions/1/restore", json!({})).await.refused(
        404,
        "not_found",
        &["nothing"],
    );
}

#[tokio::test]
async fn a_version_whose_secret_is_gone_is_not_brought_back() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "WEATHER_KEY", "a-long-enough-key").await;
    let mut first = get_action("weather", "https://weather.example.com/now");
    first["run"]["headers"] = json!([{"name": "Authorization", "value": "Bearer {WEATHER_KEY}"}]);
    api.new_action("g", &first).await;
    api.put("/api/v1/g/actions/weather", get_action("weather", "https://weather.example.com/now"))
        .await
        .ok(200);
    api.delete("/api/v1/g/secrets/WEATHER_KEY").await.ok(200);
    let refused = api.post("/api/v1/g/actions/weather/versions/1/restore", json!({})).await;
    refused.refused(422, "unknown_placeholder", &["{WEATHER_KEY}"]);
}

#[tokio::test]
async fn words_of_the_api_are_no_action_s_name() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    for name in ["import", "lint"] {
        let file = get_action(name, "https://weather.example.com/now");
        for path in ["/api/v1/g/actions", "/api/v1/g/actions/import"] {
            let refused = api.post(path, file.clone()).await.refused(422, "reserved_name", &[name]);
            assert_eq!(refused["problems"][0]["field"], "name");
        }
    }
}
