//! The forward pass: tokens in, a state for each out.

use super::attention::attention;
use super::instruction_set::InstructionSet;
use super::kernels::{add_and_normalize, gelu, linear};
use super::tokenizer::Token;
use super::weights::{Layer, Weights};
use super::{DIMENSION, TOKENS_MAX};

/// Row-major states of [`DIMENSION`] values, one a token; tokens beyond [`TOKENS_MAX`] are not read.
pub(super) fn forward(weights: &Weights, set: InstructionSet, tokens: &[Token]) -> Vec<f32> {
    forward_all(weights, set, &[tokens])
}

/// The same for several texts at once, their states one after the other: each as if it were alone, but the weights
/// come from memory once for all.
pub(super) fn forward_all(weights: &Weights, set: InstructionSet, texts: &[&[Token]]) -> Vec<f32> {
    let texts: Vec<&[Token]> = texts.iter().map(|text| &text[..text.len().min(TOKENS_MAX)]).collect();
    let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
    let mut states = vec![0.0; lengths.iter().sum::<usize>() * DIMENSION];
    let placed = texts.iter().flat_map(|text| text.iter().enumerate());
    for ((place, token), state) in placed.zip(states.chunks_exact_mut(DIMENSION)) {
        weights.embed(token.id, place, state);
    }
    let nothing = vec![0.0; states.len()];
    add_and_normalize(set, &mut states, &nothing, &weights.first_norm);
    for layer in &weights.layers {
        apply(layer, set, &lengths, &mut states);
    }
    states
}

fn apply(layer: &Layer, set: InstructionSet, lengths: &[usize], states: &mut [f32]) {
    let mixed = attention(set, &linear(set, states, &layer.attend), lengths);
    add_and_normalize(set, states, &linear(set, &mixed, &layer.mix), &layer.mix_norm);
    let mut inner = linear(set, states, &layer.widen);
    gelu(set, &mut inner);
    add_and_normalize(set, states, &linear(set, &inner, &layer.narrow), &layer.narrow_norm);
}
