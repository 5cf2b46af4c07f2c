//! Gurus: list, create, change, delete.

use std::sync::Arc;

use errand_domain::{Guru, GuruId, GuruSettings, GuruSlug, Problem};
use errand_secrets::Masker;
use errand_storage::{StorageError, gurus};

use super::Change;
use crate::{
    Engine, EngineError,
    access::{Caller, InstancePermit, Manage, Permit, Scope},
    clock::new_uuid,
    error::Result,
};

impl Engine {
    /// The gurus that the caller may do anything with.
    pub async fn list_gurus(&self, caller: &Arc<Caller>) -> Result<Vec<Guru>> {
        let mut all = gurus::list(&self.db().reader).await?;
        all.retain(|guru| Scope::ALL.into_iter().any(|scope| caller.may(scope, guru.id)));
        Ok(all)
    }

    pub async fn create_guru(
        &self,
        permit: &InstancePermit<Manage>,
        slug: &str,
        settings: GuruSettings,
    ) -> Result<Guru> {
        let slug: GuruSlug = slug.parse()?;
        settings.check()?;
        let now = self.clock().now();
        let guru =
            Guru { id: GuruId::from_uuid(new_uuid()), slug, settings, created_at: now, updated_at: now };
        let mut tx = self.db().writer.begin().await?;
        gurus::insert(&mut tx, &guru).await.map_err(|error| slug_taken(error, &guru))?;
        let change = Change {
            actor: permit.actor(),
            verb: "guru.create",
            object: format!("guru {}", guru.slug),
            guru_id: Some(guru.id),
            before: None::<GuruSettings>,
            after: Some(&guru.settings),
        };
        self.audit(&mut tx, &Masker::default(), change).await?;
        tx.commit().await?;
        Ok(guru)
    }

    /// Changes the settings. How many actions the guru may have is for the operator to say, not for its own admins.
    pub async fn update_guru(&self, permit: &Permit<Manage>, settings: GuruSettings) -> Result<Guru> {
        settings.check()?;
        check_model_key(permit, &settings)?;
        let now = self.clock().now();
        let mut tx = self.begin_change(&permit.guru.guru).await?;
        let old = gurus::by_id(&mut tx, permit.guru_id()).await?.ok_or_else(|| gone(permit))?;
        if settings.action_limit != old.settings.action_limit && !permit.caller.may_instance(Scope::Manage) {
            return Err(EngineError::forbidden("change how many actions this guru may have"));
        }
        gurus::update_settings(&mut tx, permit.guru_id(), &settings, now).await?;
        let change = Change {
            actor: permit.actor(),
            verb: "guru.update",
            object: format!("guru {}", permit.guru.guru.slug),
            guru_id: Some(permit.guru_id()),
            before: Some(&old.settings),
            after: Some(&settings),
        };
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        Ok(Guru { settings, updated_at: now, ..old })
    }

    /// Deletes the guru with everything of it but its audit entries.
    pub async fn delete_guru(&self, permit: &Permit<Manage>) -> Result<()> {
        let mut tx = self.db().writer.begin().await?;
        if !gurus::delete(&mut tx, permit.guru_id()).await? {
            return Err(gone(permit));
        }
        let change = Change {
            actor: permit.actor(),
            verb: "guru.delete",
            object: format!("guru {}", permit.guru.guru.slug),
            guru_id: Some(permit.guru_id()),
            before: Some(&permit.guru.guru.settings),
            after: None::<GuruSettings>,
        };
        self.audit(&mut tx, &permit.guru.masker, change).await?;
        tx.commit().await?;
        self.forget_view(&permit.guru.guru.slug);
        Ok(())
    }
}

/// A model's key must be there before the model is used; one that is deleted later is told with each answer.
fn check_model_key(permit: &Permit<Manage>, settings: &GuruSettings) -> Result<()> {
    let key = settings.planner.model().and_then(|model| model.api_key_secret.as_ref());
    let Some(missing) = key.filter(|name| !permit.guru.secret_names().contains(*name)) else { return Ok(()) };
    let message = format!("The guru has no secret `{missing}`.");
    let hint = format!("Store the model's key first: `errand secret set {missing}`.");
    Err(Problem::new("no_such_secret", message, hint).at("planner.api_key_secret").into())
}

/// Somebody else deleted it meanwhile.
fn gone(permit: &Permit<Manage>) -> EngineError {
    EngineError::not_found("guru", &permit.guru.guru.slug)
}

fn slug_taken(error: StorageError, guru: &Guru) -> EngineError {
    if !matches!(error, StorageError::Conflict { .. }) {
        return error.into();
    }
    let message = format!("There is a guru with the slug `{}` already.", guru.slug);
    EngineError::Conflict(Problem::new("slug_taken", message, "Choose another slug."))
}
