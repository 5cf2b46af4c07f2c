//! API keys, made by those who manage what the key is good for. Nobody makes a key that may more than they may.

use errand_domain::{ApiKeyId, GuruId, Problem};
use errand_storage::users::api_keys::{self, ApiKey};

use crate::{
    Engine, EngineError,
    access::{Caller, InstancePermit, Manage, Permit, Scope},
    accounts::NewKey,
    error::Result,
};

const KEY_NAME_CHARS_MAX: usize = 120;

impl Engine {
    /// The keys of this guru alone.
    pub async fn list_keys(&self, permit: &Permit<Manage>) -> Result<Vec<ApiKey>> {
        Ok(api_keys::list_of_guru(&self.db().reader, permit.guru_id()).await?)
    }

    /// Every key, those of single gurus too.
    pub async fn list_all_keys(&self, _permit: &InstancePermit<Manage>) -> Result<Vec<ApiKey>> {
        Ok(api_keys::list(&self.db().reader).await?)
    }

    pub async fn create_key(&self, permit: &Permit<Manage>, name: &str, scopes: &[Scope]) -> Result<NewKey> {
        check_scopes(&permit.caller, scopes, Some(permit.guru_id()))?;
        self.insert_api_key(permit.actor(), checked_name(name)?, scopes, Some(permit.guru_id())).await
    }

    /// A key for all gurus and the installation itself.
    pub async fn create_key_for_all(
        &self,
        permit: &InstancePermit<Manage>,
        name: &str,
        scopes: &[Scope],
    ) -> Result<NewKey> {
        check_scopes(&permit.caller, scopes, None)?;
        self.insert_api_key(permit.actor(), checked_name(name)?, scopes, None).await
    }

    pub async fn delete_key(&self, permit: &Permit<Manage>, id: ApiKeyId) -> Result<()> {
        let keys = api_keys::list_of_guru(&self.db().reader, permit.guru_id()).await?;
        let is_here = keys.iter().any(|key| key.id == id);
        if is_here && self.end_api_key(permit.actor(), id, Some(permit.guru_id())).await? {
            return Ok(());
        }
        Err(EngineError::not_found("key", id))
    }

    pub async fn delete_any_key(&self, permit: &InstancePermit<Manage>, id: ApiKeyId) -> Result<()> {
        if self.end_api_key(permit.actor(), id, None).await? {
            return Ok(());
        }
        Err(EngineError::not_found("key", id))
    }
}

fn check_scopes(caller: &Caller, scopes: &[Scope], guru: Option<GuruId>) -> Result<()> {
    if scopes.is_empty() {
        return Err(Problem::new(
            "no_scopes",
            "A key without a scope could do nothing.",
            "Give at least one of `ask`, `run` and `manage`.",
        )
        .at("scopes")
        .into());
    }
    let may = |scope: Scope| guru.map_or_else(|| caller.may_instance(scope), |guru| caller.may(scope, guru));
    match scopes.iter().find(|scope| !may(**scope)) {
        None => Ok(()),
        Some(scope) => {
            Err(EngineError::forbidden(&format!("give the scope `{}`, which you lack", scope.as_str())))
        }
    }
}

fn checked_name(text: &str) -> Result<&str> {
    let text = text.trim();
    let chars = text.chars().count();
    if (1..=KEY_NAME_CHARS_MAX).contains(&chars) && !text.contains(char::is_control) {
        return Ok(text);
    }
    let hint = format!("Say what it is for, in 1 to {KEY_NAME_CHARS_MAX} characters.");
    Err(Problem::new("bad_name", "The key's name is empty, too long or has odd characters.", hint)
        .at("name")
        .into())
}
