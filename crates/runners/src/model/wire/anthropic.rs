//! Anthropic's messages.

use errand_domain::{
    ModelPrompt, ModelRole, ModelSettings,
    model::{StructuredOutput, TokenUsage},
};
use serde_json::{Value, json};

use super::{ANSWER_DESCRIPTION, Parsed, StreamState, number, system, thinking_tokens, tool_name};

pub(super) fn body(settings: &ModelSettings, prompt: &ModelPrompt, streams: bool) -> Value {
    let messages: Vec<Value> = prompt
        .messages
        .iter()
        .map(|(role, text)| {
            let role = match role {
                ModelRole::User => "user",
                ModelRole::Assistant => "assistant",
            };
            json!({"role": role, "content": text})
        })
        .collect();
    let thinking = thinking_tokens(settings);
    // Thinking counts as output here, and is not what the limit is meant for.
    let tokens = settings.output_tokens_max.saturating_add(thinking.unwrap_or(0));
    let mut body = json!({
        "model": settings.model, "max_tokens": tokens, "system": system(settings, prompt), "messages": messages,
    });
    match thinking {
        // A model that thinks takes no temperature.
        Some(budget) => body["thinking"] = json!({"type": "enabled", "budget_tokens": budget}),
        None => {
            if let Some(temperature) = settings.temperature {
                body["temperature"] = json!(temperature);
            }
        }
    }
    if streams {
        body["stream"] = json!(true);
    }
    if let Some(schema) =
        prompt.schema.as_ref().filter(|_| settings.structured_output() != StructuredOutput::Prompt)
    {
        body["tools"] =
            json!([{"name": tool_name(), "description": ANSWER_DESCRIPTION, "input_schema": schema}]);
        // A model that thinks can't be made to call one tool; it is offered no other.
        body["tool_choice"] = if thinking.is_some() {
            json!({"type": "auto"})
        } else {
            json!({"type": "tool", "name": tool_name()})
        };
    }
    body
}

pub(super) fn reply(body: &Value) -> Result<Parsed, String> {
    let parts = body.get("content").and_then(Value::as_array).ok_or("it holds no content")?;
    let of_kind =
        |kind: &str| parts.iter().find(|part| part.get("type").and_then(Value::as_str) == Some(kind));
    cut_off(body.get("stop_reason"))?;
    let text = match of_kind("tool_use").and_then(|part| part.get("input")) {
        Some(input) => input.to_string(),
        None => of_kind("text").and_then(|part| part.get("text")?.as_str()).unwrap_or_default().to_owned(),
    };
    Ok(Parsed { text, usage: usage(body) })
}

pub(super) fn event(state: &mut StreamState, event: &Value) -> Option<String> {
    match event.get("type").and_then(Value::as_str)? {
        "message_start" => {
            state.usage = usage(event.get("message")?);
            None
        }
        "content_block_delta" => {
            let piece = event.pointer("/delta/text").and_then(Value::as_str)?;
            Some(state.add(piece))
        }
        "message_delta" => {
            state.usage.output = number(event, "/usage/output_tokens");
            state.problem = cut_off(event.pointer("/delta/stop_reason")).err();
            None
        }
        "message_stop" => {
            state.ended = true;
            None
        }
        _ => None,
    }
}

fn cut_off(stop_reason: Option<&Value>) -> Result<(), String> {
    match stop_reason.and_then(Value::as_str) {
        Some("max_tokens") => Err("it was cut off at `output_tokens_max`".to_owned()),
        Some("refusal") => Err("the model declined".to_owned()),
        _ => Ok(()),
    }
}

fn usage(body: &Value) -> TokenUsage {
    TokenUsage { input: number(body, "/usage/input_tokens"), output: number(body, "/usage/output_tokens") }
}
