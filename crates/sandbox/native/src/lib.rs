//! The part of a sandbox that runs inside the interpreter's process, before the script: system calls only.
//!
//! It must not know what runs or why; it must not allocate, start threads or read the environment.

pub mod net;
