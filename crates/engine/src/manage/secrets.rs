//! Secrets: set, list, delete, re-wrap. A value goes in and never comes out.

use errand_domain::{Problem, SecretName, UnixMillis, limits};
use errand_secrets::{SealContext, SecretText};
use errand_storage::{actions, secrets};

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
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
    pub async fn set_secret(&self, permit: &Permit<Manage>, name: &str, value: SecretText) -> Result<SecretInfo> {
        let name: SecretName = name.parse()?;
        check_value(&name, &value)?;
        check_name_is_free(permit, &name)?;
        let existing = secrets::list(&self.db().reader, permit.guru_id()).await?;
        let old = existing.iter().find(|row| row.name == name);
        if old.is_none() && existing.len() >= limits::SECRETS_PER_GURU_MAX {
            return Err(Problem::new("too_many", "This guru has as many secrets as it may have.", "Delete one that is not needed.").into());
        }
        let version = old.map_or(1, |row| row.version + 1);
        let context = SealContext { guru_id: permit.guru_id(), name: &name, version };
        let sealed = self.0.keyring.read().await.seal(&context, &value)?;
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        secrets::put(&mut tx, permit.guru_id(), &name, version, &sealed, now).await?;
        let verb = if old.is_some() { "secret.replace" } else { "secret.create" };
        self.audit(&mut tx, change(permit, verb, &name)).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        let created_at = old.map_or(now, |row| row.created_at);
        Ok(SecretInfo { used_by: users_of(permit, &name), name, version, created_at, updated_at: now })
    }

    /// Deletes a secret and disables every action that uses it; their names.
    pub async fn delete_secret(&self, permit: &Permit<Manage>, name: &str) -> Result<Vec<String>> {
        let name: SecretName = name.parse()?;
        let now = self.clock().now();
        let mut tx = self.db().writer.begin().await?;
        if !secrets::delete(&mut tx, permit.guru_id(), &name).await? {
            return Err(EngineError::not_found("secret", name));
        }
        let mut disabled = Vec::new();
        for action in permit.guru.actions.iter().filter(|action| action.enabled && action.spec.secrets().contains(&name)) {
            let reason = format!("the secret `{name}` was deleted");
            actions::set_enabled(&mut tx, permit.guru_id(), action.id, false, Some(&reason), now).await?;
            disabled.push(action.spec.name.to_string());
        }
        self.audit(&mut tx, change(permit, "secret.delete", &name)).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        Ok(disabled)
    }

    /// Re-wraps every data key of the guru that an older master key wraps; how many there were.
    pub async fn rewrap_secrets(&self, permit: &Permit<Manage>) -> Result<u32> {
        let keyring = self.0.keyring.read().await;
        let mut rewrapped = 0;
        let mut tx = self.db().writer.begin().await?;
        for row in secrets::all_sealed(&self.db().reader, permit.guru_id()).await? {
            let context = SealContext { guru_id: permit.guru_id(), name: &row.name, version: row.version };
            if keyring.needs_rewrap(&row.sealed)? {
                let sealed = keyring.rewrap(&context, &row.sealed)?;
                secrets::replace_sealed(&mut tx, permit.guru_id(), &row.name, row.version, &sealed).await?;
                rewrapped += 1;
            }
        }
        tx.commit().await?;
        Ok(rewrapped)
    }
}

fn users_of(permit: &Permit<Manage>, name: &SecretName) -> Vec<String> {
    let users = permit.guru.actions.iter().filter(|action| action.spec.secrets().contains(name));
    users.map(|action| action.spec.name.to_string()).collect()
}

fn check_value(name: &SecretName, value: &SecretText) -> Result<()> {
    let bytes = value.expose().len();
    if bytes < limits::SECRET_BYTES_MIN {
        let message = format!("The value of `{name}` is shorter than {} characters.", limits::SECRET_BYTES_MIN);
        let hint = "So short a value would be masked in half of all text; put it into the action itself instead.";
        return Err(Problem::new("too_short", message, hint).at("value").into());
    }
    if bytes > limits::SECRET_BYTES_MAX {
        let message = format!("The value of `{name}` has {bytes} bytes.");
        return Err(Problem::new("too_long", message, format!("Keep it within {}.", limits::SECRET_BYTES_MAX)).at("value").into());
    }
    Ok(())
}

/// A secret may not take the name of a parameter that is there.
fn check_name_is_free(permit: &Permit<Manage>, name: &SecretName) -> Result<()> {
    let clash = permit.guru.actions.iter().find(|action| action.spec.parameter(name.as_str()).is_some());
    let Some(action) = clash else { return Ok(()) };
    let message = format!("`{}` has a parameter named `{name}`, so no secret can have that name.", action.spec.name);
    Err(EngineError::Conflict(Problem::new("name_of_parameter", message, "Choose another name.")))
}

fn change<'a>(permit: &'a Permit<Manage>, verb: &'static str, name: &SecretName) -> Change<'a, (), ()> {
    Change { actor: permit.actor(), verb, object: format!("secret {name}"), guru_id: Some(permit.guru_id()), before: None, after: None }
}
