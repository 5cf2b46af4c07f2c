//! `cargo xtask …`: chores of the repository that need more than a line of shell.

use std::process::{Command, ExitCode};

use xtask::house::{Tree, migrations};

const USAGE: &str = "\
cargo xtask train-planner DATA trains the embedded planner's encoder on the cases in DATA (docs/planner.md)
cargo xtask seal-migrations    records the checksums of new migrations; refuses when a recorded one was edited";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("seal-migrations") => seal_migrations(),
        Some("train-planner") => train_planner(),
        Some("help" | "--help" | "-h") => Ok(USAGE.to_owned()),
        Some(other) => Err(format!("There is no chore `{other}`. These exist:\n{USAGE}")),
        None => Err(format!("Name a chore:\n{USAGE}")),
    };
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

fn seal_migrations() -> Result<String, String> {
    let tree = Tree::of_this_repository().map_err(|error| error.to_string())?;
    let sealed = migrations::seal(&tree)?;
    std::fs::write(tree.root.join(migrations::SEAL), &sealed)
        .map_err(|error| format!("`{}` can't be written: {error}", migrations::SEAL))?;
    Ok(format!("{} migrations are sealed in {}.", sealed.lines().count(), migrations::SEAL))
}

/// Hands over to the script, which needs Python and brings everything else.
fn train_planner() -> Result<String, String> {
    const SCRIPT: &str = "scripts/train-planner/run.sh";
    let tree = Tree::of_this_repository().map_err(|error| error.to_string())?;
    let ended = Command::new(tree.root.join(SCRIPT))
        .args(std::env::args().skip(2))
        .status()
        .map_err(|error| format!("`{SCRIPT}` can't be started: {error}. It needs bash and Python 3."))?;
    if ended.success() {
        Ok("The weights are in crates/planners/weights; run the planner's tests.".to_owned())
    } else {
        Err(format!("`{SCRIPT}` did not come to its end ({ended}); its last lines say why."))
    }
}
