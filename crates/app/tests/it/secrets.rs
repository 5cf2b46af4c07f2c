//! Which hosts a secret goes to, and what is known of its use.

use errand_testkit::{Upstream, upstream::PATIENCE};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Server, get_action};

async fn bind(api: &Api, name: &str, hosts: Value) -> crate::harness::Outcome {
    let path = format!("/api/v1/g/secrets/{name}");
    Api::send(api.request(Method::PATCH, &path).json(&json!({ "hosts": hosts }))).await
}

async fn secret(api: &Api, name: &str) -> Value {
    let all = api.get("/api/v1/g/secrets").await.ok(200);
    let found = all["items"].as_array().expect("a list").iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {all}")).clone()
}

#[tokio::test]
async fn a_bound_secret_goes_to_its_hosts_and_nowhere_else() {
    let upstream = Upstream::saying(json!({"temperature": 21})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    let new = json!({"name": "WEATHER_KEY", "value": "a-long-enough-key", "hosts": ["API.example.com"]});
    let made = api.post("/api/v1/g/secrets", new).await.ok(201);
    assert_eq!((&made["hosts"], &made["last_used_at"]), (&json!(["api.example.com"]), &json!(null)));
    api.new_secret("g", "OTHER_KEY", "another-long-key").await;
    let mut file = get_action("weather", &upstream.url("/weather"));
    file["run"]["headers"] =
        json!([{"name": "x-key", "value": "{WEATHER_KEY}"}, {"name": "x-other", "value": "{OTHER_KEY}"}]);
    api.new_action("g", &file).await;
    let refused = async |words: &str| {
        let run = api.run("g", "weather", json!({})).await;
        assert_eq!(run["status"], "refused", "{run}");
        assert!(run["error"].as_str().is_some_and(|error| error.contains(words)), "{run}");
        assert!(upstream.requests().is_empty(), "a secret went to a host that it is not for");
    };
    refused("hosts of its secrets").await;
    bind(&api, "OTHER_KEY", json!(["other.example.com"])).await.ok(200);
    refused("bound to hosts that it may not reach together").await;

    bind(&api, "WEATHER_KEY", json!(["https://x"])).await.refused(422, "bad_host", &["https://x"]);
    bind(&api, "NO_KEY", json!([])).await.refused(404, "not_found", &["NO_KEY"]);
    bind(&api, "OTHER_KEY", json!([])).await.ok(200);
    let bound = bind(&api, "WEATHER_KEY", json!(["127.0.0.1"])).await.ok(200);
    assert_eq!((&bound["hosts"], &bound["version"]), (&json!(["127.0.0.1"]), &json!(1)));
    assert_eq!(api.run("g", "weather", json!({})).await["status"], "succeeded");
    assert_eq!(upstream.requests()[0].header("x-key"), Some("a-long-enough-key"));

    // A new value keeps the hosts, and who used it last is known a moment later.
    api.new_secret("g", "WEATHER_KEY", "a-newer-long-key").await;
    let noted = async {
        while secret(&api, "WEATHER_KEY").await["last_used_by"] != "weather" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.expect("the use is noted");
    let known = secret(&api, "WEATHER_KEY").await;
    assert_eq!((&known["hosts"], &known["version"]), (&json!(["127.0.0.1"]), &json!(2)));
    assert_eq!((&known["used_by"], &known["disables"]), (&json!(["weather"]), &json!(["weather"])));
    api.post("/api/v1/g/actions/weather/disable", json!({})).await.ok(200);
    assert_eq!(secret(&api, "WEATHER_KEY").await["disables"], json!([]));
    let log = api.get("/api/v1/g/audit?verb=secret.bind").await.ok(200);
    assert_eq!(log["items"][0]["after"]["hosts"], json!(["127.0.0.1"]), "{log}");
    assert_eq!(log["items"][1]["after"]["hosts"], json!([]), "{log}");
}
