//! What builders, askers and upstreams get wrong, or try: each is refused or contained, and says why.

use std::net::SocketAddr;

use errand_testkit::{Reply, Upstream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Outcome, Server, Setup, actions::string_parameter, get_action, post_action};

#[tokio::test]
async fn a_placeholder_that_nothing_stands_behind_is_refused_with_its_field() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", "a-long-enough-key").await;
    let check = async |field: &str, run: Value| {
        let mut file = get_action("orders", "https://shop.example.com/");
        file["run"] = run;
        let refused = api.post("/api/v1/g/actions", file).await.refused(
            422,
            "unknown_placeholder",
            &["{order_nr}", "SHOP_KEY"],
        );
        assert_eq!(refused["problems"][0]["field"], field, "{refused}");
    };
    let call = |method: &str, url: &str| json!({"type": "api_call", "method": method, "url": url});
    check("run.url", call("GET", "https://shop.example.com/orders/{order_nr}")).await;
    let mut with_header = call("GET", "https://shop.example.com/");
    with_header["headers"] =
        json!([{"name": "X-Key", "value": "{SHOP_KEY}"}, {"name": "X-Order", "value": "{order_nr}"}]);
    check("run.headers[1].value", with_header).await;
    let mut with_body = call("POST", "https://shop.example.com/");
    with_body["body"] = json!("{\"order\": {order_nr}}");
    check("run.body", with_body).await;
    assert_eq!(api.get("/api/v1/g/actions").await.ok(200)["used"], 0, "nothing was saved");
}

#[tokio::test]
async fn arguments_are_checked_and_never_bent() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    let mut file = get_action("tickets", &upstream.url("/tickets?hours={hours}&urgent={urgent}&team={team}"));
    file["parameters"] = json!([
        {"name": "hours", "type": "number", "description": "How many hours ahead to look, such as 3", "required": true},
        {"name": "urgent", "type": "boolean", "description": "Whether only urgent tickets count", "default": false},
        {"name": "team", "type": "string", "description": "The team that is asked about", "values": ["Billing", "Tier 2"]},
    ]);
    api.new_action("g", &file).await;
    let check = async |arguments: Value, code: &str, words: &[&str]| {
        let outcome = api.post("/api/v1/g/actions/tickets/run", json!({"arguments": arguments})).await;
        outcome.refused(422, code, words);
    };
    check(json!({"hours": "soon"}), "wrong_type", &["hours", "number", "soon"]).await;
    check(json!({"hours": true}), "wrong_type", &["hours", "number"]).await;
    check(json!({"hours": 3, "urgent": "perhaps"}), "wrong_type", &["urgent", "boolean"]).await;
    check(json!({"hours": 3, "team": "Sales"}), "not_one_of", &["Sales", "Billing"]).await;
    check(json!({"hours": 3, "minutes": 1}), "unknown_parameter", &["minutes"]).await;
    check(json!({"hours": [3]}), "bad_argument", &["hours", "list"]).await;
    check(json!({}), "missing_argument", &["hours"]).await;
    check(json!({"hours": null}), "missing_argument", &["hours"]).await;
    assert!(upstream.requests().is_empty() && api.history("g", "").await.is_empty(), "nothing ran");

    let run = api.run("g", "tickets", json!({"hours": 3, "team": "Tier 2"})).await;
    assert_eq!(run["status"], "succeeded");
    assert_eq!(upstream.requests()[0].path_and_query, "/tickets?hours=3&urgent=false&team=Tier%202");
}

#[tokio::test]
async fn the_action_limit_names_use_and_limit() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let patch = api.request(Method::PATCH, "/api/v1/gurus/g").json(&json!({"action_limit": 2}));
    assert_eq!(Api::send(patch).await.ok(200)["action_limit"], 2);
    let change = async |body: Value| {
        let patch = api.request(Method::PATCH, "/api/v1/gurus/g");
        Api::send(patch.json(&body)).await
    };
    let renamed = change(json!({"name": "Renamed"})).await.ok(200);
    assert_eq!(renamed["action_limit"], 2, "what is left out stays");
    let unlimited = change(json!({"action_limit": null})).await.ok(200);
    assert_eq!(unlimited["action_limit"], Value::Null);
    change(json!({"action_limit": 2})).await.ok(200);
    change(json!({"action_limits": 2})).await.refused(400, "bad_body", &["action_limits"]);
    api.post("/api/v1/gurus", json!({"slug": "h", "nam": "H"})).await.refused(400, "bad_body", &["nam"]);
    for name in ["one", "two"] {
        api.post("/api/v1/g/actions", get_action(name, "https://example.com/")).await.ok(201);
    }
    let list = api.get("/api/v1/g/actions").await.ok(200);
    assert_eq!((&list["used"], &list["limit"]), (&json!(2), &json!(2)));
    let third = get_action("three", "https://example.com/");
    api.post("/api/v1/g/actions", third.clone()).await.refused(409, "action_limit", &["`g`", "2 of 2"]);
    api.post("/api/v1/g/actions/import", third.clone()).await.refused(409, "action_limit", &["2 of 2"]);
    api.post("/api/v1/g/templates/refund_lookup/install", json!({})).await.refused(
        409,
        "action_limit",
        &["2 of 2"],
    );
    api.delete("/api/v1/g/actions/one").await.ok(204);
    api.post("/api/v1/g/actions", third).await.ok(201);
    api.post("/api/v1/g/actions", get_action("two", "https://example.com/")).await.refused(
        409,
        "name_taken",
        &["`two`"],
    );
}

#[tokio::test]
async fn upstreams_that_fail_are_told_apart() {
    let upstream = Upstream::start(|request| match request.path_and_query.as_str() {
        "/broken" => Reply::text(500, "the database is on fire"),
        "/huge" => Reply::text(200, "x".repeat(10_000_000)),
        "/slow" => Reply::text(200, "too late").held(),
        "/away" => Reply::text(302, "").header("location", "http://169.254.169.254/latest/meta-data/"),
        other => panic!("{other} is not asked for"),
    })
    .await;
    let nobody = closed_port();
    let server = Server::start(Setup { open: vec![upstream.address(), nobody], ..Setup::default() }).await;
    let api = server.api();
    api.new_guru("g").await;
    let run = async |name: &str, url: &str| {
        let mut file = get_action(name, url);
        file["timeout_ms"] = json!(if name == "slow" { 300 } else { 20_000 });
        api.new_action("g", &file).await;
        let run = api.run("g", name, json!({})).await;
        let page = api.execution("g", text(&run["id"])).await;
        assert_eq!((&page["status"], &page["error"]), (&run["status"], &run["error"]));
        page
    };

    let broken = run("broken", &upstream.url("/broken")).await;
    assert_ended(&broken, "failed", &["127.0.0.1", "500", "try again later"]);
    assert_eq!(broken["output"], "the database is on fire");
    assert_eq!(broken["exchanges"][0]["status"], 500);

    let huge = run("huge", &upstream.url("/huge")).await;
    assert_ended(&huge, "failed", &["longer than 1.0 MB", "cut"]);
    assert_eq!(huge["output_truncated"], true);
    let kept = text(&huge["output"]).len();
    assert!((1..=1024 * 1024).contains(&kept), "{kept} bytes were kept");

    let slow = run("slow", &upstream.url("/slow")).await;
    assert_ended(&slow, "timed_out", &["0.3 s", "answering"]);

    let away = run("away", &upstream.url("/away")).await;
    assert_ended(&away, "failed", &["169.254.169.254"]);
    let refused: Vec<_> =
        list(&away["contacts"]).iter().filter(|contact| !contact["refused"].is_null()).collect();
    assert_eq!(refused.len(), 1, "{away}");
    assert_eq!((&refused[0]["host"], &refused[0]["bytes_sent"]), (&json!("169.254.169.254"), &json!(0)));

    let unreachable = run("unreachable", &format!("http://{nobody}/")).await;
    assert_ended(&unreachable, "failed", &["could not be reached", "Check that it is up"]);
    upstream.release();
}

/// Without an opening, nothing inside is reached, however it is spelled.
#[tokio::test]
async fn private_addresses_are_refused_unless_opened() {
    let upstream = Upstream::saying(json!({"inside": true})).await;
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let port = upstream.address().port();
    let inside = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[64:ff9b::7f00:1]:{port}/"),
        "http://10.0.0.1/".to_owned(),
        "http://192.168.0.1/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
    ];
    for (number, url) in inside.iter().enumerate() {
        let name = format!("inside_{}", char::from(b'a' + u8::try_from(number % 9).expect("a digit")));
        let created = api.post("/api/v1/g/actions", get_action(&name, url)).await;
        if created.status == 422 {
            continue; // refused even before it is saved
        }
        created.ok(201);
        let run = api.post(&format!("/api/v1/g/actions/{name}/test"), json!({})).await.ok(200);
        assert_eq!(run["status"], "refused", "{url}: {run}");
        let page = api.execution("g", text(&run["id"])).await;
        assert!(!page["contacts"][0]["refused"].is_null(), "{url}: {page}");
        api.delete(&format!("/api/v1/g/actions/{name}")).await.ok(204);
    }
    assert!(upstream.requests().is_empty(), "the inside was reached: {:?}", upstream.requests());
}

#[tokio::test]
async fn an_argument_cannot_leave_its_place() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", "kept-to-itself-0123").await;
    let mut file = post_action("order", &upstream.url("/orders/{order}/lines?of={order}"));
    file["parameters"] = json!([string_parameter("order"), {"name": "note", "type": "string", "description": "A note for the driver, such as ring twice"}]);
    file["run"]["headers"] = json!([{"name": "X-Note", "value": "{note}"}, {"name": "Authorization", "value": "Bearer {SHOP_KEY}"}]);
    file["run"]["body"] = json!("{\"order\": \"{order}\", \"bare\": {note}}");
    api.new_action("g", &file).await;

    let hostile = "../../admin?x=1&y=2#\"}{SHOP_KEY}";
    let run = api.run("g", "order", json!({"order": hostile, "note": "a\"b"})).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let [received] = &upstream.requests()[..] else { panic!("one request") };
    let encoded = "..%2F..%2Fadmin%3Fx%3D1%26y%3D2%23%22%7D%7BSHOP_KEY%7D";
    assert_eq!(received.path_and_query, format!("/orders/{encoded}/lines?of={encoded}"));
    let body: Value = serde_json::from_str(&received.body).expect("the body stays JSON");
    assert_eq!(body, json!({"order": hostile, "bare": "a\"b"}));
    assert_eq!(received.header("authorization"), Some("Bearer kept-to-itself-0123"));

    for (arguments, words) in [
        (json!({"order": "1", "note": "a\r\nX-Admin: yes"}), ["`note`", "`X-Note`", "line break"]),
        (json!({"order": "1", "note": "a\nb"}), ["`note`", "`X-Note`", "line break"]),
        (json!({"order": ".."}), ["`order`", "path", "`..`"]),
        (json!({"order": "%2e%2E"}), ["`order`", "path", "`..`"]),
    ] {
        let run = api.run("g", "order", arguments.clone()).await;
        if arguments["order"] == "%2e%2E" && run["status"] == "succeeded" {
            // Its percent signs are encoded, so that it is a name like any other.
            assert!(
                upstream
                    .requests()
                    .last()
                    .is_some_and(|last| last.path_and_query.starts_with("/orders/%252e%252E/"))
            );
            continue;
        }
        assert_ended(&run, "refused", &words);
    }
    let reached = upstream.requests();
    assert!(
        reached
            .iter()
            .all(|request| request.header("x-admin").is_none()
                && request.path_and_query.starts_with("/orders/"))
    );
}

#[tokio::test]
async fn kinds_without_a_runner_say_so() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let mut file = get_action("helper", "https://example.com/");
    file["run"] = json!({"type": "agent", "prompt": "Look everything up and tell.", "tools": []});
    let saved = api.post("/api/v1/g/actions", file).await.ok(201);
    assert_eq!((&saved["kind"], &saved["enabled"]), (&json!("agent"), &json!(false)));
    let tested = api.post("/api/v1/g/actions/helper/test", json!({})).await.ok(200);
    assert_ended(&tested, "refused", &["agent", "can't run"]);
    let enabled = api.post("/api/v1/g/actions/helper/enable", json!({})).await;
    enabled.refused(409, "no_runner", &["agent"]);
}

#[tokio::test]
async fn deleting_a_secret_disables_what_uses_it_and_names_it() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", "kept-to-itself-0123").await;
    let mut file = get_action("orders", &upstream.url("/orders"));
    file["run"]["headers"] = json!([{"name": "X-Key", "value": "{SHOP_KEY}"}]);
    api.new_action("g", &file).await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;

    let deleted = api.delete("/api/v1/g/secrets/SHOP_KEY").await.ok(200);
    assert_eq!(deleted["disabled_actions"], json!(["orders"]));
    let orders = api.get("/api/v1/g/actions/orders").await.ok(200);
    assert_eq!((&orders["enabled"], &orders["missing_secrets"]), (&json!(false), &json!(["SHOP_KEY"])));
    assert!(text(&orders["disabled_reason"]).contains("SHOP_KEY"), "{orders}");
    assert_eq!(api.get("/api/v1/g/actions/weather").await.ok(200)["enabled"], true);
    api.post("/api/v1/g/actions/orders/enable", json!({})).await.refused(
        409,
        "missing_secret",
        &["orders", "SHOP_KEY"],
    );
    let run = api.post("/api/v1/g/actions/orders/test", json!({})).await.ok(200);
    assert_ended(&run, "refused", &["SHOP_KEY", "not set"]);
    api.post("/api/v1/g/actions/orders/run", json!({})).await.refused(409, "action_disabled", &["orders"]);
    api.delete("/api/v1/g/secrets/SHOP_KEY").await.refused(404, "not_found", &["SHOP_KEY"]);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn an_import_lists_the_secrets_that_are_missing() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", "kept-to-itself-0123").await;
    let mut file = get_action("orders", "https://{SHOP_DOMAIN}/orders");
    file["run"]["headers"] =
        json!([{"name": "X-Key", "value": "{SHOP_KEY}"}, {"name": "X-Tenant", "value": "{SHOP_TENANT}"}]);
    let imported = api.post("/api/v1/g/actions/import", file.clone()).await.ok(201);
    assert_eq!(imported["missing_secrets"], json!(["SHOP_DOMAIN", "SHOP_TENANT"]));
    assert_eq!(imported["secrets"], json!(["SHOP_DOMAIN", "SHOP_KEY", "SHOP_TENANT"]));
    assert_eq!(imported["enabled"], false);
    api.post("/api/v1/g/actions/orders/enable", json!({})).await.refused(
        409,
        "missing_secret",
        &["SHOP_DOMAIN"],
    );

    let exported = api.get("/api/v1/g/actions/orders/export").await;
    assert!(!exported.text.contains("kept-to-itself"), "{}", exported.text);
    let exported = exported.ok(200);
    assert_eq!((&exported["version"], &exported["run"]["url"]), (&json!(1), &file["run"]["url"]));
    api.delete("/api/v1/g/actions/orders").await.ok(204);
    let again = api.post("/api/v1/g/actions/import", exported).await.ok(201);
    assert_eq!(again["definition"], imported["definition"]);

    let mut mistyped = file;
    mistyped["run"]["url"] = json!("https://shop.example.com/{order_nr}");
    mistyped["name"] = json!("other");
    api.post("/api/v1/g/actions/import", mistyped).await.refused(422, "unknown_placeholder", &["{order_nr}"]);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused_in_our_words() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let send = async |kind: &str, body: Vec<u8>| -> Outcome {
        Api::send(api.request(Method::POST, "/api/v1/g/answer/").header("content-type", kind).body(body))
            .await
    };
    // One byte too many, so that the whole body is read before it is refused.
    let frame = "{\"question\": \"\"}".len();
    let huge = format!("{{\"question\": \"{}\"}}", "a".repeat(errand_http::REQUEST_BYTES_MAX + 1 - frame));
    send("application/json", huge.into_bytes()).await.refused(413, "bad_body", &["smaller"]);
    send("application/json", b"{\"question\": ".to_vec()).await.refused(400, "bad_body", &["JSON"]);
    send("application/json", b"\xff\xfe".to_vec()).await.refused(400, "bad_body", &["JSON"]);
    send("application/json", b"[]".to_vec()).await.refused(400, "bad_body", &[]);
    send("text/plain", b"{\"question\": \"Hello\"}".to_vec()).await.refused(
        415,
        "bad_body",
        &["application/json"],
    );

    for query in
        ["?limit=0", "?limit=201", "?status=odd", "?source=odd", "?from=yesterday", "?cursor=odd", "?odd=1"]
    {
        let outcome = api.get(&format!("/api/v1/g/executions{query}")).await;
        assert_eq!(outcome.status, 400, "{query}: {}", outcome.text);
        assert!(outcome.json["msg"].is_string(), "{query}: {}", outcome.text);
    }
    api.get("/api/v1/g/executions?action=nobody").await.refused(404, "not_found", &["nobody"]);
    api.get("/api/v1/g/executions/run_odd").await.refused(404, "not_found", &["run_odd"]);
    let nowhere = api.get("/api/v1/g/nowhere").await;
    assert_eq!(nowhere.status, 404, "{}", nowhere.text);
    assert!(nowhere.json["msg"].is_string(), "an unknown address has `msg`: {}", nowhere.text);
    let wrong_method = api.put("/api/v1/g/answer", json!({})).await;
    assert_eq!(wrong_method.headers["allow"], "POST");
    wrong_method.refused(405, "wrong_method", &["method"]);

    for (slug, code) in [("auth", 422), ("UPPER", 422), ("with space", 422), ("", 422), ("g", 409)] {
        let outcome = api.post("/api/v1/gurus", json!({"slug": slug})).await;
        assert_eq!(outcome.status, code, "{slug}: {}", outcome.text);
    }
    for (name, value, status) in [
        ("GURUBASE_USER_EMAIL", "long-enough-value", 422),
        ("lower case", "long-enough-value", 422),
        ("SHORT", "abc", 422),
        ("LONG", &"x".repeat(32 * 1024 + 1), 422),
    ] {
        let outcome = api.post("/api/v1/g/secrets", json!({"name": name, "value": value})).await;
        assert_eq!(outcome.status, status, "{name}: {}", outcome.text);
        assert!(!outcome.text.contains(value), "a refusal repeats the value");
    }
}

#[track_caller]
fn assert_ended(run: &Value, status: &str, words: &[&str]) {
    assert_eq!(run["status"], status, "{run}");
    let error = text(&run["error"]);
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

/// Nobody listens there.
fn closed_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen on loopback");
    listener.local_addr().expect("the address listened on")
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[track_caller]
fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}
