//! The arithmetic of the forward pass, written so that the compiler makes vector instructions of it.
//!
//! Everything is inlined into [`InstructionSet::run`], which is where it gets the instructions to use.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::DIMENSION;
use super::instruction_set::{InstructionSet, Shape, Work};
use super::matrix::{Element, Matrix, PANEL};
use super::weights::Norm;

/// Values in a vector register of AVX2: a row of a panel fills two.
const LANES: usize = PANEL / 2;

/// Keeps a normalisation finite where all values are equal; the model was trained with it.
const NORM_EPSILON: f32 = 1e-12;

/// Each row of `input` times the matrix, plus its bias.
pub(super) fn linear(set: InstructionSet, input: &[f32], matrix: &Matrix) -> Vec<f32> {
    let rows = input.len() / matrix.depth();
    let mut output = vec![0.0; rows * matrix.outputs()];
    set.run(Linear { input, matrix, output: &mut output });
    output
}

/// Replaces each value by `x · Φ(x)`, Φ the normal distribution: the activation between the two wide layers.
pub(super) fn gelu(set: InstructionSet, values: &mut [f32]) {
    set.run(Gelu(values));
}

/// Adds `addend` to the states and brings each to mean 0 and deviation 1, then to the trained gain and bias.
pub(super) fn add_and_normalize(set: InstructionSet, states: &mut [f32], addend: &[f32], norm: &Norm) {
    set.run(AddAndNormalize { states, addend, norm });
}

struct Linear<'a> {
    input: &'a [f32],
    matrix: &'a Matrix,
    output: &'a mut [f32],
}

impl Work for Linear<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        let depth = self.matrix.depth();
        let stride = self.matrix.outputs();
        let mut left = Interleaved::default();
        left.fill::<S>(self.input, depth, depth);
        for (panel, (weights, bias)) in self.matrix.panels().enumerate() {
            left.multiply::<S, _>(weights, bias, &mut self.output[panel * PANEL..], stride);
        }
    }
}

/// The rows of a product's left side in groups of at most `S::ROWS`. A group holds the first value of each of its
/// rows, then the second of each, so that the multiplication reads straight on.
#[derive(Default)]
pub(super) struct Interleaved {
    values: Vec<f32>,
    depth: usize,
    group_rows: usize,
}

impl Interleaved {
    /// Takes the first `depth` values of each row; rows begin `stride` values apart.
    #[inline(always)]
    pub(super) fn fill<S: Shape>(&mut self, source: &[f32], stride: usize, depth: usize) {
        let rows = source.len().div_ceil(stride);
        // Even groups: five times five rows take less time than four times six and one.
        self.group_rows = rows.div_ceil(rows.div_ceil(S::ROWS).max(1)).max(1);
        self.depth = depth;
        self.values.clear();
        self.values.resize(rows * depth, 0.0);
        let groups =
            source.chunks(self.group_rows * stride).zip(self.values.chunks_mut(self.group_rows * depth));
        for (source, group) in groups {
            let rows = group.len() / depth;
            for (row, source) in source.chunks(stride).enumerate() {
                for (values, value) in group.chunks_exact_mut(rows).zip(&source[..depth]) {
                    values[row] = *value;
                }
            }
        }
    }

    /// Writes, for each row, `start` plus the row times the panel to the first [`PANEL`] places of an output row;
    /// output rows begin `stride` values apart.
    #[inline(always)]
    pub(super) fn multiply<S: Shape, E: Element>(
        &self,
        panel: &[[E; PANEL]],
        start: &[f32; PANEL],
        output: &mut [f32],
        stride: usize,
    ) {
        let group_values = self.group_rows * self.depth;
        let groups = self.values.chunks(group_values).zip(output.chunks_mut(self.group_rows * stride));
        for (group, output) in groups {
            match group.len() / self.depth {
                6 => multiply_group::<S, E, 6>(group, panel, start, output, stride),
                5 => multiply_group::<S, E, 5>(group, panel, start, output, stride),
                4 => multiply_group::<S, E, 4>(group, panel, start, output, stride),
                3 => multiply_group::<S, E, 3>(group, panel, start, output, stride),
                2 => multiply_group::<S, E, 2>(group, panel, start, output, stride),
                _ => multiply_group::<S, E, 1>(group, panel, start, output, stride),
            }
        }
    }
}

#[inline(always)]
fn multiply_group<S: Shape, E: Element, const ROWS: usize>(
    group: &[f32],
    panel: &[[E; PANEL]],
    start: &[f32; PANEL],
    output: &mut [f32],
    stride: usize,
) {
    let sums = tile::<S, E, ROWS>(group.as_chunks().0, panel, start);
    for (sums, output) in sums.iter().zip(output.chunks_mut(stride)) {
        output[..PANEL].copy_from_slice(sums.as_flattened());
    }
}

/// The inner loop of everything: ROWS × [`PANEL`] sums kept in registers. Its exact form matters, since the compiler
/// makes vector code of it only when the arrays are this small and built this way: measure after a change.
#[inline(always)]
fn tile<S: Shape, E: Element, const ROWS: usize>(
    group: &[[f32; ROWS]],
    panel: &[[E; PANEL]],
    start: &[f32; PANEL],
) -> [[[f32; LANES]; 2]; ROWS] {
    let start = start.as_chunks::<LANES>().0;
    let mut sums = [[start[0], start[1]]; ROWS];
    for (values, weights) in group.iter().zip(panel) {
        let weights = weights.as_chunks::<LANES>().0;
        let weights: [[f32; LANES]; 2] = std::array::from_fn(|half| weights[half].map(E::widen));
        for row in 0..ROWS {
            for half in 0..2 {
                for lane in 0..LANES {
                    let sum = &mut sums[row][half][lane];
                    *sum = S::multiply_add(values[row], weights[half][lane], *sum);
                }
            }
        }
    }
    sums
}

struct AddAndNormalize<'a> {
    states: &'a mut [f32],
    addend: &'a [f32],
    norm: &'a Norm,
}

impl Work for AddAndNormalize<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        let rows = self.states.chunks_exact_mut(DIMENSION).zip(self.addend.chunks_exact(DIMENSION));
        for (state, addend) in rows {
            for (value, addend) in state.iter_mut().zip(addend) {
                *value += addend;
            }
            normalize(state, self.norm);
        }
    }
}

#[inline(always)]
fn normalize(state: &mut [f32], norm: &Norm) {
    #[expect(clippy::cast_precision_loss, reason = "the dimension is a small number")]
    let count = DIMENSION as f32;
    let mean = sum_of(state, |value| value) / count;
    let variance = sum_of(state, |value| (value - mean) * (value - mean)) / count;
    let scale = 1.0 / (variance + NORM_EPSILON).sqrt();
    for ((value, gain), bias) in state.iter_mut().zip(&norm.gain).zip(&norm.bias) {
        *value = (*value - mean) * scale * gain + bias;
    }
}

/// A sum in as many partial sums as registers want; plain addition in order could not be made vector code.
#[inline(always)]
fn sum_of(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<{ 4 * LANES }>();
    let mut sums = [0.0; 4 * LANES];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += term(*value);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| term(*value)).sum::<f32>()
}

/// Turns scores into shares that sum to 1.
#[inline(always)]
pub(super) fn softmax<S: Shape>(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in &mut *scores {
        *score = exp::<S>(*score - highest);
    }
    let scale = 1.0 / sum_of(scores, |value| value);
    for score in scores {
        *score *= scale;
    }
}

struct Gelu<'a>(&'a mut [f32]);

impl Work for Gelu<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        for value in self.0 {
            *value = 0.5 * *value * (1.0 + erf::<S>(*value * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

/// The error function, to 5e-7: formula 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions".
#[inline(always)]
pub(super) fn erf<S: Shape>(x: f32) -> f32 {
    const FACTORS: [f32; 5] = [1.061_405_4, -1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6];
    let distance = x.abs();
    let t = 1.0 / S::multiply_add(0.327_591_1, distance, 1.0);
    let sum = FACTORS.iter().fold(0.0, |sum, factor| S::multiply_add(sum, t, *factor));
    (1.0 - sum * t * exp::<S>(-distance * distance)).copysign(x)
}

/// `e` to the power of `x`, to a relative 2e-7, for `x` up to 88; what is too small to be a normal number is taken
/// for the least one.
#[inline(always)]
pub(super) fn exp<S: Shape>(x: f32) -> f32 {
    // Adding this leaves a number without places after the point, and with it in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // One over the factorials of 7 down to 0.
    const FACTORS: [f32; 8] =
        [1.984_127e-4, 1.388_888_9e-3, 8.333_334e-3, 4.166_666_8e-2, 0.166_666_67, 0.5, 1.0, 1.0];
    let x = x.clamp(-87.0, 88.0);
    let rounded = S::multiply_add(x, std::f32::consts::LOG2_E, ROUNDER);
    let whole = rounded - ROUNDER;
    let rest = S::multiply_add(whole, -LN_2_LOW, S::multiply_add(whole, -LN_2_HIGH, x));
    let power = FACTORS.iter().fold(0.0, |sum, factor| S::multiply_add(sum, rest, *factor));
    // The exponent's bits begin at 23; 127 there stands for a factor of 1.
    power * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}
