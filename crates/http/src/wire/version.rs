//! An action's versions on the wire.

use errand_domain::{action_file::ActionFile, difference::FieldChange};
use errand_engine::manage::versions::{ActionVersion, VersionDifference};
use errand_storage::actions::VersionEntry;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct VersionReply {
    pub version: u32,
    /// Who saved it: an e-mail address or a key's name; null when that is not known.
    pub author: Option<String>,
    pub created_at: String,
}

impl From<VersionEntry> for VersionReply {
    fn from(entry: VersionEntry) -> Self {
        Self { version: entry.version, author: entry.author, created_at: entry.created_at.to_rfc3339() }
    }
}

/// One version with its definition.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionStory {
    #[serde(flatten)]
    pub version: VersionReply,
    /// The action file as it was.
    #[schema(value_type = Object)]
    pub definition: Value,
}

impl From<ActionVersion> for VersionStory {
    fn from(version: ActionVersion) -> Self {
        Self { definition: ActionFile::from(&version.spec).to_json(), version: version.entry.into() }
    }
}

/// A field of the action file that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChangeReply {
    /// Its path, such as `parameters[order_id].description`.
    pub field: String,
    /// Null where the field was not there.
    #[schema(value_type = Value)]
    pub before: Option<Value>,
    /// Null where the field is no more.
    #[schema(value_type = Value)]
    pub after: Option<Value>,
}

impl From<FieldChange> for FieldChangeReply {
    fn from(change: FieldChange) -> Self {
        Self { field: change.field, before: change.before, after: change.after }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceReply {
    pub from: VersionStory,
    pub to: VersionStory,
    /// Field by field; empty when both say the same.
    pub changes: Vec<FieldChangeReply>,
}

impl From<VersionDifference> for DifferenceReply {
    fn from(difference: VersionDifference) -> Self {
        Self {
            from: difference.from.into(),
            to: difference.to.into(),
            changes: difference.changes.into_iter().map(FieldChangeReply::from).collect(),
        }
    }
}
