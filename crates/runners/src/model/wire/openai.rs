//! Chat completions: `OpenAI` and the many servers that speak its format.

use errand_domain::{
    ModelPrompt, ModelRole, ModelSettings,
    model::{StructuredOutput, TokenUsage},
};
use serde_json::{Value, json};

use super::{ANSWER_DESCRIPTION, ANSWER_NAME, Parsed, StreamState, number, system, tool_name};

pub(super) fn body(settings: &ModelSettings, prompt: &ModelPrompt, streams: bool) -> Value {
    let mut messages = vec![json!({"role": "system", "content": system(settings, prompt)})];
    messages.extend(prompt.messages.iter().map(|(role, text)| {
        let role = match role {
            ModelRole::User => "user",
            ModelRole::Assistant => "assistant",
        };
        json!({"role": role, "content": text})
    }));
    let mut body = json!({"model": settings.model, "messages": messages});
    body[tokens_field(settings)] = json!(settings.output_tokens_max);
    if let Some(temperature) = settings.temperature {
        body["temperature"] = json!(temperature);
    }
    if let Some(reasoning) = settings.reasoning {
        body["reasoning_effort"] = json!(reasoning.as_str());
    }
    if streams {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    if let Some(schema) = &prompt.schema {
        shape(&mut body, settings.structured_output(), schema);
    }
    body
}

/// The provider's own newer models refuse the name that everybody else still knows it by.
fn tokens_field(settings: &ModelSettings) -> &'static str {
    if settings.base_url().starts_with(settings.provider.default_base_url()) {
        "max_completion_tokens"
    } else {
        "max_tokens"
    }
}

fn shape(body: &mut Value, how: StructuredOutput, schema: &Value) {
    match how {
        StructuredOutput::Schema => {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": ANSWER_NAME, "strict": true, "schema": schema},
            });
        }
        StructuredOutput::Tool => {
            body["tools"] = json!([{
                "type": "function",
                "function": {"name": tool_name(), "description": ANSWER_DESCRIPTION, "parameters": schema},
            }]);
            body["tool_choice"] = json!({"type": "function", "function": {"name": tool_name()}});
        }
        StructuredOutput::Prompt => {}
    }
}

pub(super) fn reply(body: &Value) -> Result<Parsed, String> {
    let choice = body.pointer("/choices/0").ok_or("it holds no choice")?;
    if let Some(refusal) = choice.pointer("/message/refusal").and_then(Value::as_str) {
        return Err(format!("the model declined: {refusal}"));
    }
    let called = choice.pointer("/message/tool_calls/0/function/arguments").and_then(Value::as_str);
    let written = choice.pointer("/message/content").and_then(Value::as_str);
    let text = called.or(written).unwrap_or_default().to_owned();
    cut_off(choice)?;
    Ok(Parsed { text, usage: usage(body) })
}

pub(super) fn event(state: &mut StreamState, event: &Value) -> Option<String> {
    if event.get("usage").is_some_and(Value::is_object) {
        state.usage = usage(event);
    }
    let choice = event.pointer("/choices/0")?;
    if choice.get("finish_reason").is_some_and(Value::is_string) {
        state.ended = true;
        state.problem = cut_off(choice).err();
    }
    let piece = choice.pointer("/delta/content").and_then(Value::as_str)?;
    Some(state.add(piece))
}

fn cut_off(choice: &Value) -> Result<(), String> {
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => Err("it was cut off at `output_tokens_max`".to_owned()),
        Some("content_filter") => Err("the provider's content filter stopped it".to_owned()),
        _ => Ok(()),
    }
}

fn usage(body: &Value) -> TokenUsage {
    TokenUsage {
        input: number(body, "/usage/prompt_tokens"),
        output: number(body, "/usage/completion_tokens"),
    }
}
