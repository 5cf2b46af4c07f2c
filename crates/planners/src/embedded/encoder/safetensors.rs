//! Reading tensors out of a safetensors file: eight bytes of length, a JSON header, then the values.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::EncoderError;

/// The model's header has 11 KB; a longer one than this is no header.
const HEADER_BYTES_MAX: u64 = 1 << 20;

const VALUE_BYTES: usize = size_of::<f32>();

/// An open file whose header has been read.
pub(super) struct TensorFile {
    path: PathBuf,
    file: File,
    file_bytes: u64,
    values_at: u64,
    tensors: HashMap<String, TensorPlace>,
}

#[derive(Deserialize)]
struct TensorPlace {
    dtype: String,
    shape: Vec<usize>,
    /// First byte and the byte after the last, counted from the end of the header.
    data_offsets: (u64, u64),
}

impl TensorFile {
    pub(super) fn open(path: &Path) -> Result<Self, EncoderError> {
        let read = |source| EncoderError::read(path, source);
        let mut file = File::open(path).map_err(read)?;
        let file_bytes = file.metadata().map_err(read)?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(read)?;
        let header_bytes = u64::from_le_bytes(length);
        if header_bytes > HEADER_BYTES_MAX {
            return Err(EncoderError::unusable(path, "is not a safetensors file: its header is too long"));
        }
        let mut header = Vec::new();
        (&mut file).take(header_bytes).read_to_end(&mut header).map_err(read)?;
        let tensors = parse_header(&header)
            .map_err(|error| EncoderError::unusable(path, format!("is not a safetensors file: {error}")))?;
        Ok(Self { path: path.to_owned(), file, file_bytes, values_at: 8 + header_bytes, tensors })
    }

    /// Rows of a matrix, whatever its number of columns.
    pub(super) fn rows(&self, name: &str) -> Result<usize, EncoderError> {
        let rows = self.tensors.get(name).and_then(|tensor| tensor.shape.first());
        rows.copied().ok_or_else(|| self.unusable(name, "is missing"))
    }

    /// All values of a tensor that must have this shape.
    pub(super) fn read(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        let mut values = Vec::with_capacity(shape.iter().product());
        self.read_rows(name, shape, shape[0], |rows| values.extend_from_slice(rows))?;
        Ok(values)
    }

    /// Hands over the values of a tensor that must have this shape, `step` of its rows at a time (fewer in the end),
    /// so that a large tensor is never in memory twice.
    pub(super) fn read_rows(
        &mut self,
        name: &str,
        shape: &[usize],
        step: usize,
        mut take: impl FnMut(&[f32]),
    ) -> Result<(), EncoderError> {
        let mut at = self.place(name, shape)?;
        let (rows, row_values) = (shape[0], shape[1..].iter().product::<usize>());
        let mut bytes = vec![0; step * row_values * VALUE_BYTES];
        let mut values = vec![0.0; step * row_values];
        for first in (0..rows).step_by(step) {
            let count = step.min(rows - first) * row_values;
            let bytes = &mut bytes[..count * VALUE_BYTES];
            self.read_at(at, bytes).map_err(|source| EncoderError::read(&self.path, source))?;
            for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<VALUE_BYTES>().0) {
                *value = f32::from_le_bytes(*bytes);
            }
            take(&values[..count]);
            at += bytes.len() as u64;
        }
        Ok(())
    }

    /// Where the tensor's values begin in the file, once its type, shape and size are found right.
    fn place(&self, name: &str, shape: &[usize]) -> Result<u64, EncoderError> {
        let Some(tensor) = self.tensors.get(name) else {
            return Err(self.unusable(name, "is missing"));
        };
        if tensor.dtype != "F32" || tensor.shape != shape {
            let reason = format!("is {} {:?} where F32 {shape:?} is needed", tensor.dtype, tensor.shape);
            return Err(self.unusable(name, &reason));
        }
        let (start, end) = tensor.data_offsets;
        // The number of rows comes from the file: it may be anything.
        let bytes = shape.iter().try_fold(VALUE_BYTES, |bytes, count| bytes.checked_mul(*count));
        if bytes.is_none() || end.checked_sub(start) != bytes.map(|bytes| bytes as u64) {
            return Err(self.unusable(name, "has offsets that do not fit its shape"));
        }
        if end > self.file_bytes.saturating_sub(self.values_at) {
            return Err(self.unusable(name, "ends after the end of the file"));
        }
        Ok(self.values_at + start)
    }

    fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(bytes)
    }

    fn unusable(&self, name: &str, reason: &str) -> EncoderError {
        EncoderError::unusable(&self.path, format!("is not this model: tensor `{name}` {reason}"))
    }
}

fn parse_header(header: &[u8]) -> serde_json::Result<HashMap<String, TensorPlace>> {
    let mut entries: HashMap<String, serde_json::Value> = serde_json::from_slice(header)?;
    entries.remove("__metadata__");
    entries.into_iter().map(|(name, entry)| Ok((name, serde_json::from_value(entry)?))).collect()
}
