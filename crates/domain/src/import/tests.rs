use serde_json::{Value, json};

use super::{Proposal, StoredSecrets, from_curl, from_openapi, read_document};
use crate::{action_file::ActionFile, limits::Limits};

fn none() -> StoredSecrets {
    StoredSecrets::new()
}

/// What a proposal says, without the parts that every one has.
fn shown(proposal: &Proposal) -> Value {
    let Ok(_) = proposal.file.check(&Limits::default()) else {
        panic!("{:?}: {:?}", proposal.file, proposal.file.check(&Limits::default()))
    };
    let mut run = proposal.file.to_json()["run"].clone();
    let fields = run.as_object_mut().expect("a run is an object");
    for usual in ["type", "redirects_max", "retries_max"] {
        fields.remove(usual);
    }
    if fields.get("body").is_none() {
        fields.remove("body_format");
    }
    let secrets: Vec<String> = proposal
        .secrets
        .iter()
        .map(|secret| {
            let value = secret.value.as_ref().map_or("?", |value| value.expose());
            format!("{}={value} in {}", secret.name, secret.place)
        })
        .collect();
    let parameters: Vec<_> = proposal.file.parameters.iter().map(|one| one.name.clone()).collect();
    json!({"name": proposal.file.name, "run": run, "parameters": parameters, "secrets": secrets})
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tests write the values in place")]
fn check_curl(command: &str, expect: Value) {
    let proposal = from_curl(command, &none()).unwrap_or_else(|problem| panic!("{command}: {problem}"));
    assert_eq!(shown(&proposal), expect, "{command}");
    // Whatever was found stands nowhere else.
    let text = proposal.file.to_json().to_string() + &format!("{proposal:?}");
    for value in proposal.secrets.iter().filter_map(|secret| secret.value.as_ref()) {
        assert!(!text.contains(value.expose()), "{command}: a credential is left in {text}");
    }
}

#[test]
fn a_bearer_token_becomes_a_secret_and_an_id_a_parameter() {
    check_curl(
        "curl -sSL -X GET 'https://api.stripe.com/v1/refunds/re_3Nyx12' \\\n  -H 'Authorization: Bearer sk_live_4eC39HqLyjWD'",
        json!({
            "name": "get_refund",
            "run": {"method": "GET", "url": "https://api.stripe.com/v1/refunds/{refund_id}",
                "headers": [{"name": "Authorization", "value": "Bearer {STRIPE_API_KEY}"}]},
            "parameters": ["refund_id"],
            "secrets": ["STRIPE_API_KEY=sk_live_4eC39HqLyjWD in header `Authorization`"],
        }),
    );
}

#[test]
fn a_key_as_user_name_becomes_a_secret() {
    check_curl(
        "curl https://api.stripe.com/v1/charges -u sk_test_4eC39HqLyjWDarjtT1zdp7dc: -d amount=2000 -d currency=usd",
        json!({
            "name": "create_charges",
            "run": {"method": "POST", "url": "https://api.stripe.com/v1/charges",
                "basic_auth": {"username": "{STRIPE_API_KEY}", "password": ""},
                "body": "amount=2000&currency=usd", "body_format": "form"},
            "parameters": [],
            "secrets": ["STRIPE_API_KEY=sk_test_4eC39HqLyjWDarjtT1zdp7dc in user name of basic authentication"],
        }),
    );
    check_curl(
        "curl https://ana:hunter2secret@jira.acme.test/rest/issue/12345",
        json!({
            "name": "get_issue",
            "run": {"method": "GET", "url": "https://jira.acme.test/rest/issue/{issue_id}",
                "basic_auth": {"username": "ana", "password": "{ACME_API_KEY}"}},
            "parameters": ["issue_id"],
            "secrets": ["ACME_API_KEY=hunter2secret in password of basic authentication"],
        }),
    );
}

#[test]
fn bodies_keep_their_form() {
    check_curl(
        r#"curl https://shop.test/orders --json '{"note": "literal {name}", "password": "hunter2secret"}'"#,
        json!({
            "name": "create_orders",
            "run": {"method": "POST", "url": "https://shop.test/orders",
                "body": r#"{"note": "literal {name}", "password": "{SHOP_API_KEY}"}"#, "body_format": "json"},
            "parameters": ["name"],
            "secrets": ["SHOP_API_KEY=hunter2secret in field `password` of the body"],
        }),
    );
    check_curl(
        "curl -G https://shop.test/search --data-urlencode 'email=ana@acme.test' -d limit=10 -H 'Accept: application/json'",
        json!({
            "name": "get_search",
            "run": {"method": "GET", "url": "https://shop.test/search?email={email}&limit=10",
                "headers": [{"name": "Accept", "value": "application/json"}]},
            "parameters": ["email"],
            "secrets": [],
        }),
    );
    check_curl(
        "curl shop.test/notes -H 'Content-Type: text/markdown' --data-raw '@ana says hi'",
        json!({
            "name": "create_notes",
            "run": {"method": "POST", "url": "https://shop.test/notes",
                "headers": [{"name": "Content-Type", "value": "text/markdown"}],
                "body": "@ana says hi", "body_format": "text"},
            "parameters": [],
            "secrets": [],
        }),
    );
}

#[test]
fn variables_become_placeholders() {
    check_curl(
        "curl \"https://api.shop.test/v2/orders/$ORDER_ID/lines?key=$SHOP_TOKEN\" -H \"X-Api-Key: ${API_KEY}\"",
        json!({
            "name": "list_lines",
            "run": {"method": "GET", "url": "https://api.shop.test/v2/orders/{order_id}/lines?key={SHOP_TOKEN}",
                "headers": [{"name": "X-Api-Key", "value": "{API_KEY}"}]},
            "parameters": ["order_id"],
            "secrets": ["SHOP_TOKEN=? in `run.url`", "API_KEY=? in `run.headers[0].value`"],
        }),
    );
}

#[test]
fn two_credentials_get_two_names_and_a_stored_one_is_used() {
    let command = "curl https://api.shop.test/orders -H 'X-Api-Key: 1234567890abcdef' -H 'X-Auth-Token: fedcba0987654321'";
    let names = |stored: &[&str]| -> Vec<String> {
        let stored = stored.iter().filter_map(|name| name.parse().ok()).collect();
        let proposal = from_curl(command, &stored).expect("a good command");
        proposal.secrets.iter().map(|secret| secret.name.to_string()).collect()
    };
    assert_eq!(names(&[]), ["SHOP_API_KEY", "SHOP_X_AUTH_TOKEN"]);
    assert_eq!(names(&["SHOP_TOKEN"]), ["SHOP_TOKEN", "SHOP_X_AUTH_TOKEN"]);
    assert_eq!(names(&["SHOP_X_AUTH_TOKEN"]).len(), 2);
}

#[test]
fn what_an_action_cannot_do_is_refused_or_noted() {
    fn check(command: &str, expect: Result<&str, &str>) {
        let got = from_curl(command, &none());
        match (got, expect) {
            (Ok(proposal), Ok(note)) => {
                assert!(proposal.notes.iter().any(|one| one.contains(note)), "{:?}", proposal.notes);
            }
            (Err(problem), Err(words)) => {
                assert_eq!((problem.code, problem.field.as_deref()), ("bad_command", Some("command")));
                assert!(problem.message.contains(words), "{problem}");
            }
            (got, expect) => panic!("{command}: {got:?}, not {expect:?}"),
        }
    }
    check("wget https://a.test", Err("not a cURL command"));
    check("curl", Err("no address"));
    check("curl -X TRACE https://a.test", Err("`TRACE`"));
    check("curl -F file=@x https://a.test", Err("`-F`"));
    check("curl -I https://a.test", Err("`-I`"));
    check("curl -d @body.json https://a.test", Err("`body.json`"));
    check("curl https://a.test -H", Err("`-H`"));
    check("curl -k https://a.test", Ok("--insecure"));
    check("curl --proxy http://p:1 https://a.test", Ok("--proxy"));
    check("curl --fancy https://a.test", Ok("--fancy"));
    check("curl a.test/x", Ok("https://"));
}

fn shop() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Shop"},
        "servers": [{"url": "https://{region}.shop.test/api/", "variables": {"region": {"default": "eu"}}}],
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "query", "name": "api_key"}},
            "parameters": {"id": {"name": "order-id", "in": "path", "required": true, "description": "Number of the order",
                "schema": {"type": "string"}, "example": "ORD-1042"}},
            "schemas": {
                "Order": {"type": "object", "required": ["customer", "lines"], "properties": {
                    "customer": {"$ref": "#/components/schemas/Customer"},
                    "lines": {"type": "array", "items": {"type": "string"}, "example": ["A1"]},
                    "note": {"type": "string"},
                    "id": {"type": "string", "readOnly": true}}},
                "Customer": {"type": "object", "required": ["email"], "properties": {
                    "email": {"type": "string", "nullable": true}, "vip": {"type": "boolean"}}},
                "Ring": {"$ref": "#/components/schemas/Ring"},
            },
        },
        "paths": {
            "/orders/{order-id}": {
                "parameters": [{"$ref": "#/components/parameters/id"}],
                "get": {"operationId": "getOrder", "summary": "Retrieve an order.", "parameters": [
                    {"name": "expand", "in": "query", "schema": {"type": "string", "enum": ["lines", "customer"], "default": "lines"}},
                    {"name": "filter", "in": "query", "schema": {"type": "object"}},
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}}]},
                "delete": {"security": [{"key": []}], "description": "Order removal"},
            },
            "/orders": {
                "post": {"operationId": "create-order", "summary": "Create an order", "security": [],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}},
                "put": {"operationId": "create order", "requestBody": {"content": {
                    "application/x-www-form-urlencoded": {"schema": {"properties": {"count": {"type": ["integer", "null"]}}}}}}},
            },
        },
    })
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "tests write the values in place")]
fn check_operation(index: usize, origin: &str, trigger: &str, expect: Value) {
    let document = from_openapi(&shop(), None, &none()).expect("a good document");
    let proposal = &document.proposals[index];
    assert_eq!((proposal.origin.as_str(), proposal.file.trigger.as_str()), (origin, trigger));
    assert_eq!(shown(proposal), expect);
}

#[test]
fn operations_become_actions() {
    let header = json!([{"name": "Authorization", "value": "Bearer {SHOP_API_KEY}"}]);
    let bearer = json!(["SHOP_API_KEY=? in header `Authorization`"]);
    check_operation(
        0,
        "GET /orders/{order-id}",
        "When the user asks to retrieve an order",
        json!({
            "name": "get_order",
            "run": {"method": "GET", "url": "https://eu.shop.test/api/orders/{order_id}?expand={expand}", "headers": header},
            "parameters": ["order_id", "expand"],
            "secrets": bearer,
        }),
    );
    check_operation(
        1,
        "DELETE /orders/{order-id}",
        "When the user asks about order removal",
        json!({
            "name": "delete_orders_order_id",
            "run": {"method": "DELETE", "url": "https://eu.shop.test/api/orders/{order_id}?api_key={SHOP_API_KEY}"},
            "parameters": ["order_id"],
            "secrets": ["SHOP_API_KEY=? in query parameter `api_key`"],
        }),
    );
    check_operation(
        2,
        "POST /orders",
        "When the user asks to create an order",
        json!({
            "name": "create_order",
            "run": {"method": "POST", "url": "https://eu.shop.test/api/orders",
                "body": r#"{"customer": {"email": {customer_email}}, "lines": ["A1"]}"#, "body_format": "json"},
            "parameters": ["customer_email"],
            "secrets": [],
        }),
    );
    check_operation(
        3,
        "PUT /orders",
        "When the user asks to create order",
        json!({
            "name": "create_order_2",
            "run": {"method": "PUT", "url": "https://eu.shop.test/api/orders", "headers": header,
                "body": "count={count}", "body_format": "form"},
            "parameters": ["count"],
            "secrets": bearer,
        }),
    );
}

#[test]
fn parameters_take_over_what_the_document_says() {
    let document = from_openapi(&shop(), None, &none()).expect("a good document");
    let file: &ActionFile = &document.proposals[0].file;
    let id = &file.parameters[0];
    assert_eq!((id.description.as_str(), id.required), ("Number of the order, such as ORD-1042", true));
    let expand = &file.parameters[1];
    assert_eq!((expand.required, expand.values.len()), (false, 2));
    assert_eq!(expand.default.as_ref().map(ToString::to_string).as_deref(), Some("lines"));
    let notes = document.proposals[0].notes.join(" ");
    assert!(notes.contains("`filter` is a list or an object"), "{notes}");
    let notes = document.proposals[2].notes.join(" ");
    assert!(notes.contains("`note`") && notes.contains("`customer_vip`"), "{notes}");
}

#[test]
fn documents_that_cannot_be_read_say_why() {
    fn check(text: &str, words: &str) {
        let got = read_document(text).and_then(|document| from_openapi(&document, None, &none()));
        let problem = got.expect_err(text);
        assert_eq!((problem.code, problem.field.as_deref()), ("bad_openapi", Some("document")));
        assert!(problem.message.contains(words), "{problem}");
    }
    check("{\"swagger\": \"2.0\"}", "Swagger 2.0");
    check("openapi: 2.9.0", "2.9.0");
    check("<html>", "no `openapi` field");
    check("a: [1", "neither JSON nor YAML");
    check("openapi: 3.1.0\npaths: {}", "without a host");
}

#[test]
fn yaml_is_read_and_a_relative_server_is_where_the_document_was() {
    let text = "openapi: 3.1.0\nservers:\n  - url: /v2\npaths:\n  /ping:\n    get:\n      summary: Ping\n";
    let document = read_document(text).expect("YAML");
    let source = Some("https://docs.shop.test/spec/openapi.yaml");
    let read = from_openapi(&document, source, &none()).expect("a good document");
    assert_eq!(shown(&read.proposals[0])["run"]["url"], "https://docs.shop.test/v2/ping");
    assert_eq!(read.title, "API");
}

#[test]
fn a_ring_of_references_ends() {
    let mut document = shop();
    let ring = json!({"$ref": "#/components/schemas/Ring"});
    document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"] = ring;
    let nested = json!({"type": "object", "required": ["child"], "properties": {"child": {"$ref": "#/components/schemas/Customer"}}});
    document["components"]["schemas"]["Customer"] = nested;
    let read = from_openapi(&document, None, &none()).expect("a good document");
    assert_eq!(read.proposals.len(), 4);
}
