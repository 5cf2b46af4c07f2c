//! Scripts in real sandboxes: what they may rely on, and how each way to end is told.

mod harness;
mod semantics;
