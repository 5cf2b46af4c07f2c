//! The trigger lab: does the right action fire, with the right arguments, and nothing else?
//!
//! Running cases ([`run`]) needs no server and no database: a catalogue and a case file are enough. Kept suites
//! ([`suites`]), trying an edited trigger on what was asked before ([`replay`]) and finding triggers that get in each
//! other's way ([`overlap`]) work on a guru.

pub mod overlap;
pub mod replay;
pub mod run;
pub mod suites;
