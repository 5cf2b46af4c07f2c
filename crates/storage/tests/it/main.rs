//! Every test of state runs on SQLite and on PostgreSQL.

mod gurus;
mod harness;
mod migrations;
