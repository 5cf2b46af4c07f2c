//! The client against a stand-in that speaks each provider's format.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use errand_domain::{
    ModelPrompt, ModelRole, ModelSettings,
    model::{Provider, Reasoning, StructuredOutput, TokenUsage},
};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_secrets::SecretText;
use errand_testkit::{Received, Reply, Upstream};
use serde_json::{Value, json};

use super::{ModelFailure, ModelOutcome, ModelRequest, Models};

const KEY: &str = "sk-test-0123456789";

fn models(upstream: &Upstream) -> Models {
    let open = upstream.address().to_string();
    let policy = EgressPolicy::from_texts([open.as_str()]).expect("a range");
    Models::new(Egress::new(policy, &EgressLimits::default()).expect("a client"))
}

fn settings(provider: Provider, upstream: &Upstream) -> ModelSettings {
    ModelSettings {
        provider,
        model: "test-model".to_owned(),
        base_url: Some(upstream.url("/v1/")),
        temperature: Some(0.2),
        ..ModelSettings::default()
    }
}

fn prompt(schema: bool) -> ModelPrompt {
    ModelPrompt {
        system: "Be brief.".to_owned(),
        messages: vec![(ModelRole::User, "Hi".to_owned()), (ModelRole::Assistant, "Yes?".to_owned()), (ModelRole::User, "Go".to_owned())],
        schema: schema.then(|| json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false})),
    }
}

/// The outcome and what was told piece by piece.
async fn ask(models: &Models, settings: &ModelSettings, schema: bool) -> (ModelOutcome, Vec<String>) {
    let key = SecretText::new(KEY.to_owned());
    let prompt = prompt(schema);
    let request = ModelRequest { settings, key: Some(&key), allowed_hosts: &[], prompt: &prompt, seed: 1 };
    let mut told = Vec::new();
    let outcome = models.ask(&request, |piece| told.push(piece.to_owned())).await;
    (outcome, told)
}

fn sse(events: &[Value]) -> Reply {
    let events = events.iter().map(ToString::to_string).chain(["[DONE]".to_owned()]);
    let body = events.map(|event| ["data: ", &event, "\n\n"].concat()).collect::<String>();
    Reply::text(200, body).header("content-type", "text/event-stream")
}

/// One question's request as it arrived, and the text and usage that came of the reply.
async fn check(
    settings: impl FnOnce(&Upstream) -> ModelSettings,
    schema: bool,
    reply: Reply,
    expect: &str,
) -> (Received, Value) {
    let reply = Mutex::new(reply);
    let upstream = Upstream::start(move |_| reply.lock().expect("a reply").clone()).await;
    let settings = settings(&upstream);
    let (outcome, told) = ask(&models(&upstream), &settings, schema).await;
    assert_eq!(outcome.result.as_ref().map(|reply| reply.text.as_str()), Ok(expect));
    assert_eq!(outcome.usage, TokenUsage { input: 11, output: 5 });
    assert_eq!(outcome.tries, 1);
    if !schema {
        assert_eq!(told.concat(), expect);
        assert!(told.len() > 1, "it was not streamed: {told:?}");
    }
    let received = upstream.requests().remove(0);
    let body = serde_json::from_str(&received.body).expect("JSON");
    (received, body)
}

#[tokio::test]
async fn openai_decides_by_schema_or_tool_and_streams() {
    let usage = json!({"prompt_tokens": 11, "completion_tokens": 5});
    let whole = |message: Value| {
        Reply::json(&json!({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}))
    };
    let of = |upstream: &Upstream| settings(Provider::OpenAi, upstream);
    let (received, body) = check(of, true, whole(json!({"content": "{\"a\":\"b\"}"})), "{\"a\":\"b\"}").await;
    assert_eq!(received.path_and_query, "/v1/chat/completions");
    assert_eq!(received.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(2000), &json!(0.2)));

    let by_tool = |upstream: &Upstream| ModelSettings {
        structured_output: Some(StructuredOutput::Tool),
        reasoning: Some(Reasoning::Low),
        ..of(upstream)
    };
    let called =
        json!({"content": null, "tool_calls": [{"function": {"name": "decide", "arguments": "{\"a\":1}"}}]});
    let (_, body) = check(by_tool, true, whole(called), "{\"a\":1}").await;
    assert_eq!(body["tool_choice"]["function"]["name"], "decide");
    assert_eq!(body["reasoning_effort"], "low");

    let piece = |text: &str| json!({"choices": [{"delta": {"content": text}}]});
    let end = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let stream = sse(&[piece("Hel"), piece("lo"), end, json!({"choices": [], "usage": usage})]);
    let (_, body) = check(of, false, stream, "Hello").await;
    assert_eq!(body["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn anthropic_decides_by_tool_and_streams() {
    let of = |upstream: &Upstream| settings(Provider::Anthropic, upstream);
    let reply = Reply::json(&json!({
        "content": [{"type": "text", "text": "Let me see."}, {"type": "tool_use", "name": "decide", "input": {"a": "b"}}],
        "stop_reason": "tool_use", "usage": {"input_tokens": 11, "output_tokens": 5},
    }));
    let (received, body) = check(of, true, reply.clone(), "{\"a\":\"b\"}").await;
    assert_eq!(received.path_and_query, "/v1/messages");
    assert_eq!(received.header("x-api-key"), Some(KEY));
    assert_eq!(received.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!((&body["system"], &body["tool_choice"]["type"]), (&json!("Be brief."), &json!("tool")));

    let thinking = |upstream: &Upstream| ModelSettings { reasoning: Some(Reasoning::Low), ..of(upstream) };
    let (_, body) = check(thinking, true, reply, "{\"a\":\"b\"}").await;
    assert_eq!(
        (&body["tool_choice"]["type"], &body["thinking"]["budget_tokens"]),
        (&json!("auto"), &json!(1024))
    );
    assert_eq!(body["temperature"], Value::Null);

    let delta =
        |text: &str| json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}});
    let stream = sse(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 11, "output_tokens": 1}}}),
        json!({"type": "ping"}),
        delta("Hel"),
        delta("lo"),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ]);
    check(of, false, stream, "Hello").await;
}

#[tokio::test]
async fn gemini_decides_by_schema_and_streams() {
    let of = |upstream: &Upstream| settings(Provider::Gemini, upstream);
    let usage = json!({"promptTokenCount": 11, "candidatesTokenCount": 3, "thoughtsTokenCount": 2});
    let part = |text: &str, end: Option<&str>| json!({"candidates": [{"content": {"parts": [{"text": "hm", "thought": true}, {"text": text}]}, "finishReason": end}], "usageMetadata": usage});
    let (received, body) = check(of, true, Reply::json(&part("{\"a\":1}", Some("STOP"))), "{\"a\":1}").await;
    assert_eq!(received.path_and_query, "/v1/models/test-model:generateContent");
    assert_eq!(received.header("x-goog-api-key"), Some(KEY));
    assert_eq!(body["contents"][1]["role"], "model");
    let config = &body["generationConfig"];
    assert_eq!(config["responseSchema"]["required"], json!(["a"]));
    assert_eq!(config["responseSchema"]["additionalProperties"], Value::Null);

    let (received, _) = check(of, false, sse(&[part("Hel", None), part("lo", Some("STOP"))]), "Hello").await;
    assert_eq!(received.path_and_query, "/v1/models/test-model:streamGenerateContent?alt=sse");
}

/// What the failure says after these replies, one after another; how many requests there were.
async fn check_failure(replies: Vec<Reply>, schema: bool, expect: Result<&str, &str>, tries: u32) {
    let at = AtomicUsize::new(0);
    let last = replies.len() - 1;
    let upstream =
        Upstream::start(move |_| replies[at.fetch_add(1, Ordering::SeqCst).min(last)].clone()).await;
    let (outcome, _) = ask(&models(&upstream), &settings(Provider::OpenAi, &upstream), schema).await;
    match (&outcome.result, expect) {
        (Ok(reply), Ok(expect)) => assert_eq!(reply.text, expect),
        (Err(failure), Err(expect)) => assert!(failure.to_string().contains(expect), "{failure}"),
        (got, expect) => panic!("{got:?} instead of {expect:?}"),
    }
    assert_eq!(outcome.tries, tries);
}

fn good() -> Reply {
    Reply::json(&json!({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}))
}

fn error(status: u16, message: &str) -> Reply {
    Reply::text(status, json!({"error": {"message": message}}).to_string())
        .header("content-type", "application/json")
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_told() {
    let soon = |reply: Reply| reply.header("retry-after-ms", "1");
    check_failure(vec![soon(error(429, "Slow down")), soon(error(503, "Busy")), good()], true, Ok("ok"), 3)
        .await;
    check_failure(vec![soon(error(429, "Slow down"))], true, Err("Slow down"), 4).await;
    check_failure(vec![error(429, "Quota").header("retry-after", "3600")], true, Err("Quota"), 1).await;
    check_failure(vec![error(401, "Bad key")], true, Err("api_key_secret"), 1).await;
    check_failure(vec![error(404, "No such model")], true, Err("No such model"), 1).await;
    check_failure(vec![Reply::text(200, "<html>")], true, Err("not JSON"), 1).await;
    check_failure(vec![Reply::text(302, "").header("location", "/elsewhere")], true, Err("302"), 1).await;
    let long = json!({"choices": [{"message": {"content": "{"}, "finish_reason": "length"}]});
    check_failure(vec![Reply::json(&long)], true, Err("output_tokens_max"), 1).await;
    let piece = json!({"choices": [{"delta": {"content": "Hel"}}]});
    let broken = Reply::text(200, format!("data: {piece}\n\n")).header("content-type", "text/event-stream");
    check_failure(vec![broken], false, Err("broke off"), 1).await;
}

#[tokio::test]
async fn an_address_that_nobody_opened_is_not_asked() {
    let upstream = Upstream::start(|_| good()).await;
    let closed =
        Models::new(Egress::new(EgressPolicy::default(), &EgressLimits::default()).expect("a client"));
    let (outcome, _) = ask(&closed, &settings(Provider::OpenAi, &upstream), true).await;
    assert!(
        matches!(&outcome.result, Err(ModelFailure::Refused(why)) if why.contains("egress.open")),
        "{outcome:?}"
    );
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_stays_silent_is_given_up_in_time() {
    let upstream = Upstream::start(|_| good().held()).await;
    let settings = ModelSettings { timeout_ms: 200, ..settings(Provider::OpenAi, &upstream) };
    let (outcome, _) = ask(&models(&upstream), &settings, true).await;
    assert_eq!(outcome.result, Err(ModelFailure::TimedOut));
}
