//! What language models were used for, on the wire.

use errand_domain::TurnId;
use errand_engine::manage::model_use::ModelSums;
use errand_storage::model_calls::{ListedCall, ModelUse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{as_ms, planner::cost};
use crate::csv;

#[derive(Debug, Serialize, ToSchema)]
pub struct ModelUseReply {
    /// The model (`provider:model`), the guru's slug, or the day (`2026-11-30`); empty for all.
    pub key: String,
    /// Questions to the model, retries not counted.
    pub calls: u32,
    /// Those that gave nothing usable.
    pub failures: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// By the prices in the settings; null when no call had one.
    pub cost: Option<f64>,
    /// Calls that used tokens and had no price: the cost leaves them out.
    pub unpriced: u32,
}

impl From<&ModelUse> for ModelUseReply {
    fn from(sums: &ModelUse) -> Self {
        Self {
            key: sums.key.clone(),
            calls: sums.calls,
            failures: sums.failures,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cost: sums.cost_micros.map(cost),
            unpriced: sums.unpriced,
        }
    }
}

/// Tokens and cost of the language models that answered a guru's questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelSumsReply {
    pub totals: ModelUseReply,
    pub by_model: Vec<ModelUseReply>,
    /// Every day, those without calls too.
    pub by_day: Vec<ModelUseReply>,
}

impl From<ModelSums> for ModelSumsReply {
    fn from(sums: ModelSums) -> Self {
        Self {
            totals: (&sums.totals).into(),
            by_model: sums.by_model.iter().map(ModelUseReply::from).collect(),
            by_day: sums.by_day.iter().map(ModelUseReply::from).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ModelUseByGuru {
    pub from: String,
    pub to: String,
    /// Gurus that used a model, by slug.
    pub by_guru: Vec<ModelUseReply>,
}

/// A table of sums as comma-separated text.
pub fn model_use_csv(name: &str, list: &[ModelUse]) -> String {
    let mut text =
        csv::line([name, "calls", "failures", "input_tokens", "output_tokens", "cost", "unpriced"]);
    for sums in list.iter().map(ModelUseReply::from) {
        let cells = [
            sums.key,
            sums.calls.to_string(),
            sums.failures.to_string(),
            sums.input_tokens.to_string(),
            sums.output_tokens.to_string(),
            sums.cost.map_or_else(String::new, |cost| cost.to_string()),
            sums.unpriced.to_string(),
        ];
        text.push_str(&csv::line(cells.iter().map(String::as_str)));
    }
    text
}

/// One question to a model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedCallReply {
    pub turn_id: String,
    /// When the question was asked that it served.
    pub at: String,
    pub question: String,
    /// `plan` or `answer`.
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
    /// It gave nothing usable.
    pub failed: bool,
}

impl From<ListedCall> for ListedCallReply {
    fn from(call: ListedCall) -> Self {
        Self {
            turn_id: call.turn_id.to_string(),
            at: call.at.to_rfc3339(),
            question: call.question,
            purpose: call.purpose.as_str(),
            model: call.model,
            tries: call.tries,
            input_tokens: call.input_tokens,
            output_tokens: call.output_tokens,
            duration_ms: as_ms(call.duration_us),
            cost: call.cost_micros.map(cost),
            failed: call.failed,
        }
    }
}

/// `<turn>.<number>` of the last call of a page.
pub fn call_cursor((turn, seq): (TurnId, u32)) -> String {
    format!("{turn}.{seq}")
}

pub fn read_call_cursor(text: &str) -> Option<(TurnId, u32)> {
    let (turn, seq) = text.split_once('.')?;
    Some((turn.parse().ok()?, seq.parse().ok()?))
}
