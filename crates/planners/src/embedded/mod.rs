//! The planner that needs no key and no network: a sentence encoder in this process, lexical evidence and typed
//! recognisers.

pub mod encoder;

use errand_domain::Plan;

use crate::{PlanRequest, Prepared};

#[derive(Debug)]
pub struct EmbeddedPlanner {}

impl EmbeddedPlanner {
    pub fn plan(&self, _request: &PlanRequest) -> Plan {
        Plan::empty(self.model())
    }

    pub fn prepare(&self, _trigger: &str, _examples: &[String]) -> Option<Prepared> {
        None
    }

    pub fn model(&self) -> &str {
        "embedded-lexical"
    }
}
