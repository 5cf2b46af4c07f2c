//! An action's versions: every save is kept, can be compared with any other and brought back.

use errand_domain::{
    ActionSpec,
    action_file::ActionFile,
    difference::{self, FieldChange},
};
use errand_storage::actions::{self, VersionEntry};

use super::actions::ActionDetails;
use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
};

/// One version with what it said.
#[derive(Debug, Clone)]
pub struct ActionVersion {
    pub entry: VersionEntry,
    pub spec: ActionSpec,
}

/// What changed from one version to another.
#[derive(Debug, Clone)]
pub struct VersionDifference {
    pub from: ActionVersion,
    pub to: ActionVersion,
    pub changes: Vec<FieldChange>,
}

impl Engine {
    /// A page of an action's versions, newest first, with the number that the next page begins before.
    pub async fn list_action_versions(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        before: Option<u32>,
        limit: u32,
    ) -> Result<(Vec<VersionEntry>, Option<u32>)> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let items = actions::versions(&self.db().reader, permit.guru_id(), action.id, before, limit).await?;
        // Versions count down to 1 without gaps.
        let next = items.last().map(|last| last.version).filter(|version| *version > 1);
        Ok((items, next))
    }

    pub async fn action_version(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        version: u32,
    ) -> Result<ActionVersion> {
        let action = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
        let found = actions::version(&self.db().reader, permit.guru_id(), action.id, version).await?;
        let (spec, entry) =
            found.ok_or_else(|| EngineError::not_found("version", format_args!("{version} of {name}")))?;
        Ok(ActionVersion { entry, spec })
    }

    /// What changed from version `from` to version `to` of an action.
    pub async fn compare_action_versions(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        from: u32,
        to: u32,
    ) -> Result<VersionDifference> {
        let from = self.action_version(permit, name, from).await?;
        let to = self.action_version(permit, name, to).await?;
        let text = |version: &ActionVersion| ActionFile::from(&version.spec).to_json();
        let changes = difference::differences(&text(&from), &text(&to));
        Ok(VersionDifference { from, to, changes })
    }

    /// Saves an old version's definition as the next version. The action keeps its present name, by which others may
    /// refer to it. What the old definition needs (secrets, other actions) must be there: it is checked like any save.
    pub async fn restore_action(
        &self,
        permit: &Permit<Manage>,
        name: &str,
        version: u32,
    ) -> Result<ActionDetails> {
        let old = self.action_version(permit, name, version).await?;
        let file = ActionFile { name: name.to_owned(), ..ActionFile::from(&old.spec) };
        self.update_action(permit, name, &file).await
    }
}
