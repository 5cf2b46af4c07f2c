//! The published JSON Schema, the documentation's examples and the rules in code say the same.

use errand_domain::{
    action_file::{ActionFile, REDIRECTS_MAX, RETRIES_MAX},
    limits::{self, Limits},
    lint::{self, lint},
};
use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../schema/action-file.v1.schema.json");
const DOCUMENT: &str = include_str!("../../../docs/action-file.md");
const README: &str = include_str!("../../../README.md");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn validator() -> Validator {
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("the schema is a JSON Schema");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema that compiles")
}

fn keeps_the_rules(file: &Value) -> bool {
    ActionFile::from_value(file.clone()).is_ok_and(|file| file.check(&Limits::default()).is_ok())
}

/// Action files in the documentation: fenced JSON blocks, and what the README's commands send.
fn documented() -> Vec<Value> {
    let fenced = DOCUMENT.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let sent = README.split("<<'JSON'\n").skip(1).filter_map(|rest| rest.split("\nJSON\n").next());
    let blocks = fenced.chain(sent);
    let files: Vec<Value> =
        blocks.map(|block| serde_json::from_str(block).expect("a JSON example")).collect();
    assert!(files.len() >= 5, "the documentation shows an example per type, the README one");
    files
}

fn small() -> Value {
    json!({
        "version": 1,
        "name": "orders",
        "trigger": "When the user asks about an order",
        "parameters": [{"name": "order_id", "type": "string", "description": "The order's number"}],
        "run": {"type": "api_call", "method": "GET", "url": "https://api.example.com/{order_id}"}
    })
}

fn with(place: &str, value: Value) -> Value {
    let mut file = small();
    let (parent, key) = place.rsplit_once('/').expect("a pointer");
    let parent = file.pointer_mut(parent).expect("a place in the file");
    match parent.as_array_mut() {
        Some(array) => array[key.parse::<usize>().expect("an index")] = value,
        None => parent[key] = value,
    }
    file
}

fn long(chars: usize) -> Value {
    "a".repeat(chars).into()
}

#[test]
fn documented_examples_keep_the_rules_fit_the_schema_and_pass_the_linter() {
    let validator = validator();
    for file in documented() {
        if let Err(error) = validator.validate(&file) {
            panic!("{error} in {file:#}");
        }
        let read = ActionFile::from_value(file.clone()).expect("a readable example");
        let spec = read.check(&Limits::default()).expect("an example that keeps the rules");
        let advice = lint(&spec, &[], &spec.secrets());
        assert!(advice.is_empty(), "{advice:#?}");
        assert!(validator.is_valid(&read.to_json()), "what is written back fits too");
    }
}

#[test]
fn what_is_written_back_is_what_was_read() {
    for file in documented() {
        let read = ActionFile::from_value(file).expect("a readable example");
        let spec = read.check(&Limits::default()).expect("an example that keeps the rules");
        let written = ActionFile { schema: read.schema.clone(), ..ActionFile::from(&spec) };
        assert_eq!(ActionFile::from_value(written.to_json()), Ok(read));
    }
}

#[test]
fn schema_and_rules_accept_the_same() {
    let accepted = [
        small(),
        with("/trigger", long(limits::TRIGGER_CHARS_MAX)),
        with("/name", long(limits::NAME_CHARS_MAX)),
        with("/timeout_ms", json!(limits::ACTION_TIMEOUT_MS_MIN)),
        with("/timeout_ms", json!(limits::ACTION_TIMEOUT_MS_MAX_DEFAULT)),
        with("/run/retries_max", json!(RETRIES_MAX)),
        with("/run/redirects_max", json!(0)),
        with("/run/url", json!("http://{HOST}:8080?a={order_id}#x")),
        with("/run/headers", json!([{"name": "X-Api-Key", "value": ""}])),
        with("/allowed_hosts", json!(["*.zendesk.com", "localhost"])),
        with("/runs_with", json!(["refund-lookup_2"])),
        with("/parameters/0/values", json!(["a"])),
        with("/parameters/0/default", json!("b")),
        with(
            "/run",
            json!({"type": "api_call", "method": "DELETE", "url": "https://a/{order_id}", "body": "[]"}),
        ),
        with(
            "/run",
            json!({"type": "agent", "prompt": "p", "max_depth": 10, "output_schema": {"type": "object"}}),
        ),
    ];
    let validator = validator();
    for file in accepted {
        assert!(keeps_the_rules(&file), "the rules refuse {file:#}");
        assert!(validator.is_valid(&file), "the schema refuses {file:#}");
    }
}

#[test]
fn schema_and_rules_refuse_the_same() {
    let many = |count: usize, one: Value| Value::Array(vec![one; count]);
    let call = |key: &str, value: Value| with(&format!("/run/{key}"), value);
    let refused = [
        json!({}),
        with("/version", json!(2)),
        with("/version", json!("1")),
        with("/nmae", json!("x")),
        with("/name", json!("two words")),
        with("/name", long(limits::NAME_CHARS_MAX + 1)),
        with("/trigger", json!(" ")),
        with("/trigger", long(limits::TRIGGER_CHARS_MAX + 1)),
        with("/usage", long(limits::USAGE_CHARS_MAX + 1)),
        with("/answer", json!("")),
        with("/examples", many(limits::EXAMPLES_PER_ACTION_MAX + 1, json!("a"))),
        with("/examples", json!(["a", ""])),
        with("/examples", json!([long(limits::EXAMPLE_CHARS_MAX + 1)])),
        with("/timeout_ms", json!(limits::ACTION_TIMEOUT_MS_MIN - 1)),
        with("/timeout_ms", json!(limits::ACTION_TIMEOUT_MS_MAX_DEFAULT + 1)),
        with("/allowed_hosts", json!(["https://a.com"])),
        with("/allowed_hosts", json!(["a.com:443"])),
        with("/runs_with", json!(["two words"])),
        with("/parameters/0/name", json!("order1")),
        with("/parameters/0/name", json!("gurubase_x")),
        with("/parameters/0/type", json!("date")),
        with("/parameters/0/description", json!("")),
        with("/parameters/0/defualt", json!("x")),
        with("/parameters/0", json!({"name": "n", "type": "number", "description": "d", "values": ["1"]})),
        call("type", json!("shell")),
        call("method", json!("get")),
        call("url", json!("ftp://a")),
        call("url", json!("https:///path")),
        call("url", json!("https://user:pass@a/")),
        call("url", json!("https://a/b c")),
        call("body", json!("{}")),
        call("headers", json!([{"name": "a b", "value": ""}])),
        call("headers", json!([{"name": "Host", "value": "a"}])),
        call("headers", json!([{"name": "X", "value": "a\r\nb"}])),
        call("headers", many(limits::HEADERS_PER_CALL_MAX + 1, json!({"name": "X", "value": ""}))),
        call("retries_max", json!(RETRIES_MAX + 1)),
        call("redirects_max", json!(REDIRECTS_MAX + 1)),
        with("/run", json!({"type": "api_call", "method": "POST", "url": "https://a", "retries_max": 1})),
        with("/run", json!({"type": "python", "code": ""})),
        with("/run", json!({"type": "python", "code": "1", "secrets": ["GURUBASE_X"]})),
        with("/run", json!({"type": "agent", "prompt": "p", "max_tool_calls": 101})),
    ];
    let validator = validator();
    for file in refused {
        assert!(!keeps_the_rules(&file), "the rules accept {file:#}");
        assert!(!validator.is_valid(&file), "the schema accepts {file:#}");
    }
}

#[test]
fn limits_in_the_schema_are_those_in_the_code() {
    let schema = schema();
    let check = |place: &str, expect: u64| {
        assert_eq!(schema.pointer(place).and_then(Value::as_u64), Some(expect), "{place}");
    };
    let chars = |place: &str, expect: usize| check(&format!("{place}/maxLength"), expect as u64);
    chars("/properties/trigger", limits::TRIGGER_CHARS_MAX);
    chars("/properties/examples/items", limits::EXAMPLE_CHARS_MAX);
    chars("/properties/usage", limits::USAGE_CHARS_MAX);
    chars("/properties/answer", limits::ANSWER_TEMPLATE_CHARS_MAX);
    for name in ["action_name", "parameter_name", "secret_name"] {
        chars(&format!("/$defs/{name}"), limits::NAME_CHARS_MAX);
    }
    chars("/$defs/parameter/properties/description", limits::DESCRIPTION_CHARS_MAX);
    chars("/$defs/api_call/properties/url", limits::URL_CHARS_MAX);
    chars("/$defs/api_call/properties/body", limits::BODY_CHARS_MAX);
    chars("/$defs/header/properties/value", limits::HEADER_CHARS_MAX);
    chars("/$defs/agent/properties/prompt", limits::INSTRUCTIONS_CHARS_MAX);
    check("/properties/examples/maxItems", limits::EXAMPLES_PER_ACTION_MAX as u64);
    check("/properties/parameters/maxItems", limits::PARAMETERS_PER_ACTION_MAX as u64);
    check("/properties/allowed_hosts/maxItems", limits::ALLOWED_HOSTS_PER_ACTION_MAX as u64);
    check("/$defs/api_call/properties/headers/maxItems", limits::HEADERS_PER_CALL_MAX as u64);
    check("/$defs/api_call/properties/retries_max/maximum", RETRIES_MAX.into());
    check("/$defs/api_call/properties/redirects_max/maximum", REDIRECTS_MAX.into());
    check("/properties/timeout_ms/minimum", limits::ACTION_TIMEOUT_MS_MIN);
    check("/properties/timeout_ms/maximum", limits::ACTION_TIMEOUT_MS_MAX_DEFAULT);
    check("/$defs/python/properties/code/maxLength", limits::PYTHON_CHARS_MAX_DEFAULT.into());
    check("/$defs/agent/properties/max_tool_calls/maximum", limits::AGENT_TOOL_CALLS_MAX.into());
    check("/$defs/agent/properties/max_tool_calls/default", limits::AGENT_TOOL_CALLS_DEFAULT.into());
    check("/$defs/agent/properties/max_depth/maximum", limits::AGENT_DEPTH_MAX.into());
    check("/$defs/agent/properties/max_depth/default", limits::AGENT_DEPTH_DEFAULT.into());
}

#[test]
fn every_linter_code_is_documented() {
    for code in lint::CODES {
        assert!(DOCUMENT.contains(&format!("`{code}`")), "docs/action-file.md doesn't explain `{code}`");
    }
}
