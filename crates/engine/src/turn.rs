//! A turn: question → plan → runs in parallel → answer. The whole story of Errand in one file.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use errand_domain::{
    Action, Conversation, ConversationId, EventKind, ExecutionId, ExecutionStatus, ModelSettings, Plan,
    Problem, Source, Step, StreamId, TurnId, TurnStatus, limits,
};
use errand_secrets::{Masked, Masker, Raw};
use errand_storage::{
    LedgerWrite,
    conversations::{self, NewConversation, NewTurn, TurnEnd},
    model_calls::TurnCalls,
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio_util::sync::DropGuard;

use crate::{
    Engine, EngineError,
    access::{Ask, Permit},
    answer::{self, written::Material},
    catalogue::GuruView,
    clock::new_uuid,
    error::{Result, error_chain},
    events::{StreamWriter, mask_plan, masked_plan},
    history,
    run::{Finished, Job},
    stop::Stop,
};

/// Tells its turn when it is dropped that nobody waits any more, unless it was disarmed.
pub type CancelGuard = DropGuard;

/// What somebody asks.
#[derive(Debug, Clone)]
pub struct Question {
    pub text: String,
    /// The conversation it continues; None starts one.
    pub conversation: Option<ConversationId>,
    pub source: Source,
    /// The caller's own name for the asker; never used for identity.
    pub external_user_id: Option<String>,
    pub attendance: Attendance,
}

/// How it is known that nobody waits for the answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    /// The asker holds a [`TurnHandle`] with its guard; dropping it cancels.
    Connection,
    /// Whoever follows the stream; when nobody has for a while, the turn is cancelled.
    Followers,
}

/// How long a turn goes on that nobody follows: long enough to reload a page.
const UNATTENDED_MAX: Duration = Duration::from_secs(15);
const ATTENDANCE_CHECK: Duration = Duration::from_secs(1);
const TITLE_CHARS_SHOWN_MAX: usize = 80;

/// A turn under way.
#[derive(Debug)]
pub struct TurnHandle {
    pub turn_id: TurnId,
    pub conversation_id: ConversationId,
    stop: Stop,
}

impl TurnHandle {
    /// A guard that gives the turn up when it is dropped.
    pub fn cancel_when_dropped(&self) -> CancelGuard {
        self.stop.abandon_when_dropped()
    }
}

/// One turn's constants while it runs.
struct Asked {
    turn_id: TurnId,
    conversation_id: ConversationId,
    permit: Permit<Ask>,
    question: Question,
    writer: StreamWriter,
    stop: Stop,
}

/// What came of a turn.
struct Answered {
    status: TurnStatus,
    plan: Option<Plan>,
    text: String,
    error: Option<String>,
}

impl Answered {
    fn fault() -> Self {
        let error =
            "This question could not be answered because of a fault in Errand. Its log says more.".to_owned();
        Self { status: TurnStatus::Failed, plan: None, text: String::new(), error: Some(error) }
    }
}

impl Engine {
    /// Takes a question and begins to answer it; its events tell the rest.
    pub async fn start_turn(&self, permit: Permit<Ask>, question: Question) -> Result<TurnHandle> {
        check_question(&question.text)?;
        let turn_id = TurnId::from_uuid(new_uuid());
        let conversation_id = self.conversation_for(&permit, &question).await?;
        let writer = self.open_stream(StreamId::Turn(turn_id), &permit.guru);
        let stop = Stop::new();
        let asked = Asked { turn_id, conversation_id, permit, question, writer, stop: stop.clone() };
        let engine = self.clone();
        // In a task of its own: a caller that goes away in the middle must not leave a question that nobody answers.
        let begun = self.spawn_work(async move { engine.begin(asked).await });
        begun.await.map_err(|error| EngineError::internal("beginning a turn", error))??;
        Ok(TurnHandle { turn_id, conversation_id, stop })
    }

    async fn begin(&self, asked: Asked) -> Result<()> {
        let stream = StreamId::Turn(asked.turn_id);
        self.record_question(&asked).await.inspect_err(|_| self.hub().close(stream))?;
        self.register_turn(asked.turn_id, asked.stop.clone());
        if asked.question.attendance == Attendance::Followers {
            tokio::spawn(self.clone().cancel_when_unattended(asked.turn_id, asked.stop.clone()));
        }
        let engine = self.clone();
        self.spawn_work(async move { engine.drive(asked).await });
        Ok(())
    }

    /// The plan without the runs; nothing is recorded.
    pub async fn preview_plan(
        &self,
        permit: &Permit<Ask>,
        question: String,
        conversation: Option<ConversationId>,
    ) -> Result<Plan> {
        check_question(&question)?;
        let turns = match conversation {
            Some(id) => {
                self.own_conversation(permit, id).await?;
                self.past_turns(permit, id).await?
            }
            None => Vec::new(),
        };
        let request = self.request(&permit.guru, question, turns);
        let plan = self.decide(&permit.guru, &self.planner_of(&permit.guru), request).await?;
        Ok(mask_plan(&permit.guru.masker, plan))
    }

    async fn drive(self, asked: Asked) {
        let answered = match AssertUnwindSafe(self.answer(&asked)).catch_unwind().await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => {
                tracing::error!(turn = %asked.turn_id, error = error_chain(&error), "a turn failed");
                Answered::fault()
            }
            // What it said is in the log already, by the panic hook.
            Err(_panic) => Answered::fault(),
        };
        self.record_answer_or_fault(&asked, answered).await;
        self.forget_turn(asked.turn_id);
    }

    /// Every turn gets an end: if not with its answer, then as failed.
    async fn record_answer_or_fault(&self, asked: &Asked, answered: Answered) {
        let Err(error) = self.record_answer(asked, answered).await else { return };
        tracing::error!(turn = %asked.turn_id, error = error_chain(&error), "a turn's end could not be recorded");
        if let Err(error) = self.record_answer(asked, Answered::fault()).await {
            tracing::error!(turn = %asked.turn_id, error = error_chain(&error), "a turn is left without an end");
            self.hub().close(StreamId::Turn(asked.turn_id));
        }
    }

    async fn answer(&self, asked: &Asked) -> Result<Answered> {
        let guru = &asked.permit.guru;
        let turns = self.past_turns(&asked.permit, asked.conversation_id).await?;
        let request = self.request(guru, asked.question.text.clone(), turns.clone());
        let mut plan = self.decide(guru, &self.planner_of(guru), request).await?;
        asked.writer.record(EventKind::Planned { plan: plan.clone() }, Vec::new());
        let mut text = AnswerText { writer: &asked.writer, text: String::new() };
        match writing_model(guru, &plan) {
            Some(settings) => self.run_then_write(asked, settings, &turns, &mut plan, &mut text).await?,
            None => self.run_and_compose(asked, &plan, &mut text).await?,
        }
        for missing in &plan.missing {
            if let Some(action) = guru.action_by_id(missing.action_id) {
                text.add(&answer::ask_for(action, missing));
            }
        }
        if text.text.trim().is_empty() {
            text.add(&answer::nothing_applies(&guru.guru.settings, &guru.actions));
        }
        let status = if asked.stop.is_abandoned() { TurnStatus::Cancelled } else { TurnStatus::Done };
        let text = text.text;
        Ok(Answered { status, plan: Some(plan), text, error: None })
    }

    /// Runs the plan's steps side by side, as many at a time as the guru allows; each part of the answer is sent as
    /// soon as those before it are.
    async fn run_and_compose(&self, asked: &Asked, plan: &Plan, text: &mut AnswerText<'_>) -> Result<()> {
        self.run_steps(asked, plan, |action, finished| text.add(&answer::section(action, finished))).await?;
        Ok(())
    }

    /// Runs the steps, then lets the guru's model word what came of those that succeeded. What failed is told by us,
    /// so that no model can leave it out.
    async fn run_then_write(
        &self,
        asked: &Asked,
        settings: &ModelSettings,
        turns: &[errand_planners::PastTurn],
        plan: &mut Plan,
        text: &mut AnswerText<'_>,
    ) -> Result<()> {
        let results = self.run_steps(asked, plan, |_, _| ()).await?;
        let is_asking_only = results.is_empty() && !plan.missing.is_empty();
        let was_written = if is_asking_only || asked.stop.is_abandoned() {
            false
        } else {
            let material = Material { question: &asked.question.text, turns, results: &results };
            let write =
                self.write_answer(&asked.permit.guru, settings, &material, plan, |piece| text.push(piece));
            tokio::select! {
                was_written = write => was_written,
                () = asked.stop.abandoned() => false,
            }
        };
        let succeeded = |finished: &Finished| finished.status == ExecutionStatus::Succeeded;
        for (action, finished) in results.iter().filter(|(_, finished)| !(was_written && succeeded(finished)))
        {
            text.add(&answer::section(action, finished));
        }
        Ok(())
    }

    /// Runs the plan's steps and gives what came of them, in the plan's order; `told` hears of each as soon as those
    /// before it are there.
    async fn run_steps(
        &self,
        asked: &Asked,
        plan: &Plan,
        mut told: impl FnMut(&Action, &Finished),
    ) -> Result<Vec<(Arc<Action>, Finished)>> {
        let guru = &asked.permit.guru;
        let at_a_time = usize::try_from(guru.guru.settings.parallel_actions).unwrap_or(1).max(1);
        let jobs: Vec<Job> = plan.steps.iter().filter_map(|step| job(asked, guru, step)).collect();
        let runs = jobs.into_iter().map(|job| self.run_step(asked, job).boxed());
        let mut runs = stream::iter(runs).buffered(at_a_time);
        let mut results = Vec::new();
        while let Some(run) = runs.next().await {
            let (action, finished) = run?;
            told(&action, &finished);
            results.push((action, finished));
        }
        Ok(results)
    }

    async fn run_step(&self, asked: &Asked, job: Job) -> Result<(Arc<Action>, Finished)> {
        let action = Arc::clone(&job.action);
        let finished = self.execute(job, &asked.writer, &asked.stop).await?;
        Ok((action, finished))
    }

    async fn conversation_for(&self, permit: &Permit<Ask>, question: &Question) -> Result<ConversationId> {
        if let Some(id) = question.conversation {
            return self.own_conversation(permit, id).await.map(|conversation| conversation.id);
        }
        let external_user_id = question.external_user_id.as_deref();
        Ok(self.start_conversation(permit, question.source, external_user_id, &question.text).await?.id)
    }

    /// Begins a conversation; `title` is its first question, empty when that is still to come.
    pub async fn start_conversation(
        &self,
        permit: &Permit<Ask>,
        source: Source,
        external_user_id: Option<&str>,
        title: &str,
    ) -> Result<Conversation> {
        let masker = &permit.guru.masker;
        let new = NewConversation {
            id: ConversationId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            title: title_of(masker, title),
            source,
            owner: Some(permit.owner()),
            external_user_id: external_user_id.map(|id| masker.mask_str(id)),
            at: self.clock().now(),
        };
        let conversation = Conversation {
            id: new.id,
            guru_id: new.guru_id,
            title: new.title.to_string(),
            source,
            user_id: permit.caller.user_id(),
            external_user_id: new.external_user_id.as_ref().map(ToString::to_string),
            created_at: new.at,
            updated_at: new.at,
        };
        self.recorder().submit(vec![LedgerWrite::ConversationStarted(new)]).committed().await?;
        Ok(conversation)
    }

    async fn record_question(&self, asked: &Asked) -> Result<()> {
        let turn = NewTurn {
            id: asked.turn_id,
            guru_id: asked.permit.guru_id(),
            conversation_id: asked.conversation_id,
            question: asked.permit.guru.masker.mask_str(&asked.question.text),
            title: title_of(&asked.permit.guru.masker, &asked.question.text),
            source: asked.question.source,
            lease_owner: self.node().to_owned(),
            at: self.clock().now(),
        };
        let event = EventKind::TurnStarted {
            question: Raw::from(asked.question.text.clone()),
            source: asked.question.source,
        };
        asked.writer.record_durably(event, vec![LedgerWrite::TurnStarted(turn)]).committed().await
    }

    async fn record_answer(&self, asked: &Asked, answered: Answered) -> Result<()> {
        let masker = &asked.permit.guru.masker;
        let mut rows = Vec::new();
        let calls = answered.plan.as_ref().map(|plan| plan.model_calls.clone()).unwrap_or_default();
        if !calls.is_empty() {
            let (guru_id, turn_id) = (asked.permit.guru_id(), asked.turn_id);
            rows.push(LedgerWrite::ModelsAsked(TurnCalls { guru_id, turn_id, calls }));
        }
        let end = TurnEnd {
            id: asked.turn_id,
            guru_id: asked.permit.guru_id(),
            answer: Some(masker.mask_str(&answered.text)),
            plan: answered.plan.map(|plan| masked_plan(masker, plan)).transpose()?,
            status: answered.status,
            at: self.clock().now(),
        };
        let event = EventKind::TurnFinished { status: answered.status, error: answered.error.map(Raw::from) };
        rows.push(LedgerWrite::TurnFinished(end));
        asked.writer.record_durably(event, rows).committed().await
    }

    async fn past_turns(
        &self,
        permit: &Permit<Ask>,
        conversation: ConversationId,
    ) -> Result<Vec<errand_planners::PastTurn>> {
        let turns = conversations::last_turns(
            &self.db().reader,
            permit.guru_id(),
            conversation,
            limits::HISTORY_TURNS_MAX + 1,
        )
        .await?;
        // The turn that is being answered is in the ledger already, still running.
        let ended: Vec<_> = turns.into_iter().filter(|turn| turn.status != TurnStatus::Running).collect();
        Ok(history::past_turns(&ended))
    }

    async fn cancel_when_unattended(self, turn_id: TurnId, stop: Stop) {
        let mut unattended = Duration::ZERO;
        while let Some(followers) = self.hub().followers(StreamId::Turn(turn_id)) {
            unattended = if followers == 0 { unattended + ATTENDANCE_CHECK } else { Duration::ZERO };
            if unattended > UNATTENDED_MAX {
                tracing::info!(turn = %turn_id, "cancelled: nobody waits for the answer");
                stop.abandon();
                return;
            }
            tokio::time::sleep(ATTENDANCE_CHECK).await;
        }
    }
}

/// The answer as it grows; every part is an event of its own.
struct AnswerText<'a> {
    writer: &'a StreamWriter,
    text: String,
}

impl AnswerText<'_> {
    fn add(&mut self, part: &str) {
        let part = if self.text.is_empty() { part.to_owned() } else { format!("\n\n{part}") };
        self.push(&part);
    }

    /// The next piece of the part that is being written.
    fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.writer.record(EventKind::AnswerText { text: Raw::from(piece) }, Vec::new());
    }
}

/// The model that words this guru's answers; none where it has just failed at planning.
fn writing_model<'g>(guru: &'g GuruView, plan: &Plan) -> Option<&'g ModelSettings> {
    let failed = plan.model_calls.last().is_some_and(|call| call.error.is_some());
    guru.guru.settings.planner.model().filter(|settings| settings.writes_answers && !failed)
}

/// None when the action went away between planning and running.
fn job(asked: &Asked, guru: &Arc<GuruView>, step: &Step) -> Option<Job> {
    Some(Job {
        execution_id: ExecutionId::from_uuid(new_uuid()),
        guru: Arc::clone(guru),
        action: Arc::clone(guru.action_by_id(step.action_id)?),
        arguments: step.arguments.clone(),
        built_ins: asked.permit.built_ins(),
        source: asked.question.source,
        question: asked.question.text.clone(),
        turn: Some((asked.turn_id, asked.conversation_id)),
        parent_id: None,
        user_id: asked.permit.caller.user_id(),
    })
}

pub(crate) fn check_question(text: &str) -> Result<()> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(Problem::new("empty", "The question is empty.", "Ask something.").at("question").into());
    }
    if chars > limits::QUESTION_CHARS_MAX {
        let hint = format!("Keep it within {} characters.", limits::QUESTION_CHARS_MAX);
        return Err(Problem::new("too_long", format!("The question has {chars} characters."), hint)
            .at("question")
            .into());
    }
    Ok(())
}

/// A conversation's name: its first question on one line, masked before it is cut so that no cut can spare a secret.
fn title_of(masker: &Masker, question: &str) -> Masked {
    masker.mask_str(&shortened(&masker.mask_str(question)))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE_CHARS_SHOWN_MAX {
        return line;
    }
    let mut short: String = line.chars().take(TITLE_CHARS_SHOWN_MAX).collect();
    short.push('…');
    short
}
