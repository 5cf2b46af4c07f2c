//! A guru's planner on the wire.

use errand_domain::{
    ModelCall, ModelSettings, Problem,
    guru::PlannerChoice,
    model::{Reasoning, StructuredOutput},
};
use errand_engine::model::ModelTest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::as_ms;

/// Who decides what runs. What is left out takes its default.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannerBody {
    /// `embedded` (built in: no key, no network) or `llm`. The rest is for `llm`.
    pub kind: PlannerKind,
    /// `openai` (any server that speaks chat completions), `anthropic` or `gemini`.
    pub provider: Option<String>,
    /// For another server than the provider's own, such as `http://127.0.0.1:11434/v1`. The operator must have opened
    /// an address that is not public.
    pub base_url: Option<String>,
    /// As the provider names it.
    pub model: Option<String>,
    /// Name of the guru's secret that holds the key.
    pub api_key_secret: Option<String>,
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f64>,
    /// `low`, `medium` or `high`; null for a model that does not reason.
    pub reasoning: Option<ReasoningLevel>,
    /// How the model is held to the decision's shape; null for what the provider does best.
    pub structured_output: Option<StructuredOutputMode>,
    #[schema(minimum = 1000, maximum = 300_000)]
    pub timeout_ms: Option<u64>,
    #[schema(minimum = 64, maximum = 64000)]
    pub output_tokens_max: Option<u32>,
    /// Whether the model words the answers too.
    pub writes_answers: Option<bool>,
    /// Actions that the model is shown at once: the nearest of a larger catalogue.
    #[schema(minimum = 1, maximum = 200)]
    pub candidates_max: Option<u32>,
    /// Price of a million input tokens, for the record of costs.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlannerKind {
    Embedded,
    Llm,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningLevel {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutputMode {
    Schema,
    Tool,
    Prompt,
}

impl PlannerBody {
    pub fn into_choice(self) -> Result<PlannerChoice, Problem> {
        if self.kind == PlannerKind::Embedded {
            return Ok(PlannerChoice::Embedded);
        }
        let defaults = ModelSettings::default();
        Ok(PlannerChoice::Llm(Box::new(ModelSettings {
            provider: self.provider.as_deref().map_or(Ok(defaults.provider), str::parse)?,
            base_url: self.base_url.filter(|url| !url.is_empty()),
            model: self.model.unwrap_or_default(),
            api_key_secret: self
                .api_key_secret
                .filter(|name| !name.is_empty())
                .map(|name| name.parse())
                .transpose()?,
            temperature: self.temperature,
            reasoning: self.reasoning.map(|level| match level {
                ReasoningLevel::Low => Reasoning::Low,
                ReasoningLevel::Medium => Reasoning::Medium,
                ReasoningLevel::High => Reasoning::High,
            }),
            structured_output: self.structured_output.map(|mode| match mode {
                StructuredOutputMode::Schema => StructuredOutput::Schema,
                StructuredOutputMode::Tool => StructuredOutput::Tool,
                StructuredOutputMode::Prompt => StructuredOutput::Prompt,
            }),
            timeout_ms: self.timeout_ms.unwrap_or(defaults.timeout_ms),
            output_tokens_max: self.output_tokens_max.unwrap_or(defaults.output_tokens_max),
            writes_answers: self.writes_answers.unwrap_or(defaults.writes_answers),
            candidates_max: self.candidates_max.unwrap_or(defaults.candidates_max),
            input_price: self.input_price,
            output_price: self.output_price,
        })))
    }
}

impl From<&PlannerChoice> for PlannerBody {
    fn from(choice: &PlannerChoice) -> Self {
        let model = choice.model();
        Self {
            kind: if model.is_some() { PlannerKind::Llm } else { PlannerKind::Embedded },
            provider: model.map(|model| model.provider.to_string()),
            base_url: model.and_then(|model| model.base_url.clone()),
            model: model.map(|model| model.model.clone()),
            api_key_secret: model.and_then(|model| model.api_key_secret.as_ref().map(ToString::to_string)),
            temperature: model.and_then(|model| model.temperature),
            reasoning: model.and_then(|model| model.reasoning).map(|level| match level {
                Reasoning::Low => ReasoningLevel::Low,
                Reasoning::Medium => ReasoningLevel::Medium,
                Reasoning::High => ReasoningLevel::High,
            }),
            structured_output: model.and_then(|model| model.structured_output).map(|mode| match mode {
                StructuredOutput::Schema => StructuredOutputMode::Schema,
                StructuredOutput::Tool => StructuredOutputMode::Tool,
                StructuredOutput::Prompt => StructuredOutputMode::Prompt,
            }),
            timeout_ms: model.map(|model| model.timeout_ms),
            output_tokens_max: model.map(|model| model.output_tokens_max),
            writes_answers: model.map(|model| model.writes_answers),
            candidates_max: model.map(|model| model.candidates_max),
            input_price: model.and_then(|model| model.input_price),
            output_price: model.and_then(|model| model.output_price),
        }
    }
}

/// Millionths of the currency's unit as a number of units.
#[allow(clippy::cast_precision_loss)] // exact up to nine thousand millions
pub fn cost(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

/// One question to a language model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelCallReply {
    /// `plan`, `answer` or `test`.
    pub purpose: &'static str,
    /// `provider:model`.
    pub model: String,
    /// Requests sent, retries included.
    pub tries: u32,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub duration_ms: f64,
    /// By the prices in the settings; null where none are set.
    pub cost: Option<f64>,
    /// Why it gave nothing usable.
    pub error: Option<String>,
}

impl From<ModelCall> for ModelCallReply {
    fn from(call: ModelCall) -> Self {
        Self {
            purpose: call.purpose.as_str(),
            model: call.model,
            tries: call.tries,
            input_tokens: call.usage.input,
            output_tokens: call.usage.output,
            duration_ms: as_ms(call.duration_us),
            cost: call.cost_micros.map(cost),
            error: call.error,
        }
    }
}

/// Whether the model answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelTestReply {
    pub ok: bool,
    /// What it said, shortened.
    pub reply: Option<String>,
    pub call: ModelCallReply,
}

impl From<ModelTest> for ModelTestReply {
    fn from(test: ModelTest) -> Self {
        Self { ok: test.reply.is_some(), reply: test.reply, call: test.call.into() }
    }
}
