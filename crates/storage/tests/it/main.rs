//! Every test of state runs on SQLite and on PostgreSQL.

mod actions;
mod analytics;
mod audit;
mod backup;
mod conversations;
mod executions;
mod feedback;
mod gurus;
mod harness;
mod keys_and_settings;
mod ledger;
mod migrations;
mod model_calls;
mod plans;
mod presence;
mod schedules;
mod secrets;
mod shares;
mod users;
