//! State: everything Errand remembers, in SQLite or PostgreSQL, from one SQL text.
//!
//! One file per noun, each a set of plain functions. What reads takes anything that is [`Read`] (the [`Reader`], or a
//! [`Transaction`] that wants to see its own writes); what writes takes `&mut Transaction`, so the caller chooses what
//! belongs together. The tenant is the first parameter after that. [`Writer::apply`] is the road for history: many
//! rows, one transaction.
//!
//! This crate must not know HTTP, decide anything, read a clock or make ids and random tokens: all are handed in. It
//! never sees a secret's value, only sealed bytes, and takes texts of history only as [`Masked`].

pub mod actions;
pub mod analytics;
pub mod audit;
mod connection;
pub mod conversations;
pub mod deliveries;
mod dialect;
mod error;
pub mod events;
pub mod executions;
pub mod feedback;
pub mod gurus;
pub mod http_replies;
mod insert;
pub mod lab;
mod ledger;
mod location;
mod masked_json;
mod migrations;
pub mod model_calls;
mod presence;
mod row;
pub mod schedules;
pub mod secrets;
pub mod settings;
pub mod shares;
mod sqlite_log;
mod sqlite_thread;
mod sqlite_transaction;
mod statement;
pub mod users;
pub mod write_keys;

pub use connection::{Db, PoolSizes, Read, Reader, Transaction, Writer};
pub use error::{DriverError, StorageError};
pub use ledger::{Applied, LedgerWrite};
pub use location::Location;
pub use masked_json::MaskedJson;
pub use migrations::SCHEMA_VERSION;
pub use presence::Presence;

/// The only text that history takes.
pub use errand_secrets::Masked;

pub type Result<T> = std::result::Result<T, StorageError>;

/// SHA-256 of a token or a request; the only form in which tokens are stored.
pub type Sha256 = [u8; 32];
