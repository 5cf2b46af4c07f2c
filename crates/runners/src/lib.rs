//! How one kind of action runs: from a specification with its arguments and secrets to an output.
//!
//! What a runner gives back is [`Raw`]: it may hold secrets, and only the engine turns it into masked text. A runner
//! must not know where an action is stored, who asked, what came before or after, or which door the question came
//! through. It does not decide whether an action may run.
//!
//! The kinds are a closed set: a new one is a new arm of the two `match`es below.

mod api_call;
mod body;
pub mod deliver;
mod failure;
pub mod model;
mod python;
mod request;
mod url_template;
mod values;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc, time::Duration};

use errand_domain::{
    ActionBody, ActionKind, ActionSpec, Arguments, BuiltIns, Ending, ExecutionStatus, HostContact,
    HttpExchange, Problem, PythonScript, ResourceUsage, SecretName, event::OutputStream, execution::Phase,
};
use errand_egress::Egress;
use errand_secrets::{Raw, SecretText};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use failure::RunFailure;
pub use python::{PoolStatus, PythonRoom, PythonState, PythonStatus, ScriptPreview, SyntaxProblem};

use deliver::MailServer;
use model::Models;

/// Everything that runs actions, with what they share.
#[derive(Debug, Clone)]
pub struct Runners {
    egress: Egress,
    python: PythonRoom,
    models: Models,
    mail: Option<Arc<MailServer>>,
}

/// What one run needs to know.
#[derive(Clone)]
pub struct RunInput {
    pub action: Arc<ActionSpec>,
    /// Checked against the action's parameters, defaults filled in (`errand_domain::parameter::complete`).
    pub arguments: Arguments,
    /// The secrets that the action names, and no others.
    pub secrets: BTreeMap<SecretName, Arc<SecretText>>,
    pub built_ins: BuiltIns,
    /// For the whole run.
    pub timeout: Duration,
    pub limits: RunLimits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Of an HTTP answer's body, after decompression.
    pub response_bytes_max: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { response_bytes_max: 1024 * 1024 }
    }
}

/// What a run tells while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerEvent {
    /// A piece of what a script prints. An API call's output comes whole, with the outcome.
    Output {
        stream: OutputStream,
        text: Raw,
    },
    Exchange(HttpExchange<Raw>),
    Contact(HostContact),
    Phase(Phase),
    Usage(ResourceUsage),
}

/// Where a run's events go. It is bounded so that a script can't print faster than history is written: whoever awaits
/// the run must read the other end meanwhile. A closed end is no reason to stop.
pub type RunSink = mpsc::Sender<RunnerEvent>;

/// What whoever ordered a run has to say while it goes on.
pub struct Control<'a> {
    /// Kills a script at once and still gives what it had printed; an API call is not stopped by it.
    pub cancel: &'a CancellationToken,
    /// Awaited before the run acts on anything outside, and not before it gets ready to. Says whether it is still wanted.
    pub may_begin: Pin<Box<dyn Future<Output = bool> + Send + 'a>>,
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

impl<'a> Control<'a> {
    /// The run need not wait.
    pub fn at_once(cancel: &'a CancellationToken) -> Self {
        Self { cancel, may_begin: Box::pin(std::future::ready(true)) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    /// `Succeeded`, `Failed` (it ran and ended badly), `Refused` (it was not started), `TimedOut` or `Cancelled`.
    pub status: ExecutionStatus,
    pub output: Option<Raw>,
    /// There was more than the limits allow; what is kept may end within a secret (see `Masker::mask_cut`).
    pub output_truncated: bool,
    pub error: Option<Raw>,
    /// How a script ended, when it did not end well. After a forced end, the output may stop within a secret too.
    pub ending: Option<Ending>,
}

impl RunOutcome {
    /// Nobody wants it any more, and nothing happened.
    fn not_begun() -> Self {
        Self {
            status: ExecutionStatus::Cancelled,
            output: None,
            output_truncated: false,
            error: None,
            ending: None,
        }
    }

    /// Whether the end of the output was never received, so that it may end within a secret.
    pub fn is_cut(&self) -> bool {
        self.output_truncated || self.ending.is_some_and(|ending| ending.reason.is_forced())
    }
}

impl Runners {
    pub fn new(egress: Egress, python: PythonRoom) -> Self {
        let models = Models::new(egress.clone());
        Self { egress, python, models, mail: None }
    }

    /// The same with a mail server, by which results can be sent.
    #[must_use]
    pub fn with_mail(self, server: Option<MailServer>) -> Self {
        Self { mail: server.map(Arc::new), ..self }
    }

    /// Language models, asked under the same egress policy as everything else.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Why actions of this kind can't run here; None when they can.
    pub fn refusal(&self, kind: ActionKind) -> Option<Problem> {
        match kind {
            ActionKind::ApiCall => None,
            ActionKind::Python => self.python.refusal(),
            ActionKind::Agent => Some(Problem::new(
                "no_runner",
                "Actions of type `agent` can't be run by this version.",
                "Keep it disabled; to have it fire now, write it as an API call or in Python.",
            )),
        }
    }

    /// Where the sandbox for Python stands.
    pub fn python_status(&self) -> PythonStatus {
        self.python.status()
    }

    /// Runs an action to its end. Every failure is an outcome. The future may be dropped at any time: what it had open
    /// is closed, a script's processes are killed, and whether something took effect at the other end is then not
    /// known.
    pub async fn run(&self, input: &RunInput, sink: &RunSink, control: Control<'_>) -> RunOutcome {
        match &input.action.body {
            ActionBody::ApiCall(call) => {
                api_call::run(&self.egress, call, input, (sink, control.may_begin)).await
            }
            ActionBody::Python(script) => {
                python::run(&self.egress, &self.python, script, python::Running { input, sink, control })
                    .await
            }
            ActionBody::Agent(_) => no_runner(input).into(),
        }
    }

    /// What a script would be given, without running it.
    ///
    /// # Errors
    /// Why it could not be run: a missing secret, a value that can't be a variable, another kind of action.
    pub fn preview_script(&self, input: &RunInput) -> Result<ScriptPreview, RunFailure> {
        match &input.action.body {
            ActionBody::Python(script) => python::preview(&self.python, script, input),
            ActionBody::ApiCall(_) | ActionBody::Agent(_) => Err(no_runner(input)),
        }
    }

    /// Why a script can't be compiled; None when it can, or when that can't be told now.
    pub async fn check_syntax(&self, script: &PythonScript) -> Option<SyntaxProblem> {
        python::check_syntax(&self.python, script).await
    }

    /// The request that an API call would send, without sending it.
    ///
    /// # Errors
    /// Why it could not be sent: a value that can't stand where it is placed, a missing secret, another kind of action.
    pub fn preview(&self, input: &RunInput) -> Result<HttpExchange<Raw>, RunFailure> {
        match &input.action.body {
            ActionBody::ApiCall(call) => Ok(request::build(call, input)?.exchange()),
            ActionBody::Python(_) | ActionBody::Agent(_) => Err(no_runner(input)),
        }
    }
}

fn no_runner(input: &RunInput) -> RunFailure {
    RunFailure::NoRunner { kind: input.action.body.kind() }
}

impl From<RunFailure> for RunOutcome {
    fn from(failure: RunFailure) -> Self {
        Self {
            status: ExecutionStatus::Refused,
            output: None,
            output_truncated: false,
            error: Some(Raw::from(failure.to_string())),
            ending: None,
        }
    }
}

impl fmt::Debug for RunInput {
    /// Arguments and built-ins are people's data; secrets can't print at all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunInput")
            .field("action", &self.action.name)
            .field("secrets", &self.secrets.keys())
            .field("timeout", &self.timeout)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
