//! The model's weights: read once, checked, and laid out for the forward pass.

use std::path::Path;

use super::matrix::{Bf16, Matrix};
use super::product::PANEL;
use super::safetensors::TensorFile;
use super::tuning::{LayerDelta, MatrixDelta, NormDelta};
use super::{DIMENSION, EncoderError, TOKENS_MAX};

pub(super) const LAYERS: usize = 6;
pub(super) const HEADS: usize = 12;
pub(super) const HEAD: usize = DIMENSION / HEADS;
pub(super) const INNER: usize = 4 * DIMENSION;
const POSITIONS: usize = 512;
const WORD_ROWS_AT_ONCE: usize = 256;

pub(super) struct Weights {
    words: Vec<Bf16>,
    /// For each place in a text, what is added to the word there: its position, and that there is one text only.
    places: Vec<f32>,
    pub(super) first_norm: Norm,
    pub(super) layers: Vec<Layer>,
}

pub(super) struct Layer {
    /// Queries, keys and values side by side; the queries already divided by the root of the head's width.
    pub(super) attend: Matrix,
    pub(super) mix: Matrix,
    pub(super) mix_norm: Norm,
    pub(super) widen: Matrix,
    pub(super) narrow: Matrix,
    pub(super) narrow_norm: Norm,
}

/// Gain and bias of a normalisation.
pub(super) struct Norm {
    pub(super) gain: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Weights {
    pub(super) fn load(path: &Path, deltas: Option<&[LayerDelta<'_>]>) -> Result<Self, EncoderError> {
        let mut file = TensorFile::open(path)?;
        let words = read_words(&mut file)?;
        let places = read_places(&mut file)?;
        let first_norm = read_norm(&mut file, "embeddings.LayerNorm", None)?;
        let delta = |index: usize| deltas.and_then(|deltas| deltas.get(index));
        let layers =
            (0..LAYERS).map(|index| read_layer(&mut file, index, delta(index))).collect::<Result<_, _>>()?;
        Ok(Self { words, places, first_norm, layers })
    }

    pub(super) fn vocabulary_size(&self) -> usize {
        self.words.len() / DIMENSION
    }

    /// Writes what a token is worth at a place, before the first normalisation.
    pub(super) fn embed(&self, id: u32, place: usize, state: &mut [f32]) {
        let words = self.words.chunks_exact(DIMENSION).nth(id as usize).unwrap_or_default();
        let places = &self.places[place * DIMENSION..][..DIMENSION];
        for ((value, word), place) in state.iter_mut().zip(words).zip(places) {
            *value = word.widen() + place;
        }
    }
}

fn read_words(file: &mut TensorFile) -> Result<Vec<Bf16>, EncoderError> {
    let name = "embeddings.word_embeddings.weight";
    let rows = file.rows(name)?;
    let mut words = Vec::with_capacity(rows.saturating_mul(DIMENSION).min(1 << 26));
    let take = |values: &[f32]| words.extend(values.iter().copied().map(Bf16::round));
    file.read_rows(name, &[rows, DIMENSION], WORD_ROWS_AT_ONCE, take)?;
    Ok(words)
}

fn read_places(file: &mut TensorFile) -> Result<Vec<f32>, EncoderError> {
    let mut places = file.read("embeddings.position_embeddings.weight", &[POSITIONS, DIMENSION])?;
    let kinds = file.read("embeddings.token_type_embeddings.weight", &[2, DIMENSION])?;
    places.truncate(TOKENS_MAX * DIMENSION);
    places.shrink_to_fit();
    for place in places.chunks_exact_mut(DIMENSION) {
        for (value, kind) in place.iter_mut().zip(&kinds) {
            *value += kind;
        }
    }
    Ok(places)
}

fn read_norm(file: &mut TensorFile, name: &str, delta: Option<&NormDelta>) -> Result<Norm, EncoderError> {
    let mut gain = file.read(&format!("{name}.weight"), &[DIMENSION])?;
    let mut bias = file.read(&format!("{name}.bias"), &[DIMENSION])?;
    if let Some(delta) = delta {
        add(&mut gain, &delta.gain);
        add(&mut bias, &delta.bias);
    }
    Ok(Norm { gain, bias })
}

fn add(values: &mut [f32], delta: &[f32]) {
    values.iter_mut().zip(delta).for_each(|(value, delta)| *value += delta);
}

fn read_layer(
    file: &mut TensorFile,
    index: usize,
    delta: Option<&LayerDelta<'_>>,
) -> Result<Layer, EncoderError> {
    let name = |part: &str| format!("encoder.layer.{index}.{part}");
    let mut attend = Matrix::with_capacity(DIMENSION, 3 * DIMENSION);
    #[expect(clippy::cast_precision_loss, reason = "a head's width is a small number")]
    let query_scale = 1.0 / (HEAD as f32).sqrt();
    for (at, (part, scale)) in [("query", query_scale), ("key", 1.0), ("value", 1.0)].into_iter().enumerate()
    {
        let delta = delta.map(|delta| (&delta.attend, at * DIMENSION));
        let part = Part { name: &name(&format!("attention.self.{part}")), outputs: DIMENSION, scale, delta };
        append(file, &part, &mut attend)?;
    }
    let (mix, widen) = (name("attention.output.dense"), name("intermediate.dense"));
    let narrow = name("output.dense");
    Ok(Layer {
        attend,
        mix: read_matrix(file, &Part::whole(&mix, DIMENSION, delta.map(|delta| &delta.mix)), DIMENSION)?,
        mix_norm: read_norm(file, &name("attention.output.LayerNorm"), delta.map(|delta| &delta.mix_norm))?,
        widen: read_matrix(file, &Part::whole(&widen, INNER, delta.map(|delta| &delta.widen)), DIMENSION)?,
        narrow: read_matrix(file, &Part::whole(&narrow, DIMENSION, delta.map(|delta| &delta.narrow)), INNER)?,
        narrow_norm: read_norm(file, &name("output.LayerNorm"), delta.map(|delta| &delta.narrow_norm))?,
    })
}

fn read_matrix(file: &mut TensorFile, part: &Part<'_>, depth: usize) -> Result<Matrix, EncoderError> {
    let mut matrix = Matrix::with_capacity(depth, part.outputs);
    append(file, part, &mut matrix)?;
    Ok(matrix)
}

/// What of a matrix one tensor fills.
struct Part<'a> {
    name: &'a str,
    outputs: usize,
    scale: f32,
    /// What training changed, and the row of it at which the tensor begins.
    delta: Option<(&'a MatrixDelta<'a>, usize)>,
}

impl<'a> Part<'a> {
    fn whole(name: &'a str, outputs: usize, delta: Option<&'a MatrixDelta<'a>>) -> Self {
        Self { name, outputs, scale: 1.0, delta: delta.map(|delta| (delta, 0)) }
    }
}

fn append(file: &mut TensorFile, part: &Part<'_>, matrix: &mut Matrix) -> Result<(), EncoderError> {
    let mut bias = file.read(&format!("{}.bias", part.name), &[part.outputs])?;
    if let Some((delta, first)) = part.delta {
        add(&mut bias, &delta.bias[first..]);
    }
    let mut bias = bias.as_chunks::<PANEL>().0.iter();
    let shape = [part.outputs, matrix.depth()];
    let mut changed = Vec::new();
    let mut row = 0;
    file.read_rows(&format!("{}.weight", part.name), &shape, PANEL, |weights| {
        changed.clear();
        changed.extend_from_slice(weights);
        if let Some((delta, first)) = part.delta {
            delta.add_to(first + row, &mut changed);
        }
        row += PANEL;
        if let Some(bias) = bias.next() {
            matrix.push_panel(&changed, *bias, part.scale);
        }
    })
}
