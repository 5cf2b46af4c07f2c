//! From evidence to a score between 0 and 1, and from scores to a decision.
//!
//! The weights are a logistic regression over labelled turns (`examples/calibrate.rs` fits them), the thresholds the
//! F1 optimum over the same. They are the only numbers to replace when a better encoder comes.

use super::score::Features;

/// Weights of one way of judging.
#[derive(Debug)]
pub(crate) struct Calibration {
    bias: f32,
    weights: [f32; Features::COUNT],
    /// A score from which an action fires.
    pub fires: f32,
    /// What a further action of the same turn must reach that shares its clause with a better one, or whose clause
    /// does not ask for anything by its form.
    pub fires_besides: f32,
    /// How close to the best of its clause it must be, too.
    pub margin: f32,
}

/// With sentence vectors.
pub(crate) static SEMANTIC: Calibration = Calibration {
    bias: -6.0,
    weights: [9.0, 7.0, 0.5, 0.5, 1.0, 1.5, 0.3],
    fires: 0.5,
    fires_besides: 0.8,
    margin: 0.03,
};

/// Words alone.
pub(crate) static LEXICAL: Calibration = Calibration {
    bias: -4.5,
    weights: [0.0, 0.0, 1.5, 2.5, 4.0, 5.0, 0.5],
    fires: 0.5,
    fires_besides: 0.8,
    margin: 0.03,
};

impl Calibration {
    pub(crate) fn score(&self, features: &Features) -> f32 {
        let values = features.values();
        let logit = self.bias + self.weights.iter().zip(values).map(|(weight, value)| weight * value).sum::<f32>();
        1.0 / (1.0 + (-logit).exp())
    }
}
