//! The planner that needs no key and no network: a sentence encoder in this process, lexical evidence and typed
//! recognisers.
//!
//! A turn is read into clauses ([`dialogue`]), each clause is compared with every action ([`score`], [`lexical`]), the
//! scores are turned into decisions ([`decide`], [`calibration`]), values are given to parameters ([`arguments`],
//! [`naming`], [`pointed`]), and all of it becomes a plan with its reasons ([`outcome`]). A tuned encoder reads the
//! question together with what was said before, once a turn. Without an encoder the same path runs on words alone.

mod arguments;
mod bids;
mod calibration;
pub(crate) mod clauses;
mod cut;
mod decide;
mod dialogue;
mod edge;
mod heard;
mod lexical;
mod naming;
mod outcome;
mod pointed;
mod role;
mod score;
mod telling;
mod trigger;
pub(crate) mod words;

use std::borrow::Cow;

pub mod encoder;

use errand_domain::Plan;

use self::calibration::Calibration;
use crate::{CatalogueAction, PlanRequest, Prepared};

/// Shown with every plan that was made without vectors.
const LEXICAL_NOTICE: &str = "Working without the sentence model: questions are matched by their words alone and \
    unusual wordings are missed; run `errand model install`.";

use std::path::Path;

pub use encoder::{Encoder, EncoderError, Tuning};

/// What training changed of the base model; `weights/README.md` says from what and under which terms.
static TUNING: &[u8] = include_bytes!("../../weights/tuning.bin");

/// The encoder that this build is made for: the base model in the folder, with the tuning that is part of the build.
pub fn load_encoder(folder: &Path) -> Result<Encoder, EncoderError> {
    Encoder::load_tuned(folder, Tuning::parse(TUNING)?)
}

/// Figures that a score is made of.
pub const EVIDENCE: usize = score::Features::COUNT;

/// Pure and cheap to share: holds only the encoder's weights.
#[derive(Debug)]
pub struct EmbeddedPlanner {
    encoder: Option<Encoder>,
}

impl EmbeddedPlanner {
    /// With an encoder, or matching by words alone.
    pub fn new(encoder: Option<Encoder>) -> Self {
        Self { encoder }
    }

    pub fn plan(&self, request: &PlanRequest) -> Plan {
        let ready: Vec<Cow<'_, Prepared>> =
            request.catalogue.actions.iter().map(|action| self.ready(action)).collect();
        let actions: Vec<&Prepared> = ready.iter().map(AsRef::as_ref).collect();
        let mut plan = outcome::plan(self, request, &actions);
        if self.encoder.is_none() {
            plan.notices.push(LEXICAL_NOTICE.to_owned());
        }
        plan
    }

    /// Vectors and terms of the trigger's statements and of each example.
    pub fn prepare(&self, trigger: &str, examples: &[String]) -> Prepared {
        let mut rows = trigger::statements(trigger);
        let trigger_rows = rows.len();
        rows.extend(examples.iter().cloned());
        let encoded = self.encoder.as_ref().map(|encoder| encoder.encode_all(&rows)).unwrap_or_default();
        let vectors = encoded.concat();
        Prepared {
            model: self.model().to_owned(),
            dimension: if vectors.is_empty() { 0 } else { vectors.len() / rows.len() },
            vectors,
            trigger_rows,
            terms: rows.iter().map(|row| words::term_hashes(row)).collect(),
        }
    }

    /// What each action's score is made of at its best utterance, for fitting [`calibration`]; the catalogue's order.
    pub fn evidence(&self, request: &PlanRequest) -> Vec<[f32; EVIDENCE]> {
        let ready: Vec<Cow<'_, Prepared>> =
            request.catalogue.actions.iter().map(|action| self.ready(action)).collect();
        let actions: Vec<&Prepared> = ready.iter().map(AsRef::as_ref).collect();
        outcome::verdicts(self, request, &actions).iter().map(|verdict| verdict.features.values()).collect()
    }

    pub fn model(&self) -> &'static str {
        match &self.encoder {
            Some(encoder) if encoder.is_tuned() => "embedded/minilm-l6-v2-errand-3",
            Some(_) => "embedded/minilm-l6-v2",
            None => "embedded-lexical",
        }
    }

    fn calibration(&self) -> &'static Calibration {
        match &self.encoder {
            Some(encoder) if encoder.is_tuned() => &calibration::TUNED,
            Some(_) => &calibration::SEMANTIC,
            None => &calibration::LEXICAL,
        }
    }

    fn encode(&self, text: &str) -> Option<Vec<f32>> {
        self.encoder.as_ref().map(|encoder| encoder.encode(text))
    }

    /// What was prepared when the action was saved, or the same made now where that is of another model.
    fn ready<'a>(&self, action: &'a CatalogueAction) -> Cow<'a, Prepared> {
        let stored = action.prepared.as_deref().filter(|prepared| prepared.model == self.model());
        match stored {
            Some(prepared) => Cow::Borrowed(prepared),
            None => Cow::Owned(self.prepare(&action.trigger, &action.examples)),
        }
    }
}
