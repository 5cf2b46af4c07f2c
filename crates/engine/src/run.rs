//! One run of one action, from the ledger's first row to its last.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use errand_domain::{
    Action, ActionSpec, Arguments, BuiltIns, ConversationId, Ending, EventKind, Execution, ExecutionId,
    ExecutionStatus, Problem, SecretName, Source, StreamId, TurnId, UnixMillis, UserId, limits,
};
use errand_runners::{Control, RunInput, RunLimits, RunOutcome, RunnerEvent, Runners};
use errand_secrets::{Raw, SecretText};
use errand_storage::{
    LedgerWrite,
    executions::{Begin, ExecutionEnd, Fence, NewExecution},
    write_keys::{self, Taken},
};
use futures_util::FutureExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::{
    Engine, EngineError, Place,
    access::{Caller, Grant, Manage, Permit, Run},
    catalogue::GuruView,
    clock::new_uuid,
    error::{Result, error_chain},
    events::{Receipt, StreamWriter, capped, mask_arguments, masked_arguments},
    secret_use::with_bound_hosts,
    stop::{Stop, StopOne},
};

/// Events of a runner that wait to be recorded; a runner that is faster is held back.
const RUNNER_EVENTS_BUFFERED_MAX: usize = 64;

/// Everything one run needs.
#[derive(Debug, Clone)]
pub struct Job {
    pub execution_id: ExecutionId,
    pub guru: Arc<GuruView>,
    pub action: Arc<Action>,
    /// Complete and checked.
    pub arguments: Arguments,
    pub built_ins: BuiltIns,
    pub source: Source,
    /// The question that led to it, as asked.
    pub question: String,
    pub turn: Option<(TurnId, ConversationId)>,
    pub parent_id: Option<ExecutionId>,
    pub user_id: Option<UserId>,
}

/// How a run ended, masked.
#[derive(Debug, Clone)]
pub struct Finished {
    pub execution_id: ExecutionId,
    pub status: ExecutionStatus,
    pub arguments: Arguments,
    pub output: Option<String>,
    pub output_truncated: bool,
    pub error: Option<String>,
    pub ending: Option<Ending>,
    /// As the ledger has them.
    pub started_at: UnixMillis,
    pub finished_at: UnixMillis,
    pub duration_us: u64,
}

/// When a run began: for the ledger, and for measuring, which no change of the clock may spoil.
#[derive(Debug, Clone, Copy)]
struct Begun {
    at: UnixMillis,
    instant: Instant,
}

/// A job whose beginning is being recorded, with its place among those under way or why there is none.
struct Started {
    job: Job,
    begun: Begun,
    place: std::result::Result<Place, Problem>,
    /// To be awaited before anything happens outside, where the job may change the world.
    recorded: Option<Receipt>,
}

/// A run outside any turn.
#[derive(Debug, Clone)]
pub struct RunRequest {
    pub action: String,
    pub arguments: Arguments,
}

impl Engine {
    /// Runs an enabled action once and waits for its end. Dropping the future cancels what may be cancelled.
    pub async fn run_action(&self, permit: &Permit<Run>, request: RunRequest) -> Result<Execution> {
        let action = permit
            .guru
            .action(&request.action)
            .ok_or_else(|| EngineError::not_found("action", &request.action))?;
        if !action.enabled {
            return Err(disabled(action));
        }
        let source = match &*permit.caller {
            Caller::User(_) => Source::Manual,
            Caller::ApiKey(_) => Source::Api,
        };
        self.run_once(permit, action, &request.arguments, source).await
    }

    /// Runs an action once, enabled or not, and notes that this version was tested when it came out well.
    pub async fn test_action(&self, permit: &Permit<Manage>, request: RunRequest) -> Result<Execution> {
        let action = permit
            .guru
            .action(&request.action)
            .ok_or_else(|| EngineError::not_found("action", &request.action))?;
        let execution = self.run_once(permit, action, &request.arguments, Source::Test).await?;
        if execution.status == ExecutionStatus::Succeeded {
            self.note_tested(&permit.guru, action).await?;
        }
        Ok(execution)
    }

    /// Begins a test whose events tell the rest ([`Engine::follow`]); otherwise as [`Engine::test_action`].
    pub fn start_test(&self, permit: &Permit<Manage>, request: &RunRequest) -> Result<TestHandle> {
        let action = permit
            .guru
            .action(&request.action)
            .ok_or_else(|| EngineError::not_found("action", &request.action))?;
        let job = job_alone(permit, action, &request.arguments, Source::Test)?;
        let execution_id = job.execution_id;
        // Announced here, so that whoever follows at once finds it.
        self.hub().open(StreamId::Execution(execution_id));
        let stop = Stop::new();
        let cancel_when_dropped = stop.abandon_when_dropped();
        let (engine, guru, action) = (self.clone(), Arc::clone(&permit.guru), Arc::clone(action));
        self.spawn_work(async move {
            let tested = match engine.run_alone(job, stop).await {
                Ok(execution) if execution.status == ExecutionStatus::Succeeded => {
                    engine.note_tested(&guru, &action).await
                }
                ended => ended.map(|_| ()),
            };
            if let Err(error) = tested {
                tracing::error!(execution = %execution_id, error = error_chain(&error), "a test could not be recorded");
            }
        });
        Ok(TestHandle { execution_id, cancel_when_dropped })
    }

    async fn run_once<G: Grant>(
        &self,
        permit: &Permit<G>,
        action: &Arc<Action>,
        arguments: &Arguments,
        source: Source,
    ) -> Result<Execution> {
        let job = job_alone(permit, action, arguments, source)?;
        let stop = Stop::new();
        let attending = stop.abandon_when_dropped();
        let engine = self.clone();
        let run = self.spawn_work(async move { engine.run_alone(job, stop).await });
        let execution = run.await.map_err(|error| EngineError::internal("running an action", error))??;
        attending.disarm();
        Ok(execution)
    }

    async fn run_alone(&self, job: Job, stop: Stop) -> Result<Execution> {
        let stream = StreamId::Execution(job.execution_id);
        let writer = self.open_stream(stream, &job.guru);
        let mut execution = self.first_row(&job);
        // Without its last event the stream would be waited for in vain.
        let finished = self.execute(job, &writer, &stop).await.inspect_err(|_| self.hub().close(stream))?;
        execution.arguments = finished.arguments;
        execution.status = finished.status;
        execution.output = finished.output;
        execution.output_truncated = finished.output_truncated;
        execution.error = finished.error;
        execution.ending = finished.ending;
        execution.started_at = Some(finished.started_at);
        execution.finished_at = Some(finished.finished_at);
        execution.duration_us = Some(finished.duration_us);
        Ok(execution)
    }

    /// Runs a job and records it. Returns once its last row is in the ledger, so that an answer may speak of it.
    pub(crate) async fn execute(&self, job: Job, writer: &StreamWriter, stop: &Stop) -> Result<Finished> {
        let begun = Begun { at: self.clock().now(), instant: Instant::now() };
        let recorded = self.record_start(&job, begun.at, writer)?;
        self.carry_out(Started { job, begun, place: self.admit(), recorded }, writer, stop).await
    }

    /// As [`Engine::execute`], for a job whose row waited in the ledger and was claimed by this node, which had a place
    /// for it.
    pub(crate) async fn execute_claimed(
        &self,
        (job, place): (Job, Place),
        writer: &StreamWriter,
        stop: &Stop,
    ) -> Result<Finished> {
        let begun = Begun { at: self.clock().now(), instant: Instant::now() };
        let recorded = Some(writer.record_durably(started(&job), Vec::new()));
        self.carry_out(Started { job, begun, place: Ok(place), recorded }, writer, stop).await
    }

    /// Ends a claimed job that can't run, and says why.
    pub(crate) async fn refuse_claimed(&self, job: &Job, why: &str, writer: &StreamWriter) -> Result<()> {
        let begun = Begun { at: self.clock().now(), instant: Instant::now() };
        let outcome = RunOutcome {
            status: ExecutionStatus::Refused,
            output: None,
            output_truncated: false,
            error: Some(Raw::from(why)),
            ending: None,
        };
        self.record_end(job, outcome, begun, writer).await?;
        Ok(())
    }

    async fn carry_out(&self, started: Started, writer: &StreamWriter, stop: &Stop) -> Result<Finished> {
        let Started { job, begun, place, mut recorded } = started;
        let stop = stop.of_one_run();
        let _listed = self.list_run(&job, &stop);
        let outcome = match place {
            Err(problem) => could_not_start(&problem),
            Ok(_place) if stop.is_abandoned() => cancelled(),
            Ok(_place) => match self.prepare_and_run(&job, &mut recorded, (writer, &stop)).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    // Nothing has happened outside. Should the beginning be in the ledger, it has an end, too.
                    let (_, event, row) = self.end_of(&job, could_not_start(&unrecorded()), begun, writer);
                    writer.record(event, vec![row]);
                    return Err(error);
                }
            },
        };
        writer.finish_output(job.execution_id, outcome.is_cut());
        self.record_end(&job, outcome, begun, writer).await
    }

    async fn prepare_and_run(
        &self,
        job: &Job,
        recorded: &mut Option<Receipt>,
        (writer, stop): (&StreamWriter, &StopOne),
    ) -> Result<RunOutcome> {
        match self.prepare(job, recorded).await? {
            Err(problem) => Ok(could_not_start(&problem)),
            Ok(ready) => {
                self.note_secrets_used(&job.guru, ready.secrets.keys(), job.action.spec.name.as_str());
                self.run_when_recorded(job, ready, recorded.take(), (writer, stop)).await
            }
        }
    }

    /// The ledger's first row comes before anything happens outside. For what may change the world it is awaited there
    /// (the receipt): should this process die, the row says that an effect may have taken place.
    fn record_start(&self, job: &Job, at: UnixMillis, writer: &StreamWriter) -> Result<Option<Receipt>> {
        let row = LedgerWrite::ExecutionStarted(self.ledger_row(job, at)?);
        let started = started(job);
        if job.action.spec.body.is_safe() {
            writer.record(started, vec![row]);
            return Ok(None);
        }
        Ok(Some(writer.record_durably(started, vec![row])))
    }

    /// Runs once the beginning is in the ledger; what has to be got ready for it is, meanwhile.
    async fn run_when_recorded(
        &self,
        job: &Job,
        ready: Ready,
        recorded: Option<Receipt>,
        (writer, stop): (&StreamWriter, &StopOne),
    ) -> Result<RunOutcome> {
        let (mut unrecorded, mut has_begun) = (None, false);
        let may_begin = async {
            if let Some(receipt) = recorded
                && let Err(error) = receipt.committed().await
            {
                unrecorded = Some(error);
                return false;
            }
            has_begun = !stop.ordered.is_cancelled();
            has_begun
        };
        let control = Control { cancel: &stop.ordered, may_begin: Box::pin(may_begin) };
        let outcome = self.run_to_its_end(job, ready, control, (writer, stop)).await;
        if !has_begun && let Err(error) = self.release_write_key(job).await {
            tracing::error!(execution = %job.execution_id, error = error_chain(&error), "a key of a run without effect stays taken");
        }
        unrecorded.map_or(Ok(outcome), Err)
    }

    fn ledger_row(&self, job: &Job, at: UnixMillis) -> Result<NewExecution> {
        let masker = &job.guru.masker;
        Ok(NewExecution {
            id: job.execution_id,
            guru_id: job.guru.guru.id,
            action_id: job.action.id,
            action_name: job.action.spec.name.clone(),
            action_version: job.action.version,
            kind: job.action.spec.body.kind(),
            source: job.source,
            turn_id: job.turn.map(|(turn, _)| turn),
            conversation_id: job.turn.map(|(_, conversation)| conversation),
            parent_id: job.parent_id,
            user_id: job.user_id,
            question: masker.mask_str(&job.question),
            arguments: masked_arguments(masker, &job.arguments)?,
            begin: Begin::Running { owner: self.node().to_owned() },
            at,
        })
    }

    /// The execution as it stands before it ended, for the reply of a direct run.
    fn first_row(&self, job: &Job) -> Execution {
        let now = self.clock().now();
        Execution {
            id: job.execution_id,
            guru_id: job.guru.guru.id,
            action_id: job.action.id,
            action_name: job.action.spec.name.clone(),
            action_version: job.action.version,
            kind: job.action.spec.body.kind(),
            source: job.source,
            status: ExecutionStatus::Running,
            turn_id: job.turn.map(|(turn, _)| turn),
            conversation_id: job.turn.map(|(_, conversation)| conversation),
            parent_id: job.parent_id,
            user_id: job.user_id,
            question: job.guru.masker.mask_str(&job.question).to_string(),
            arguments: mask_arguments(&job.guru.masker, &job.arguments),
            output: None,
            output_truncated: false,
            error: None,
            ending: None,
            created_at: job.execution_id.born_at(),
            started_at: Some(now),
            finished_at: None,
            duration_us: None,
        }
    }

    /// What must hold before anything happens outside: the secrets are there, and no other run of the same intent was.
    async fn prepare(
        &self,
        job: &Job,
        recorded: &mut Option<Receipt>,
    ) -> Result<std::result::Result<Ready, Problem>> {
        let ready = needed_secrets(&job.guru, &job.action.spec)
            .and_then(|secrets| Ok(Ready { spec: with_bound_hosts(&job.guru, &job.action.spec)?, secrets }));
        let ready = match ready {
            Ok(ready) => ready,
            Err(problem) => return Ok(Err(problem)),
        };
        match self.take_write_key(job, recorded).boxed().await? {
            Some(problem) => Ok(Err(problem)),
            None => Ok(Ok(ready)),
        }
    }

    /// One effect per intent: within a turn, the same version of an action with the same arguments acts once.
    async fn take_write_key(&self, job: &Job, recorded: &mut Option<Receipt>) -> Result<Option<Problem>> {
        let Some(key) = write_key(job)? else {
            return Ok(None);
        };
        // The key names the row as its holder.
        if let Some(receipt) = recorded.take() {
            receipt.committed().await?;
        }
        let mut tx = self.db().writer.begin().await?;
        let taken =
            write_keys::take(&mut tx, job.guru.guru.id, &key, job.execution_id, self.clock().now()).await?;
        tx.commit().await?;
        Ok(match taken {
            Taken::ByThis => None,
            Taken::ByOther(other) => Some(Problem::new(
                "already_done",
                format!(
                    "`{}` ran with these arguments for this question already, as `{other}`.",
                    job.action.spec.name
                ),
                "Ask again if it should run once more.",
            )),
        })
    }

    /// Nothing was done under it: whoever asks for the same within the turn may do it.
    async fn release_write_key(&self, job: &Job) -> Result<()> {
        let Some(key) = write_key(job)? else {
            return Ok(());
        };
        let mut tx = self.db().writer.begin().await?;
        write_keys::release(&mut tx, job.guru.guru.id, &key, job.execution_id).await?;
        Ok(tx.commit().await?)
    }

    /// What changes nothing elsewhere is dropped when the asker goes away; what may is finished and recorded. A script
    /// is killed when that is ordered, and only then: half a script is its asker's choice, never an accident.
    async fn run_to_its_end(
        &self,
        job: &Job,
        ready: Ready,
        control: Control<'_>,
        (writer, stop): (&StreamWriter, &StopOne),
    ) -> RunOutcome {
        let input = RunInput {
            action: ready.spec,
            arguments: job.arguments.clone(),
            secrets: ready.secrets,
            built_ins: job.built_ins.clone(),
            timeout: Duration::from_millis(
                job.action.spec.timeout_ms.unwrap_or(limits::ACTION_TIMEOUT_MS_DEFAULT),
            ),
            limits: RunLimits { response_bytes_max: self.limits().response_bytes_max },
        };
        let recording = Recording { writer, execution_id: job.execution_id };
        let run = run_and_record(self.runners(), &input, recording, control);
        if !job.action.spec.body.is_safe() {
            return run.await;
        }
        tokio::select! {
            outcome = run => outcome,
            () = stop.abandoned() => cancelled(),
        }
    }

    async fn record_end(
        &self,
        job: &Job,
        outcome: RunOutcome,
        begun: Begun,
        writer: &StreamWriter,
    ) -> Result<Finished> {
        let (finished, event, row) = self.end_of(job, outcome, begun, writer);
        writer.record_durably(event, vec![row]).committed().await?;
        Ok(finished)
    }

    /// A run's end, as its caller, its followers and the ledger are told of it.
    fn end_of(
        &self,
        job: &Job,
        outcome: RunOutcome,
        begun: Begun,
        writer: &StreamWriter,
    ) -> (Finished, EventKind<Raw>, LedgerWrite) {
        let finished_at = self.clock().now();
        let duration_us = u64::try_from(begun.instant.elapsed().as_micros()).unwrap_or(u64::MAX);
        let output = outcome.output.as_ref().map(|text| writer.mask(text, outcome.is_cut()));
        let error = outcome.error.as_ref().map(|text| writer.mask(text, false));
        let finished = Finished {
            execution_id: job.execution_id,
            status: outcome.status,
            arguments: mask_arguments(&job.guru.masker, &job.arguments),
            output: output.as_ref().map(ToString::to_string),
            output_truncated: outcome.output_truncated,
            error: error.as_ref().map(ToString::to_string),
            ending: outcome.ending,
            started_at: begun.at,
            finished_at,
            duration_us,
        };
        // The answer and the reply of a direct run have the whole output; history keeps its beginning.
        let (output, output_truncated) =
            capped(output, outcome.output_truncated, self.limits().output_bytes_max);
        let row = LedgerWrite::ExecutionFinished(ExecutionEnd {
            id: job.execution_id,
            guru_id: job.guru.guru.id,
            fence: Fence::FIRST,
            status: outcome.status,
            output,
            output_truncated,
            error,
            ending: outcome.ending,
            at: finished_at,
            duration_us: Some(duration_us),
        });
        let event = EventKind::ActionFinished {
            execution_id: job.execution_id,
            action: job.action.spec.name.clone(),
            status: outcome.status,
            duration_us,
            output: outcome.output,
            output_truncated: outcome.output_truncated,
            error: outcome.error,
            ending: outcome.ending,
            masked_count: 0,
        };
        (finished, event, row)
    }
}

/// What a run is given: the action with its hosts narrowed to those of its secrets, and the secrets' values.
struct Ready {
    spec: Arc<ActionSpec>,
    secrets: NeededSecrets,
}

/// A test under way.
#[derive(Debug)]
pub struct TestHandle {
    pub execution_id: ExecutionId,
    cancel_when_dropped: DropGuard,
}

impl TestHandle {
    /// Cancels what may be cancelled once it is dropped.
    pub fn cancel_when_dropped(self) -> DropGuard {
        self.cancel_when_dropped
    }
}

/// A run outside any turn, with its arguments checked.
fn job_alone<G: Grant>(
    permit: &Permit<G>,
    action: &Arc<Action>,
    arguments: &Arguments,
    source: Source,
) -> Result<Job> {
    Ok(Job {
        execution_id: ExecutionId::from_uuid(new_uuid()),
        guru: Arc::clone(&permit.guru),
        action: Arc::clone(action),
        arguments: complete_arguments(&action.spec, arguments)?,
        built_ins: permit.built_ins(),
        source,
        question: String::new(),
        turn: None,
        parent_id: None,
        user_id: permit.caller.user_id(),
    })
}

fn started(job: &Job) -> EventKind<Raw> {
    EventKind::ActionStarted {
        execution_id: job.execution_id,
        action: job.action.spec.name.clone(),
        arguments: job.arguments.clone(),
    }
}

/// Where a run's events go.
#[derive(Clone, Copy)]
struct Recording<'a> {
    writer: &'a StreamWriter,
    execution_id: ExecutionId,
}

/// Runs, recording what the runner says as it says it.
async fn run_and_record(
    runners: &Runners,
    input: &RunInput,
    recording: Recording<'_>,
    control: Control<'_>,
) -> RunOutcome {
    let (sink, mut events) = mpsc::channel(RUNNER_EVENTS_BUFFERED_MAX);
    let run = async move {
        let sink = sink;
        runners.run(input, &sink, control).await
    };
    let record = async {
        while let Some(event) = events.recv().await {
            record_runner_event(recording, event);
        }
    };
    tokio::join!(run, record).0
}

fn record_runner_event(recording: Recording<'_>, event: RunnerEvent) {
    let Recording { writer, execution_id } = recording;
    match event {
        RunnerEvent::Output { stream, text } => writer.record_output(execution_id, stream, &text),
        RunnerEvent::Exchange(exchange) => {
            writer.record(EventKind::HttpExchanged { execution_id, exchange }, Vec::new());
        }
        RunnerEvent::Contact(contact) => {
            writer.record(EventKind::HostContacted { execution_id, contact }, Vec::new());
        }
        RunnerEvent::Phase(phase) => {
            writer.record(EventKind::PhaseMeasured { execution_id, phase }, Vec::new());
        }
        RunnerEvent::Usage(usage) => {
            writer.record(EventKind::UsageMeasured { execution_id, usage }, Vec::new());
        }
    }
}

/// Checks given arguments for a direct run; what is missing is an error here, since nobody can be asked.
pub(crate) fn complete_arguments(spec: &ActionSpec, given: &Arguments) -> Result<Arguments> {
    let (arguments, missing) = errand_domain::parameter::complete(&spec.parameters, given)
        .map_err(|found| EngineError::Invalid(errand_domain::Problems(found)))?;
    if missing.is_empty() {
        return Ok(arguments);
    }
    let found = missing
        .into_iter()
        .map(|name| {
            Problem::new(
                "missing_argument",
                format!("`{}` needs a value for `{name}`.", spec.name),
                "Give it in `arguments`.",
            )
            .at(format!("arguments.{name}"))
        })
        .collect();
    Err(EngineError::Invalid(errand_domain::Problems(found)))
}

/// The values an action refers to; deny by default: it gets no other.
pub(crate) fn needed_secrets(
    guru: &GuruView,
    spec: &ActionSpec,
) -> std::result::Result<NeededSecrets, Problem> {
    spec.secrets()
        .into_iter()
        .map(|name| match guru.secret(&name) {
            Some(value) => Ok((name, value)),
            None => Err(Problem::new(
                "missing_secret",
                format!("`{}` needs the secret `{name}`, which is not set.", spec.name),
                format!("Set it with `errand secret set {name}`."),
            )),
        })
        .collect()
}

pub(crate) type NeededSecrets = BTreeMap<SecretName, Arc<SecretText>>;

/// Turn + action version + canonical arguments, hashed: arguments are ordered by name, so the text is canonical. None
/// outside a turn, and where nothing is changed.
fn write_key(job: &Job) -> Result<Option<String>> {
    let Some((turn_id, _)) = job.turn.filter(|_| !job.action.spec.body.is_safe()) else {
        return Ok(None);
    };
    let arguments = serde_json::to_string(&job.arguments)
        .map_err(|error| EngineError::internal("writing JSON", error))?;
    let intent = format!("{turn_id}\n{}\n{}\n{arguments}", job.action.id, job.action.version);
    Ok(Some(URL_SAFE_NO_PAD.encode(Sha256::digest(intent.as_bytes()))))
}

fn could_not_start(problem: &Problem) -> RunOutcome {
    RunOutcome {
        status: ExecutionStatus::Refused,
        output: None,
        output_truncated: false,
        error: Some(Raw::from(problem.to_string())),
        ending: None,
    }
}

fn unrecorded() -> Problem {
    Problem::new(
        "not_recorded",
        "The run could not be recorded, and was not begun.",
        "Check the database, then ask again.",
    )
}

fn cancelled() -> RunOutcome {
    RunOutcome {
        status: ExecutionStatus::Cancelled,
        output: None,
        output_truncated: false,
        error: None,
        ending: None,
    }
}

fn disabled(action: &Action) -> EngineError {
    let why = action.disabled_reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    EngineError::Conflict(Problem::new(
        "action_disabled",
        format!("The action `{}` is disabled{why}.", action.spec.name),
        "Enable it, or use the test, which runs disabled actions too.",
    ))
}
