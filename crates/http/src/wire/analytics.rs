//! Analytics on the wire.

use errand_engine::manage::analytics::Analytics;
use errand_storage::{
    analytics::{Questions, Runs, Unmatched},
    feedback::Votes,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{as_ms, model_use::ModelSumsReply};
use crate::csv;

#[derive(Debug, Serialize, ToSchema)]
pub struct RunsReply {
    /// The action's name, the source, or the day (`2026-11-30`); empty for all.
    pub key: String,
    pub runs: u32,
    /// Those that failed, timed out, were refused or whose end is unknown.
    pub failures: u32,
    /// Half of the runs took no longer; null when none ended.
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
}

impl From<&Runs> for RunsReply {
    fn from(runs: &Runs) -> Self {
        let ms = |us: Option<i64>| us.map(|us| as_ms(us.unsigned_abs()));
        Self {
            key: runs.key.clone(),
            runs: runs.runs,
            failures: runs.failures,
            p50_ms: ms(runs.p50_us),
            p95_ms: ms(runs.p95_us),
        }
    }
}

/// What came of the questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionsReply {
    pub asked: u32,
    /// At least one action ran.
    pub acted: u32,
    /// A required argument was missing and was asked for.
    pub missing: u32,
    /// No action matched.
    pub unmatched: u32,
    /// `missing` of those that matched an action: 0 to 1; null when none did.
    pub missing_rate: Option<f64>,
    /// Answers voted up.
    pub voted_up: u32,
    pub voted_down: u32,
}

impl QuestionsReply {
    fn of(questions: Questions, votes: Votes) -> Self {
        let matched = questions.asked.saturating_sub(questions.unmatched);
        Self {
            asked: questions.asked,
            acted: questions.acted,
            missing: questions.missing,
            unmatched: questions.unmatched,
            missing_rate: (matched > 0).then(|| f64::from(questions.missing) / f64::from(matched)),
            voted_up: votes.up,
            voted_down: votes.down,
        }
    }
}

/// How a guru is used. Tests by builders don't count.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalyticsReply {
    pub from: String,
    pub to: String,
    /// The guru's, in which days are meant.
    pub time_zone: String,
    pub totals: RunsReply,
    pub by_action: Vec<RunsReply>,
    pub by_source: Vec<RunsReply>,
    /// Every day, those without runs too.
    pub by_day: Vec<RunsReply>,
    pub questions: QuestionsReply,
    pub models: ModelSumsReply,
}

impl From<Analytics> for AnalyticsReply {
    fn from(all: Analytics) -> Self {
        let shown = |list: &[Runs]| list.iter().map(RunsReply::from).collect();
        Self {
            from: all.range.from.to_rfc3339(),
            to: all.range.to.to_rfc3339(),
            time_zone: all.time_zone,
            totals: (&all.totals).into(),
            by_action: shown(&all.by_action),
            by_source: shown(&all.by_source),
            by_day: shown(&all.by_day),
            questions: QuestionsReply::of(all.questions, all.votes),
            models: all.models.into(),
        }
    }
}

/// A table of sums as comma-separated text.
pub fn runs_csv(name: &str, list: &[Runs]) -> String {
    let mut text = csv::line([name, "runs", "failures", "p50_ms", "p95_ms"]);
    for runs in list.iter().map(RunsReply::from) {
        let ms = |ms: Option<f64>| ms.map_or_else(String::new, |ms| ms.to_string());
        let cells =
            [runs.key, runs.runs.to_string(), runs.failures.to_string(), ms(runs.p50_ms), ms(runs.p95_ms)];
        text.push_str(&csv::line(cells.iter().map(String::as_str)));
    }
    text
}

/// A question that no action matched.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedReply {
    pub turn_id: String,
    pub question: String,
    pub at: String,
}

impl From<Unmatched> for UnmatchedReply {
    fn from(one: Unmatched) -> Self {
        Self { turn_id: one.turn_id.to_string(), question: one.question, at: one.at.to_rfc3339() }
    }
}
