//! Replay before save: an edited action is tried on what was asked before; what would change is told, nothing is run.

use std::{collections::BTreeMap, sync::Arc};

use errand_domain::{
    Action, ActionSpec, Plan, Problem, TurnId, TurnStatus, UnixMillis, action_file::ActionFile, limits,
};
use errand_planners::{Catalogue, PlanRequest, embedded::EmbeddedPlanner};
use errand_storage::conversations;

use super::suites::embedded;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    catalogue::{GuruView, catalogue_action},
    error::Result,
    events::mask_plan,
    history,
};

pub const TURNS_REPLAYED_MAX: u32 = 500;

/// An action as it would be.
#[derive(Debug, Clone)]
pub struct Edit {
    pub action: String,
    pub trigger: String,
    pub examples: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Replay {
    /// Turns that were tried.
    pub turns: usize,
    pub changes: Vec<TurnChange>,
}

/// One turn that would go otherwise.
#[derive(Debug, Clone)]
pub struct TurnChange {
    pub turn_id: TurnId,
    pub question: String,
    pub asked_at: UnixMillis,
    /// What fires with the actions as they are, and with the edit.
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl Engine {
    /// Tries an edit on the guru's latest turns. Both sides are planned anew by the embedded planner, so that a
    /// change comes from the edit and from nothing else.
    pub async fn replay(&self, permit: &Permit<Manage>, edit: Edit, turns_max: u32) -> Result<Replay> {
        let guru = &permit.guru;
        let action =
            guru.action(&edit.action).ok_or_else(|| EngineError::not_found("action", &edit.action))?;
        let mut spec = (*action.spec).clone();
        spec.trigger.clone_from(&edit.trigger);
        spec.examples.clone_from(&edit.examples);
        check(&spec)?;
        let edited = Action { spec: Arc::new(spec), ..(**action).clone() };
        self.replay_with(guru, &edited, turns_max).await
    }

    /// Tries a definition that need not be saved on the guru's latest turns, as if it were saved and enabled; `replaces`
    /// names the action whose next version it is.
    pub async fn replay_draft(
        &self,
        permit: &Permit<Manage>,
        draft: (&ActionFile, Option<&str>),
        turns_max: u32,
    ) -> Result<Replay> {
        let (file, replaces) = draft;
        let edited = self.as_saved(permit, file.check(self.limits())?, replaces)?;
        self.replay_with(&permit.guru, &edited, turns_max).await
    }

    async fn replay_with(&self, guru: &GuruView, action: &Action, turns_max: u32) -> Result<Replay> {
        let mut edited = (*guru.catalogue).clone();
        edited.actions.retain(|other| other.id != action.id);
        edited.actions.push(catalogue_action(action, None));
        let turns =
            conversations::latest_turns(&self.db().reader, guru.guru.id, turns_max.min(TURNS_REPLAYED_MAX))
                .await?;
        let planner = embedded(self);
        let zone = guru.guru.settings.time_zone.clone();
        let current = Arc::clone(&guru.catalogue);
        let masker = Arc::clone(&guru.masker);
        let replayed = tokio::task::spawn_blocking(move || {
            for action in edited.actions.iter_mut().filter(|action| action.prepared.is_none()) {
                action.prepared = Some(Arc::new(planner.prepare(&action.trigger, &action.examples)));
            }
            let mut requests = requests(&turns, &zone);
            let edited = Arc::new(edited);
            let mut changes = Vec::new();
            for (turn, request) in turns.iter().zip(&mut requests) {
                let before = fires(&mask_plan(&masker, plan(&planner, request, &current)));
                let after = fires(&mask_plan(&masker, plan(&planner, request, &edited)));
                if before != after {
                    changes.push(TurnChange {
                        turn_id: turn.id,
                        question: turn.question.clone(),
                        asked_at: turn.created_at,
                        before,
                        after,
                    });
                }
            }
            Replay { turns: turns.len(), changes }
        });
        replayed.await.map_err(|error| EngineError::internal("replaying turns", error))
    }
}

fn check(spec: &ActionSpec) -> Result<()> {
    let chars = spec.trigger.chars().count();
    let long = |example: &String| example.chars().count() > limits::EXAMPLE_CHARS_MAX;
    if spec.trigger.trim().is_empty() || chars > limits::TRIGGER_CHARS_MAX {
        let hint = format!("Give it 1 to {} characters.", limits::TRIGGER_CHARS_MAX);
        return Err(Problem::new("bad_trigger", "The trigger is empty or too long.", hint)
            .at("trigger")
            .into());
    }
    if spec.examples.len() > limits::EXAMPLES_PER_ACTION_MAX || spec.examples.iter().any(long) {
        let (count, chars) = (limits::EXAMPLES_PER_ACTION_MAX, limits::EXAMPLE_CHARS_MAX);
        let hint = format!("Keep to {count} examples of {chars} characters each.");
        return Err(Problem::new("too_long", "The examples are too many or too long.", hint)
            .at("examples")
            .into());
    }
    Ok(())
}

fn plan(planner: &EmbeddedPlanner, request: &mut PlanRequest, catalogue: &Arc<Catalogue>) -> Plan {
    request.catalogue = Arc::clone(catalogue);
    planner.plan(request)
}

/// The turns as they were asked, each with those before it in its conversation, as far as they are among them.
fn requests(turns: &[errand_domain::Turn], zone: &str) -> Vec<PlanRequest> {
    let mut told: BTreeMap<String, Vec<errand_domain::Turn>> = BTreeMap::new();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let keep = usize::try_from(limits::HISTORY_TURNS_MAX).unwrap_or(usize::MAX);
    turns
        .iter()
        .map(|turn| {
            let earlier = told.entry(turn.conversation_id.to_string()).or_default();
            let first = earlier.len().saturating_sub(keep);
            let at =
                jiff::Timestamp::from_millisecond(turn.created_at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let request = PlanRequest {
                question: turn.question.clone(),
                turns: history::past_turns(&earlier[first..]),
                catalogue: Arc::default(),
                now: at.to_zoned(zone.clone()),
            };
            if turn.status != TurnStatus::Running {
                earlier.push(turn.clone());
            }
            request
        })
        .collect()
}

/// `refund_lookup(order_id=12345)`; with a question mark where it asks for something.
fn fires(plan: &Plan) -> Vec<String> {
    let arguments = |arguments: &errand_domain::Arguments| {
        arguments.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    let steps = plan.steps.iter().map(|step| format!("{}({})", step.action, arguments(&step.arguments)));
    let asks = plan.missing.iter().map(|lack| {
        let names: Vec<_> = lack.parameters.iter().map(ToString::to_string).collect();
        format!("{}({}) asks for {}", lack.action, arguments(&lack.arguments), names.join(", "))
    });
    let mut all: Vec<String> = steps.chain(asks).collect();
    all.sort();
    all
}
