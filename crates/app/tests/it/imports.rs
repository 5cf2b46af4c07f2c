//! Actions made of cURL commands and OpenAPI documents: proposed, saved, run.

use errand_testkit::{Reply, Upstream};
use serde_json::{Value, json};

use crate::harness::{Server, Setup};

const KEY: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

#[tokio::test]
async fn a_curl_command_becomes_an_action_that_runs_with_its_credential_as_a_secret() {
    let upstream = Upstream::saying(json!({"status": "shipped"})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    let command = format!("curl '{}' \\\n  -H 'Authorization: Bearer {KEY}'", upstream.url("/orders/12345"));

    let looked_at = api.post("/api/v1/g/import/curl", json!({"command": command})).await;
    assert!(!looked_at.text.contains(KEY), "{}", looked_at.text);
    let looked_at = looked_at.ok(200);
    assert_eq!(looked_at["secrets"][0]["found"], true);
    assert_eq!(looked_at["secrets"][0]["stored"], false);
    assert_eq!(api.get("/api/v1/g/secrets").await.ok(200)["items"], json!([]), "a look stores nothing");

    let body = json!({"command": command, "store_credentials": true});
    let proposal = api.post("/api/v1/g/import/curl", body).await.ok(200);
    assert_eq!((&proposal["name"], &proposal["name_is_taken"]), (&json!("get_order"), &json!(false)));
    assert_eq!(proposal["secrets"][0]["stored"], true);
    assert_eq!(proposal["problems"], json!([]));
    api.post("/api/v1/g/actions", proposal["definition"].clone()).await.ok(201);
    let run = json!({"arguments": {"order_id": "777"}});
    let run = api.post("/api/v1/g/actions/get_order/test", run).await.ok(200);
    assert_eq!(run["status"], "succeeded", "{run}");
    let request = &upstream.requests()[0];
    assert_eq!(request.path_and_query, "/orders/777");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert!(!server.log().contains(KEY));

    let again = api.post("/api/v1/g/import/curl", json!({"command": command})).await.ok(200);
    assert_eq!(again["name_is_taken"], true);
}

fn document(server: &str) -> Value {
    json!({
        "openapi": "3.0.0", "info": {"title": "Shop"}, "servers": [{"url": server}],
        "paths": {
            "/orders": {"get": {"operationId": "listOrders", "summary": "List the orders of a customer",
                "parameters": [{"name": "email", "in": "query", "required": true, "description": "The customer's e-mail address, such as ana@acme.test", "schema": {"type": "string"}}]}},
            "/refunds": {"post": {"operationId": "createRefund", "summary": "Create a refund"}},
        },
    })
}

#[tokio::test]
async fn an_openapi_document_offers_its_operations_as_text_or_by_address() {
    let upstream = Upstream::start(|request| {
        let body =
            if request.path_and_query.starts_with("/openapi") { document("/") } else { json!([{"id": 1}]) };
        Reply::json(&body)
    })
    .await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;

    let text = document(&upstream.url("")).to_string();
    let offered = api.post("/api/v1/g/import/openapi", json!({"document": text})).await.ok(200);
    let names: Vec<_> = offered["items"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["list_orders", "create_refund"]);
    assert_eq!(offered["title"], "Shop");

    let by_address = json!({"url": upstream.url("/openapi.json"), "operations": ["GET /orders"]});
    let offered = api.post("/api/v1/g/import/openapi", by_address).await.ok(200);
    let [proposal] = offered["items"].as_array().expect("a list").as_slice() else { panic!("{offered}") };
    api.post("/api/v1/g/actions", proposal["definition"].clone()).await.ok(201);
    let run = json!({"arguments": {"email": "ana@acme.test"}});
    let run = api.post("/api/v1/g/actions/list_orders/test", run).await.ok(200);
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(upstream.requests()[1].path_and_query, "/orders?email=ana%40acme.test");
}

#[tokio::test]
async fn what_cannot_be_read_or_reached_is_refused_in_words() {
    let upstream = Upstream::start(|_| Reply::text(200, "<html>")).await;
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    let import = async |body: Value| api.post("/api/v1/g/import/openapi", body).await;
    import(json!({})).await.refused(422, "bad_source", &["`document`", "`url`"]);
    import(json!({"document": "{\"swagger\": \"2.0\"}"})).await.refused(422, "bad_openapi", &["Swagger 2.0"]);
    let closed = json!({"url": upstream.url("/openapi.json")});
    import(closed).await.refused(422, "document_not_fetched", &["could not be fetched"]);
    import(json!({"url": "file:///etc/passwd"})).await.refused(422, "bad_url", &["https://"]);
    assert!(upstream.requests().is_empty(), "a closed address was reached");
    let curl = api.post("/api/v1/g/import/curl", json!({"command": "wget https://a.test"})).await;
    curl.refused(422, "bad_command", &["cURL"]);
}
