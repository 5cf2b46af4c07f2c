//! Asking the guru's language model: with its key, through the mask in both directions, and with the bill.

use errand_domain::{
    ModelCall, ModelPrompt, ModelReply, ModelSettings, Problem,
    model::{ModelPurpose, ModelRole},
};
use errand_runners::model::ModelRequest;

use crate::{
    Engine,
    access::{Manage, Permit},
    catalogue::GuruView,
    error::Result,
};

/// What is asked, of which model.
pub(crate) struct Asking<'a> {
    pub(crate) settings: &'a ModelSettings,
    pub(crate) purpose: ModelPurpose,
    pub(crate) prompt: &'a ModelPrompt,
}

pub(crate) struct ModelAnswered {
    /// Masked reasons where it failed.
    pub(crate) result: std::result::Result<ModelReply, String>,
    pub(crate) call: ModelCall,
}

/// What a test of the connection found.
#[derive(Debug, Clone)]
pub struct ModelTest {
    pub reply: Option<String>,
    pub call: ModelCall,
}

const TEST_PROMPT: &str = "Answer with the single word: ready";
const TEST_REPLY_CHARS_MAX: usize = 200;

impl Engine {
    pub(crate) async fn ask_model(
        &self,
        guru: &GuruView,
        asking: Asking<'_>,
        told: impl FnMut(&str) + Send,
    ) -> ModelAnswered {
        let Asking { settings, purpose, prompt } = asking;
        let mut call = ModelCall {
            purpose,
            model: settings.label(),
            tries: 0,
            usage: errand_domain::model::TokenUsage::default(),
            duration_us: 0,
            cost_micros: None,
            error: None,
        };
        let key = settings.api_key_secret.as_ref();
        let found = key.and_then(|name| guru.secret(name));
        if let (Some(name), None) = (key, &found) {
            let reason = format!("The secret `{name}`, which is to hold its key, is not set.");
            call.error = Some(reason.clone());
            return ModelAnswered { result: Err(reason), call };
        }
        // A secret that somebody pasted into a question stays here.
        let mask = |text: &str| guru.masker.mask_str(text).into_string();
        let prompt = ModelPrompt {
            system: mask(&prompt.system),
            messages: prompt.messages.iter().map(|(role, text)| (*role, mask(text))).collect(),
            schema: prompt.schema.clone(),
        };
        let bound = key.and_then(|name| guru.hosts_of(name)).unwrap_or_default();
        let request = ModelRequest {
            settings,
            key: found.as_deref(),
            allowed_hosts: bound,
            prompt: &prompt,
            seed: rand::random(),
        };
        self.note_secrets_used(guru, key, "the language model");
        let outcome = self.runners().models().ask(&request, told).await;
        call.tries = outcome.tries;
        call.usage = outcome.usage;
        call.duration_us = u64::try_from(outcome.duration.as_micros()).unwrap_or(u64::MAX);
        call.cost_micros = self.prices().cost_micros(settings, outcome.usage);
        let result = outcome.result.map_err(|failure| mask(&failure.to_string()));
        call.error = result.as_ref().err().cloned();
        if let Some(error) = &call.error {
            tracing::warn!(guru = %guru.guru.slug, model = call.model, %error, "a language model could not be used");
        }
        ModelAnswered { result, call }
    }

    /// Asks the model one word with these settings, saved or not.
    pub async fn test_model(&self, permit: &Permit<Manage>, settings: &ModelSettings) -> Result<ModelTest> {
        errand_domain::Problems::or(settings.check(), ())?;
        let prompt = ModelPrompt {
            system: "You are being tested for whether you can be reached.".to_owned(),
            messages: vec![(ModelRole::User, TEST_PROMPT.to_owned())],
            schema: None,
        };
        let asking = Asking { settings, purpose: ModelPurpose::Test, prompt: &prompt };
        let answered = self.ask_model(&permit.guru, asking, |_| ()).await;
        let reply = answered.result.ok().map(|reply| {
            let short: String = reply.text.chars().take(TEST_REPLY_CHARS_MAX).collect();
            permit.guru.masker.mask_str(&short).into_string()
        });
        Ok(ModelTest { reply, call: answered.call })
    }

    /// The model that the guru is set to use; an error when it uses none.
    pub fn model_of<'g>(&self, guru: &'g GuruView) -> Result<&'g ModelSettings> {
        guru.guru.settings.planner.model().ok_or_else(|| {
            Problem::new(
                "no_model",
                "This guru uses the built-in planner, which needs no connection.",
                "Set `planner` to a language model, or send the settings to test.",
            )
            .into()
        })
    }
}
