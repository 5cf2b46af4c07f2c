//! The event log: what a turn or a single run went through, in order. History is this log, and the streamed answer
//! is its tail.
//!
//! `T` is the kind of text inside: `Raw` where a runner makes it, `Masked` from the masking gate on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    ActionName, Arguments, Ending, ExecutionId, ExecutionStatus, HostContact, HttpExchange, Plan, Problem,
    ResourceUsage, Source, TurnId, TurnStatus, UnixMillis, execution::Phase,
};

/// Version of the stored event format; readers refuse what is newer.
pub const EVENT_VERSION: u32 = 1;

/// What an event belongs to: a turn with all its executions, or one execution outside any turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamId {
    Turn(TurnId),
    Execution(ExecutionId),
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn(id) => id.fmt(f),
            Self::Execution(id) => id.fmt(f),
        }
    }
}

impl FromStr for StreamId {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.starts_with("turn_") {
            text.parse().map(Self::Turn)
        } else {
            text.parse().map(Self::Execution)
        }
    }
}

/// One line of the log. `seq` counts from 1 without gaps within its stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event<T> {
    pub seq: u32,
    pub at: UnixMillis,
    #[serde(flatten)]
    pub kind: EventKind<T>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// The result itself: a response body, a script's stdout.
    Result,
    Stderr,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind<T> {
    TurnStarted {
        question: T,
        source: Source,
    },
    Planned {
        plan: Plan,
    },
    ActionStarted {
        execution_id: ExecutionId,
        action: ActionName,
        arguments: Arguments,
    },
    ActionOutput {
        execution_id: ExecutionId,
        stream: OutputStream,
        text: T,
    },
    HttpExchanged {
        execution_id: ExecutionId,
        exchange: HttpExchange<T>,
    },
    HostContacted {
        execution_id: ExecutionId,
        contact: HostContact,
    },
    PhaseMeasured {
        execution_id: ExecutionId,
        phase: Phase,
    },
    UsageMeasured {
        execution_id: ExecutionId,
        usage: ResourceUsage,
    },
    ActionFinished {
        execution_id: ExecutionId,
        action: ActionName,
        status: ExecutionStatus,
        duration_us: u64,
        /// The whole result, masked and capped, so that a reader need not add up chunks.
        output: Option<T>,
        output_truncated: bool,
        error: Option<T>,
        /// How a script ended, when it did not end well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ending: Option<Ending>,
        /// How many times a secret was replaced in what this execution gave back.
        masked_count: u32,
    },
    AnswerText {
        text: T,
    },
    TurnFinished {
        status: TurnStatus,
        error: Option<T>,
    },
}

impl<T> EventKind<T> {
    /// The wire name, as in the JSON's `type`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TurnStarted { .. } => "turn_started",
            Self::Planned { .. } => "planned",
            Self::ActionStarted { .. } => "action_started",
            Self::ActionOutput { .. } => "action_output",
            Self::HttpExchanged { .. } => "http_exchanged",
            Self::HostContacted { .. } => "host_contacted",
            Self::PhaseMeasured { .. } => "phase_measured",
            Self::UsageMeasured { .. } => "usage_measured",
            Self::ActionFinished { .. } => "action_finished",
            Self::AnswerText { .. } => "answer_text",
            Self::TurnFinished { .. } => "turn_finished",
        }
    }

    /// The execution that the event speaks of, if it speaks of one.
    pub const fn execution_id(&self) -> Option<ExecutionId> {
        match self {
            Self::ActionStarted { execution_id, .. }
            | Self::ActionOutput { execution_id, .. }
            | Self::HttpExchanged { execution_id, .. }
            | Self::HostContacted { execution_id, .. }
            | Self::PhaseMeasured { execution_id, .. }
            | Self::UsageMeasured { execution_id, .. }
            | Self::ActionFinished { execution_id, .. } => Some(*execution_id),
            Self::TurnStarted { .. }
            | Self::Planned { .. }
            | Self::AnswerText { .. }
            | Self::TurnFinished { .. } => None,
        }
    }

    /// The same event with every text passed through `f`.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> EventKind<U> {
        match self {
            Self::TurnStarted { question, source } => {
                EventKind::TurnStarted { question: f(question), source }
            }
            Self::Planned { plan } => EventKind::Planned { plan },
            Self::ActionStarted { execution_id, action, arguments } => {
                EventKind::ActionStarted { execution_id, action, arguments }
            }
            Self::ActionOutput { execution_id, stream, text } => {
                EventKind::ActionOutput { execution_id, stream, text: f(text) }
            }
            Self::HttpExchanged { execution_id, exchange } => {
                EventKind::HttpExchanged { execution_id, exchange: exchange.map(f) }
            }
            Self::HostContacted { execution_id, contact } => {
                EventKind::HostContacted { execution_id, contact }
            }
            Self::PhaseMeasured { execution_id, phase } => EventKind::PhaseMeasured { execution_id, phase },
            Self::UsageMeasured { execution_id, usage } => EventKind::UsageMeasured { execution_id, usage },
            Self::ActionFinished {
                execution_id,
                action,
                status,
                duration_us,
                output,
                output_truncated,
                error,
                ending,
                masked_count,
            } => EventKind::ActionFinished {
                execution_id,
                action,
                status,
                duration_us,
                output: output.map(&mut f),
                output_truncated,
                error: error.map(f),
                ending,
                masked_count,
            },
            Self::AnswerText { text } => EventKind::AnswerText { text: f(text) },
            Self::TurnFinished { status, error } => EventKind::TurnFinished { status, error: error.map(f) },
        }
    }

    /// True for the event after which a stream of this kind has nothing more to say.
    pub fn ends(&self, stream: StreamId) -> bool {
        match self {
            Self::TurnFinished { .. } => true,
            Self::ActionFinished { execution_id, .. } => stream == StreamId::Execution(*execution_id),
            _ => false,
        }
    }
}
