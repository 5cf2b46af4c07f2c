//! Secrets on the wire: values go in, never out.

use errand_engine::manage::secrets::SecretInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    pub name: String,
    #[schema(write_only)]
    pub value: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SecretReply {
    pub name: String,
    /// Counts up with every new value.
    pub version: u32,
    pub created_at: String,
    pub updated_at: String,
    /// Actions that refer to it.
    pub used_by: Vec<String>,
}

impl From<SecretInfo> for SecretReply {
    fn from(secret: SecretInfo) -> Self {
        Self {
            name: secret.name.to_string(),
            version: secret.version,
            created_at: secret.created_at.to_rfc3339(),
            updated_at: secret.updated_at.to_rfc3339(),
            used_by: secret.used_by,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SecretDeleted {
    /// Actions that used it and are disabled now.
    pub disabled_actions: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Rewrapped {
    /// Data keys that the newest master key wraps from now on.
    pub rewrapped: u32,
}
