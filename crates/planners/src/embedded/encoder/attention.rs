//! Attention: each token takes from the others what its query finds in their keys.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::DIMENSION;
use super::instruction_set::{InstructionSet, Shape, Work};
use super::kernels::exponentials;
use super::product::{
    BLOCK, Columns, DEPTH_STEP, LEFT_MAX, PANEL, Pairs, ROUNDED_MAX, Rows, largest, pack, pack_columns,
};
use super::weights::{HEAD, HEADS};

/// Queries, keys and values of a token, side by side.
const TRIPLE: usize = 3 * DIMENSION;

/// Panels that a head's values fill.
const VALUE_PANELS: usize = HEAD / PANEL;

// A head's values fill whole panels, and its queries whole blocks.
const _: () = assert!(HEAD.is_multiple_of(PANEL) && HEAD.is_multiple_of(DEPTH_STEP));

/// What a token's shares of attention, rounded, may sum up to, so that their product with values up to [`LEFT_MAX`]
/// fits 32 bits; less what rounding may add.
const SHARES_SUM_MAX: f32 = 520_000.0;

struct Attention<'a> {
    room: &'a mut Room,
    triples: &'a [f32],
    lengths: &'a [usize],
    mixed: &'a mut [f32],
}

impl Work for Attention<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        let (mut triples, mut mixed) = (self.triples, self.mixed);
        for tokens in self.lengths {
            let (own, rest) = triples.split_at(tokens * TRIPLE);
            let (own_mixed, rest_mixed) = mixed.split_at_mut(tokens * DIMENSION);
            for head in 0..HEADS {
                self.room.head::<S>(own, head * HEAD, own_mixed);
            }
            (triples, mixed) = (rest, rest_mixed);
        }
    }
}

/// What a head needs while it works; kept for the next.
#[derive(Default)]
pub(super) struct Room {
    left: Rows,
    /// Keys are columns: a token each.
    keys: Vec<Pairs>,
    key_scales: Vec<[f32; PANEL]>,
    /// Values are columns: a place each, as deep as there are tokens.
    values: Vec<Pairs>,
    value_scales: [[f32; PANEL]; VALUE_PANELS],
    scores: Vec<f32>,
}

impl Room {
    /// For each token, the mixture of all values by all heads, from the rows of queries, keys and values. Texts lie
    /// one after the other, each `lengths` tokens long, and know nothing of each other.
    pub(super) fn attend(
        &mut self,
        set: InstructionSet,
        triples: &[f32],
        lengths: &[usize],
        mixed: &mut [f32],
    ) {
        set.run(Attention { room: self, triples, lengths, mixed });
    }

    /// One head of one text; the head's places begin at `at`.
    #[inline(always)]
    fn head<S: Shape>(&mut self, triples: &[f32], at: usize, mixed: &mut [f32]) {
        let tokens = triples.len() / TRIPLE;
        let depth = tokens.next_multiple_of(DEPTH_STEP);
        let stride = tokens.next_multiple_of(PANEL);
        self.take_keys(triples, at, stride);
        self.take_values(triples, at, depth);
        self.left.begin(tokens, HEAD, S::ROWS);
        for (token, triple) in triples.chunks_exact(TRIPLE).enumerate() {
            self.left.set(token, &triple[at..][..HEAD]);
        }
        self.scores.resize(tokens * stride, 0.0);
        let keys = Columns { pairs: &self.keys, scales: &self.key_scales, bias: &[] };
        S::multiply(&self.left, keys, &mut self.scores, stride);
        self.left.begin(tokens, depth, S::ROWS);
        for (token, scores) in self.scores.chunks_exact_mut(stride).enumerate() {
            scores[tokens..].fill(0.0);
            let sum = exponentials(&mut scores[..tokens]);
            let factor = ROUNDED_MAX.min(SHARES_SUM_MAX / sum);
            self.left.set_scaled(token, scores, factor, 1.0 / (factor * sum));
        }
        let values = Columns { pairs: &self.values, scales: &self.value_scales, bias: &[] };
        S::multiply(&self.left, values, &mut mixed[at..], DIMENSION);
    }

    #[inline(always)]
    fn take_keys(&mut self, triples: &[f32], at: usize, stride: usize) {
        self.keys.resize(stride / PANEL * HEAD / 2, Pairs::NONE);
        self.key_scales.resize(stride / PANEL, [0.0; PANEL]);
        for (token, triple) in triples.chunks_exact(TRIPLE).enumerate() {
            let key = &triple[DIMENSION + at..][..HEAD];
            let factor = LEFT_MAX / largest(key);
            let (panel, column) = (token / PANEL, token % PANEL);
            self.key_scales[panel][column] = 1.0 / factor;
            let blocks = self.keys[panel * HEAD / 2..].as_chunks_mut::<BLOCK>().0;
            for (block, key) in blocks.iter_mut().zip(key.as_chunks::<DEPTH_STEP>().0) {
                for (columns, pair) in block.iter_mut().zip(pack(key, factor)) {
                    columns.0[column] = pair;
                }
            }
        }
    }

    #[inline(always)]
    fn take_values(&mut self, triples: &[f32], at: usize, depth: usize) {
        let tokens = triples.len() / TRIPLE;
        self.values.resize(VALUE_PANELS * depth / 2, Pairs::NONE);
        let panels = self.values.chunks_exact_mut(depth / 2).zip(&mut self.value_scales);
        for (panel, (pairs, scales)) in panels.enumerate() {
            let first = 2 * DIMENSION + at + panel * PANEL;
            let row = |token: usize| triples[token * TRIPLE + first..].first_chunk::<PANEL>();
            let mut most = [1e-20; PANEL];
            for value in (0..tokens).filter_map(row) {
                for (most, value) in most.iter_mut().zip(value) {
                    *most = if value.abs() > *most { value.abs() } else { *most };
                }
            }
            let factors = most.map(|most| LEFT_MAX / most);
            *scales = factors.map(|factor| 1.0 / factor);
            for (block, pairs) in pairs.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                for (step, pairs) in pairs.iter_mut().enumerate() {
                    let token = block * DEPTH_STEP + step;
                    let value = |token: usize| Some(token).filter(|token| *token < tokens).and_then(row);
                    let none = [0.0; PANEL];
                    let (low, high) = (value(token).unwrap_or(&none), value(token + BLOCK).unwrap_or(&none));
                    *pairs = pack_columns(low, high, &factors);
                }
            }
        }
    }
}
