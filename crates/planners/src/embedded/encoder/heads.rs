//! Whether a conversation asks for an action, and where in it the value of a parameter stands.
//!
//! Tokens and parameters are brought into one small space, once for each role that a token can have; their product is
//! the evidence. The first token stands for "not said".

use super::DIMENSION;

/// Where a value starts, where it ends, and the words that affirm or deny a flag.
pub(super) const ROLES: usize = 4;
const START: usize = 0;
const END: usize = 1;
const AFFIRMS: usize = 2;
const DENIES: usize = 3;

/// Width of the space in which tokens and parameters meet.
pub(super) const MEET: usize = 64;

/// Longest value, in tokens.
const SPAN_TOKENS_MAX: usize = 16;

/// How many of the likeliest first tokens are looked at.
const STARTS: usize = 6;

/// The trained matrices, row-major: by role, then by the encoder's dimension, then by the small space's.
#[derive(Debug)]
pub(super) struct Heads {
    pub(super) tokens: Vec<f32>,
    pub(super) token_bias: Vec<f32>,
    pub(super) parameters: Vec<f32>,
    pub(super) parameter_bias: Vec<f32>,
    /// What the state of the first token is multiplied with, then the mean of those of what the action does.
    pub(super) asked: Vec<f32>,
    pub(super) asked_bias: f32,
}

/// A parameter, ready to be looked for: for each role, what a token's state is multiplied with, and what is added.
#[derive(Debug)]
pub(super) struct Sought {
    weights: Vec<f32>,
    bias: [f32; ROLES],
}

/// A stretch of tokens that may be a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub first: usize,
    pub last: usize,
    /// By how much, in log-odds, it is likelier than that the value is not said.
    pub lead: f32,
}

impl Heads {
    /// By how much, in log-odds, it is likelier that the action is asked for than that it is not: from the state of
    /// the first token and those of what the action does.
    pub(super) fn asked(&self, first: &[f32], statement: &[f32]) -> f32 {
        let (of_first, of_statement) = self.asked.split_at(DIMENSION);
        let rows = statement.chunks_exact(DIMENSION);
        #[expect(clippy::cast_precision_loss, reason = "a statement has few tokens")]
        let count = rows.len().max(1) as f32;
        let stated: f32 = rows.map(|state| dot(state, of_statement)).sum();
        dot(first, of_first) + stated / count + self.asked_bias
    }

    /// From the unit vector of the parameter's name and description.
    pub(super) fn seek(&self, parameter: &[f32]) -> Sought {
        #[expect(clippy::cast_precision_loss, reason = "the width is a small number")]
        let scale = 1.0 / (MEET as f32).sqrt();
        let mut weights = Vec::with_capacity(ROLES * DIMENSION);
        let mut bias = [0.0; ROLES];
        for (role, bias) in bias.iter_mut().enumerate() {
            let place = role * DIMENSION * MEET;
            let mut right: Vec<f32> = self.parameter_bias[role * MEET..][..MEET].to_vec();
            for (value, row) in parameter.iter().zip(self.parameters[place..].chunks_exact(MEET)) {
                right.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
            }
            let rows = self.tokens[place..].chunks_exact(MEET).take(DIMENSION);
            weights.extend(rows.map(|row| dot(row, &right) * scale));
            *bias = dot(&self.token_bias[role * MEET..][..MEET], &right) * scale;
        }
        Sought { weights, bias }
    }
}

impl Sought {
    /// The likeliest places of a value, likeliest first; `goes_on` says whether a value may go on over a token.
    pub(super) fn spans(&self, states: &[f32], goes_on: impl Fn(usize) -> bool) -> Vec<Span> {
        let (starts, ends) = (self.evidence(START, states), self.evidence(END, states));
        let mut order: Vec<usize> = (1..starts.len()).collect();
        order.sort_by(|a, b| starts[*b].total_cmp(&starts[*a]));
        let mut found = Vec::new();
        for first in order.into_iter().take(STARTS) {
            let reach = first..(first + SPAN_TOKENS_MAX).min(ends.len());
            let reach = reach.take_while(|at| *at == first || goes_on(*at));
            let last = reach.max_by(|a, b| ends[*a].total_cmp(&ends[*b]));
            let span =
                |last: usize| Span { first, last, lead: starts[first] + ends[last] - starts[0] - ends[0] };
            found.extend(last.map(span));
        }
        found.sort_by(|a, b| b.lead.total_cmp(&a.lead));
        found
    }

    /// Whether a flag is said to be set or not, the token that says so, and by how much, in log-odds, that is
    /// likelier than that nothing is said of it.
    pub(super) fn flag(&self, states: &[f32]) -> Option<(bool, Span)> {
        let (affirms, denies) = (self.evidence(AFFIRMS, states), self.evidence(DENIES, states));
        let said = |evidence: &[f32]| {
            let highest = evidence[1..].iter().copied().fold(f32::NEG_INFINITY, f32::max);
            highest + evidence[1..].iter().map(|value| (value - highest).exp()).sum::<f32>().ln()
        };
        if affirms.len() < 2 {
            return None;
        }
        let (yes, no, nothing) = (said(&affirms), said(&denies), affirms[0]);
        let set = yes >= no;
        let evidence = if set { &affirms } else { &denies };
        let at = (1..evidence.len()).max_by(|a, b| evidence[*a].total_cmp(&evidence[*b]))?;
        Some((set, Span { first: at, last: at, lead: yes.max(no) - nothing }))
    }

    fn evidence(&self, role: usize, states: &[f32]) -> Vec<f32> {
        let weights = &self.weights[role * DIMENSION..][..DIMENSION];
        states.chunks_exact(DIMENSION).map(|state| dot(state, weights) + self.bias[role]).collect()
    }
}

/// Eight running sums, so that the compiler may use vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    for (x, y) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum()
}
