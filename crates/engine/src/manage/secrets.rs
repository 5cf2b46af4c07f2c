//! Secrets: set, list, delete, re-wrap. A value goes in and never comes out.

use errand_domain::{GuruId, Problem, SecretId, SecretName, UnixMillis, limits};
use errand_secrets::{SealContext, Sealed, SecretText, check_secret_value};
use errand_storage::{
    Transaction,
    actions::{self, Enablement},
    secrets::{self, SealedSecret, SecretEntry},
};

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
}

impl Engine {
    pub async fn list_secrets(&self, permit: &Permit<Manage>) -> Result<Vec<SecretInfo>> {
        let rows = secrets::list(&self.db().reader, permit.guru_id()).await?;
        Ok(rows
            .into_iter()
            .map(|row| SecretInfo {
                used_by: users_of(permit, &row.name),
                name: row.name,
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
            .collect())
    }

    /// Creates the secret or replaces its value.
    pub async fn set_secret(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        value: SecretText,
    ) -> Result<SecretInfo> {
        let name: SecretName = name.parse()?;
        check_secret_value(&value)?;
        check_name_is_free(permit, &name)?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = find_or_make_room(&mut tx, permit, &name).await?;
        let version = old.as_ref().map_or(1, |row| row.version + 1);
        let context = SealContext { guru_id: permit.guru_id(), name: &name, version };
        let sealed = self.0.keyring.read().await.seal(&context, &value)?;
        let row = SealedSecret {
            id: SecretId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            name: name.clone(),
            version,
            sealed: sealed.0,
        };
        secrets::put(&mut tx, permit.guru_id(), &row, now).await?;
        let verb = if old.is_some() { "secret.replace" } else { "secret.create" };
        self.audit(&mut tx, &permit.guru.masker, change(permit, verb, &name)).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        let created_at = old.map_or(now, |row| row.created_at);
        Ok(SecretInfo { used_by: users_of(permit, &name), name, version, created_at, updated_at: now })
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
        self.audit(&mut tx, &permit.guru.masker, change(permit, "secret.delete", &name)).await?;
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

fn users_of(permit: &Permit<Manage>, name: &SecretName) -> Vec<String> {
    let users = permit.guru.actions.iter().filter(|action| action.spec.secrets().contains(name));
    users.map(|action| action.spec.name.to_string()).collect()
}

/// A secret may not take the name of a parameter that is there.
fn check_name_is_free(permit: &Permit<Manage>, name: &SecretName) -> Result<()> {
    let clash = permit.guru.actions.iter().find(|action| action.spec.parameter(name.as_str()).is_some());
    let Some(action) = clash else { return Ok(()) };
    let message =
        format!("`{}` has a parameter named `{name}`, so no secret can have that name.", action.spec.name);
    Err(EngineError::Conflict(Problem::new("name_of_parameter", message, "Choose another name.")))
}

fn change<'a>(permit: &'a Permit<Manage>, verb: &'static str, name: &SecretName) -> Change<'a, (), ()> {
    Change {
        actor: permit.actor(),
        verb,
        object: format!("secret {name}"),
        guru_id: Some(permit.guru_id()),
        before: None,
        after: None,
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
