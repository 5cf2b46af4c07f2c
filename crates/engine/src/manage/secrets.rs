//! Secrets: set, list, delete, re-wrap. A value goes in and never comes out.

use std::sync::Arc;

use errand_domain::{Action, GuruId, Problem, Schedule, SecretId, SecretName, UnixMillis, hosts, limits};
use errand_secrets::{SealContext, Sealed, SecretText, check_secret_value};
use errand_storage::{
    Transaction,
    actions::{self, Enablement},
    schedules,
    secrets::{self, SealedSecret, SecretEntry},
};
use serde::Serialize;

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    clock::new_uuid,
    error::Result,
};

/// What is shown of a secret.
#[derive(Debug, Clone)]
pub struct SecretInfo {
    pub name: SecretName,
    pub version: u32,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    /// Names of the actions that refer to it.
    pub used_by: Vec<String>,
    /// Those of them that are enabled: deleting the secret disables them.
    pub disables: Vec<String>,
    /// What else refers to it, in words: the guru's language model, results of schedules.
    pub used_elsewhere: Vec<String>,
    /// The only hosts that it may be sent to; None for any.
    pub hosts: Option<Vec<String>>,
    pub last_used_at: Option<UnixMillis>,
    /// What used it then.
    pub last_used_by: Option<String>,
}

/// What a builder wants of a secret's value; which hosts it is for stays as it is unless that is said.
#[allow(missing_debug_implementations, reason = "it holds a secret")]
pub struct NewSecret {
    pub value: SecretText,
    pub hosts: Option<Vec<String>>,
}

impl Engine {
    pub async fn list_secrets(&self, permit: &Permit<Manage>) -> Result<Vec<SecretInfo>> {
        let rows = secrets::list(&self.db().reader, permit.guru_id()).await?;
        let schedules = schedules::list(&self.db().reader, permit.guru_id()).await?;
        Ok(rows.into_iter().map(|row| info(permit, &schedules, row)).collect())
    }

    async fn secret_info(&self, permit: &Permit<Manage>, name: &SecretName) -> Result<SecretInfo> {
        let all = self.list_secrets(permit).await?;
        let found = all.into_iter().find(|one| one.name == *name);
        found.ok_or_else(|| EngineError::not_found("secret", name))
    }

    /// Creates the secret or replaces its value.
    pub async fn set_secret(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        new: NewSecret,
    ) -> Result<SecretInfo> {
        let name: SecretName = name.parse()?;
        check_secret_value(&new.value)?;
        let wanted = new.hosts.map(hosts::check).transpose()?;
        check_name_is_free(permit, &name)?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = find_or_make_room(&mut tx, permit, &name).await?;
        let version = old.as_ref().map_or(1, |row| row.version + 1);
        let context = SealContext { guru_id: permit.guru_id(), name: &name, version };
        let sealed = self.0.keyring.read().await.seal(&context, &new.value)?;
        let old_hosts = old.as_ref().and_then(|row| row.hosts.clone());
        let hosts = wanted.unwrap_or_else(|| old_hosts.clone());
        let row = SealedSecret {
            id: SecretId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            name: name.clone(),
            version,
            sealed: sealed.0,
            hosts: hosts.clone(),
        };
        secrets::put(&mut tx, permit.guru_id(), &row, now).await?;
        let verb = if old.is_some() { "secret.replace" } else { "secret.create" };
        let change = change(permit, verb, &name, (HostsShown::of(old_hosts), HostsShown::of(hosts)));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        self.secret_info(permit, &name).await
    }

    /// Binds a secret to hosts, in place of those it was bound to; none lets it go wherever its actions may.
    pub async fn bind_secret(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        hosts: Vec<String>,
    ) -> Result<SecretInfo> {
        let name: SecretName = name.parse()?;
        let hosts = hosts::check(hosts)?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = secrets::list(&mut tx, permit.guru_id()).await?.into_iter().find(|row| row.name == name);
        let old = old.ok_or_else(|| EngineError::not_found("secret", &name))?;
        secrets::set_hosts(&mut tx, permit.guru_id(), &name, hosts.as_deref(), now).await?;
        let shown = |hosts: Option<Vec<String>>| Some(HostsShown { hosts: hosts.unwrap_or_default() });
        let change = change(permit, "secret.bind", &name, (shown(old.hosts), shown(hosts)));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        self.secret_info(permit, &name).await
    }

    /// Deletes a secret and disables every action that uses it; their names.
    pub async fn delete_secret(&self, permit: &Permit<Manage>, name: &str) -> Result<Vec<String>> {
        let name: SecretName = name.parse()?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        if !secrets::delete(&mut tx, permit.guru_id(), &name).await? {
            return Err(EngineError::not_found("secret", name));
        }
        let disabled = disable_users_of(&mut tx, permit.guru_id(), &name, now).await?;
        let change = change(permit, "secret.delete", &name, (None, None));
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        Ok(disabled)
    }

    /// Re-wraps every data key of the guru that an older master key wraps; how many there were.
    pub async fn rewrap_secrets(&self, permit: &Permit<Manage>) -> Result<u32> {
        let keyring = self.0.keyring.read().await;
        let mut rewrapped = 0;
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        for mut row in secrets::sealed(&mut tx, permit.guru_id()).await? {
            let sealed = Sealed(std::mem::take(&mut row.sealed));
            if !keyring.needs_rewrap(&sealed) {
                continue;
            }
            let context = SealContext { guru_id: permit.guru_id(), name: &row.name, version: row.version };
            row.sealed = keyring.rewrap(&context, &sealed)?.0;
            rewrapped += u32::from(secrets::replace_blob(&mut tx, permit.guru_id(), &row).await?);
        }
        if rewrapped > 0 {
            self.audit(&mut tx, &permit.guru.masker, rewrap(permit, rewrapped)).await?;
        }
        tx.commit().await?;
        Ok(rewrapped)
    }
}

/// What there is under this name; when nothing is, there must be room for one more.
async fn find_or_make_room(
    tx: &mut Transaction,
    permit: &Permit<Manage>,
    name: &SecretName,
) -> Result<Option<SecretEntry>> {
    let mut existing = secrets::list(&mut *tx, permit.guru_id()).await?;
    if let Some(place) = existing.iter().position(|row| row.name == *name) {
        return Ok(Some(existing.swap_remove(place)));
    }
    if existing.len() < limits::SECRETS_PER_GURU_MAX {
        return Ok(None);
    }
    Err(Problem::new(
        "too_many",
        "This guru has as many secrets as it may have.",
        "Delete one that is not needed.",
    )
    .into())
}

/// Disables the enabled actions that name a secret which is no more; their names.
async fn disable_users_of(
    tx: &mut Transaction,
    guru: GuruId,
    name: &SecretName,
    now: UnixMillis,
) -> Result<Vec<String>> {
    let mut disabled = Vec::new();
    for (id, action_name) in actions::using_secret(&mut *tx, guru, name).await? {
        if !actions::by_id(&mut *tx, guru, id).await?.is_some_and(|action| action.enabled) {
            continue;
        }
        let reason = format!("the secret `{name}` was deleted");
        actions::set_enabled(tx, guru, id, Enablement::Disabled { reason: Some(reason) }, now).await?;
        disabled.push(action_name.to_string());
    }
    Ok(disabled)
}

fn info(permit: &Permit<Manage>, schedules: &[Schedule], row: SecretEntry) -> SecretInfo {
    let users: Vec<_> =
        permit.guru.actions.iter().filter(|action| action.spec.secrets().contains(&row.name)).collect();
    let names = |users: &[&Arc<Action>]| users.iter().map(|action| action.spec.name.to_string()).collect();
    let enabled: Vec<_> = users.iter().copied().filter(|action| action.enabled).collect();
    SecretInfo {
        used_by: names(&users),
        disables: names(&enabled),
        used_elsewhere: used_elsewhere(permit, schedules, &row.name),
        name: row.name,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        hosts: row.hosts,
        last_used_at: row.last_used_at,
        last_used_by: row.last_used_by,
    }
}

fn used_elsewhere(permit: &Permit<Manage>, schedules: &[Schedule], name: &SecretName) -> Vec<String> {
    let model = permit.guru.guru.settings.planner.model().and_then(|model| model.api_key_secret.as_ref());
    let mut found: Vec<_> =
        model.filter(|key| *key == name).map(|_| "the language model".to_owned()).into_iter().collect();
    let tells = |schedule: &&Schedule| {
        let results = schedule.spec.results.as_ref();
        results.is_some_and(|results| results.to.iter().any(|receiver| receiver.secrets().contains(&name)))
    };
    let telling = schedules.iter().filter(tells);
    found.extend(telling.filter_map(|schedule| {
        let action = permit.guru.action_by_id(schedule.action_id)?;
        Some(format!("results of the schedule of {}", action.spec.name))
    }));
    found
}

/// A secret may not take the name of a parameter that is there.
fn check_name_is_free(permit: &Permit<Manage>, name: &SecretName) -> Result<()> {
    let clash = permit.guru.actions.iter().find(|action| action.spec.parameter(name.as_str()).is_some());
    let Some(action) = clash else { return Ok(()) };
    let message =
        format!("`{}` has a parameter named `{name}`, so no secret can have that name.", action.spec.name);
    Err(EngineError::Conflict(Problem::new("name_of_parameter", message, "Choose another name.")))
}

/// What the audit log shows of a secret.
#[derive(Serialize)]
struct HostsShown {
    hosts: Vec<String>,
}

impl HostsShown {
    fn of(hosts: Option<Vec<String>>) -> Option<Self> {
        hosts.map(|hosts| Self { hosts })
    }
}

fn change<'a>(
    permit: &'a Permit<Manage>,
    verb: &'static str,
    name: &SecretName,
    (before, after): (Option<HostsShown>, Option<HostsShown>),
) -> Change<'a, HostsShown, HostsShown> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("secret {name}"),
        guru_id: Some(permit.guru_id()),
        before,
        after,
    }
}

fn rewrap(permit: &Permit<Manage>, rewrapped: u32) -> Change<'_, (), ()> {
    let object = format!("{rewrapped} secrets");
    Change {
        actor: permit.actor(),
        verb: "secret.rewrap",
        object,
        guru_id: Some(permit.guru_id()),
        before: None,
        after: None,
    }
}
