//! The masking gate and the one writer of history.
//!
//! Whatever a runner says arrives here as `Raw`, is masked, numbered, written to the ledger and only then shown to
//! whoever follows. Nothing else turns `Raw` into `Masked`, and nothing else writes events.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use errand_domain::{
    ArgValue, Arguments, Event, EventKind, ExecutionId, HostContact, HttpExchange, Plan, StreamId,
    event::OutputStream,
};
use errand_secrets::{Masked, Masker, Raw, StreamMasker};
use errand_storage::{Applied, LedgerWrite, MaskedJson, StorageError, Writer, events::Batch};
use futures_util::FutureExt as _;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use crate::{
    Engine, EngineError,
    clock::Clock,
    error::{Result, error_chain},
    hub::{Hub, LiveEvent},
};

/// Requests that one transaction takes at most: large enough to share a commit, small enough to keep it short.
const BATCH_REQUESTS_MAX: usize = 256;
/// How long a write that nobody waits for may wait for company. A short run's beginning and end then share one
/// transaction and one row, which is most of what recording it costs.
const COMPANY_WAIT_MAX: Duration = Duration::from_millis(2);

/// What the recorder writes together: rows, then the event to show once they are committed.
struct Request {
    writes: Vec<LedgerWrite>,
    publish: Option<(StreamId, LiveEvent)>,
    done: Option<oneshot::Sender<bool>>,
}

/// The way to the one writer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    requests: mpsc::UnboundedSender<Request>,
    /// Rung with every request that somebody waits for.
    awaited: Arc<Notify>,
    /// Whether the database did not take what it was given last.
    failing: Arc<AtomicBool>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Starts the writer. It ends, with everything written, when the last `Recorder` is dropped.
    pub fn start(ledger: Writer, hub: Arc<Hub>) -> (Self, tokio::task::JoinHandle<()>) {
        let (requests, receiver) = mpsc::unbounded_channel();
        let awaited = Arc::new(Notify::new());
        let failing = Arc::new(AtomicBool::new(false));
        let ledger = Ledger { writer: ledger, failing: Arc::clone(&failing) };
        let writing =
            tokio::spawn(write_all(ledger, hub, Arrivals { receiver, awaited: Arc::clone(&awaited) }));
        (Self { requests, awaited, failing }, writing)
    }

    /// Whether what was to be recorded last was not, since the database failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Writes rows that belong to no event; the receipt resolves once they are committed.
    pub fn submit(&self, writes: Vec<LedgerWrite>) -> Receipt {
        let (done, receipt) = oneshot::channel();
        self.send(Request { writes, publish: None, done: Some(done) });
        Receipt(receipt)
    }

    /// Writes a row that nobody waits for.
    pub fn note(&self, write: LedgerWrite) {
        self.send(Request { writes: vec![write], publish: None, done: None });
    }

    fn send(&self, request: Request) {
        let is_awaited = request.done.is_some();
        // The writer outlives every recorder, so sending can't fail while one exists.
        let _ = self.requests.send(request);
        if is_awaited {
            self.awaited.notify_one();
        }
    }
}

/// The promise that something was written.
#[derive(Debug)]
#[must_use = "a write is only known to be kept once its receipt was awaited"]
pub struct Receipt(oneshot::Receiver<bool>);

impl Receipt {
    pub async fn committed(self) -> Result<()> {
        match self.0.await {
            Ok(true) => Ok(()),
            _ => Err(EngineError::internal("writing history", "the ledger did not take the write")),
        }
    }
}

/// The writer's end of the queue.
struct Arrivals {
    receiver: mpsc::UnboundedReceiver<Request>,
    awaited: Arc<Notify>,
}

impl Arrivals {
    /// What has gathered, in order; false when nothing will come any more. Returns at once when somebody waits for one
    /// of the writes or follows one of the streams, else a moment later with what came in between.
    async fn gather(&mut self, hub: &Hub, batch: &mut Vec<Request>) -> bool {
        // A bell of an earlier batch must not ring for this one; what it rang for is in the queue or written.
        let _ = self.awaited.notified().now_or_never();
        if self.receiver.recv_many(batch, BATCH_REQUESTS_MAX).await == 0 {
            return false;
        }
        let full = batch.len() >= BATCH_REQUESTS_MAX;
        if full || batch.iter().any(|request| request.is_pressing(hub)) {
            return true;
        }
        let _ = timeout(COMPANY_WAIT_MAX, self.awaited.notified()).await;
        while batch.len() < BATCH_REQUESTS_MAX
            && let Ok(request) = self.receiver.try_recv()
        {
            batch.push(request);
        }
        true
    }
}

impl Request {
    /// Whether every end in it counted: one that came late (somebody else had settled the run) did not.
    fn counted_in(&self, applied: &Applied) -> bool {
        !self.writes.iter().any(|write| match write {
            LedgerWrite::ExecutionFinished(end) => applied.late_executions.contains(&end.id),
            LedgerWrite::TurnFinished(end) => applied.late_turns.contains(&end.id),
            _ => false,
        })
    }

    fn is_pressing(&self, hub: &Hub) -> bool {
        let is_followed = |(stream, _): &(StreamId, LiveEvent)| {
            hub.followers(*stream).is_some_and(|followers| followers > 0)
        };
        self.done.is_some() || self.publish.as_ref().is_some_and(is_followed)
    }
}

/// Takes what has gathered, writes it in one transaction (group commit), then tells the waiting and the following.
async fn write_all(ledger: Ledger, hub: Arc<Hub>, mut arrivals: Arrivals) {
    let mut batch = Vec::with_capacity(BATCH_REQUESTS_MAX);
    while arrivals.gather(&hub, &mut batch).await {
        let outcome = write_together(&ledger, &batch).await;
        for request in batch.drain(..) {
            let kept = match &outcome {
                Together::Written(applied) => request.counted_in(applied),
                Together::Unwritten => false,
                Together::OneIsBad => keep_alone(&ledger, &request).await,
            };
            if let Some((stream, event)) = request.publish.filter(|_| kept) {
                hub.publish(stream, &event);
            }
            if let Some(done) = request.done {
                let _ = done.send(kept);
            }
        }
    }
}

/// The database, with what is known of how it fares.
struct Ledger {
    writer: Writer,
    failing: Arc<AtomicBool>,
}

impl Ledger {
    async fn apply(&self, writes: Vec<LedgerWrite>) -> std::result::Result<Applied, StorageError> {
        let applied = self.writer.apply(writes).await;
        self.failing.store(matches!(applied, Err(StorageError::Query { .. })), Ordering::Relaxed);
        applied
    }
}

/// What became of a batch.
enum Together {
    Written(Applied),
    /// The database did not take it, even after waiting.
    Unwritten,
    /// Something in it breaks a rule of the ledger; the rest need not suffer.
    OneIsBad,
}

/// How often a batch is tried when the database does not answer, and the wait before the first further try, which
/// doubles: an outage of some seconds is sat out.
const WRITE_TRIES_MAX: u32 = 6;
const WRITE_RETRY_AFTER: Duration = Duration::from_millis(100);

async fn write_together(ledger: &Ledger, batch: &[Request]) -> Together {
    for tried in 0..WRITE_TRIES_MAX {
        let writes: Vec<LedgerWrite> =
            batch.iter().flat_map(|request| request.writes.iter().cloned()).collect();
        match ledger.apply(writes).await {
            Ok(applied) => return Together::Written(applied),
            Err(error @ StorageError::Query { .. }) => {
                tracing::error!(
                    error = error_chain(&error),
                    tried,
                    requests = batch.len(),
                    "history could not be written; waiting"
                );
                tokio::time::sleep(WRITE_RETRY_AFTER * 2_u32.pow(tried)).await;
            }
            Err(error) => {
                tracing::error!(
                    error = error_chain(&error),
                    requests = batch.len(),
                    "history could not be written together; trying one by one"
                );
                return Together::OneIsBad;
            }
        }
    }
    Together::Unwritten
}

/// One request's rows that break a rule must not take those of others along.
async fn keep_alone(ledger: &Ledger, request: &Request) -> bool {
    match ledger.apply(request.writes.clone()).await {
        Ok(applied) => request.counted_in(&applied),
        Err(error) => {
            tracing::error!(error = error_chain(&error), "history could not be written");
            false
        }
    }
}

/// Writes one stream: masks, numbers, records. Shared by everything that happens within a turn.
#[derive(Debug)]
pub struct StreamWriter {
    pub stream: StreamId,
    masker: Arc<Masker>,
    /// Of an execution's whole output in its last event.
    output_bytes_max: usize,
    recorder: Recorder,
    clock: Clock,
    state: Mutex<StreamState>,
}

#[derive(Debug, Default)]
struct StreamState {
    last_seq: u32,
    /// Output that is still coming: a secret may be split between its chunks.
    outputs: HashMap<(ExecutionId, OutputStream), StreamMasker>,
}

impl StreamWriter {
    /// A stream that nobody has written to yet; `engine` says who writes it and until which size.
    pub fn open(engine: &Engine, stream: StreamId, masker: Arc<Masker>) -> Self {
        engine.hub().open(stream);
        Self {
            stream,
            masker,
            output_bytes_max: engine.limits().output_bytes_max,
            recorder: engine.recorder().clone(),
            clock: engine.clock().clone(),
            state: Mutex::default(),
        }
    }

    pub fn mask(&self, text: &Raw, cut: bool) -> Masked {
        mask_whole_or_cut(&self.masker, text, cut).0
    }

    /// Masks and records one event, with rows that belong to the same moment. Does not wait for the commit.
    pub fn record(&self, kind: EventKind<Raw>, rows: Vec<LedgerWrite>) {
        self.push(mask_event(&self.masker, kind, self.output_bytes_max), rows, None);
    }

    /// Like `record`; the receipt resolves once everything up to here is in the ledger.
    pub fn record_durably(&self, kind: EventKind<Raw>, rows: Vec<LedgerWrite>) -> Receipt {
        let (done, receipt) = oneshot::channel();
        self.push(mask_event(&self.masker, kind, self.output_bytes_max), rows, Some(done));
        Receipt(receipt)
    }

    /// Records a chunk of output as far as it can be told free of secrets; the rest waits for the next chunk.
    pub fn record_output(&self, execution_id: ExecutionId, stream: OutputStream, chunk: &Raw) {
        let text = {
            let mut state = self.state();
            state.outputs.entry((execution_id, stream)).or_insert_with(|| self.masker.stream()).push(chunk)
        };
        self.record_chunk(execution_id, stream, text);
    }

    /// Records what was held back of an execution's output, at its end. Of one that was `cut` it is dropped: it may be
    /// the beginning of a secret.
    pub fn finish_output(&self, execution_id: ExecutionId, cut: bool) {
        for stream in [OutputStream::Result, OutputStream::Stderr] {
            let held = self.state().outputs.remove(&(execution_id, stream));
            if let Some(mut masker) = held.filter(|_| !cut) {
                self.record_chunk(execution_id, stream, masker.finish());
            }
        }
    }

    fn record_chunk(&self, execution_id: ExecutionId, stream: OutputStream, text: Masked) {
        if !text.is_empty() {
            self.push(EventKind::ActionOutput { execution_id, stream, text }, Vec::new(), None);
        }
    }

    /// Numbers the event and hands it over under one lock, so that the ledger's order is the stream's order.
    fn push(
        &self,
        kind: EventKind<Masked>,
        mut writes: Vec<LedgerWrite>,
        done: Option<oneshot::Sender<bool>>,
    ) {
        let mut state = self.state();
        state.last_seq += 1;
        let event = Arc::new(Event { seq: state.last_seq, at: self.clock.now(), kind });
        writes.push(LedgerWrite::Events(Batch { stream: self.stream, events: vec![Arc::clone(&event)] }));
        self.recorder.send(Request { writes, publish: Some((self.stream, event)), done });
    }

    fn state(&self) -> MutexGuard<'_, StreamState> {
        // The state is changed in single steps, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one place where `Raw` becomes `Masked`.
fn mask_event(masker: &Masker, kind: EventKind<Raw>, output_bytes_max: usize) -> EventKind<Masked> {
    let mask = |text: Raw| masker.mask(&text).0;
    match kind {
        EventKind::TurnStarted { question, source } => {
            EventKind::TurnStarted { question: mask(question), source }
        }
        EventKind::Planned { plan } => EventKind::Planned { plan: mask_plan(masker, plan) },
        EventKind::ActionStarted { execution_id, action, arguments } => {
            EventKind::ActionStarted { execution_id, action, arguments: mask_arguments(masker, &arguments) }
        }
        EventKind::ActionOutput { execution_id, stream, text } => {
            EventKind::ActionOutput { execution_id, stream, text: mask(text) }
        }
        EventKind::HttpExchanged { execution_id, exchange } => {
            EventKind::HttpExchanged { execution_id, exchange: mask_exchange(masker, exchange) }
        }
        EventKind::HostContacted { execution_id, contact } => {
            EventKind::HostContacted { execution_id, contact: mask_contact(masker, contact) }
        }
        EventKind::PhaseMeasured { execution_id, phase } => EventKind::PhaseMeasured { execution_id, phase },
        EventKind::UsageMeasured { execution_id, usage } => EventKind::UsageMeasured { execution_id, usage },
        EventKind::ActionFinished {
            execution_id,
            action,
            status,
            duration_us,
            output,
            output_truncated,
            error,
            ending,
            ..
        } => {
            let cut = output_truncated || ending.is_some_and(|ending| ending.reason.is_forced());
            let (output, in_output) = output.map(|text| mask_whole_or_cut(masker, &text, cut)).unzip();
            let (output, output_truncated) = capped(output, output_truncated, output_bytes_max);
            let (error, in_error) = error.map(|text| masker.mask(&text)).unzip();
            let masked_count = in_output.unwrap_or(0) + in_error.unwrap_or(0);
            EventKind::ActionFinished {
                execution_id,
                action,
                status,
                duration_us,
                output,
                output_truncated,
                error,
                ending,
                masked_count,
            }
        }
        EventKind::AnswerText { text } => EventKind::AnswerText { text: mask(text) },
        EventKind::TurnFinished { status, error } => {
            EventKind::TurnFinished { status, error: error.map(mask) }
        }
    }
}

/// Text whose end was never received may end in the beginning of a secret.
fn mask_whole_or_cut(masker: &Masker, text: &Raw, cut: bool) -> (Masked, u32) {
    if cut { masker.mask_cut(text) } else { masker.mask(text) }
}

/// What is kept of an output: its beginning, cut after masking so that no cut can spare a secret.
pub fn capped(output: Option<Masked>, truncated: bool, bytes_max: usize) -> (Option<Masked>, bool) {
    let Some(mut output) = output else { return (None, truncated) };
    let cut = output.truncate(bytes_max);
    (Some(output), truncated || cut)
}

/// Bodies of an exchange are shown in the history, beside the whole output; their beginning is enough there.
const EXCHANGE_BODY_BYTES_MAX: usize = 16 * 1024;

pub(crate) fn mask_exchange(masker: &Masker, mut exchange: HttpExchange<Raw>) -> HttpExchange<Masked> {
    let cut = exchange.response_truncated;
    let body = exchange.response_body.take().map(|body| mask_whole_or_cut(masker, &body, cut).0);
    let (response_body, response_truncated) = capped(body, cut, EXCHANGE_BODY_BYTES_MAX);
    HttpExchange { response_body, response_truncated, ..exchange.map(|text| masker.mask(&text).0) }
}

/// Arguments with their texts masked: an asker may paste a secret into a question.
pub fn mask_arguments(masker: &Masker, arguments: &Arguments) -> Arguments {
    // A number may be a secret too (a PIN); it is only replaced, and then by text, when it is one.
    let mask = |value: &ArgValue| {
        let text = value.to_string();
        let shown = masker.mask_str(&text);
        if *shown == *text { value.clone() } else { ArgValue::String(shown.to_string()) }
    };
    arguments.iter().map(|(name, value)| (name.clone(), mask(value))).collect()
}

/// A plan repeats the asker's words.
pub fn mask_plan(masker: &Masker, mut plan: Plan) -> Plan {
    for step in &mut plan.steps {
        step.arguments = mask_arguments(masker, &step.arguments);
    }
    for missing in &mut plan.missing {
        missing.arguments = mask_arguments(masker, &missing.arguments);
    }
    let trail = plan.trail.iter_mut().map(|trail| &mut trail.words);
    for text in trail.chain(&mut plan.notices) {
        *text = masker.mask_str(text).to_string();
    }
    for evidence in plan.considered.iter_mut().flat_map(|considered| &mut considered.evidence) {
        *evidence = masker.mask_str(evidence).to_string();
    }
    plan
}

/// A host may come from a secret (a tenant's domain kept as one).
fn mask_contact(masker: &Masker, contact: HostContact) -> HostContact {
    HostContact {
        host: masker.mask_str(&contact.host).to_string(),
        refused: contact.refused.map(|reason| masker.mask_str(&reason).to_string()),
        ..contact
    }
}

/// Arguments for the ledger.
pub fn masked_arguments(masker: &Masker, arguments: &Arguments) -> Result<MaskedJson<Arguments>> {
    Ok(MaskedJson::of_masked_fields("arguments", &mask_arguments(masker, arguments))?)
}

/// A plan for the ledger.
pub fn masked_plan(masker: &Masker, plan: Plan) -> Result<MaskedJson<Plan>> {
    Ok(MaskedJson::of_masked_fields("plan", &mask_plan(masker, plan))?)
}

#[cfg(test)]
mod tests {
    use errand_domain::{ActionId, Step};
    use errand_secrets::SecretText;

    use super::*;

    fn masker(value: &str) -> Masker {
        let name = "A_SECRET".parse().expect("a name");
        Masker::new([(name, &SecretText::new(value.to_owned()))])
    }

    fn plan() -> Plan {
        let number = ArgValue::Number(54321.into());
        let arguments = [("order_id".parse().expect("a name"), number)].into_iter().collect();
        let step = Step {
            action_id: ActionId::from_uuid(uuid::Uuid::from_u128(7)),
            action: "refund".parse().expect("a name"),
            action_version: 1,
            arguments,
            origins: Vec::new(),
            runs_with: None,
        };
        Plan { steps: vec![step], ..Plan::empty("embedded") }
    }

    #[test]
    fn no_secret_can_break_the_ledgers_json() {
        for value in ["steps", "null", "version", "\":[{\"", "arguments", "00000007", "embedded"] {
            assert!(masked_plan(&masker(value), plan()).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_number_that_is_a_secret_is_masked() {
        let masked = mask_plan(&masker("54321"), plan());
        let value = masked.steps[0].arguments.values().next().map(ToString::to_string);
        assert_eq!(value.as_deref(), Some("[secret:A_SECRET]"));
    }
}
