//! A program, its environment and its limits in; what it wrote and how it ended out.
//!
//! Every run has a fresh container of its own: namespaces, a read-only root, a private `/tmp`, no capabilities, a
//! system-call filter, limits on memory, processes, processor and time. Children stand ready before they are needed,
//! so that a run starts in about a millisecond; none serves twice.
//!
//! It must not know actions, plans, parameters, secrets' names or the database. It decides nothing about the network
//! either: each child hands over the sockets that listen inside its own network namespace ([`ReadyChild::take_sockets`]),
//! and whoever runs it serves them under the egress policy.

pub mod image;
mod limits;
mod outcome;
mod program;

pub use limits::{RunLimits, SandboxSettings};
pub use outcome::{Ending, RunReport, SandboxError, Usage};
pub use program::{OutputChunk, Program, Stream, Tier};
