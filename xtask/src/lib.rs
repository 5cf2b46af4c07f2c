//! What keeps the house in order: the rules of the repository, as plain functions over its files.
//!
//! `tests/house_rules.rs` applies them to this repository with every test run. This crate must not depend on any
//! room it judges, and nothing may depend on it.

pub mod house;
