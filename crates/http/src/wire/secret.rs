//! Secrets on the wire: values go in, never out.

use errand_domain::UnixMillis;
use errand_engine::manage::secrets::SecretInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    pub name: String,
    #[schema(write_only)]
    pub value: String,
    /// The only hosts that it may be sent to (`api.stripe.com`, `*.zendesk.com`); empty for any. Left out, a secret that is
    /// replaced keeps the hosts that it has.
    pub hosts: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretBinding {
    /// The only hosts that it may be sent to; empty for any.
    pub hosts: Vec<String>,
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
    /// Those of them that are enabled, and that deleting it disables.
    pub disables: Vec<String>,
    /// What else refers to it: the language model, results of schedules.
    pub used_elsewhere: Vec<String>,
    /// The only hosts that it may be sent to; empty for any.
    pub hosts: Vec<String>,
    /// To the minute; null when it was not used yet.
    pub last_used_at: Option<String>,
    /// The action that used it then, or what else did.
    pub last_used_by: Option<String>,
}

impl From<SecretInfo> for SecretReply {
    fn from(secret: SecretInfo) -> Self {
        Self {
            name: secret.name.to_string(),
            version: secret.version,
            created_at: secret.created_at.to_rfc3339(),
            updated_at: secret.updated_at.to_rfc3339(),
            used_by: secret.used_by,
            disables: secret.disables,
            used_elsewhere: secret.used_elsewhere,
            hosts: secret.hosts.unwrap_or_default(),
            last_used_at: secret.last_used_at.map(UnixMillis::to_rfc3339),
            last_used_by: secret.last_used_by,
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
