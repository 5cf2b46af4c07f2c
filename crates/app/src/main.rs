//! The `errand` binary: the server and the command line that speaks to it.
//!
//! It reads settings, wires the rooms together and talks to people. It must not decide anything that a door, the
//! engine or a planner decides: the command line asks the server over its public API, like any other program.

#![allow(unreachable_pub, reason = "a binary exports nothing: `pub` says that other files of it use an item")]

mod cli;
mod client;
mod config;
mod doctor;
mod model;
mod python;
mod serve;

fn main() -> std::process::ExitCode {
    // The sandbox starts this binary anew as its launcher, which must come to nothing else.
    errand_sandbox::launcher_main().unwrap_or_else(cli::main)
}
