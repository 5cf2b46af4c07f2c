//! Errand from outside: every test starts the built binary on a port and a data directory of its own and goes through
//! its doors, against upstreams that the test plays itself.

mod answer;
mod bad_input;
mod built_ins;
mod cancel;
mod harness;
mod history;
mod masking;
mod python;
mod readme;
mod unauthorized;
