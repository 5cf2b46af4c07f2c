//! What training changed of the published model, and the heads trained with it: a small file beside the base.
//!
//! Each matrix is kept as four-bit differences with a scale a row, everything small as it is. A difference is added
//! while the base is read, before it is rounded; nothing of it stays in memory but the heads.

use thiserror::Error;

use super::heads::{Heads, MEET, ROLES};
use super::verify::MODEL_SHA256;
use super::weights::{INNER, LAYERS};
use super::{DIMENSION, EncoderError};

/// Opens the file; the last byte is the format's version.
const MAGIC: &[u8; 8] = b"ETUNING\x02";

/// The base's SHA-256 as hexadecimal digits follows the magic.
const SHA_BYTES: usize = 64;

/// A parsed tuning, borrowing the file's bytes.
#[derive(Debug)]
pub struct Tuning<'f> {
    pub(super) layers: Vec<LayerDelta<'f>>,
    pub(super) heads: Heads,
}

/// Bytes that are no tuning of this build's base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TuningError {
    #[error("it is no tuning file, or one of another version")]
    Format,
    #[error("it was made for another base model")]
    Base,
    #[error("its length does not fit its content")]
    Length,
}

#[derive(Debug)]
pub(super) struct LayerDelta<'f> {
    /// Queries, keys and values, one under the other.
    pub(super) attend: MatrixDelta<'f>,
    pub(super) mix: MatrixDelta<'f>,
    pub(super) mix_norm: NormDelta,
    pub(super) widen: MatrixDelta<'f>,
    pub(super) narrow: MatrixDelta<'f>,
    pub(super) narrow_norm: NormDelta,
}

#[derive(Debug)]
pub(super) struct NormDelta {
    pub(super) gain: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// Differences of a matrix with a row an output.
#[derive(Debug)]
pub(super) struct MatrixDelta<'f> {
    depth: usize,
    scales: Vec<f32>,
    /// Two values a byte, the earlier one in the low half, each 8 more than what it stands for.
    halves: &'f [u8],
    pub(super) bias: Vec<f32>,
}

impl MatrixDelta<'_> {
    /// Adds the differences of the rows from `first_row` on to as many rows of weights as there are.
    pub(super) fn add_to(&self, first_row: usize, weights: &mut [f32]) {
        let row_bytes = self.depth / 2;
        let rows = weights.chunks_exact_mut(self.depth).zip(&self.scales[first_row..]);
        for ((weights, scale), halves) in
            rows.zip(self.halves[first_row * row_bytes..].chunks_exact(row_bytes))
        {
            for (pair, byte) in weights.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
                pair[0] += scale * (f32::from(byte & 15) - 8.0);
                pair[1] += scale * (f32::from(byte >> 4) - 8.0);
            }
        }
    }
}

impl<'f> Tuning<'f> {
    pub fn parse(bytes: &'f [u8]) -> Result<Self, TuningError> {
        let mut reader = Reader { bytes };
        if reader.take(MAGIC.len()).map_err(|_| TuningError::Format)? != MAGIC {
            return Err(TuningError::Format);
        }
        if reader.take(SHA_BYTES)? != MODEL_SHA256.as_bytes() {
            return Err(TuningError::Base);
        }
        let layers = (0..LAYERS).map(|_| reader.layer()).collect::<Result<_, _>>()?;
        let heads = reader.heads()?;
        if reader.bytes.is_empty() { Ok(Self { layers, heads }) } else { Err(TuningError::Length) }
    }
}

impl From<TuningError> for EncoderError {
    fn from(error: TuningError) -> Self {
        Self::Tuning(error)
    }
}

struct Reader<'f> {
    bytes: &'f [u8],
}

impl<'f> Reader<'f> {
    fn take(&mut self, count: usize) -> Result<&'f [u8], TuningError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(TuningError::Length)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn values(&mut self, count: usize) -> Result<Vec<f32>, TuningError> {
        let bytes = self.take(count * size_of::<f32>())?;
        Ok(bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// Sixteen-bit values: the upper halves of `f32`.
    fn halved(&mut self, count: usize) -> Result<Vec<f32>, TuningError> {
        let bytes = self.take(count * 2)?;
        let widen = |value: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*value)) << 16);
        Ok(bytes.as_chunks().0.iter().map(widen).collect())
    }

    fn matrix(&mut self, depth: usize, outputs: usize) -> Result<MatrixDelta<'f>, TuningError> {
        let scales = self.values(outputs)?;
        let halves = self.take(outputs * depth / 2)?;
        Ok(MatrixDelta { depth, scales, halves, bias: self.values(outputs)? })
    }

    fn norm(&mut self) -> Result<NormDelta, TuningError> {
        Ok(NormDelta { gain: self.values(DIMENSION)?, bias: self.values(DIMENSION)? })
    }

    fn layer(&mut self) -> Result<LayerDelta<'f>, TuningError> {
        Ok(LayerDelta {
            attend: self.matrix(DIMENSION, 3 * DIMENSION)?,
            mix: self.matrix(DIMENSION, DIMENSION)?,
            mix_norm: self.norm()?,
            widen: self.matrix(DIMENSION, INNER)?,
            narrow: self.matrix(INNER, DIMENSION)?,
            narrow_norm: self.norm()?,
        })
    }

    fn heads(&mut self) -> Result<Heads, TuningError> {
        let (matrix, bias) = (ROLES * DIMENSION * MEET, ROLES * MEET);
        Ok(Heads {
            tokens: self.halved(matrix)?,
            token_bias: self.halved(bias)?,
            parameters: self.halved(matrix)?,
            parameter_bias: self.halved(bias)?,
            asked: self.halved(2 * DIMENSION)?,
            asked_bias: self.halved(1)?.into_iter().sum(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_refused_by_reason() {
        fn check(bytes: &[u8], expect: TuningError) {
            assert_eq!(Tuning::parse(bytes).err(), Some(expect));
        }
        check(b"", TuningError::Format);
        check(b"ETUNING\x01", TuningError::Format);
        check(&[MAGIC.as_slice(), &[b'0'; SHA_BYTES]].concat(), TuningError::Base);
        check(&[MAGIC.as_slice(), MODEL_SHA256.as_bytes(), &[0; 100]].concat(), TuningError::Length);
    }

    #[test]
    fn differences_are_added_to_the_rows_they_are_of() {
        let delta =
            MatrixDelta { depth: 2, scales: vec![1.0, 0.5], halves: &[0x80, 0x4c], bias: vec![0.0; 2] };
        let mut weights = [1.0, 1.0];
        delta.add_to(1, &mut weights);
        assert!(
            weights
                .iter()
                .zip([3.0, -1.0])
                .all(|(one, other): (&f32, f32)| (one - other).abs() < f32::EPSILON),
            "{weights:?}"
        );
    }
}
