//! Attention: each token takes from the others what its query finds in their keys.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::DIMENSION;
use super::instruction_set::{InstructionSet, Shape, Work};
use super::kernels::{Interleaved, softmax};
use super::matrix::PANEL;
use super::weights::{HEAD, HEADS};

/// Queries, keys and values of a token, side by side.
const TRIPLE: usize = 3 * DIMENSION;

// A head's values fill whole panels.
const _: () = assert!(HEAD.is_multiple_of(PANEL));

/// For each token, the mixture of all values by all heads, from the rows of queries, keys and values.
pub(super) fn attention(set: InstructionSet, triples: &[f32]) -> Vec<f32> {
    let mut mixed = vec![0.0; triples.len() / 3];
    set.run(Attention { triples, mixed: &mut mixed });
    mixed
}

struct Attention<'a> {
    triples: &'a [f32],
    mixed: &'a mut [f32],
}

impl Work for Attention<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        let tokens = self.triples.len() / TRIPLE;
        let stride = tokens.next_multiple_of(PANEL);
        let mut left = Interleaved::default();
        let mut keys = vec![[0.0; PANEL]; stride / PANEL * HEAD];
        let mut values = vec![[0.0; PANEL]; HEAD / PANEL * tokens];
        let mut scores = vec![0.0; tokens * stride];
        for head in 0..HEADS {
            let at = head * HEAD;
            gather(self.triples, at, &mut keys, &mut values);
            left.fill::<S>(&self.triples[at..], TRIPLE, HEAD);
            for (panel, keys) in keys.chunks_exact(HEAD).enumerate() {
                left.multiply::<S, _>(keys, &[0.0; PANEL], &mut scores[panel * PANEL..], stride);
            }
            for scores in scores.chunks_exact_mut(stride) {
                softmax::<S>(&mut scores[..tokens]);
            }
            left.fill::<S>(&scores, stride, tokens);
            for (panel, values) in values.chunks_exact(tokens).enumerate() {
                left.multiply::<S, _>(
                    values,
                    &[0.0; PANEL],
                    &mut self.mixed[at + panel * PANEL..],
                    DIMENSION,
                );
            }
        }
    }
}

/// A head's keys in panels of tokens, a row for each of the head's places, and its values in panels of places, a row
/// a token.
#[inline(always)]
fn gather(triples: &[f32], at: usize, keys: &mut [[f32; PANEL]], values: &mut [[f32; PANEL]]) {
    let tokens = triples.len() / TRIPLE;
    for (token, triple) in triples.chunks_exact(TRIPLE).enumerate() {
        let panel = &mut keys[token / PANEL * HEAD..][..HEAD];
        for (row, key) in panel.iter_mut().zip(&triple[DIMENSION + at..]) {
            row[token % PANEL] = *key;
        }
        let places = triple[2 * DIMENSION + at..][..HEAD].as_chunks().0;
        for (row, places) in values[token..].iter_mut().step_by(tokens).zip(places) {
            *row = *places;
        }
    }
}
