//! Fits the weights of `embedded/calibration.rs` by logistic regression on labelled turns and prints them:
//! `cargo run --example calibrate -- [--model DIR] CATALOGUE.json CASES.jsonl EVERY [CATALOGUE.json CASES.jsonl EVERY …]`.
//! EVERY takes each n-th case of a file only. Each file weighs the same, whatever its length.

#[path = "../tests/support/mod.rs"]
#[allow(dead_code)] // Shared with the tests, which use all of it.
mod support;

use std::{error::Error, path::Path};

use errand_planners::embedded::{EVIDENCE, EmbeddedPlanner, Encoder};

struct Row {
    evidence: [f32; EVIDENCE],
    expected: bool,
    weight: f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let encoder = match arguments.first().map(String::as_str) {
        Some("--model") if arguments.len() > 1 => {
            let folder = arguments.drain(..2).nth(1).unwrap_or_default();
            Some(Encoder::load(Path::new(&folder))?)
        }
        _ => None,
    };
    let planner = EmbeddedPlanner::new(encoder);
    let mut rows = Vec::new();
    for source in arguments.chunks(3) {
        let [catalogue, cases, every] = source else {
            return Err("give catalogue, cases and a step".into());
        };
        let all = support::catalogue(Path::new(catalogue), &planner)?;
        let cases: Vec<_> = support::cases(Path::new(cases))?.into_iter().step_by(every.parse()?).collect();
        let before = rows.len();
        for case in &cases {
            let request = support::request(&planner, &all, case)?;
            for (action, evidence) in request.catalogue.actions.iter().zip(planner.evidence(&request)) {
                let judged = evidence.iter().any(|value| *value != 0.0) && action.runs_with.is_empty();
                let expected = case.expected.contains_key(action.name.as_str());
                rows.extend(judged.then_some(Row { evidence, expected, weight: 1.0 }));
            }
        }
        let count = rows.len() - before;
        rows[before..].iter_mut().for_each(|row| row.weight = 1.0 / support_f32(count));
    }
    let (bias, weights) = fit(&rows);
    println!("bias: {bias:.2},\nweights: {weights:.2?},");
    Ok(())
}

/// Gradient descent with a weak pull to zero; no weight may be negative, since all evidence speaks for an action.
fn fit(rows: &[Row]) -> (f32, [f32; EVIDENCE]) {
    let (mut bias, mut weights) = (0.0f32, [0.0f32; EVIDENCE]);
    let total: f32 = rows.iter().map(|row| row.weight).sum();
    for _ in 0..6_000 {
        let (mut bias_slope, mut slopes) = (0.0, [0.0; EVIDENCE]);
        for row in rows {
            let logit: f32 =
                bias + weights.iter().zip(row.evidence).map(|(weight, value)| weight * value).sum::<f32>();
            let error =
                row.weight / total * (1.0 / (1.0 + (-logit).exp()) - if row.expected { 1.0 } else { 0.0 });
            bias_slope += error;
            slopes.iter_mut().zip(row.evidence).for_each(|(slope, value)| *slope += error * value);
        }
        bias -= 8.0 * bias_slope;
        for (weight, slope) in weights.iter_mut().zip(slopes) {
            *weight = (*weight - 8.0 * (slope + 1e-5 * *weight)).max(0.0);
        }
    }
    (bias, weights)
}

#[allow(clippy::cast_precision_loss)]
fn support_f32(count: usize) -> f32 {
    count.max(1) as f32
}
