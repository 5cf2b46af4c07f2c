//! The nouns of Errand and the rules they obey: gurus, actions, parameters, placeholders, conversations, plans,
//! executions and the events that tell their story.
//!
//! This crate must not know how anything is stored, sent, run or scheduled: no I/O, no async, no clock, no
//! randomness, no SQL, no HTTP types. Times and identifiers are handed in. What a rule refuses, it refuses with a
//! [`Problem`]: a sentence on what is wrong and one on what to do.

pub mod action;
pub mod action_file;
pub mod caller;
pub mod conversation;
pub mod cron;
pub mod difference;
pub mod event;
pub mod execution;
pub mod feedback;
pub mod guru;
pub mod hosts;
pub mod id;
pub mod import;
pub mod limits;
pub mod lint;
pub mod model;
pub mod name;
pub mod parameter;
pub mod placeholder;
pub mod plan;
pub mod problem;
pub mod results;
pub mod schedule;
pub mod share;
pub mod time;

pub use action::{
    Action, ActionBody, ActionKind, ActionSpec, AgentSpec, ApiCall, BodyFormat, Header, Method, PythonScript,
};
pub use caller::{BuiltIns, Role, Source};
pub use conversation::{Conversation, Turn, TurnStatus};
pub use event::{Event, EventKind, StreamId};
pub use execution::{
    EndReason, Ending, Execution, ExecutionStatus, HostContact, HttpExchange, ResourceUsage,
};
pub use feedback::{Feedback, Vote};
pub use guru::{Guru, GuruSettings};
pub use id::{
    ActionId, ApiKeyId, CaseId, ConversationId, DeliveryId, ExecutionId, GuruId, LabRunId, ScheduleId,
    SecretId, ShareId, SuiteId, TurnId, UserId,
};
pub use model::{ModelCall, ModelPrompt, ModelReply, ModelRole, ModelSettings};
pub use name::{ActionName, GuruSlug, ParameterName, SecretName};
pub use parameter::{ArgValue, Arguments, Parameter, ParameterType};
pub use plan::{Considered, Missing, Plan, Step};
pub use problem::{Position, Problem, Problems};
pub use results::{Delivery, DeliveryStatus};
pub use schedule::{FiringOutcome, Schedule};
pub use share::{Audience, Share};
pub use time::UnixMillis;
