//! Masked JSON text of a known shape.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::{Masked, Result, StorageError};

/// JSON text that went through the mask and still reads as a `T`. Masking replaces text, which can break JSON (a
/// number that equals a secret); finding that out here keeps the ledger readable.
#[derive(Debug, Clone)]
pub struct MaskedJson<T> {
    text: Masked,
    shape: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> MaskedJson<T> {
    /// A value whose every text went through the mask already, field by field: its keys and its syntax stay whole,
    /// whatever the secrets are.
    pub fn of_masked_fields(what: &'static str, value: &T) -> Result<Self>
    where
        T: serde::Serialize,
    {
        let text = serde_json::to_string(value)
            .map_err(|error| StorageError::BadJson { what, why: error.to_string() })?;
        Ok(Self { text: Masked::from_ledger(text), shape: PhantomData })
    }

    /// Fails with [`StorageError::BadJson`] when the text isn't a `T` any more.
    pub fn new(what: &'static str, text: Masked) -> Result<Self> {
        serde_json::from_str::<T>(&text)
            .map_err(|error| StorageError::BadJson { what, why: error.to_string() })?;
        Ok(Self { text, shape: PhantomData })
    }
}

impl<T> From<MaskedJson<T>> for crate::row::Value {
    fn from(json: MaskedJson<T>) -> Self {
        json.text.into()
    }
}
