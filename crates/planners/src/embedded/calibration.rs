//! From evidence to a score between 0 and 1, and from scores to a decision.
//!
//! The weights are a logistic regression over labelled turns (`examples/calibrate.rs` fits them). The thresholds began at
//! the F1 optimum over the same turns and were then set by hand for fewer false fires. They are the only numbers to replace
//! when a better encoder comes.

use super::score::Features;

/// Weights of one way of judging.
#[derive(Debug)]
pub(crate) struct Calibration {
    bias: f32,
    weights: [f32; Features::COUNT],
    /// A score from which an action fires.
    pub fires: f32,
    /// The same for an action that leaves every other behind by `lead`.
    pub fires_ahead: f32,
    /// In log-odds.
    pub lead: f32,
    /// The same for a clause that merely states something, neither asking nor complaining.
    pub fires_on_statement: f32,
    /// What every further action of a turn must reach.
    pub fires_also: f32,
    /// How close, in log-odds, a further action of the same clause must be to its best.
    pub margin: f32,
    /// What the log-odds of vectors and words count where the turn was read with the action, and what those of the
    /// reading.
    pub reading: [f32; 2],
}

/// With sentence vectors.
pub(crate) static SEMANTIC: Calibration = Calibration {
    bias: -8.06,
    weights: [4.25, 6.01, 2.12, 1.56, 0.00, 0.74, 1.63],
    fires: 0.45,
    fires_ahead: 0.1,
    lead: 1.2,
    fires_on_statement: 0.85,
    fires_also: 0.65,
    margin: 0.1,
    reading: [1.0, 0.0],
};

/// With a tuned encoder, whose cosines are trained to be near a half for what is asked for and near nothing for what
/// is not.
pub(crate) static TUNED: Calibration = Calibration {
    bias: -8.0,
    weights: [10.0, 10.0, 1.0, 1.5, 0.00, 1.0, 0.8],
    fires: 0.5,
    fires_ahead: 0.3,
    lead: 1.5,
    fires_on_statement: 0.8,
    fires_also: 0.9,
    margin: 0.0,
    reading: [0.5, 1.0],
};

/// Words alone.
pub(crate) static LEXICAL: Calibration = Calibration {
    bias: -5.70,
    weights: [0.00, 0.00, 2.19, 3.83, 0.00, 3.79, 1.93],
    fires: 0.4,
    fires_ahead: 0.2,
    lead: 1.5,
    fires_on_statement: 0.8,
    fires_also: 0.55,
    margin: 0.1,
    reading: [1.0, 0.0],
};

/// A reading may speak no more than this against an action, in log-odds: where a language model chooses, it is asked
/// whether there is any nearness at all, and one judgement alone should not rule that out.
const DENIED: f32 = -4.0;

impl Calibration {
    pub(crate) fn log_odds(&self, features: &Features) -> f32 {
        self.bias
            + self.weights.iter().zip(features.values()).map(|(weight, value)| weight * value).sum::<f32>()
    }

    pub(crate) fn with_reading(&self, log_odds: f32, asked: f32) -> f32 {
        self.reading[0] * log_odds + self.reading[1] * asked.max(DENIED)
    }

    pub(crate) fn score(log_odds: f32) -> f32 {
        1.0 / (1.0 + (-log_odds).exp())
    }
}
