use serde_json::{Value, json};

use crate::{action_file::ActionFile, limits::Limits};

use super::*;

const SECRETS: &[&str] = &["STRIPE_API_KEY", "JIRA_API_TOKEN"];

fn refund() -> Value {
    json!({
        "version": 1,
        "name": "refund_lookup",
        "trigger": "When the user asks about the status of a refund of an order",
        "examples": ["I asked for a refund three days ago, order 12345, where is it?", "Has order 4471 been refunded yet?"],
        "parameters": [{
            "name": "order_id", "type": "string", "required": true,
            "description": "The order's ID as the user writes it, such as 12345 or ORD-55871"
        }],
        "run": {
            "type": "api_call", "method": "GET",
            "url": "https://api.stripe.com/v1/charges/search?query={order_id}",
            "headers": [{"name": "Authorization", "value": "Bearer {STRIPE_API_KEY}"}]
        },
        "usage": "State the refund's status first, then the expected date and then the next step.",
        "timeout_ms": 10000
    })
}

fn spec(file: Value) -> ActionSpec {
    let file = ActionFile::from_value(file).expect("an action file");
    file.check(&Limits::default()).expect("a file that keeps the rules")
}

/// The refund action with one place (a JSON pointer) set to another value.
fn with(place: &str, value: Value) -> Value {
    let mut file = refund();
    set(&mut file, place, value);
    file
}

fn set(file: &mut Value, place: &str, value: Value) {
    let (parent, key) = place.rsplit_once('/').expect("a pointer");
    let parent = file.pointer_mut(parent).expect("a place in the file");
    match parent.as_array_mut() {
        Some(array) => array[key.parse::<usize>().expect("an index")] = value,
        None => parent[key] = value,
    }
}

fn advice(file: Value, others: &[Value]) -> Vec<Advice> {
    let others: Vec<ActionSpec> = others.iter().cloned().map(spec).collect();
    let secrets = SECRETS.iter().map(|name| name.parse().expect("a secret's name")).collect();
    lint(&spec(file), &others.iter().collect::<Vec<_>>(), &secrets)
}

/// The advice consists of exactly these (code, field, part of the proposal).
fn check(file: Value, expect: &[(&str, &str, &str)]) {
    check_beside(file, &[], expect);
}

fn check_beside(file: Value, others: &[Value], expect: &[(&str, &str, &str)]) {
    let shown = format!("{file:#}");
    let got = advice(file, others);
    let same = got.len() == expect.len()
        && got.iter().zip(expect).all(|(advice, (code, field, part))| {
            advice.code == *code && advice.field == *field && advice.proposal.contains(part)
        });
    assert!(same, "expected {expect:#?}\nfound {got:#?}\nin {shown}");
    assert!(got.iter().all(|advice| !advice.message.is_empty() && !advice.proposal.is_empty()));
}

#[test]
fn a_good_action_raises_nothing() {
    check(refund(), &[]);
}

#[test]
fn good_triggers_raise_nothing() {
    for trigger in [
        "When the user asks about the status of a refund",
        "If a customer reports that an order was charged twice",
        "When the user asks about order and shipping status of an order",
        "When the user wants to look up and understand an order",
        "Whenever someone mentions an error code and asks whether there is an outage, with an order",
        "When the user submitted a refund request and then asks when the order money arrives",
        "Wenn der Kunde nach der Erstattung einer Bestellung fragt",
        "返金の状況を尋ねられたとき",
    ] {
        check(with("/trigger", json!(trigger)), &[]);
    }
}

#[test]
fn triggers_state_a_condition() {
    let code = "trigger_not_a_condition";
    for (trigger, proposal) in [
        ("Look up the refund of an order", "When the user asks to look up the refund of an order"),
        ("Check the refund of an order", "When the user asks to check the refund of an order"),
        ("Refund status of the order", "When the user asks about refund status of the order"),
        ("The user asks about an order refund", "When the user asks about an order refund"),
        ("User wants the refund of an order", "When the user wants the refund of an order"),
    ] {
        let got = advice(with("/trigger", json!(trigger)), &[]);
        assert_eq!(got.iter().map(|advice| advice.code).collect::<Vec<_>>(), [code], "{trigger}");
        assert!(got[0].proposal.contains(proposal), "{trigger}: {}", got[0].proposal);
    }
}

#[test]
fn vague_triggers_get_a_topic() {
    let better = "When the user asks about refund and gives the order ID";
    for trigger in [
        "When asking about data",
        "When the user asks a question",
        "When the user needs help",
        "If the user asks for information",
    ] {
        check(with("/trigger", json!(trigger)), &[("vague_trigger", "trigger", better)]);
    }
}

#[test]
fn an_accompanying_action_needs_no_condition() {
    let mut file = with("/trigger", json!("Tells the manager's channel about the order"));
    set(&mut file, "/runs_with", json!(["create_refund"]));
    check(file, &[]);
}

#[test]
fn an_action_does_one_thing() {
    for (trigger, second) in [
        (
            "When the user wants to cancel an order and update the shipping address",
            "update the shipping address",
        ),
        ("When the user asks about an order and then send a refund notice", "send a refund notice"),
        ("When the user asks to find an order and to notify the warehouse", "notify the warehouse"),
    ] {
        let mut file = with("/trigger", json!(trigger));
        set(&mut file, "/run/method", json!("POST"));
        check(file, &[("two_tasks", "trigger", second)]);
    }
    let usage = json!("Show the balance and then submit the PTO request.");
    check(with("/usage", usage), &[("two_tasks", "usage", "submit the PTO request")]);
}

#[test]
fn overlapping_triggers_name_the_words() {
    let mut other = with("/name", json!("invoice_lookup"));
    set(&mut other, "/trigger", json!("When a customer asks for the status of the order's refund"));
    set(&mut other, "/examples", json!(["Where is the money of order 9?"]));
    let got = advice(refund(), std::slice::from_ref(&other));
    assert_eq!(got.len(), 1, "{got:#?}");
    assert_eq!((got[0].code, got[0].field.as_str()), ("overlapping_triggers", "trigger"));
    assert!(got[0].message.contains("`order`, `refund` and `status`"), "{}", got[0].message);
    assert!(got[0].proposal.contains("invoice"), "{}", got[0].proposal);

    set(&mut other, "/trigger", json!("When the user asks for a copy of an invoice of an order"));
    check_beside(refund(), &[other.clone()], &[]);
    // Accompanying actions share their condition by design, and an older version of oneself is no rival.
    set(&mut other, "/trigger", refund()["trigger"].clone());
    set(&mut other, "/runs_with", json!(["refund_lookup"]));
    check_beside(refund(), &[other, refund()], &[]);
}

#[test]
fn examples_exist_and_are_ones_own() {
    check(with("/examples", json!([])), &[("no_examples", "examples", "The order ID is 12345.")]);
    let mut other = with("/name", json!("bug_report"));
    set(&mut other, "/trigger", json!("When the user wants to report a defect of the dashboard"));
    check_beside(
        refund(),
        &[other.clone()],
        &[("shared_example", "examples[0]", "another"), ("shared_example", "examples[1]", "another")],
    );
    set(&mut other, "/examples", json!(["The dashboard is broken"]));
    let file = with("/examples", json!(["Where is refund 12?", "I want to report a defect"]));
    check_beside(file, &[other], &[("foreign_example", "examples[1]", "bug_report")]);
}

#[test]
fn required_values_show_in_the_examples() {
    let mut file = with("/trigger", json!("When the user asks about a refund"));
    set(&mut file, "/examples", json!(["Where is my refund?"]));
    check(file.clone(), &[("parameter_never_shown", "parameters[0].name", "The order ID is 12345.")]);
    set(&mut file, "/examples", json!(["Where is my refund for 4471-B?"]));
    check(file.clone(), &[]);
    set(&mut file, "/examples", json!(["Where is my refund?"]));
    set(&mut file, "/parameters/0/default", json!("0"));
    check(file, &[]);
}

#[test]
fn descriptions_say_what_to_look_for() {
    for thin in ["The ID", "order id", "The order's ID", "A string", "The order number"] {
        let better = "The order ID as the user writes it";
        check(
            with("/parameters/0/description", json!(thin)),
            &[("thin_description", "parameters[0].description", better)],
        );
    }
    for good in [
        "Order number as printed on the receipt",
        "Die Nummer der Bestellung",
        "The customer's order, e.g. 12345",
    ] {
        check(with("/parameters/0/description", json!(good)), &[]);
    }
}

#[test]
fn wordings_follow_the_type() {
    for (name, kind, part) in [
        ("customer_email", "string", "ana@example.com"),
        ("amount", "number", "49.90"),
        ("hours", "number", "\"four\" counts too"),
        ("date", "string", "YYYY-MM-DD"),
        ("urgent", "boolean", "true when the user says so"),
    ] {
        let mut file = with("/parameters/0", json!({"name": name, "type": kind, "description": "The value"}));
        set(&mut file, "/run/url", json!(format!("https://api.stripe.com/v1/{{{name}}}")));
        check(file, &[("thin_description", "parameters[0].description", part)]);
    }
}

#[test]
fn lists_of_values_are_declared() {
    let description = json!("How soon it must be mended: one of low, medium or high");
    let mut file =
        with("/parameters/0", json!({"name": "priority", "type": "string", "description": description}));
    set(&mut file, "/run/url", json!("https://api.stripe.com/v1/{priority}"));
    check(file.clone(), &[("values_in_words", "parameters[0].values", r#"["low", "medium", "high"]"#)]);
    set(&mut file, "/parameters/0/values", json!(["low", "medium", "high"]));
    check(file, &[]);
}

#[test]
fn placeholders_are_known_and_used() {
    let url = |query: &str| json!(format!("https://api.stripe.com/v1/{{order_id}}{query}"));
    check(with("/run/url", url("?b={order_di}")), &[("unknown_placeholder", "run.url", "`{order_id}`")]);
    check(
        with("/run/url", url("?b={STRIPE_APIKEY}")),
        &[("unknown_placeholder", "run.url", "`{STRIPE_API_KEY}`")],
    );
    check(
        with("/run/url", url("?b={HR_TOKEN}")),
        &[("unknown_placeholder", "run.url", "errand secret set HR_TOKEN")],
    );
    check(with("/run/url", url("?b={region}")), &[("unknown_placeholder", "run.url", "`{{region}}`")]);
    check(with("/run/url", url("?b={GURUBASE_USER_EMAIL}")), &[]);
    check(
        with("/run/url", json!("https://api.stripe.com/v1")),
        &[("unused_parameter", "parameters[0].name", "{order_id}")],
    );
    let mut file = with("/run/url", json!("https://api.stripe.com/v1"));
    set(&mut file, "/answer", json!("Order {{ order_id }}"));
    check(file, &[]);
}

#[test]
fn scripts_declare_what_they_read() {
    let script = |code: &str, secrets: Value| {
        with("/run", json!({"type": "python", "code": code, "secrets": secrets}))
    };
    check(script("import os\nprint(os.environ['order_id'], os.environ['PATH'])", json!([])), &[]);
    check(
        script("print(os.environ['order_id'], os.getenv(\"STRIPE_API_KEY\"))", json!([])),
        &[("undeclared_secret", "run.secrets", "STRIPE_API_KEY")],
    );
    check(
        script("print(order_id)", json!(["STRIPE_API_KEY"])),
        &[("unused_secret", "run.secrets[0]", "STRIPE_API_KEY")],
    );
    check(
        script("print(order_id, HR_KEY)", json!(["HR_KEY"])),
        &[("unknown_placeholder", "run.secrets", "errand secret set HR_KEY")],
    );
    check(
        script("os.environ.get('order_idd')", json!([])),
        &[
            ("unknown_placeholder", "run.code", "`{order_id}`"),
            ("unused_parameter", "parameters[0].name", "os.environ[\"order_id\"]"),
        ],
    );
}

#[test]
fn pasted_credentials_go_to_the_secrets() {
    let key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let header = |name: &str, value: &str| with("/run/headers/0", json!({"name": name, "value": value}));
    let code = "literal_credential";
    let place = "run.headers[0].value";
    check(header("Authorization", &format!("Bearer {key}")), &[(code, place, "`Bearer {STRIPE_API_KEY}`")]);
    check(header("Authorization", "Bearer xyz"), &[(code, place, "Write `Bearer {STRIPE_API_KEY}`")]);
    check(header("X-Api-Key", "hunter2"), &[(code, place, "`{STRIPE_API_KEY}`")]);
    check(header("X-Trace", "9f86d081884c7d659a2feaa0c55ad015"), &[(code, place, "{STRIPE_API_KEY}")]);
    check(
        with("/run/url", json!("https://x.acme.io/{order_id}?api_key=abc")),
        &[(code, "run.url", "errand secret set ACME_API_KEY")],
    );
    check(with("/run/basic_auth", json!(null)), &[]);
    let mut post = with("/run/method", json!("POST"));
    set(&mut post, "/run/body", json!(r#"{"password": "hunter2", "id": {order_id}}"#));
    check(post, &[(code, "run.body", "{STRIPE_API_KEY}")]);
    check(
        with("/run", json!({"type": "python", "code": format!("k = '{key}'; print(order_id)")})),
        &[(code, "run.code", "secrets")],
    );
    for advice in advice(header("Authorization", &format!("Bearer {key}")), &[]) {
        assert!(!format!("{advice:?}").contains("4eC39"), "a credential is never repeated");
    }
}

#[test]
fn what_only_looks_like_a_credential_stays() {
    for (name, value) in [
        ("Accept", "application/vnd.github.v3+json"),
        ("Idempotency-Key", "{order_id}"),
        ("X-Request-Id", "0190f5c2-4f2a-7b1e-9c3d-2a1b3c4d5e6f"),
        ("User-Agent", "Acme-Support-Assistant/2026.11.23-Internal"),
        ("Notion-Version", "2022-06-28"),
        ("Authorization", "Bearer {STRIPE_API_KEY}"),
    ] {
        check(with("/run/headers/0", json!({"name": name, "value": value})), &[]);
    }
    let mut post = with("/run/method", json!("POST"));
    set(
        &mut post,
        "/run/body",
        json!(r#"{"project": {"key": "OPS"}, "page_token": "first", "id": "{order_id}"}"#),
    );
    check(post, &[]);
}

#[test]
fn requests_are_encrypted_unless_they_stay_inside() {
    check(
        with("/run/url", json!("http://api.acme.io/{order_id}")),
        &[("insecure_url", "run.url", "https://api.acme.io/{order_id}")],
    );
    check(
        with("/run/url", json!("http://8.8.8.8/{order_id}")),
        &[("insecure_url", "run.url", "https://8.8.8.8")],
    );
    for inside in ["localhost:8080", "10.0.0.5", "stock.internal", "stock", "[::1]:80", "127.0.0.1:9"] {
        check(with("/run/url", json!(format!("http://{inside}/{{order_id}}"))), &[]);
    }
}

#[test]
fn a_get_only_reads() {
    let code = "get_with_side_effect";
    check(
        with("/run/url", json!("https://api.acme.io/orders/{order_id}/cancel")),
        &[(code, "run.method", "POST")],
    );
    check(
        with("/run/url", json!("https://api.acme.io/orders?id={order_id}&action=delete")),
        &[(code, "run.method", "DELETE")],
    );
    check(with("/trigger", json!("When the user asks to cancel an order")), &[(code, "run.method", "POST")]);
    check(with("/run/url", json!("https://api.acme.io/rest/issue/{order_id}")), &[]);
    check(with("/run/url", json!("https://api.acme.io/updates/{order_id}")), &[]);
}

#[test]
fn usage_and_timeouts_suit_an_asker() {
    check(with("/usage", json!("")), &[("missing_usage", "usage", "state of the refund")]);
    check(with("/timeout_ms", json!(90000)), &[("long_timeout", "timeout_ms", "10000")]);
    check(with("/timeout_ms", json!(200)), &[("short_timeout", "timeout_ms", "5000")]);
}
