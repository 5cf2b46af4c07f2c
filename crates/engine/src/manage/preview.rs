//! What a run would do, without doing it: the request that would be sent, or what a script would be given.

use std::{sync::Arc, time::Duration};

use errand_domain::{ActionBody, ActionSpec, Arguments, HttpExchange, Problem, limits};
use errand_runners::{RunInput, RunLimits, ScriptPreview};
use errand_secrets::{Masked, Raw};

use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    error::Result,
    events::mask_exchange,
    run::{RunRequest, complete_arguments, needed_secrets},
    secret_use::with_bound_hosts,
};

/// What would happen, masked.
#[derive(Debug, Clone)]
pub enum Preview {
    Request(HttpExchange<Masked>),
    Script(MaskedScript),
}

/// A script's surroundings, masked.
#[derive(Debug, Clone)]
pub struct MaskedScript {
    pub environment: Vec<(String, Masked)>,
    /// Whether the data libraries stand loaded before the script starts.
    pub data_libraries: bool,
    /// Empty for any host that the operator allows.
    pub allowed_hosts: Vec<String>,
    pub timeout: Duration,
    pub memory_bytes_max: u64,
    pub processes_max: u32,
}

impl Engine {
    /// What running the action with these arguments would do; nothing is sent, started or recorded.
    pub fn preview_action(&self, permit: &Permit<Manage>, request: &RunRequest) -> Result<Preview> {
        let action = permit
            .guru
            .action(&request.action)
            .ok_or_else(|| EngineError::not_found("action", &request.action))?;
        self.preview_spec(permit, &action.spec, &request.arguments)
    }

    /// As [`Engine::preview_action`], for a definition that need not be saved.
    pub(super) fn preview_spec(
        &self,
        permit: &Permit<Manage>,
        spec: &Arc<ActionSpec>,
        given: &Arguments,
    ) -> Result<Preview> {
        let input = RunInput {
            arguments: complete_arguments(spec, given)?,
            secrets: needed_secrets(&permit.guru, spec).map_err(EngineError::Conflict)?,
            built_ins: permit.built_ins(),
            timeout: Duration::from_millis(spec.timeout_ms.unwrap_or(limits::ACTION_TIMEOUT_MS_DEFAULT)),
            limits: RunLimits { response_bytes_max: self.limits().response_bytes_max },
            action: with_bound_hosts(&permit.guru, spec).map_err(EngineError::Conflict)?,
        };
        let masker = &permit.guru.masker;
        let refused = |failure: errand_runners::RunFailure| {
            // Its words may repeat a value that can't stand where it is placed.
            let words = masker.mask(&Raw::from(failure.to_string())).0;
            EngineError::Conflict(Problem::new(
                "no_preview",
                words.to_string(),
                "Change the definition or the arguments.",
            ))
        };
        if let ActionBody::Python(_) = input.action.body {
            let script = self.runners().preview_script(&input).map_err(refused)?;
            return Ok(Preview::Script(masked(script, |raw| masker.mask(&raw).0)));
        }
        let exchange = self.runners().preview(&input).map_err(refused)?;
        Ok(Preview::Request(mask_exchange(masker, exchange)))
    }
}

fn masked(script: ScriptPreview, mask: impl Fn(Raw) -> Masked) -> MaskedScript {
    MaskedScript {
        environment: script.environment.into_iter().map(|(name, value)| (name, mask(value))).collect(),
        data_libraries: script.data_libraries,
        allowed_hosts: script.allowed_hosts,
        timeout: script.timeout,
        memory_bytes_max: script.memory_bytes_max,
        processes_max: script.processes_max,
    }
}
