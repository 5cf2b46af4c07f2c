//! Weights as they lie in memory: rounded to sixteen bits, in the order in which the multiplication reads them.

use super::product::{BLOCK, Columns, DEPTH_STEP, PANEL, Pairs, RIGHT_SUM_MAX, ROUNDED_MAX, pack};

/// The upper half of an `f32`: its range, with eight significant bits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bf16(u16);

impl Bf16 {
    /// Rounds to the nearest, ties to even. A NaN stays one or becomes infinite; weights have none.
    pub(super) fn round(value: f32) -> Self {
        let bits = value.to_bits();
        let tie_to_even = (bits >> 16) & 1;
        let [_, _, low, high] = bits.saturating_add(0x7fff + tie_to_even).to_le_bytes();
        Self(u16::from_le_bytes([low, high]))
    }

    pub(super) fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// A weight matrix with its bias: `outputs` columns of `depth` weights.
pub(super) struct Matrix {
    depth: usize,
    pairs: Vec<Pairs>,
    scales: Vec<[f32; PANEL]>,
    bias: Vec<[f32; PANEL]>,
}

impl Matrix {
    pub(super) fn with_capacity(depth: usize, outputs: usize) -> Self {
        let panels = outputs / PANEL;
        let of = Vec::with_capacity;
        Self { depth, pairs: Vec::with_capacity(panels * depth / 2), scales: of(panels), bias: of(panels) }
    }

    /// Adds a panel: `weights` holds, for each of its [`PANEL`] columns, the `depth` weights of that column.
    pub(super) fn push_panel(&mut self, weights: &[f32], bias: [f32; PANEL], scale: f32) {
        debug_assert_eq!(weights.len(), self.depth * PANEL);
        let first = self.pairs.len();
        self.pairs.resize(first + self.depth / 2, Pairs::NONE);
        let mut scales = [0.0; PANEL];
        for (column, weights) in weights.chunks_exact(self.depth).enumerate() {
            let factor = factor(weights);
            scales[column] = scale / factor;
            let blocks = self.pairs[first..].as_chunks_mut::<BLOCK>().0;
            for (block, weights) in blocks.iter_mut().zip(weights.as_chunks::<DEPTH_STEP>().0) {
                for (pairs, pair) in block.iter_mut().zip(pack(weights, factor)) {
                    pairs.0[column] = pair;
                }
            }
        }
        self.scales.push(scales);
        self.bias.push(bias.map(|value| value * scale));
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len() * PANEL
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        Columns { pairs: &self.pairs, scales: &self.scales, bias: &self.bias }
    }
}

/// What a column is multiplied by before it is rounded: as much as leaves no sum that could overflow.
fn factor(weights: &[f32]) -> f32 {
    let (mut sum, mut most) = (0.0f32, f32::MIN_POSITIVE);
    for weight in weights {
        sum += weight.abs();
        most = most.max(weight.abs());
    }
    (RIGHT_SUM_MAX / sum.max(f32::MIN_POSITIVE)).min(ROUNDED_MAX / most).min(f32::MAX)
}
