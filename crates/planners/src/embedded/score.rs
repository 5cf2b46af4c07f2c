//! How well an utterance fits an action.

use super::lexical::{Overlap, Weighted};
use crate::Prepared;

/// The evidence that a score is made of; each between 0 and 1 (cosines from −1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Features {
    /// Cosine with the nearest statement of the trigger.
    pub trigger: f32,
    /// Cosine with the nearest example; the trigger's where there are none or it is nearer.
    pub nearest: f32,
    /// Share of the action's required, typed parameters for which the utterance has a value.
    pub fit: f32,
    pub overlap: Overlap,
    /// Rows of the trigger, before those of the examples.
    pub trigger_rows: usize,
    /// Nearest row of the prepared vectors.
    pub row: Option<usize>,
}

impl Features {
    pub(crate) const COUNT: usize = 7;

    pub(crate) fn values(&self) -> [f32; Self::COUNT] {
        let Overlap { coverage, mass, statement, example, .. } = self.overlap;
        [self.trigger, self.nearest, coverage, mass, statement, statement.max(example), self.fit]
    }
}

/// Compares one utterance with one action.
pub(crate) fn features(
    vector: Option<&[f32]>,
    weighted: &Weighted,
    prepared: &Prepared,
    name: &[u64],
) -> Features {
    let mut features = Features {
        overlap: weighted.overlap(prepared, name),
        trigger_rows: prepared.trigger_rows,
        ..Features::default()
    };
    let Some(vector) = vector.filter(|vector| vector.len() == prepared.dimension) else {
        return features;
    };
    for (row, other) in prepared.vectors.chunks_exact(prepared.dimension.max(1)).enumerate() {
        let cosine = dot(vector, other);
        if row < prepared.trigger_rows {
            features.trigger = features.trigger.max(cosine);
        }
        if cosine > features.nearest {
            (features.nearest, features.row) = (cosine, Some(row));
        }
    }
    features
}

/// Unit vectors: the dot product is the cosine. Eight running sums, so that the compiler may use vector registers.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in left.zip(right) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}
