//! Every test of state runs on SQLite and on PostgreSQL.

mod actions;
mod analytics;
mod audit;
mod conversations;
mod executions;
mod gurus;
mod harness;
mod keys_and_settings;
mod ledger;
mod migrations;
mod plans;
mod presence;
mod schedules;
mod secrets;
mod users;
