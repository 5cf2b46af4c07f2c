//! Schedules of actions: set, look ahead, list, delete.

use errand_domain::{
    Arguments, Delivery, Problem, Schedule, ScheduleId, UnixMillis,
    results::Results,
    schedule::{FIRINGS_SHOWN, Missed, Overlap, ScheduleSpec},
};
use errand_storage::{
    deliveries,
    schedules::{self, Firing},
};

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    clock::new_uuid,
    error::Result,
    run::complete_arguments,
};

/// A schedule with what people want to see of it.
#[derive(Debug, Clone)]
pub struct ScheduleDetails {
    pub schedule: Schedule,
    pub action: String,
    /// When it fires, in words.
    pub words: String,
    /// The next times, also of a disabled one: when it would fire.
    pub next: Vec<UnixMillis>,
    pub last: Option<Firing>,
}

/// What a builder wants; the zone is the guru's when left out.
#[derive(Debug, Clone)]
pub struct WantedSchedule {
    pub cron: String,
    pub time_zone: Option<String>,
    pub arguments: Arguments,
    pub overlap: Overlap,
    pub missed: Missed,
    /// Who is told of its runs; None for nobody.
    pub results: Option<Results>,
    pub enabled: bool,
}

/// What a cron expression means.
#[derive(Debug, Clone)]
pub struct Outlook {
    pub words: String,
    pub time_zone: String,
    pub next: Vec<UnixMillis>,
}

impl Engine {
    /// What an expression means, before it is saved.
    pub fn preview_schedule(
        &self,
        permit: &Permit<Manage>,
        cron: &str,
        time_zone: Option<&str>,
    ) -> Result<Outlook> {
        let spec = ScheduleSpec {
            cron: cron.to_owned(),
            time_zone: zone_or_guru_s(permit, time_zone),
            arguments: Arguments::new(),
            overlap: Overlap::default(),
            missed: Missed::default(),
            results: None,
        };
        let timing = spec.timing()?;
        let now = self.clock().now();
        timing.first_after(now)?;
        let next = timing.cron.next_times(now, &timing.zone, FIRINGS_SHOWN);
        Ok(Outlook { words: timing.cron.words(), time_zone: spec.time_zone, next })
    }

    /// Gives an action this schedule, in place of the one it has. Its next time is computed here; one that never comes
    /// is refused, and so are arguments with which the action could not run.
    pub async fn set_schedule(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        wanted: WantedSchedule,
    ) -> Result<ScheduleDetails> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let spec = ScheduleSpec {
            time_zone: zone_or_guru_s(permit, wanted.time_zone.as_deref()),
            cron: wanted.cron,
            arguments: wanted.arguments,
            overlap: wanted.overlap,
            missed: wanted.missed,
            results: wanted.results,
        };
        let now = self.clock().now();
        let timing = spec.timing()?;
        let next_at = timing.first_after(now)?;
        complete_arguments(&action.spec, &spec.arguments)?;
        check_no_secrets(permit, &spec.arguments)?;
        if let Some(results) = &spec.results {
            self.check_results(&permit.guru, results)?;
        }
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = schedules::of_action(&mut tx, permit.guru_id(), action.id).await?;
        let schedule = Schedule {
            id: old.as_ref().map_or_else(|| ScheduleId::from_uuid(new_uuid()), |old| old.id),
            guru_id: permit.guru_id(),
            action_id: action.id,
            spec: ScheduleSpec { cron: timing.cron.to_string(), ..spec },
            enabled: wanted.enabled,
            next_at: wanted.enabled.then_some(next_at),
            created_at: old.as_ref().map_or(now, |old| old.created_at),
            updated_at: now,
        };
        schedules::put(&mut tx, permit.guru_id(), &schedule).await?;
        let verb = if old.is_some() { "schedule.update" } else { "schedule.create" };
        let change = change(permit, verb, name, old.as_ref().map(|old| &old.spec), Some(&schedule.spec));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        let last = schedules::firings(&self.db().reader, permit.guru_id(), action.id, 1).await?;
        self.schedule_details(name.to_owned(), schedule, last.into_iter().next())
    }

    pub async fn find_schedule(&self, permit: &Permit<Manage>, name: &str) -> Result<ScheduleDetails> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let schedule = schedules::of_action(&self.db().reader, permit.guru_id(), action.id).await?;
        let schedule = schedule.ok_or_else(|| EngineError::not_found("schedule of action", name))?;
        let last = schedules::firings(&self.db().reader, permit.guru_id(), action.id, 1).await?;
        self.schedule_details(name.to_owned(), schedule, last.into_iter().next())
    }

    /// Every schedule of the guru, by its action's name.
    pub async fn list_schedules(&self, permit: &Permit<Manage>) -> Result<Vec<ScheduleDetails>> {
        let last = schedules::last_firings(&self.db().reader, permit.guru_id()).await?;
        let mut all = Vec::new();
        for schedule in schedules::list(&self.db().reader, permit.guru_id()).await? {
            let Some(action) = permit.guru.action_by_id(schedule.action_id) else { continue };
            let last = last.iter().find(|firing| firing.schedule_id == schedule.id).copied();
            all.push(self.schedule_details(action.spec.name.to_string(), schedule, last)?);
        }
        all.sort_by(|one, other| one.action.cmp(&other.action));
        Ok(all)
    }

    pub async fn delete_schedule(&self, permit: &Permit<Manage>, name: &str) -> Result<()> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = schedules::of_action(&mut tx, permit.guru_id(), action.id).await?;
        let old = old.ok_or_else(|| EngineError::not_found("schedule of action", name))?;
        schedules::delete(&mut tx, permit.guru_id(), action.id, self.clock().now()).await?;
        let change = change(permit, "schedule.delete", name, Some(&old.spec), None);
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        Ok(tx.commit().await?)
    }

    /// What came of an action's schedule lately, newest first.
    pub async fn list_firings(&self, permit: &Permit<Manage>, name: &str, limit: u32) -> Result<Vec<Firing>> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        Ok(schedules::firings(&self.db().reader, permit.guru_id(), action.id, limit).await?)
    }

    /// Whom an action's results were told to lately, newest first.
    pub async fn list_deliveries(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        Ok(deliveries::of_action(&self.db().reader, permit.guru_id(), action.id, limit).await?)
    }

    fn schedule_details(
        &self,
        action: String,
        schedule: Schedule,
        last: Option<Firing>,
    ) -> Result<ScheduleDetails> {
        let timing = schedule.spec.timing()?;
        let next = timing.cron.next_times(self.clock().now(), &timing.zone, FIRINGS_SHOWN);
        Ok(ScheduleDetails { words: timing.cron.words(), next, action, last, schedule })
    }
}

fn zone_or_guru_s(permit: &Permit<Manage>, zone: Option<&str>) -> String {
    zone.unwrap_or(&permit.guru.guru.settings.time_zone).to_owned()
}

/// Arguments are kept as they are written and shown to whoever manages the guru.
fn check_no_secrets(permit: &Permit<Manage>, arguments: &Arguments) -> Result<()> {
    let holds_secret = |text: &str| permit.guru.masker.mask_str(text).as_str() != text;
    match arguments.iter().find(|(_, value)| holds_secret(&value.to_string())) {
        None => Ok(()),
        Some((name, _)) => Err(Problem::new(
            "secret_in_argument",
            format!("The value of `{name}` holds a secret."),
            "Let the action name the secret; a schedule's arguments are not hidden.",
        )
        .at(format!("arguments.{name}"))
        .into()),
    }
}

fn change<'a>(
    permit: &'a Permit<Manage>,
    verb: &'static str,
    name: &str,
    before: Option<&'a ScheduleSpec>,
    after: Option<&'a ScheduleSpec>,
) -> Change<'a, &'a ScheduleSpec, &'a ScheduleSpec> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("schedule of action {name}"),
        guru_id: Some(permit.guru_id()),
        before,
        after,
    }
}
