//! What a placeholder stands for.

use errand_domain::ArgValue;

use crate::{RunFailure, RunInput};

/// A placeholder's value. It is put in once and never looked through for placeholders again.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Argument(&'a ArgValue),
    /// A secret or built-in variable.
    Text(&'a str),
    /// An optional parameter that was not given.
    Absent,
}

impl<'a> Value<'a> {
    /// Looks a name up: parameters first, then built-ins, then secrets (names can't be shared, SPEC §3 and §7).
    pub(crate) fn of(name: &str, input: &'a RunInput) -> Result<Self, RunFailure> {
        if let Some(parameter) = input.action.parameter(name) {
            return match input.arguments.get(name) {
                Some(value) => Ok(Self::Argument(value)),
                None if parameter.required => Err(RunFailure::MissingArgument { name: name.to_owned() }),
                None => Ok(Self::Absent),
            };
        }
        if let Some(text) = input.built_ins.get(name) {
            return Ok(Self::Text(text));
        }
        match input.secrets.get(name) {
            Some(secret) => Ok(Self::Text(secret.expose())),
            None => Err(RunFailure::MissingSecret { name: name.to_owned() }),
        }
    }

    pub(crate) const fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// As plain text, without copying where it is text already; empty for an absent one.
    pub(crate) fn with_text<R>(self, use_text: impl FnOnce(&str) -> R) -> R {
        match self {
            Self::Argument(ArgValue::String(text)) => use_text(text),
            Self::Argument(value) => use_text(&value.to_string()),
            Self::Text(text) => use_text(text),
            Self::Absent => use_text(""),
        }
    }
}
