//! The forward pass: tokens in, a state for each out.

use super::attention;
use super::instruction_set::InstructionSet;
use super::kernels::{add_and_normalize, gelu, linear};
use super::product::Rows;
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
    let mut room = Room::default();
    room.other.resize(states.len(), 0.0);
    add_and_normalize(set, &mut states, &room.other, &weights.first_norm);
    for layer in &weights.layers {
        room.apply(layer, set, &lengths, &mut states);
    }
    states
}

/// What layers need while they work: kept from one to the next, since fresh memory costs more than it seems.
#[derive(Default)]
struct Room {
    rows: Rows,
    attention: attention::Room,
    wide: Vec<f32>,
    mixed: Vec<f32>,
    other: Vec<f32>,
}

impl Room {
    fn apply(&mut self, layer: &Layer, set: InstructionSet, lengths: &[usize], states: &mut [f32]) {
        let Self { rows, attention, wide, mixed, other } = self;
        linear(set, states, &layer.attend, rows, wide);
        mixed.resize(states.len(), 0.0);
        attention.attend(set, wide, lengths, mixed);
        linear(set, mixed, &layer.mix, rows, other);
        add_and_normalize(set, states, other, &layer.mix_norm);
        linear(set, states, &layer.widen, rows, wide);
        gelu(set, wide);
        linear(set, wide, &layer.narrow, rows, other);
        add_and_normalize(set, states, other, &layer.narrow_norm);
    }
}
