//! The three wire formats: what a question looks like on each, and how its answer reads.
//!
//! Each format is a file of pure functions; the `match`es here are the list of them.

mod anthropic;
mod gemini;
mod openai;

use errand_domain::{
    ModelPrompt, ModelSettings,
    model::{Provider, StructuredOutput, TokenUsage},
};
use serde_json::{Value, json};

/// Name of the tool or schema by which a structured answer is asked for.
const ANSWER_NAME: &str = "decide";
const ANSWER_DESCRIPTION: &str = "Give the answer in this shape.";

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    pub(crate) usage: TokenUsage,
}

/// A streamed answer as far as it came.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    pub(crate) text: String,
    pub(crate) usage: TokenUsage,
    pub(crate) ended: bool,
    pub(crate) problem: Option<String>,
}

impl StreamState {
    pub(crate) fn finish(self) -> Result<Parsed, String> {
        match self.problem {
            Some(problem) => Err(problem),
            None if !self.ended => Err("it broke off in the middle".to_owned()),
            None => Ok(Parsed { text: self.text, usage: self.usage }),
        }
    }

    fn add(&mut self, piece: &str) -> String {
        self.text.push_str(piece);
        piece.to_owned()
    }
}

/// Below the base address.
pub(crate) fn path(settings: &ModelSettings, streams: bool) -> String {
    match settings.provider {
        Provider::OpenAi => "/chat/completions".to_owned(),
        Provider::Anthropic => "/messages".to_owned(),
        Provider::Gemini => gemini::path(&settings.model, streams),
    }
}

pub(crate) fn body(settings: &ModelSettings, prompt: &ModelPrompt, streams: bool) -> Value {
    match settings.provider {
        Provider::OpenAi => openai::body(settings, prompt, streams),
        Provider::Anthropic => anthropic::body(settings, prompt, streams),
        Provider::Gemini => gemini::body(settings, prompt),
    }
}

pub(crate) fn reply(provider: Provider, body: &[u8]) -> Result<Parsed, String> {
    let body: Value = serde_json::from_slice(body).map_err(|_| "it is not JSON".to_owned())?;
    match provider {
        Provider::OpenAi => openai::reply(&body),
        Provider::Anthropic => anthropic::reply(&body),
        Provider::Gemini => gemini::reply(&body),
    }
}

/// Takes in one event of a stream; the text in it, if there is any.
pub(crate) fn event(provider: Provider, state: &mut StreamState, data: &str) -> Option<String> {
    if data.trim() == "[DONE]" {
        state.ended = true;
        return None;
    }
    let event: Value = serde_json::from_str(data).ok()?;
    if let Some(error) = event.get("error") {
        let said = error.get("message").and_then(Value::as_str).unwrap_or("without a reason");
        state.problem = Some(format!("it ended with an error: {said}"));
        return None;
    }
    match provider {
        Provider::OpenAi => openai::event(state, &event),
        Provider::Anthropic => anthropic::event(state, &event),
        Provider::Gemini => gemini::event(state, &event),
    }
}

fn number(value: &Value, place: &str) -> u32 {
    value.pointer(place).and_then(Value::as_u64).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// For servers that hold a model to no shape: the schema stands in the prompt.
fn system(settings: &ModelSettings, prompt: &ModelPrompt) -> String {
    match &prompt.schema {
        Some(schema) if settings.structured_output() == StructuredOutput::Prompt => {
            format!(
                "{}\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n{schema}",
                prompt.system
            )
        }
        _ => prompt.system.clone(),
    }
}

/// Tokens of thinking that a level stands for, where a provider counts them.
fn thinking_tokens(settings: &ModelSettings) -> Option<u32> {
    use errand_domain::model::Reasoning;
    settings.reasoning.map(|reasoning| match reasoning {
        Reasoning::Low => 1_024,
        Reasoning::Medium => 4_096,
        Reasoning::High => 16_384,
    })
}

fn tool_name() -> Value {
    json!(ANSWER_NAME)
}
