//! The forward pass: tokens in, a state for each out.

use super::attention::attention;
use super::instruction_set::InstructionSet;
use super::kernels::{add_and_normalize, gelu, linear};
use super::tokenizer::Token;
use super::weights::{Layer, Weights};
use super::{DIMENSION, TOKENS_MAX};

/// Row-major states of [`DIMENSION`] values, one a token; tokens beyond [`TOKENS_MAX`] are not read.
pub(super) fn forward(weights: &Weights, set: InstructionSet, tokens: &[Token]) -> Vec<f32> {
    let tokens = &tokens[..tokens.len().min(TOKENS_MAX)];
    let mut states = vec![0.0; tokens.len() * DIMENSION];
    for (place, (token, state)) in tokens.iter().zip(states.chunks_exact_mut(DIMENSION)).enumerate() {
        weights.embed(token.id, place, state);
    }
    let nothing = vec![0.0; states.len()];
    add_and_normalize(set, &mut states, &nothing, &weights.first_norm);
    for layer in &weights.layers {
        apply(layer, set, &mut states);
    }
    states
}

fn apply(layer: &Layer, set: InstructionSet, states: &mut [f32]) {
    let mixed = attention(set, &linear(set, states, &layer.attend));
    add_and_normalize(set, states, &linear(set, &mixed, &layer.mix), &layer.mix_norm);
    let mut inner = linear(set, states, &layer.widen);
    gelu(set, &mut inner);
    add_and_normalize(set, states, &linear(set, &inner, &layer.narrow), &layer.narrow_norm);
}
