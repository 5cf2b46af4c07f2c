//! The arithmetic of the forward pass, written so that the compiler makes vector instructions of it.
//!
//! Everything is inlined into [`InstructionSet::run`], which is where it gets the instructions to use.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::DIMENSION;
use super::instruction_set::{InstructionSet, Shape, Work};
use super::matrix::Matrix;
use super::product::Rows;
use super::weights::Norm;

/// Running sums, as many as keep the widest registers busy.
const LANES: usize = 32;

/// Keeps a normalisation finite where all values are equal; the model was trained with it.
const NORM_EPSILON: f32 = 1e-12;

/// Writes each row of `input` times the matrix, plus its bias; `rows` is where the input is rounded.
pub(super) fn linear(
    set: InstructionSet,
    input: &[f32],
    matrix: &Matrix,
    rows: &mut Rows,
    output: &mut Vec<f32>,
) {
    output.resize(input.len() / matrix.depth() * matrix.outputs(), 0.0);
    set.run(Linear { input, matrix, rows, output });
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
    rows: &'a mut Rows,
    output: &'a mut [f32],
}

impl Work for Linear<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        let depth = self.matrix.depth();
        self.rows.begin(self.input.len() / depth, depth, S::ROWS);
        for (row, values) in self.input.chunks_exact(depth).enumerate() {
            self.rows.set(row, values);
        }
        S::multiply(self.rows, self.matrix.columns(), self.output, self.matrix.outputs());
    }
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
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += term(*value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += term(*value);
    }
    across(sums, |one, other| one + other)
}

/// The highest value, in the same way.
#[inline(always)]
fn highest_of(values: &[f32]) -> f32 {
    let higher = |one: f32, other: f32| if other > one { other } else { one };
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut highest = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (highest, value) in highest.iter_mut().zip(chunk) {
            *highest = higher(*highest, *value);
        }
    }
    for (highest, value) in highest.iter_mut().zip(rest) {
        *highest = higher(*highest, *value);
    }
    across(highest, higher)
}

/// Joins all lanes to one, halves at a time: one after the other, each would wait for the one before.
#[inline(always)]
fn across(mut lanes: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        let (low, high) = lanes.split_at_mut(count);
        for (one, other) in low.iter_mut().zip(high) {
            *one = join(*one, *other);
        }
    }
    lanes[0]
}

/// Replaces each score by `e` to the power of how far it lies below the highest, and gives their sum.
#[inline(always)]
pub(super) fn exponentials(scores: &mut [f32]) -> f32 {
    let highest = highest_of(scores);
    for score in &mut *scores {
        *score = exp(*score - highest);
    }
    sum_of(scores, |value| value)
}

struct Gelu<'a>(&'a mut [f32]);

impl Work for Gelu<'_> {
    #[inline(always)]
    fn run<S: Shape>(self) {
        for value in self.0 {
            *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

/// The error function, to 5e-7: formula 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions".
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    const FACTORS: [f32; 5] = [1.061_405_4, -1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6];
    let distance = x.abs();
    let t = 1.0 / (0.327_591_1 * distance + 1.0);
    let sum = FACTORS.iter().fold(0.0, |sum, factor| sum * t + factor);
    (1.0 - sum * t * exp(-distance * distance)).copysign(x)
}

/// `e` to the power of `x`, to a relative 2e-7, for `x` up to 88; what is too small to be a normal number is taken
/// for the least one.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding this leaves a number without places after the point, and with it in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // One over the factorials of 7 down to 0.
    const FACTORS: [f32; 8] =
        [1.984_127e-4, 1.388_888_9e-3, 8.333_334e-3, 4.166_666_8e-2, 0.166_666_67, 0.5, 1.0, 1.0];
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = rounded - ROUNDER;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let power = FACTORS.iter().fold(0.0, |sum, factor| sum * rest + factor);
    // The exponent's bits begin at 23; 127 there stands for a factor of 1.
    power * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}
