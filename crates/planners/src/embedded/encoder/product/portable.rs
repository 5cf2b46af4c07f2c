//! The product as every processor can compute it; the compiler makes vector code of it where it can.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

use super::{BLOCK, Columns, PANEL, Pairs, Rows};

/// Writes the product of each row with each column; rows of the output begin `stride` values apart.
#[inline(always)]
pub(in super::super) fn multiply(rows: &Rows, columns: Columns<'_>, output: &mut [f32], stride: usize) {
    for run in columns.runs(rows.depth, 1) {
        let bias = run.bias.first().copied().unwrap_or_default();
        let Some(scales) = run.scales.first() else { continue };
        for (first, blocks, row_scales) in rows.groups() {
            let output = &mut output[first * stride + run.first..];
            for (row, (scale, output)) in row_scales.iter().zip(output.chunks_mut(stride)).enumerate() {
                let sums = sums(blocks.iter().skip(row).step_by(row_scales.len()), run.pairs);
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
fn sums<'b>(row: impl Iterator<Item = &'b [i32; BLOCK]>, panel: &[Pairs]) -> [i32; PANEL] {
    let mut sums = [0; PANEL];
    for (block, columns) in row.zip(panel.as_chunks::<BLOCK>().0) {
        for (value, columns) in block.iter().zip(columns) {
            let (low, high) = halves(*value);
            for (sum, column) in sums.iter_mut().zip(&columns.0) {
                let (column_low, column_high) = halves(*column);
                *sum += low * column_low + high * column_high;
            }
        }
    }
    sums
}

/// Both numbers of a pair.
#[inline(always)]
fn halves(pair: i32) -> (i32, i32) {
    ((pair << 16) >> 16, pair >> 16)
}
