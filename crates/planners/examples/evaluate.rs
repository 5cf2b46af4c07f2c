//! Figures of the embedded planner on a case file:
//! `cargo run --release --example evaluate -- CATALOGUE.json CASES.jsonl [--model DIR] [--wrong]`.

#[path = "../tests/support/mod.rs"]
#[allow(dead_code)] // Shared with the tests, which use all of it.
mod support;

use std::{error::Error, path::Path};

use errand_planners::embedded::{EmbeddedPlanner, Encoder};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [catalogue, cases, options @ ..] = arguments.as_slice() else {
        return Err("give a catalogue and a case file".into());
    };
    let wrong = options.iter().any(|option| option == "--wrong");
    let planner = planner(options)?;
    let all = support::catalogue(Path::new(catalogue), &planner)?;
    let figures =
        support::evaluate(&planner, &all, &support::cases(Path::new(cases))?, |case, plan, outcome| {
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
    println!("{}: {figures}", planner.model());
    Ok(())
}

fn planner(options: &[String]) -> Result<EmbeddedPlanner, Box<dyn Error>> {
    let folder = options.iter().position(|option| option == "--model").and_then(|at| options.get(at + 1));
    Ok(EmbeddedPlanner::new(folder.map(|folder| Encoder::load(Path::new(folder))).transpose()?))
}
