//! Lexical evidence: which of the question's words stand in an action's trigger, examples and name, each weighted by
//! how few actions share it.

use super::words::{self, Term};
use crate::{CatalogueAction, Prepared};

/// How one utterance and one action overlap. All figures are 0 when no word is shared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlap {
    /// Share of the utterance's weight that the action knows.
    pub coverage: f32,
    /// Weight shared with the trigger or name, saturating towards 1.
    pub mass: f32,
    /// The likest statement of the trigger: shared weight over both sides' weight.
    pub statement: f32,
    /// The same for the likest example.
    pub example: f32,
    pub example_row: Option<usize>,
    /// Shared words, weightiest first.
    pub shared: Vec<String>,
}

/// An utterance's terms with their weight in this catalogue.
#[derive(Debug)]
pub(crate) struct Weighted {
    terms: Vec<(Term, f32)>,
    /// Weight assumed of an action's word that the utterance lacks: looking each up would cost more than it tells.
    other: f32,
}

/// Terms of an action's name, which says what it is for as a trigger does: `refund_lookup`.
pub(crate) fn name_terms(action: &CatalogueAction) -> Vec<u64> {
    words::term_hashes(action.name.as_str())
}

impl Weighted {
    /// Weighs each term by the inverse document frequency over the catalogue's actions.
    pub(crate) fn new(utterance: &str, actions: &[(&Prepared, Vec<u64>)]) -> Self {
        let count = as_f32(actions.len());
        let idf = |df: f32| (1.0 + (count - df + 0.5) / (df + 0.5)).ln();
        let weigh = |term: Term| {
            let df = actions.iter().filter(|(prepared, name)| knows(prepared, name, term.hash)).count();
            let weight = idf(as_f32(df));
            (term, weight)
        };
        Self {
            terms: words::terms(utterance).into_iter().map(weigh).collect(),
            other: idf((count * 0.1).min(count)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn overlap(&self, prepared: &Prepared, name: &[u64]) -> Overlap {
        let own: f32 = self.terms.iter().map(|(_, weight)| weight).sum();
        if own <= 0.0 {
            return Overlap::default();
        }
        let mut known: Vec<_> =
            self.terms.iter().filter(|(term, _)| knows(prepared, name, term.hash)).collect();
        known.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (trigger, examples) = prepared.terms.split_at(prepared.trigger_rows.min(prepared.terms.len()));
        let told: f32 =
            known.iter().filter(|(term, _)| in_any(trigger, name, term.hash)).map(|(_, weight)| weight).sum();
        let likest = |rows: &[Vec<u64>]| {
            let scored = rows.iter().enumerate().map(|(at, row)| (at, self.likeness(row, own)));
            scored.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, score)| *score > 0.0)
        };
        let example = likest(examples);
        Overlap {
            coverage: known.iter().map(|(_, weight)| weight).sum::<f32>() / own,
            mass: told / (told + 2.0),
            statement: likest(trigger).map_or(0.0, |(_, score)| score),
            example: example.map_or(0.0, |(_, score)| score),
            example_row: example.map(|(at, _)| at),
            shared: known.iter().map(|(term, _)| term.word.clone()).collect(),
        }
    }

    /// Dice coefficient over weights, 0 to 1.
    fn likeness(&self, row: &[u64], own: f32) -> f32 {
        let shared: Vec<f32> = self
            .terms
            .iter()
            .filter(|(term, _)| row.binary_search(&term.hash).is_ok())
            .map(|(_, weight)| *weight)
            .collect();
        let both: f32 = shared.iter().sum();
        let theirs = both + self.other * as_f32(row.len() - shared.len());
        if both > 0.0 { 2.0 * both / (own + theirs) } else { 0.0 }
    }
}

fn knows(prepared: &Prepared, name: &[u64], hash: u64) -> bool {
    in_any(&prepared.terms, name, hash)
}

fn in_any(rows: &[Vec<u64>], name: &[u64], hash: u64) -> bool {
    name.binary_search(&hash).is_ok() || rows.iter().any(|row| row.binary_search(&hash).is_ok())
}

/// Counts here are far below what an `f32` holds exactly.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn as_f32(count: usize) -> f32 {
    count as f32
}
