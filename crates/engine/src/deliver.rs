//! Telling people and programs of what schedules ran.
//!
//! Like deciding that a schedule is due, deciding who is told is one transaction, which whoever comes first makes; so a run
//! that ended is told of even when the process that ran it is gone. Telling may fail and is tried again, more and more
//! slowly; a receiver may then hear of a run twice, under the same id.

use std::{sync::Arc, time::Duration};

use errand_domain::{
    DeliveryId, Execution, ExecutionStatus, Guru, Problem, SecretName, UnixMillis,
    results::{self, Ended, Receiver, Results},
};
use errand_runners::deliver::{Address, DeliveryFailure, Destination, Message, Purpose};
use errand_secrets::{Masked, SecretText};
use errand_storage::{
    deliveries::{self, Due, NewDelivery, Tried, Untold},
    executions, gurus, schedules,
};
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    catalogue::GuruView,
    clock::new_uuid,
    error::{Result, error_chain},
    manage::Change,
};

/// How long a run that ended may wait to be told of.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Runs decided about, and deliveries tried, between two looks at the clock.
const BATCH: u32 = 50;
/// Deliveries under way at once: a receiver that is slow to answer must not hold up the others.
const AT_ONCE_MAX: usize = 8;
/// After so long without word of a try, another one is made: its process died.
const TRY_LASTS_MAX_MS: i64 = 120_000;

/// What stands in a test where a run's result would.
const TEST_OUTPUT: &str = "Nothing ran. A run's result will stand here.";

impl Engine {
    /// Tells of scheduled runs until it is told to stop. What is under way by then is waited for.
    pub async fn run_deliveries(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.deliver_what_is_due().await {
                tracing::error!(error = error_chain(&error), "results of schedules could not be delivered");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Decides about every run that ended, and tries every delivery that is due.
    pub async fn deliver_what_is_due(&self) -> Result<()> {
        for run in deliveries::untold(&self.db().reader, BATCH).await? {
            self.decide_who_is_told(run).await?;
        }
        let due = deliveries::due(&self.db().reader, self.clock().now(), BATCH).await?;
        let tries = due.into_iter().map(|due| async move {
            let id = due.delivery.id;
            if let Err(error) = self.try_delivery(due).await {
                tracing::error!(delivery = %id, error = error_chain(&error), "a delivery could not be tried");
            }
        });
        stream::iter(tries).buffer_unordered(AT_ONCE_MAX).collect::<()>().await;
        Ok(())
    }

    async fn decide_who_is_told(&self, run: Untold) -> Result<()> {
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        if !deliveries::mark_told(&mut tx, run.execution_id, now).await? {
            return Ok(());
        }
        let schedule = schedules::of_action(&mut tx, run.guru_id, run.action_id).await?;
        let execution = executions::by_id(&mut tx, run.guru_id, run.execution_id).await?;
        let results = schedule.filter(|one| one.id == run.schedule_id).and_then(|one| one.spec.results);
        if let (Some(results), Some(execution)) = (results, execution) {
            let ended = Ended { status: execution.status, output: execution.output };
            let before = deliveries::ended_before(&mut tx, run.schedule_id, run.fire_at).await?;
            if results.when.applies(&ended, before.as_ref()) {
                for receiver in &results.to {
                    let id = DeliveryId::from_uuid(new_uuid());
                    deliveries::insert(&mut tx, NewDelivery { id, run, receiver, at: now }).await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }

    /// One try, unless somebody else makes it.
    async fn try_delivery(&self, due: Due) -> Result<()> {
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        if !deliveries::claim(&mut tx, &due.delivery, now.plus_ms(TRY_LASTS_MAX_MS)).await? {
            return Ok(());
        }
        tx.commit().await?;
        let tries = due.delivery.tries + 1;
        let outcome = self.hand_over(&due).await?;
        let now = self.clock().now();
        let noted = match outcome {
            Ok(()) => Tried::Delivered,
            Err(NotDelivered { reason: error, is_final }) => {
                tracing::warn!(delivery = %due.delivery.id, tries, reason = %&*error, "a result was not delivered");
                match results::wait_ms(tries).filter(|_| !is_final) {
                    Some(wait) => Tried::Later { error, next_at: now.plus_ms(wait) },
                    None => Tried::Failed { error },
                }
            }
        };
        let mut tx = self.db().writer.begin().await?;
        deliveries::note(&mut tx, due.delivery.id, noted, now).await?;
        Ok(tx.commit().await?)
    }

    async fn hand_over(&self, due: &Due) -> Result<std::result::Result<(), NotDelivered>> {
        let execution = executions::by_id(&self.db().reader, due.guru_id, due.delivery.execution_id).await?;
        let guru = gurus::by_id(&self.db().reader, due.guru_id).await?;
        let (Some(execution), Some(guru)) = (execution, guru) else { return Ok(Err(gone())) };
        let Some(view) = self.guru_view(guru.slug.as_str()).await? else { return Ok(Err(gone())) };
        let message = self.message_of(&guru, execution, due);
        Ok(self.hand_to(&view, &due.delivery.receiver, &message).await)
    }

    async fn hand_to(
        &self,
        view: &GuruView,
        receiver: &Receiver,
        message: &Message,
    ) -> std::result::Result<(), NotDelivered> {
        self.note_secrets_used(view, receiver.secrets(), "results of schedules");
        let allowed = |name: &SecretName| view.hosts_of(name).unwrap_or_default();
        let sent = match receiver {
            Receiver::Email { to } => {
                let date = self.clock().now().to_rfc2822();
                self.runners().deliver(Destination::Email { to, date: &date }, message).await
            }
            Receiver::Slack { url_secret } => {
                let url = secret(view, url_secret)?;
                let url = Address { url: &url, allowed_hosts: allowed(url_secret) };
                self.runners().deliver(Destination::Slack { url }, message).await
            }
            // The key itself goes nowhere: only what was signed with it.
            Receiver::Webhook { url_secret, signing_secret } => {
                let (url, signing) = (secret(view, url_secret)?, secret(view, signing_secret)?);
                let url = Address { url: &url, allowed_hosts: allowed(url_secret) };
                let at_seconds = self.clock().now().0 / 1_000;
                self.runners()
                    .deliver(Destination::Webhook { url, signing: &signing, at_seconds }, message)
                    .await
            }
        };
        // What a server said may repeat what it was sent.
        sent.map_err(|DeliveryFailure { reason, is_final }| NotDelivered {
            reason: view.masker.mask_str(&reason),
            is_final,
        })
    }

    /// Sends a receiver a message that says it is a test, once and now: whether it was taken, else why not, masked.
    pub async fn test_receiver(
        &self,
        permit: &Permit<Manage>,
        action: &str,
        receiver: Receiver,
    ) -> Result<std::result::Result<(), String>> {
        let guru = &permit.guru;
        let action = guru.action(action).ok_or_else(|| EngineError::not_found("action", action))?;
        let name = action.spec.name.to_string();
        let results = Results { when: results::When::Always, to: vec![receiver.clone()] };
        self.check_results(guru, &results)?;
        let mut tx = self.begin_change(&guru.guru).await?;
        let change = Change {
            actor: permit.actor(),
            verb: "schedule.test_receiver",
            object: name.clone(),
            guru_id: Some(permit.guru_id()),
            before: None::<()>,
            after: Some(&receiver),
        };
        self.audit(&mut tx, &guru.masker, change).await?;
        tx.commit().await?;
        let message = Message {
            purpose: Purpose::Test,
            id: DeliveryId::from_uuid(new_uuid()).to_string(),
            guru: guru.guru.slug.to_string(),
            guru_name: guru.guru.settings.name.clone(),
            action: name,
            execution_id: None,
            status: ExecutionStatus::Succeeded,
            due_at: self.clock().now().to_rfc3339(),
            finished_at: None,
            duration_ms: None,
            output: Some(TEST_OUTPUT.to_owned()),
            output_truncated: false,
            error: None,
            link: None,
        };
        let told = self.hand_to(guru, &receiver, &message).await;
        Ok(told.map_err(|failed| failed.reason.to_string()))
    }

    fn message_of(&self, guru: &Guru, execution: Execution, due: &Due) -> Message {
        Message {
            purpose: Purpose::Result,
            id: due.delivery.id.to_string(),
            guru: guru.slug.to_string(),
            guru_name: guru.settings.name.clone(),
            action: execution.action_name.to_string(),
            status: execution.status,
            due_at: due.fire_at.to_rfc3339(),
            finished_at: execution.finished_at.map(UnixMillis::to_rfc3339),
            #[allow(clippy::cast_precision_loss)] // exact up to 285 years
            duration_ms: execution.duration_us.map(|us| us as f64 / 1_000.0),
            output: execution.output,
            output_truncated: execution.output_truncated,
            error: execution.error,
            link: self.link_to_run(guru, &execution.id.to_string()),
            execution_id: Some(execution.id.to_string()),
        }
    }

    /// Where the dashboard shows a run; None when the server does not know its own address.
    fn link_to_run(&self, guru: &Guru, run: &str) -> Option<String> {
        let base = self.public_url().trim_end_matches('/');
        (!base.is_empty()).then(|| format!("{base}/g/{}/history/{run}", guru.slug))
    }

    /// What a schedule's results must keep beside their own rules: the secrets are there, and mail can be sent.
    pub(crate) fn check_results(&self, view: &GuruView, results: &Results) -> Result<()> {
        let mut found = results.check();
        let names = view.secret_names();
        for (index, receiver) in results.to.iter().enumerate() {
            for missing in receiver.secrets().into_iter().filter(|name| !names.contains(*name)) {
                let message = format!("The guru has no secret `{missing}`.");
                let hint = format!("Store it first: `errand secret set {missing}`.");
                found.push(Problem::new("no_such_secret", message, hint).at(format!("results.to[{index}]")));
            }
            if matches!(receiver, Receiver::Email { .. }) && !self.runners().has_mail() {
                let hint = "Ask the operator to name one in `[mail]` of the server's settings.";
                let problem = Problem::new("no_mail", "This server has no way to send mail.", hint);
                found.push(problem.at(format!("results.to[{index}]")));
            }
        }
        errand_domain::Problems::or(found, ()).map_err(EngineError::Invalid)
    }
}

/// Why a try came to nothing, for the record.
struct NotDelivered {
    reason: Masked,
    is_final: bool,
}

fn secret(view: &GuruView, name: &SecretName) -> std::result::Result<Arc<SecretText>, NotDelivered> {
    view.secret(name).ok_or_else(|| NotDelivered {
        reason: view
            .masker
            .mask_str(&format!("The secret `{name}` is not set. Set it with `errand secret set {name}`.")),
        is_final: true,
    })
}

fn gone() -> NotDelivered {
    NotDelivered { reason: Masked::ours("The run or its guru is gone."), is_final: true }
}
