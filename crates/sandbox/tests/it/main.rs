//! Scripts in real sandboxes: what they may rely on, how each way to end is told, and how the sandbox bears load and
//! loss.

mod as_user;
mod check;
mod endings;
mod harness;
mod kills;
mod network;
mod pool;
mod processes;
mod semantics;
#[path = "../shared/mod.rs"]
mod shared;
mod zygotes;
