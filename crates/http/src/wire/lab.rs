//! The trigger lab on the wire. A case is a line of a case file, a report what `errand lab run --json` prints.

use std::collections::BTreeMap;

use errand_engine::lab::{
    overlap::Overlap,
    replay::{Replay, TurnChange},
    run::{CaseResult, LabResults},
    suites::{LabCase, LabPlanner, SuiteRun},
};
use errand_storage::lab::{LabRun, Suite};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::plan::PlanReply;

#[derive(Debug, Serialize, ToSchema)]
pub struct SuiteReply {
    pub id: String,
    pub name: String,
    /// The action that it is about; null for the whole guru.
    pub action: Option<String>,
    pub cases: u32,
    pub created_at: String,
}

impl From<Suite> for SuiteReply {
    fn from(suite: Suite) -> Self {
        Self {
            id: suite.id.to_string(),
            name: suite.name,
            action: suite.action_name,
            cases: suite.cases,
            created_at: suite.created_at.to_rfc3339(),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuite {
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    pub action: Option<String>,
}

/// A labelled question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseBody {
    #[schema(min_length = 1, max_length = 8000)]
    pub question: String,
    /// Earlier texts, oldest first: the asker's and the assistant's in turn, the last one the assistant's.
    #[serde(default)]
    pub before: Vec<String>,
    /// Accepted values by parameter, by action that is to fire; `null` for a parameter that is to be asked for. Empty:
    /// nothing may fire.
    pub expected: BTreeMap<String, BTreeMap<String, Option<Vec<String>>>>,
    /// Actions that may fire too, and need not.
    #[serde(default)]
    pub also: Vec<String>,
    /// Names of the actions on offer; all when empty.
    #[serde(default)]
    pub actions: Vec<String>,
}

impl CaseBody {
    pub fn into_json(self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CaseReply {
    pub id: String,
    #[schema(value_type = CaseBody)]
    pub case: Value,
    /// The turn of the history that it was made from.
    pub turn_id: Option<String>,
}

impl From<LabCase> for CaseReply {
    fn from(case: LabCase) -> Self {
        Self {
            id: case.id.to_string(),
            case: serde_json::to_value(&case.case).unwrap_or_default(),
            turn_id: case.turn_id.map(|id| id.to_string()),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCases {
    pub cases: Vec<CaseBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFromTurn {
    /// A turn (`turn_…`), as the history shows it.
    pub turn_id: String,
}

/// Which planner to run against.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlannerName {
    /// The one that the guru uses.
    #[default]
    Guru,
    Embedded,
}

impl From<PlannerName> for LabPlanner {
    fn from(name: PlannerName) -> Self {
        match name {
            PlannerName::Guru => Self::Guru,
            PlannerName::Embedded => Self::Embedded,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteRunBody {
    #[serde(default)]
    pub planner: PlannerName,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunCasesBody {
    #[serde(default)]
    pub planner: PlannerName,
    pub cases: Vec<CaseBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LabRunReply {
    pub planner: String,
    /// Figures of firing and arguments, confusions and latency.
    #[schema(value_type = Object)]
    pub report: Value,
    /// The figures of the run before, of the same planner.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// Cases that came out otherwise than expected, with what the planner decided.
    pub failures: Vec<FailureReply>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FailureReply {
    /// Place in the list that was run, from 0.
    pub at: usize,
    /// The kept case's id.
    pub case_id: Option<String>,
    pub question: String,
    /// What was right and what not.
    #[schema(value_type = Object)]
    pub outcome: Value,
    pub plan: PlanReply,
}

const FAILURES_SHOWN_MAX: usize = 200;

impl LabRunReply {
    pub fn of_suite(run: SuiteRun) -> Self {
        let before = run.before.and_then(|report| serde_json::to_value(report).ok());
        let told =
            |at: usize| run.cases.get(at).map(|case| (Some(case.id.to_string()), case.case.question.clone()));
        Self { before, ..Self::of(run.results, told) }
    }

    pub fn of_cases(results: LabResults, questions: &[String]) -> Self {
        Self::of(results, |at| questions.get(at).map(|question| (None, question.clone())))
    }

    fn of(results: LabResults, told: impl Fn(usize) -> Option<(Option<String>, String)>) -> Self {
        let wrong = results.cases.into_iter().filter(|result| !result.is_right()).take(FAILURES_SHOWN_MAX);
        let failures = wrong
            .filter_map(|CaseResult { case, outcome, plan, .. }| {
                let (case_id, question) = told(case)?;
                let outcome = serde_json::to_value(outcome).unwrap_or_default();
                Some(FailureReply { at: case, case_id, question, outcome, plan: plan.into() })
            })
            .collect();
        let report = serde_json::to_value(&results.report).unwrap_or_default();
        Self { planner: results.planner, report, before: None, failures }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PastRunReply {
    pub id: String,
    pub planner: String,
    #[schema(value_type = Object)]
    pub report: Value,
    pub created_at: String,
}

impl From<LabRun> for PastRunReply {
    fn from(run: LabRun) -> Self {
        Self {
            id: run.id.to_string(),
            planner: run.planner,
            report: run.report,
            created_at: run.created_at.to_rfc3339(),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    pub action: String,
    pub trigger: String,
    /// As they are when left out.
    pub examples: Option<Vec<String>>,
    /// The latest turns to try it on, 1 to 500.
    #[schema(minimum = 1, maximum = 500)]
    pub turns: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayReply {
    /// Turns that were tried.
    pub turns: usize,
    pub changes: Vec<TurnChangeReply>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TurnChangeReply {
    pub turn_id: String,
    pub question: String,
    pub asked_at: String,
    /// What fires as things are.
    pub before: Vec<String>,
    /// What would fire with the edit.
    pub after: Vec<String>,
}

impl From<Replay> for ReplayReply {
    fn from(replay: Replay) -> Self {
        let told = |change: TurnChange| TurnChangeReply {
            turn_id: change.turn_id.to_string(),
            question: change.question,
            asked_at: change.asked_at.to_rfc3339(),
            before: change.before,
            after: change.after,
        };
        Self { turns: replay.turns, changes: replay.changes.into_iter().map(told).collect() }
    }
}

/// Two actions that fire on each other's questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverlapReply {
    pub first: String,
    pub second: String,
    /// Questions meant for one of them on which both fire.
    pub together: usize,
    /// Questions meant for one of them on which only the other fires.
    pub instead: usize,
    pub questions: Vec<String>,
    /// Words that cause it.
    pub words: Vec<String>,
    pub suggestion: String,
}

impl From<Overlap> for OverlapReply {
    fn from(overlap: Overlap) -> Self {
        Self {
            first: overlap.first,
            second: overlap.second,
            together: overlap.together,
            instead: overlap.instead,
            questions: overlap.questions,
            words: overlap.words,
            suggestion: overlap.suggestion,
        }
    }
}
