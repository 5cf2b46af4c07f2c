//! The product of two matrices, which is nearly all of a forward pass, in whole numbers.
//!
//! Both sides are rounded to sixteen bits, with a scale for each row of the left and each column of the right, and
//! their products are summed up in thirty-two. Scales are chosen so that no sum can overflow, whatever the values; so
//! sums are exact, and every processor finds the same, in whatever order and with whatever instructions it adds.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) use portable::{ROWS as ROWS_PORTABLE, multiply};
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{multiply_avx2, multiply_avx512, multiply_sse2};

/// Columns that lie together: a vector register of AVX-512, two of AVX2.
pub(super) const PANEL: usize = 16;

/// Pairs of a row that lie together. A pair are two values of a row, this far apart.
pub(super) const BLOCK: usize = 8;

/// Values of a row that lie together; the depth of a product is a multiple of it.
pub(super) const DEPTH_STEP: usize = 2 * BLOCK;

/// What the largest value of a left row, by amount, is rounded to, unless its columns leave more room.
pub(super) const LEFT_MAX: f32 = 4095.0;

/// What the amounts of a right column may sum up to, so that its product with any left row of values up to
/// [`LEFT_MAX`] fits 32 bits: 2³¹ / 4095, less what rounding may add to a column of 1,536 values.
pub(super) const RIGHT_SUM_MAX: f32 = 523_000.0;

/// The largest number of sixteen bits.
pub(super) const ROUNDED_MAX: f32 = 32_767.0;

/// Values below this count as nothing where a scale is made of the largest.
const LEAST: f32 = 1e-20;

/// Rounds the values, times a factor that brings them to at most [`ROUNDED_MAX`], and packs them in pairs.
#[inline(always)]
pub(super) fn pack(values: &[f32; DEPTH_STEP], factor: f32) -> [i32; BLOCK] {
    std::array::from_fn(|at| pair(values[at] * factor, values[at + BLOCK] * factor))
}

/// The same for pairs of two rows' values, each with its column's factor.
#[inline(always)]
pub(super) fn pack_columns(low: &[f32; PANEL], high: &[f32; PANEL], factors: &[f32; PANEL]) -> Pairs {
    Pairs(std::array::from_fn(|at| pair(low[at] * factors[at], high[at] * factors[at])))
}

/// Two values rounded, the first in the lower half.
#[inline(always)]
fn pair(low: f32, high: f32) -> i32 {
    // Adding this leaves a number without places after the point, and with it in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    let rounded = |value: f32| (value + ROUNDER).to_bits();
    ((rounded(low) & 0xffff) | (rounded(high) << 16)).cast_signed()
}

/// The largest amount among the values: that of numbers is the order of their bits without the sign.
#[inline(always)]
pub(super) fn largest(values: &[f32]) -> f32 {
    let amount = |value: &f32| value.to_bits() & (u32::MAX >> 1);
    f32::from_bits(values.iter().map(amount).fold(0, u32::max)).max(LEAST)
}

/// The left side: rows in groups, each group small enough that its sums stay in registers. A group holds a block of
/// each of its rows, then the next block of each, so that a multiplication reads straight on.
#[derive(Debug, Default)]
pub(super) struct Rows {
    blocks: Vec<[i32; BLOCK]>,
    /// What a row's sums are multiplied by.
    scales: Vec<f32>,
    /// Blocks of a row.
    depth: usize,
    group: usize,
}

impl Rows {
    /// Forgets what it holds and makes room for `rows` of `depth` values each, all to be set; at most `at_once` are
    /// multiplied together.
    #[inline(always)]
    pub(super) fn begin(&mut self, rows: usize, depth: usize, at_once: usize) {
        debug_assert!(depth.is_multiple_of(DEPTH_STEP));
        self.depth = depth / DEPTH_STEP;
        // Even groups: five times five rows take less time than four times six and one.
        self.group = rows.div_ceil(rows.div_ceil(at_once).max(1)).max(1);
        self.blocks.resize(rows * self.depth, [0; BLOCK]);
        self.scales.resize(rows, 0.0);
    }

    /// Rounds a row to as many as [`LEFT_MAX`] steps.
    #[inline(always)]
    pub(super) fn set(&mut self, row: usize, values: &[f32]) {
        let factor = LEFT_MAX / largest(values);
        self.set_scaled(row, values, factor, 1.0 / factor);
    }

    /// Rounds a row times `factor`; its sums are to be multiplied by `scale`. The row's rounded amounts times those
    /// of any column must sum up to less than 2³¹.
    #[inline(always)]
    pub(super) fn set_scaled(&mut self, row: usize, values: &[f32], factor: f32, scale: f32) {
        let (first, inside) = (row - row % self.group, row % self.group);
        let rows = self.group.min(self.scales.len() - first);
        self.scales[row] = scale;
        let group = self.blocks[first * self.depth..].iter_mut();
        let places = group.skip(inside).step_by(rows);
        for (place, values) in places.zip(values.as_chunks::<DEPTH_STEP>().0) {
            *place = pack(values, factor);
        }
    }

    /// Groups with the place of their first row, each with its scales.
    fn groups(&self) -> impl Iterator<Item = (usize, &[[i32; BLOCK]], &[f32])> {
        let groups =
            self.blocks.chunks((self.group * self.depth).max(1)).zip(self.scales.chunks(self.group.max(1)));
        groups.enumerate().map(|(at, (blocks, scales))| (at * self.group, blocks, scales))
    }
}

/// A pair of each of a panel's columns, where a register reads them in one go.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Pairs(pub(super) [i32; PANEL]);

impl Pairs {
    pub(super) const NONE: Self = Self([0; PANEL]);
}

/// The right side: panels of columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'c> {
    /// Panel after panel; in a panel, for each pair of the depth, that of each column.
    pub(super) pairs: &'c [Pairs],
    /// By panel, what a column's sums are multiplied by.
    pub(super) scales: &'c [[f32; PANEL]],
    /// By panel, what is added to each; nothing where empty.
    pub(super) bias: &'c [[f32; PANEL]],
}

impl<'c> Columns<'c> {
    /// Panels, in runs of `count`; the last run may be shorter.
    fn runs(self, depth: usize, count: usize) -> impl Iterator<Item = Run<'c>> {
        let runs = self.pairs.chunks(depth * BLOCK * count).zip(self.scales.chunks(count));
        let bias = self.bias.chunks(count).map(Some).chain(std::iter::repeat(None));
        runs.zip(bias).enumerate().map(move |(at, ((pairs, scales), bias))| Run {
            first: at * count * PANEL,
            pairs,
            scales,
            bias: bias.unwrap_or_default(),
        })
    }
}

/// Some panels that are multiplied together.
struct Run<'c> {
    /// The first column.
    first: usize,
    pairs: &'c [Pairs],
    scales: &'c [[f32; PANEL]],
    bias: &'c [[f32; PANEL]],
}
