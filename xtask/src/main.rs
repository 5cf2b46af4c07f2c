//! `cargo xtask …`: chores of the repository that need more than a line of shell.

use std::process::ExitCode;

use xtask::house::{Tree, migrations};

const USAGE: &str = "\
cargo xtask seal-migrations    records the checksums of new migrations; refuses when a recorded one was edited";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("seal-migrations") => seal_migrations(),
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
