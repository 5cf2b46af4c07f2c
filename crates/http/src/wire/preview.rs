//! Previews of runs on the wire.

use std::collections::BTreeMap;

use errand_engine::manage::preview::{MaskedScript, Preview};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What a run would do; one of the two, by the action's type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PreviewReply {
    ApiCall {
        /// The request as it would be sent, masked.
        #[schema(value_type = Object)]
        request: Value,
    },
    Python {
        script: ScriptReply,
    },
}

/// What a script would be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScriptReply {
    /// Variables by name, masked. An optional parameter without a value is not among them.
    pub environment: BTreeMap<String, String>,
    /// Whether the data libraries stand loaded before the script starts.
    pub data_libraries: bool,
    /// Hosts it may reach; empty for any that the operator allows.
    pub allowed_hosts: Vec<String>,
    pub timeout_ms: u64,
    pub memory_bytes_max: u64,
    pub processes_max: u32,
}

impl From<Preview> for PreviewReply {
    fn from(preview: Preview) -> Self {
        match preview {
            Preview::Request(exchange) => {
                Self::ApiCall { request: serde_json::to_value(exchange).unwrap_or_default() }
            }
            Preview::Script(script) => Self::Python { script: script.into() },
        }
    }
}

impl From<MaskedScript> for ScriptReply {
    fn from(script: MaskedScript) -> Self {
        let environment = script.environment.into_iter().map(|(name, value)| (name, value.into_string()));
        Self {
            environment: environment.collect(),
            data_libraries: script.data_libraries,
            allowed_hosts: script.allowed_hosts,
            timeout_ms: u64::try_from(script.timeout.as_millis()).unwrap_or(u64::MAX),
            memory_bytes_max: script.memory_bytes_max,
            processes_max: script.processes_max,
        }
    }
}
