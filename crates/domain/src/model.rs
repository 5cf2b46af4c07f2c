//! Language models: which one a guru uses, what it is asked, what came back and what it cost.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Problem, SecretName};

pub const MODEL_CHARS_MAX: usize = 200;
pub const BASE_URL_CHARS_MAX: usize = 500;
pub const TEMPERATURE_MAX: f64 = 2.0;
pub const TIMEOUT_MS_DEFAULT: u64 = 30_000;
pub const TIMEOUT_MS_MIN: u64 = 1_000;
pub const TIMEOUT_MS_MAX: u64 = 300_000;
pub const OUTPUT_TOKENS_DEFAULT: u32 = 2_000;
pub const OUTPUT_TOKENS_MIN: u32 = 64;
pub const OUTPUT_TOKENS_MAX: u32 = 64_000;
/// Actions that a model is shown at once; the nearest of a larger catalogue.
pub const CANDIDATES_DEFAULT: u32 = 30;
pub const CANDIDATES_MAX: u32 = 200;
/// Per million tokens: a price above this is a slip of the unit.
pub const PRICE_MAX: f64 = 100_000.0;

/// Whose wire format is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Chat completions, as spoken by `OpenAI`, Ollama, vLLM, llama.cpp, `LiteLLM` and many more.
    #[serde(rename = "openai")]
    OpenAi,
    Anthropic,
    Gemini,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Gemini];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// Where the provider itself answers.
    pub const fn default_base_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text).ok_or_else(|| {
            Problem::new(
                "unknown_provider",
                format!("`{text}` is no provider."),
                "Choose `openai` (any compatible server), `anthropic` or `gemini`.",
            )
            .at("planner.provider")
        })
    }
}

/// How hard a model may think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    Low,
    Medium,
    High,
}

impl Reasoning {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How a model is held to the shape of its decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// The provider enforces a JSON Schema.
    Schema,
    /// The model must call a tool whose parameters are the schema.
    Tool,
    /// The prompt alone asks for JSON: for servers that know neither.
    Prompt,
}

/// A language model as a guru uses it. The key is named, never held: it is one of the guru's secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    pub provider: Provider,
    /// None for the provider's own address.
    pub base_url: Option<String>,
    pub model: String,
    /// The guru's secret that holds the key; None for a server that asks for none.
    pub api_key_secret: Option<SecretName>,
    /// None leaves it to the provider; many reasoning models take none.
    pub temperature: Option<f64>,
    pub reasoning: Option<Reasoning>,
    /// None takes what the provider does best.
    pub structured_output: Option<StructuredOutput>,
    /// For one question to the model, its retries included.
    pub timeout_ms: u64,
    pub output_tokens_max: u32,
    /// Whether the model words the answers too; otherwise they are composed from the results.
    pub writes_answers: bool,
    /// Actions shown to the model at once.
    pub candidates_max: u32,
    /// Per million tokens, in whichever currency the operator counts; None counts no cost.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            provider: Provider::OpenAi,
            base_url: None,
            model: String::new(),
            api_key_secret: None,
            temperature: None,
            reasoning: None,
            structured_output: None,
            timeout_ms: TIMEOUT_MS_DEFAULT,
            output_tokens_max: OUTPUT_TOKENS_DEFAULT,
            writes_answers: true,
            candidates_max: CANDIDATES_DEFAULT,
            input_price: None,
            output_price: None,
        }
    }
}

impl ModelSettings {
    /// Name for the record: `openai:gpt-5-mini`.
    pub fn label(&self) -> String {
        format!("{}:{}", self.provider, self.model)
    }

    /// Without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.base_url.as_deref().unwrap_or(self.provider.default_base_url()).trim_end_matches('/')
    }

    pub fn structured_output(&self) -> StructuredOutput {
        self.structured_output.unwrap_or(match self.provider {
            Provider::OpenAi | Provider::Gemini => StructuredOutput::Schema,
            Provider::Anthropic => StructuredOutput::Tool,
        })
    }

    /// The prices that the guru itself names; they stand before the operator's.
    fn own_price(&self) -> Option<Price> {
        Some(Price { input: self.input_price?, output: self.output_price? })
    }

    pub fn check(&self) -> Vec<Problem> {
        let problem = |field: &str, code, message: String, hint: String| {
            Problem::new(code, message, hint).at(format!("planner.{field}"))
        };
        let mut found = Vec::new();
        let model_chars = self.model.trim().chars().count();
        if model_chars == 0 || model_chars > MODEL_CHARS_MAX || self.model.chars().any(char::is_control) {
            let hint = "Give the name that the provider knows it by, such as `gpt-5-mini`.".to_owned();
            found.push(problem(
                "model",
                "bad_model",
                "The model's name is empty or too long.".to_owned(),
                hint,
            ));
        }
        if let Some(why) = self.base_url.as_deref().and_then(bad_base_url) {
            let hint = "Write one such as `http://127.0.0.1:11434/v1`.".to_owned();
            found.push(problem("base_url", "bad_base_url", format!("The base address {why}."), hint));
        }
        if self.temperature.is_some_and(|value| !(0.0..=TEMPERATURE_MAX).contains(&value)) {
            let hint = format!("Choose 0 to {TEMPERATURE_MAX}, or null for the provider's own.");
            found.push(problem(
                "temperature",
                "out_of_range",
                "The temperature is out of range.".to_owned(),
                hint,
            ));
        }
        found.extend(self.check_ranges());
        let prices = [("input_price", self.input_price), ("output_price", self.output_price)];
        for (field, _) in
            prices.iter().filter(|(_, price)| price.is_some_and(|p| !(0.0..=PRICE_MAX).contains(&p)))
        {
            let hint = "Give the price of a million tokens, or null.".to_owned();
            found.push(problem(field, "out_of_range", "The price is out of range.".to_owned(), hint));
        }
        found
    }

    fn check_ranges(&self) -> Vec<Problem> {
        let ranges = [
            ("timeout_ms", self.timeout_ms, TIMEOUT_MS_MIN, TIMEOUT_MS_MAX),
            (
                "output_tokens_max",
                u64::from(self.output_tokens_max),
                u64::from(OUTPUT_TOKENS_MIN),
                u64::from(OUTPUT_TOKENS_MAX),
            ),
            ("candidates_max", u64::from(self.candidates_max), 1, u64::from(CANDIDATES_MAX)),
        ];
        let off = ranges.into_iter().filter(|(_, value, min, max)| value < min || value > max);
        off.map(|(field, value, min, max)| {
            Problem::new(
                "out_of_range",
                format!("{value} is out of range."),
                format!("Choose {min} to {max}."),
            )
            .at(format!("planner.{field}"))
        })
        .collect()
    }
}

/// What a million tokens cost, in whichever currency the operator counts.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
}

impl Price {
    /// In millionths of the currency's unit: a price per million tokens is one in millionths per token.
    fn micros(self, usage: TokenUsage) -> u64 {
        let micros = f64::from(usage.input) * self.input + f64::from(usage.output) * self.output;
        // Prices are checked to be small and positive.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            micros.round() as u64
        }
    }
}

/// The operator's table of prices, by model (`provider:model`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices(BTreeMap<String, Price>);

impl Prices {
    /// # Errors
    /// When a price is out of range.
    pub fn new(table: BTreeMap<String, Price>) -> Result<Self, Problem> {
        let is_off = |price: f64| !(0.0..=PRICE_MAX).contains(&price);
        match table.iter().find(|(_, price)| is_off(price.input) || is_off(price.output)) {
            None => Ok(Self(table)),
            Some((model, _)) => Err(Problem::new(
                "out_of_range",
                format!("The price of `{model}` is out of range."),
                format!("Give the price of a million tokens, 0 to {PRICE_MAX}."),
            )),
        }
    }

    /// What so many tokens cost, in millionths of the currency's unit: by the guru's own prices, else by the table;
    /// None where neither has one.
    pub fn cost_micros(&self, settings: &ModelSettings, usage: TokenUsage) -> Option<u64> {
        let price = settings.own_price().or_else(|| self.0.get(&settings.label()).copied())?;
        Some(price.micros(usage))
    }
}

/// Why a base address can't be used. Whether it may be reached is for the egress policy to say.
fn bad_base_url(text: &str) -> Option<&'static str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return Some("does not start with `https://` or `http://`") };
    if text.chars().count() > BASE_URL_CHARS_MAX {
        return Some("is too long");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("has spaces or control characters in it");
    }
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() {
        return Some("names no host");
    }
    if host.contains('@') {
        return Some("holds a user name or password; keep credentials as a secret");
    }
    if text.contains(['?', '#']) { Some("has a query or fragment") } else { None }
}

/// A question to a language model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPrompt {
    pub system: String,
    pub messages: Vec<(ModelRole, String)>,
    /// JSON Schema that the answer must meet; None for free text.
    pub schema: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelRole {
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelReply {
    pub text: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: u32,
    pub output: u32,
}

impl std::ops::AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
    }
}

/// What a model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelPurpose {
    Plan,
    Answer,
    Test,
}

impl ModelPurpose {
    const ALL: [Self; 3] = [Self::Plan, Self::Answer, Self::Test];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Answer => "answer",
            Self::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// One question to a model, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCall {
    pub purpose: ModelPurpose,
    /// `provider:model`.
    pub model: String,
    /// Requests sent, retries included; 0 when the circuit was open.
    pub tries: u32,
    #[serde(flatten)]
    pub usage: TokenUsage,
    pub duration_us: u64,
    /// In millionths of the currency's unit.
    pub cost_micros: Option<u64>,
    /// Why it gave nothing usable.
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut ModelSettings), expect: &[&str]) {
        let mut settings = ModelSettings { model: "m".to_owned(), ..ModelSettings::default() };
        change(&mut settings);
        let fields: Vec<_> = settings.check().into_iter().filter_map(|problem| problem.field).collect();
        assert_eq!(fields, expect, "{settings:?}");
    }

    #[test]
    fn settings_are_bounded() {
        check(|_| {}, &[]);
        check(|s| s.model = " ".to_owned(), &["planner.model"]);
        check(|s| s.temperature = Some(f64::NAN), &["planner.temperature"]);
        check(|s| s.timeout_ms = 1, &["planner.timeout_ms"]);
        check(|s| s.candidates_max = 0, &["planner.candidates_max"]);
        check(|s| s.input_price = Some(-1.0), &["planner.input_price"]);
        for good in ["http://127.0.0.1:11434/v1", "https://llm.example.com"] {
            check(|s| s.base_url = Some(good.to_owned()), &[]);
        }
        for bad in ["ftp://a", "https://", "https://u:p@a/v1", "https://a/v1?key=1", "https://a b"] {
            check(|s| s.base_url = Some(bad.to_owned()), &["planner.base_url"]);
        }
    }

    #[test]
    fn tokens_cost_what_the_price_says() {
        let usage = TokenUsage { input: 1_000, output: 200 };
        let named = ModelSettings { model: "m".to_owned(), ..ModelSettings::default() };
        let priced = ModelSettings { input_price: Some(0.25), output_price: Some(2.0), ..named.clone() };
        let table = BTreeMap::from([("openai:m".to_owned(), Price { input: 1.0, output: 10.0 })]);
        let known = Prices::new(table).expect("prices in range");
        assert_eq!(known.cost_micros(&priced, usage), Some(650), "the guru's own prices come first");
        assert_eq!(known.cost_micros(&named, usage), Some(3_000));
        assert_eq!(known.cost_micros(&ModelSettings::default(), usage), None);
        let off = BTreeMap::from([("openai:m".to_owned(), Price { input: -1.0, output: 10.0 })]);
        assert!(Prices::new(off).is_err());
    }
}
