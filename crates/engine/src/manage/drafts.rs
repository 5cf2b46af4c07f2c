//! Trying a definition that is not saved: what it would send, and whether it would fire.

use std::sync::Arc;

use errand_domain::{
    Action, ActionId, ActionSpec, Arguments, HttpExchange, Plan, Problem, action_file::ActionFile,
};
use errand_secrets::Masked;

use crate::{
    Engine, EngineError,
    access::{Manage, Permit},
    clock::new_uuid,
    error::Result,
    events::mask_plan,
    manage::preview::Preview,
    turn::check_question,
};

impl Engine {
    /// The request that the definition would send with these arguments, masked; nothing is sent or recorded.
    pub fn preview_request(
        &self,
        permit: &Permit<Manage>,
        file: &ActionFile,
        given: &Arguments,
    ) -> Result<HttpExchange<Masked>> {
        let spec = Arc::new(file.check(self.limits())?);
        match self.preview_spec(permit, &spec, given)? {
            Preview::Request(exchange) => Ok(exchange),
            Preview::Script(_) => Err(EngineError::Conflict(Problem::new(
                "no_request",
                "A script is no request: what it sends shows when it runs.",
                "Test it to see the hosts that it contacts.",
            ))),
        }
    }

    /// The plan of a question as if the definition were saved and enabled; `replaces` names the action whose next
    /// version it is.
    pub async fn preview_draft_plan(
        &self,
        permit: &Permit<Manage>,
        file: &ActionFile,
        replaces: Option<&str>,
        question: String,
    ) -> Result<Plan> {
        check_question(&question)?;
        let spec = file.check(self.limits())?;
        let draft = self.as_saved(permit, spec, replaces)?;
        let view = Arc::new(self.view_with_draft(&permit.guru, &draft).await?);
        let request = self.request(&view, question, Vec::new());
        let plan = self.decide(&view, &self.planner_of(&view), request).await?;
        Ok(mask_plan(&permit.guru.masker, plan))
    }

    /// The action that would come of saving the definition.
    pub(crate) fn as_saved(
        &self,
        permit: &Permit<Manage>,
        spec: ActionSpec,
        replaces: Option<&str>,
    ) -> Result<Action> {
        let spec = Arc::new(spec);
        if let Some(name) = replaces {
            let old = permit.guru.action(name).ok_or_else(|| EngineError::not_found("action", name))?;
            return Ok(Action { version: old.version + 1, spec, ..(**old).clone() });
        }
        let now = self.clock().now();
        Ok(Action {
            id: ActionId::from_uuid(new_uuid()),
            guru_id: permit.guru_id(),
            version: 1,
            enabled: true,
            tested_version: None,
            disabled_reason: None,
            spec,
            created_at: now,
            updated_at: now,
        })
    }
}
