//! The sentence encoder: text in, a unit vector out, in this process.
//!
//! It computes `all-MiniLM-L6-v2`, a BERT of six layers, with nothing but this folder's code: a `WordPiece` tokenizer, a
//! reader of safetensors files and the forward pass. `docs/decisions/001-own-encoder.md` says why, with figures.
//! It must not know actions, plans or questions: whoever calls it decides what a vector means. It reads two files
//! once, at [`Encoder::load`], and neither downloads nor writes anything.

mod attention;
mod heads;
mod instruction_set;
mod kernels;
mod matrix;
mod network;
mod normalize;
mod product;
mod safetensors;
#[cfg(test)]
mod tests;
mod tokenizer;
mod tuning;
mod turn;
mod verify;
mod weights;

use std::fmt;
use std::path::{Path, PathBuf};

pub use heads::Span;
pub use tokenizer::{Token, Tokenizer};
pub use tuning::{Tuning, TuningError};
pub use turn::{EncodedTurn, Reading, TokenPlace, Wish};
pub use verify::{MODEL_SHA256, VOCABULARY_SHA256, verify};

use heads::Heads;
use instruction_set::InstructionSet;
use weights::Weights;

/// Values in a vector.
pub const DIMENSION: usize = 384;

/// Tokens of one text at most, the two that frame it included; what follows is not read. The model was trained on
/// no more.
pub const TOKENS_MAX: usize = 256;

/// Texts encoded together at most: enough that the weights are read seldom, few enough that what lies between the
/// layers stays small.
const TEXTS_AT_ONCE: usize = 8;

/// The file with the weights, in the model's folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";

/// The file with the vocabulary, one piece a line, in the model's folder.
pub const VOCABULARY_FILE: &str = "vocab.txt";

/// A loaded model. It holds about 50 MB, is never changed after loading, and can be shared by threads.
pub struct Encoder {
    tokenizer: Tokenizer,
    weights: Weights,
    instruction_set: InstructionSet,
    heads: Option<Heads>,
}

/// What the model made of each token of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedTokens {
    /// The tokens, framed by the two special ones.
    pub tokens: Vec<Token>,
    /// Row-major, one row of [`DIMENSION`] values a token: its state after the last layer.
    pub states: Vec<f32>,
}

impl Encoder {
    /// Reads the weights and the vocabulary from a folder. Takes some tens of milliseconds when the files are in the
    /// page cache. It checks that they fit each other, not that they are the published ones: [`verify`] does.
    pub fn load(folder: &Path) -> Result<Self, EncoderError> {
        Self::load_with(folder, None)
    }

    /// The same with what training changed of it, and its heads.
    pub fn load_tuned(folder: &Path, tuning: Tuning<'_>) -> Result<Self, EncoderError> {
        Self::load_with(folder, Some(tuning))
    }

    fn load_with(folder: &Path, tuning: Option<Tuning<'_>>) -> Result<Self, EncoderError> {
        let tokenizer = Tokenizer::load(&folder.join(VOCABULARY_FILE))?;
        let layers = tuning.as_ref().map(|tuning| tuning.layers.as_slice());
        let weights = Weights::load(&folder.join(WEIGHTS_FILE), layers)?;
        if tokenizer.vocabulary_size() != weights.vocabulary_size() {
            let (pieces, rows) = (tokenizer.vocabulary_size(), weights.vocabulary_size());
            let reason = format!("has {pieces} pieces where `{WEIGHTS_FILE}` has {rows} rows");
            return Err(EncoderError::unusable(&folder.join(VOCABULARY_FILE), reason));
        }
        let heads = tuning.map(|tuning| tuning.heads);
        Ok(Self { tokenizer, weights, instruction_set: InstructionSet::detect(), heads })
    }

    /// Whether it was loaded with a tuning.
    pub fn is_tuned(&self) -> bool {
        self.heads.is_some()
    }

    /// The text's vector: [`DIMENSION`] values, length 1, the mean over all its tokens. The dot product of two such
    /// vectors is their cosine. A text without any word has a vector too, of the framing tokens alone.
    pub fn encode(&self, text: &str) -> Vec<f32> {
        unit_mean(&self.encode_tokens(text).states)
    }

    /// The vectors of several texts: each as [`Encoder::encode`] makes it, in less time than one by one.
    pub fn encode_all(&self, texts: &[String]) -> Vec<Vec<f32>> {
        texts.chunks(TEXTS_AT_ONCE).flat_map(|texts| self.encode_some(texts)).collect()
    }

    fn encode_some(&self, texts: &[String]) -> Vec<Vec<f32>> {
        let tokens: Vec<Vec<Token>> = texts.iter().map(|text| self.tokenizer.tokenize(text)).collect();
        let slices: Vec<&[Token]> = tokens.iter().map(Vec::as_slice).collect();
        let states = network::forward_all(&self.weights, self.instruction_set, &slices);
        let mut rest = states.as_slice();
        let take = |tokens: &Vec<Token>| {
            let (own, others) = rest.split_at(tokens.len() * DIMENSION);
            rest = others;
            unit_mean(own)
        };
        tokens.iter().map(take).collect()
    }

    /// The state of each token after the last layer, with the token's place in the text.
    pub fn encode_tokens(&self, text: &str) -> EncodedTokens {
        let tokens = self.tokenizer.tokenize(text);
        let states = network::forward(&self.weights, self.instruction_set, &tokens);
        EncodedTokens { tokens, states }
    }

    /// The tokenizer alone, for callers that count or locate tokens.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Encoder")
            .field("instruction_set", &self.instruction_set)
            .finish_non_exhaustive()
    }
}

/// The mean of the rows, scaled to length 1.
fn unit_mean(states: &[f32]) -> Vec<f32> {
    let mut sum = vec![0.0; DIMENSION];
    for state in states.chunks_exact(DIMENSION) {
        for (sum, value) in sum.iter_mut().zip(state) {
            *sum += value;
        }
    }
    // Scaling to length 1 undoes any earlier division by the number of rows.
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in &mut sum {
        *value /= length.max(f32::MIN_POSITIVE);
    }
    sum
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    #[error("`{}` could not be read: {source}. Run `errand model install` to fetch the model.", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{}` {reason}. Run `errand model install` to fetch the model anew.", path.display())]
    Unusable { path: PathBuf, reason: String },
    #[error("The tuning of the sentence model can't be used: {0}. Install Errand anew, or train it again.")]
    Tuning(TuningError),
}

impl EncoderError {
    fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    fn unusable(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.into() }
    }
}
