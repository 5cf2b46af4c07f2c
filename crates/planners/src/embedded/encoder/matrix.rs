//! Weights as they lie in memory: rounded to sixteen bits, in the order in which the multiplication reads them.
#![expect(
    clippy::inline_always,
    reason = "only inlined code is compiled for the instructions found at run time"
)]

/// Columns that lie together: so many that their sums for a few rows fit the registers, and so few that 384 rows of
/// them fit the nearest cache.
pub(super) const PANEL: usize = 16;

/// A number that a multiplication can read.
pub(super) trait Element: Copy {
    fn widen(self) -> f32;
}

impl Element for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

/// The upper half of an `f32`: its range, with eight significant bits. Half the memory, and half of what each
/// encoding has to stream; it moves a sentence's vector by a cosine of about 0.00001.
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
}

impl Element for Bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// A weight matrix with its bias: `outputs` columns of `depth` weights.
pub(super) struct Matrix {
    depth: usize,
    /// Panel after panel; in a panel, for each of the `depth` inputs, the weights of its columns.
    rows: Vec<[Bf16; PANEL]>,
    bias: Vec<[f32; PANEL]>,
}

impl Matrix {
    pub(super) fn with_capacity(depth: usize, outputs: usize) -> Self {
        let panels = outputs / PANEL;
        Self { depth, rows: Vec::with_capacity(panels * depth), bias: Vec::with_capacity(panels) }
    }

    /// Adds a panel: `weights` holds, for each of its [`PANEL`] columns, the `depth` weights of that column.
    pub(super) fn push_panel(&mut self, weights: &[f32], bias: [f32; PANEL], scale: f32) {
        debug_assert_eq!(weights.len(), self.depth * PANEL);
        let first = self.rows.len();
        self.rows.resize(first + self.depth, [Bf16::default(); PANEL]);
        for (column, weights) in weights.chunks_exact(self.depth).enumerate() {
            for (row, weight) in self.rows[first..].iter_mut().zip(weights) {
                row[column] = Bf16::round(weight * scale);
            }
        }
        self.bias.push(bias.map(|value| value * scale));
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len() * PANEL
    }

    pub(super) fn panels(&self) -> impl Iterator<Item = (&[[Bf16; PANEL]], &[f32; PANEL])> {
        self.rows.chunks_exact(self.depth).zip(&self.bias)
    }
}
