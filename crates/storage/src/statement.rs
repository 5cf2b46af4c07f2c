//! Statements that wait to be run, so that a whole transaction can make one trip to the database.

use std::borrow::Cow;

use crate::row::Value;

/// A statement with its values.
pub(crate) struct Statement {
    /// What it does, for errors.
    pub(crate) step: &'static str,
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    /// What there is already when it breaks a rule that something is there once.
    pub(crate) once: &'static str,
}

impl Statement {
    pub(crate) fn new(step: &'static str, sql: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Self {
        Self { step, sql: sql.into(), values, once: "such a row" }
    }
}
