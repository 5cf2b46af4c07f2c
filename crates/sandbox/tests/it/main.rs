//! Scripts in real sandboxes: what they may rely on, how each way to end is told, and how the sandbox bears load and
//! loss.

mod as_user;
mod check;
mod endings;
mod harness;
mod network;
mod pool;
mod semantics;
