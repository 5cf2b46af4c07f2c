//! The product as every processor can compute it; the compiler makes vector code of it where it can.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::{BLOCK, Columns, PANEL, Pairs, Rows};

/// Rows that are multiplied together at most.
pub(in super::super) const ROWS: usize = 4;

/// Writes the product of each row with each column; rows of the output begin `stride` values apart.
#[inline(always)]
pub(in super::super) fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
    for run in columns.runs(rows.depth, 1) {
        let bias = run.bias.first().copied().unwrap_or_default();
        let Some(scales) = run.scales.first() else { continue };
        for (first, blocks, row_scales) in rows.groups() {
            let sums = match row_scales.len() {
                1 => sums::<1>(blocks, run.pairs),
                2 => sums::<2>(blocks, run.pairs),
                3 => sums::<3>(blocks, run.pairs),
                _ => sums::<ROWS>(blocks, run.pairs),
            };
            let output = output[first * stride + run.first..].chunks_mut(stride);
            for ((sums, scale), output) in sums.iter().zip(row_scales).zip(output) {
                for (at, value) in output[..PANEL].iter_mut().enumerate() {
                    #[expect(clippy::cast_precision_loss, reason = "rounded to what an `f32` can hold")]
                    let sum = sums[at] as f32;
                    *value = sum * (scale * scales[at]) + bias[at];
                }
            }
        }
    }
}

#[inline(always)]
fn sums<const COUNT: usize>(blocks: &[[i32; BLOCK]], panel: &[Pairs]) -> [[i32; PANEL]; ROWS] {
    let mut sums = [[0; PANEL]; ROWS];
    for (rows, columns) in blocks.as_chunks::<COUNT>().0.iter().zip(panel.as_chunks::<BLOCK>().0) {
        for (step, columns) in columns.iter().enumerate() {
            let (low, high) = (columns.0.map(lower), columns.0.map(upper));
            for row in 0..COUNT {
                let (row_low, row_high) = (lower(rows[row][step]), upper(rows[row][step]));
                for at in 0..PANEL {
                    sums[row][at] += row_low * low[at] + row_high * high[at];
                }
            }
        }
    }
    sums
}

/// The first number of a pair.
#[inline(always)]
fn lower(pair: i32) -> i32 {
    (pair << 16) >> 16
}

/// The second.
#[inline(always)]
fn upper(pair: i32) -> i32 {
    pair >> 16
}
