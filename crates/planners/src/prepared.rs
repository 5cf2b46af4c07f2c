//! What is computed once per saved action, and its stored form.

use thiserror::Error;

/// What a planner computes once per saved action, kept beside it: unit vectors and terms of the trigger's statements
/// and of each example. Stored as [`Prepared::to_bytes`], tied to the model that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The planner and model that made it; another model's vectors are not comparable.
    pub model: String,
    /// Row-major, `dimension` values a row: first `trigger_rows` rows of the trigger, then one per example. Empty
    /// (and `dimension` 0) where it was made without an encoder.
    pub vectors: Vec<f32>,
    pub dimension: usize,
    pub trigger_rows: usize,
    /// Hashed content words of the same rows, each sorted.
    pub terms: Vec<Vec<u64>>,
}

/// Stored bytes that are no [`Prepared`] of this build; make it again with `Planner::prepare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PreparedError {
    #[error("the stored preparation is cut short; prepare the action again")]
    Short,
    #[error("the stored preparation has format {0}, this build reads {FORMAT}; prepare the action again")]
    Format(u8),
    #[error("the stored preparation contradicts itself; prepare the action again")]
    Shape,
}

/// Version of the stored form; also to be raised when stems or stop words change, since stored terms then go stale.
const FORMAT: u8 = 1;

impl Prepared {
    /// The vector of one row; None where there are none.
    pub fn vector(&self, row: usize) -> Option<&[f32]> {
        if self.dimension == 0 { None } else { self.vectors.chunks_exact(self.dimension).nth(row) }
    }

    /// Little-endian: format, then model, dimension, trigger rows, vectors and terms, each with its count.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        put_count(&mut bytes, self.model.len());
        bytes.extend_from_slice(self.model.as_bytes());
        for count in [self.dimension, self.trigger_rows, self.vectors.len()] {
            put_count(&mut bytes, count);
        }
        bytes.extend(self.vectors.iter().flat_map(|value| value.to_le_bytes()));
        put_count(&mut bytes, self.terms.len());
        for row in &self.terms {
            put_count(&mut bytes, row.len());
            bytes.extend(row.iter().flat_map(|hash| hash.to_le_bytes()));
        }
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PreparedError> {
        let mut reader = Reader { bytes };
        match reader.take(1)? {
            [FORMAT] => {}
            other => return Err(PreparedError::Format(other.first().copied().unwrap_or_default())),
        }
        let model_bytes = reader.count()?;
        let model =
            String::from_utf8(reader.take(model_bytes)?.to_vec()).map_err(|_| PreparedError::Shape)?;
        let (dimension, trigger_rows, values) = (reader.count()?, reader.count()?, reader.count()?);
        let vectors = reader.values(values, f32::from_le_bytes)?;
        let rows = reader.count()?;
        let mut terms = Vec::new();
        for _ in 0..rows {
            let count = reader.count()?;
            terms.push(reader.values(count, u64::from_le_bytes)?);
        }
        let whole = values == dimension * rows && trigger_rows <= rows && reader.bytes.is_empty();
        if whole {
            Ok(Self { model, vectors, dimension, trigger_rows, terms })
        } else {
            Err(PreparedError::Shape)
        }
    }
}

/// Counts are far below 2³²: an action file is limited in size.
fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], PreparedError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(PreparedError::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn count(&mut self) -> Result<usize, PreparedError> {
        let bytes = self.take(4)?.try_into().map_err(|_| PreparedError::Short)?;
        usize::try_from(u32::from_le_bytes(bytes)).map_err(|_| PreparedError::Shape)
    }

    fn values<T, const N: usize>(
        &mut self,
        count: usize,
        read: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, PreparedError> {
        let bytes = self.take(count.checked_mul(N).ok_or(PreparedError::Shape)?)?;
        Ok(bytes.chunks_exact(N).filter_map(|chunk| chunk.try_into().ok().map(read)).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_reads_back(
            dimension in 0usize..5,
            trigger_rows in 0usize..3,
            terms in proptest::collection::vec(proptest::collection::vec(any::<u64>(), 0..4), 3..6),
        ) {
            let vectors = (0..dimension * terms.len()).map(|n| if n % 2 == 0 { 0.5 } else { -0.25 }).collect();
            let prepared = Prepared { model: "embedded/test".to_owned(), vectors, dimension, trigger_rows, terms };
            let bytes = prepared.to_bytes();
            prop_assert_eq!(Prepared::from_bytes(&bytes), Ok(prepared));
            for cut in 0..bytes.len() {
                prop_assert!(Prepared::from_bytes(&bytes[..cut]).is_err());
            }
        }

        #[test]
        fn any_bytes_are_refused_or_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Prepared::from_bytes(&bytes);
        }
    }

    #[test]
    fn another_format_is_refused_by_name() {
        assert_eq!(Prepared::from_bytes(&[9, 0, 0, 0, 0]), Err(PreparedError::Format(9)));
    }
}
