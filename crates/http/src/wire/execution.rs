//! Executions on the wire.

use errand_domain::{Ending, Event, EventKind, Execution, ResourceUsage, event::OutputStream};
use errand_engine::{Masked, manage::history::ExecutionDetails};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    as_ms,
    delivery::DeliveryReply,
    feedback::FeedbackReply,
    plan::{PlanReply, arguments_json},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionReply {
    pub id: String,
    pub action: String,
    pub action_version: u32,
    /// `api_call`, `python` or `agent`.
    pub kind: &'static str,
    /// Where it came from: `web`, `test`, `manual`, `schedule`, `api`, …
    pub source: &'static str,
    /// `queued`, `running`, `succeeded`, `failed`, `refused`, `timed_out`, `cancelled` or `unknown`.
    pub status: &'static str,
    pub turn_id: Option<String>,
    pub conversation_id: Option<String>,
    /// The question that led to it; empty for tests and direct runs.
    pub question: String,
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// What it gave back, masked.
    pub output: Option<String>,
    pub output_truncated: bool,
    pub error: Option<String>,
    /// How a script ended, when it did not end well.
    pub ending: Option<EndingReply>,
    pub created_at: String,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub duration_ms: Option<f64>,
}

impl From<Execution> for ExecutionReply {
    fn from(execution: Execution) -> Self {
        Self {
            id: execution.id.to_string(),
            action: execution.action_name.to_string(),
            action_version: execution.action_version,
            kind: execution.kind.as_str(),
            source: execution.source.as_str(),
            status: execution.status.as_str(),
            turn_id: execution.turn_id.map(|id| id.to_string()),
            conversation_id: execution.conversation_id.map(|id| id.to_string()),
            question: execution.question,
            arguments: arguments_json(&execution.arguments),
            output: execution.output,
            output_truncated: execution.output_truncated,
            error: execution.error,
            ending: execution.ending.map(EndingReply::from),
            created_at: execution.created_at.to_rfc3339(),
            started_at: execution.started_at.map(errand_domain::UnixMillis::to_rfc3339),
            finished_at: execution.finished_at.map(errand_domain::UnixMillis::to_rfc3339),
            duration_ms: execution.duration_us.map(as_ms),
        }
    }
}

/// How a script ended, for programs; `error` says the same in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndingReply {
    /// `exit_code`, `exception`, `signal`, `out_of_memory`, `timeout`, `process_limit`, `disk_full`, `output_limit`,
    /// `denied_connection`, `cancelled`, `overloaded`, `unavailable` or `broken`.
    pub reason: &'static str,
    /// Of a script that ended by itself.
    pub exit_code: Option<i32>,
    /// The line of the script at which it failed.
    pub line: Option<u32>,
}

impl From<Ending> for EndingReply {
    fn from(ending: Ending) -> Self {
        Self { reason: ending.reason.as_str(), exit_code: ending.exit_code, line: ending.line }
    }
}

/// What a run cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReply {
    /// Processor time of all its processes, in milliseconds.
    pub cpu_ms: Option<f64>,
    pub memory_peak_bytes: Option<u64>,
}

impl From<ResourceUsage> for UsageReply {
    fn from(usage: ResourceUsage) -> Self {
        Self { cpu_ms: usage.cpu_us.map(as_ms), memory_peak_bytes: usage.memory_peak_bytes }
    }
}

/// One execution with its story.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExecutionStory {
    #[serde(flatten)]
    pub execution: ExecutionReply,
    /// Requests and answers as they went over the wire, masked.
    #[schema(value_type = Vec<Object>)]
    pub exchanges: Vec<Value>,
    /// Hosts reached or refused.
    #[schema(value_type = Vec<Object>)]
    pub contacts: Vec<Value>,
    /// Where the time went.
    #[schema(value_type = Vec<Object>)]
    pub phases: Vec<Value>,
    /// What a script wrote to standard error, masked and capped.
    pub stderr: Option<String>,
    /// What a script's run cost.
    pub usage: Option<UsageReply>,
    /// How often a secret was replaced in what it gave back.
    pub masked_count: u32,
    /// Why it ran, and what else was weighed, when it ran for a question.
    pub plan: Option<PlanReply>,
    /// Votes on the answer that it led to.
    pub feedback: Vec<FeedbackReply>,
    /// Whom the result of a scheduled run was told to.
    pub deliveries: Vec<DeliveryReply>,
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Value>,
}

impl From<ExecutionDetails> for ExecutionStory {
    fn from(details: ExecutionDetails) -> Self {
        let (mut exchanges, mut contacts, mut phases, mut masked_count) =
            (Vec::new(), Vec::new(), Vec::new(), 0);
        let (mut stderr, mut usage) = (None::<String>, None);
        for event in &details.events {
            match &event.kind {
                EventKind::HttpExchanged { exchange, .. } => exchanges.extend(serde_json::to_value(exchange)),
                EventKind::HostContacted { contact, .. } => contacts.extend(serde_json::to_value(contact)),
                EventKind::PhaseMeasured { phase, .. } => phases.extend(serde_json::to_value(phase)),
                EventKind::ActionOutput { stream: OutputStream::Stderr, text, .. } => {
                    stderr.get_or_insert_default().push_str(text);
                }
                EventKind::UsageMeasured { usage: measured, .. } => usage = Some((*measured).into()),
                EventKind::ActionFinished { masked_count: count, .. } => masked_count = *count,
                _ => {}
            }
        }
        let events = details.events.iter().map(event_json).collect();
        let (execution, plan) = (details.execution.into(), details.plan.map(PlanReply::from));
        let feedback = details.feedback.into_iter().map(FeedbackReply::from).collect();
        let deliveries = details.deliveries.into_iter().map(DeliveryReply::from).collect();
        Self {
            execution,
            exchanges,
            contacts,
            phases,
            stderr,
            usage,
            masked_count,
            plan,
            feedback,
            deliveries,
            events,
        }
    }
}

/// An event as it is sent: its number, its time in RFC 3339 and the fields of its type.
pub fn event_json(event: &Event<Masked>) -> Value {
    let mut value = serde_json::to_value(event).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("at".to_owned(), event.at.to_rfc3339().into());
        // A plan looks the same in an event as in a turn.
        if let EventKind::Planned { plan } = &event.kind {
            let plan = PlanReply::from(plan.clone());
            fields.insert("plan".to_owned(), serde_json::to_value(plan).unwrap_or_default());
        }
    }
    value
}

/// What an answer refers to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reference {
    pub execution_id: String,
    pub action: String,
    #[schema(value_type = Object)]
    pub arguments: Value,
    pub status: &'static str,
    pub duration_ms: Option<f64>,
    pub output: Option<String>,
    pub output_truncated: bool,
    pub error: Option<String>,
    /// How a script ended, when it did not end well.
    pub ending: Option<EndingReply>,
}

impl From<Execution> for Reference {
    fn from(execution: Execution) -> Self {
        Self {
            execution_id: execution.id.to_string(),
            action: execution.action_name.to_string(),
            arguments: arguments_json(&execution.arguments),
            status: execution.status.as_str(),
            duration_ms: execution.duration_us.map(as_ms),
            output: execution.output,
            output_truncated: execution.output_truncated,
            error: execution.error,
            ending: execution.ending.map(EndingReply::from),
        }
    }
}
