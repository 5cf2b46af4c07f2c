//! Errand from outside: every test starts the built binary on a port and a data directory of its own and goes through
//! its doors, against upstreams that the test plays itself.

mod answer;
mod backups;
mod bad_input;
mod built_ins;
mod cancel;
mod deliveries;
mod drafts;
mod feedback;
mod harness;
mod history;
mod imports;
mod lab;
mod language_model;
mod ledger;
mod mail;
mod masking;
mod oidc;
mod people;
mod python;
mod readme;
mod records;
mod retention;
mod schedules;
mod secrets;
mod unauthorized;
mod versions;
