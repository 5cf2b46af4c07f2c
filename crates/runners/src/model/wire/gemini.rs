//! Gemini's `generateContent`.

use errand_domain::{
    ModelPrompt, ModelRole, ModelSettings,
    model::{StructuredOutput, TokenUsage},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Parsed, StreamState, number, system, thinking_tokens};

const IN_A_NAME: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn path(model: &str, streams: bool) -> String {
    let model = utf8_percent_encode(model.strip_prefix("models/").unwrap_or(model), &IN_A_NAME);
    if streams {
        format!("/models/{model}:streamGenerateContent?alt=sse")
    } else {
        format!("/models/{model}:generateContent")
    }
}

pub(super) fn body(settings: &ModelSettings, prompt: &ModelPrompt) -> Value {
    let contents: Vec<Value> = prompt
        .messages
        .iter()
        .map(|(role, text)| {
            let role = match role {
                ModelRole::User => "user",
                ModelRole::Assistant => "model",
            };
            json!({"role": role, "parts": [{"text": text}]})
        })
        .collect();
    let thinking = thinking_tokens(settings);
    let tokens = settings.output_tokens_max.saturating_add(thinking.unwrap_or(0));
    let mut config = json!({"maxOutputTokens": tokens});
    if let Some(temperature) = settings.temperature {
        config["temperature"] = json!(temperature);
    }
    if let Some(budget) = thinking {
        config["thinkingConfig"] = json!({"thinkingBudget": budget});
    }
    if let Some(schema) = &prompt.schema {
        config["responseMimeType"] = json!("application/json");
        if settings.structured_output() != StructuredOutput::Prompt {
            config["responseSchema"] = plain(schema);
        }
    }
    json!({
        "systemInstruction": {"parts": [{"text": system(settings, prompt)}]},
        "contents": contents,
        "generationConfig": config,
    })
}

/// The schema in the dialect that is understood here, which knows no `additionalProperties`.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "additionalProperties");
            Value::Object(kept.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        other => other.clone(),
    }
}

pub(super) fn reply(body: &Value) -> Result<Parsed, String> {
    if let Some(reason) = body.pointer("/promptFeedback/blockReason").and_then(Value::as_str) {
        return Err(format!("the provider blocked the question ({reason})"));
    }
    let candidate = body.pointer("/candidates/0").ok_or("it holds no candidate")?;
    cut_off(candidate)?;
    Ok(Parsed { text: text(candidate), usage: usage(body) })
}

pub(super) fn event(state: &mut StreamState, event: &Value) -> Option<String> {
    if event.get("usageMetadata").is_some() {
        state.usage = usage(event);
    }
    if let Some(reason) = event.pointer("/promptFeedback/blockReason").and_then(Value::as_str) {
        state.problem = Some(format!("the provider blocked the question ({reason})"));
        return None;
    }
    let candidate = event.pointer("/candidates/0")?;
    if candidate.get("finishReason").is_some_and(Value::is_string) {
        state.ended = true;
        state.problem = cut_off(candidate).err();
    }
    let piece = text(candidate);
    Some(state.add(&piece))
}

/// Thoughts are parts too, and no part of the answer.
fn text(candidate: &Value) -> String {
    let parts = candidate.pointer("/content/parts").and_then(Value::as_array).into_iter().flatten();
    parts
        .filter(|part| part.get("thought").and_then(Value::as_bool) != Some(true))
        .filter_map(|part| part.get("text")?.as_str())
        .collect()
}

fn cut_off(candidate: &Value) -> Result<(), String> {
    match candidate.get("finishReason").and_then(Value::as_str) {
        None | Some("STOP") => Ok(()),
        Some("MAX_TOKENS") => Err("it was cut off at `output_tokens_max`".to_owned()),
        Some(reason) => Err(format!("the provider stopped it ({reason})")),
    }
}

fn usage(body: &Value) -> TokenUsage {
    let output = number(body, "/usageMetadata/candidatesTokenCount")
        .saturating_add(number(body, "/usageMetadata/thoughtsTokenCount"));
    TokenUsage { input: number(body, "/usageMetadata/promptTokenCount"), output }
}
