//! The client against `LiteLLM`'s proxy: a server of other people's making, with mock answers.

use errand_domain::{
    ModelPrompt, ModelRole, ModelSettings,
    model::{Provider, StructuredOutput},
};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_secrets::SecretText;
use serde_json::json;

use super::{ModelOutcome, ModelRequest, Models};

/// As `scripts/litellm/config.yaml` has it.
const KEY: &str = "sk-conformance-only";

async fn ask(model: &str, how: Option<StructuredOutput>, key: &str) -> (ModelOutcome, Vec<String>) {
    let server = errand_testkit::litellm::url();
    let address = server.strip_prefix("http://").expect("an address").to_owned();
    let policy = EgressPolicy::from_texts([address.as_str()]).expect("a range");
    let models = Models::new(Egress::new(policy, &EgressLimits::default()).expect("a client"));
    let settings = ModelSettings {
        provider: Provider::OpenAi,
        base_url: Some(format!("{server}/v1")),
        model: model.to_owned(),
        structured_output: how,
        timeout_ms: 60_000,
        ..ModelSettings::default()
    };
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let prompt = ModelPrompt {
        system: "You decide.".to_owned(),
        messages: vec![(ModelRole::User, "Where is my order?".to_owned())],
        schema: how.map(|_| schema),
    };
    let key = SecretText::new(key.to_owned());
    let request =
        ModelRequest { settings: &settings, key: Some(&key), allowed_hosts: &[], prompt: &prompt, seed: 1 };
    let mut told = Vec::new();
    let outcome = models.ask(&request, |piece| told.push(piece.to_owned())).await;
    (outcome, told)
}

#[tokio::test]
async fn litellm_streams_an_answer_and_counts_tokens() {
    let (outcome, told) = ask("plain", None, KEY).await;
    let text = outcome.result.expect("an answer").text;
    assert_eq!(text, "Your order 12345 is on its way. It arrives on Friday.");
    assert_eq!(told.concat(), text);
    assert!(told.len() > 1, "it was not streamed: {told:?}");
    assert!(outcome.usage.input > 0 && outcome.usage.output > 0, "{:?}", outcome.usage);
}

#[tokio::test]
async fn litellm_takes_a_schema_and_calls_a_tool() {
    for (model, how, expect) in [
        ("decides", StructuredOutput::Schema, r#"{"a": "b"}"#),
        ("decides", StructuredOutput::Prompt, r#"{"a": "b"}"#),
        ("calls-a-tool", StructuredOutput::Tool, r#"{"a": "tool"}"#),
    ] {
        let (outcome, _) = ask(model, Some(how), KEY).await;
        assert_eq!(outcome.result.expect("an answer").text, expect, "{model}");
    }
}

async fn check_failure(model: &str, key: &str, expect: &str, tries: u32) {
    let (outcome, _) = ask(model, Some(StructuredOutput::Schema), key).await;
    let failure = outcome.result.expect_err("it fails").to_string();
    assert!(failure.contains(expect), "{model}: {failure}");
    assert_eq!(outcome.tries, tries, "{model}: {failure}");
}

#[tokio::test]
async fn litellm_at_its_limit_and_out_of_order_is_tried_again() {
    check_failure("busy", KEY, "(429)", 4).await;
    check_failure("broken", KEY, "(500)", 4).await;
}

#[tokio::test]
async fn litellm_without_the_key_or_the_model_is_told_at_once() {
    // A key that is not the master's is looked up in a database, which this proxy has none of.
    check_failure("plain", "sk-wrong", "No connected db", 1).await;
    check_failure("unknown", KEY, "(400)", 1).await;
}
