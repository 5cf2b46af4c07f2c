//! Runs an attack as a real script would run: in the image, with the default limits but a short time, with the network
//! served under the default policy.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use errand_sandbox::{Ending, OutputChunk, Program, RunLimits, Sandbox, SandboxSettings, Stream, Tier};

use crate::host::{self, Host};

const PRELUDE: &str = include_str!("scripts/prelude.py");

pub struct Attack {
    pub script: &'static str,
    /// The function of the script that is called.
    pub name: &'static str,
    pub ending: fn(&Ending) -> bool,
}

/// What a run let see.
#[derive(Debug)]
pub struct Seen {
    pub stdout: String,
    pub stderr: String,
    pub ending: Ending,
}
