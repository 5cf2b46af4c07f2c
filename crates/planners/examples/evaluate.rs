//! Figures of the embedded planner on a case file:
//! `cargo run --release --example evaluate -- CATALOGUE.json CASES.jsonl [--model DIR [--tuning FILE|none]] [--wrong] [--json]`.

#[path = "../tests/support/mod.rs"]
#[allow(dead_code)] // Shared with the tests, which use all of it.
mod support;

use std::{error::Error, path::Path};

use errand_planners::{
    embedded::{EmbeddedPlanner, Encoder, Tuning, load_encoder},
    evaluate::Report,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [catalogue, cases, options @ ..] = arguments.as_slice() else {
        return Err("give a catalogue and a case file".into());
    };
    let wrong = options.iter().any(|option| option == "--wrong");
    let planner = planner(options)?;
    let all = support::catalogue(Path::new(catalogue), &planner)?;
    let mut outcomes = Vec::new();
    let figures =
        support::evaluate(&planner, &all, &support::cases(Path::new(cases))?, |case, plan, outcome| {
            outcomes.push(outcome.clone());
            let fine = outcome.wrong.is_empty()
                && outcome.missed.is_empty()
                && outcome.arguments_wrong.is_empty()
                && outcome.arguments_missed.is_empty()
                && outcome.arguments_invented.is_empty();
            if wrong && !fine {
                let best: Vec<_> = plan
                    .considered
                    .iter()
                    .take(3)
                    .map(|judged| format!("{} {:.2}", judged.action, judged.score))
                    .collect();
                println!("{}\n  before {:?}", case.question, case.before.last());
                println!("  wrong {:?} missed {:?} [{}]", outcome.wrong, outcome.missed, best.join(", "));
                println!(
                    "  args wrong {:?} missed {:?} invented {:?}",
                    outcome.arguments_wrong, outcome.arguments_missed, outcome.arguments_invented
                );
            }
        })?;
    if options.iter().any(|option| option == "--json") {
        println!("{}", serde_json::to_string_pretty(&Report::new(&outcomes, &[]))?);
    } else {
        println!("{}: {figures}", planner.model());
    }
    Ok(())
}

fn planner(options: &[String]) -> Result<EmbeddedPlanner, Box<dyn Error>> {
    let named =
        |name: &str| options.iter().position(|option| option == name).and_then(|at| options.get(at + 1));
    let Some(folder) = named("--model").map(Path::new) else { return Ok(EmbeddedPlanner::new(None)) };
    let encoder = match named("--tuning").map(String::as_str) {
        Some("none") => Encoder::load(folder)?,
        Some(file) => Encoder::load_tuned(folder, Tuning::parse(&std::fs::read(file)?)?)?,
        None => load_encoder(folder)?,
    };
    Ok(EmbeddedPlanner::new(Some(encoder)))
}
