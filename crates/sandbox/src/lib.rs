//! A program, its environment and its limits in; what it wrote and how it ended out.
//!
//! Every run has a fresh container of its own: namespaces, a read-only root, a private `/tmp`, no capabilities, a
//! system-call filter, limits on memory, processes, processor and time. Children stand ready before they are needed,
//! so that a run starts in about a millisecond; none serves twice.
//!
//! ```text
//! supervisor            this process: policy, control groups, time, output        sandbox.rs, pool.rs, run.rs
//!  └ launcher           one thread; owns the namespaces and the room              launcher/
//!     ├ zygotes         warm interpreters, one per tier, without privileges       zygote/, native/src/zygote.rs
//!     └ children        cloned from a zygote, walled in, each for one run         native/src/child/
//! ```
//!
//! It must not know actions, plans, parameters, secrets' names or the database. It decides nothing about the network
//! either: each child hands over the sockets that listen inside its own network namespace ([`ReadyChild::take_sockets`]),
//! and whoever runs it serves them under the egress policy.

mod admission;
mod cgroup;
mod check;
mod child;
mod host;
mod ids;
pub mod image;
mod keeper;
mod launcher;
mod limits;
mod outcome;
mod output;
mod pool;
mod program;
mod run;
mod sandbox;
mod seccomp;
mod surroundings;
mod tier;
mod wire;

pub use cgroup::{Layout as CgroupLayout, delegate as delegate_cgroups};
pub use check::{Requirement, RequirementState, check};
pub use launcher::launcher_main;
pub use limits::{RunLimits, SandboxSettings};
pub use outcome::{Ending, RunReport, SandboxError, Usage};
pub use program::{OutputChunk, Program, Stream, Tier};
pub use sandbox::{LoadedChild, ReadyChild, Sandbox, SandboxStatus};
