//! Values on their way in and rows on their way out, the same for both databases.

use std::{fmt::Display, str::FromStr};

use errand_domain::UnixMillis;
use serde::de::DeserializeOwned;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::{Masked, Result, Sha256, StorageError};

/// A bound parameter. NULL keeps its type: PostgreSQL refuses an untyped one where it can't infer it.
#[derive(Debug, Clone)]
pub enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Boolean(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// Ids, names and closed sets of words, as text.
    pub(crate) fn shown(value: impl Display) -> Self {
        Self::Text(Some(value.to_string()))
    }

    pub(crate) fn shown_option(value: Option<impl Display>) -> Self {
        Self::Text(value.map(|value| value.to_string()))
    }
}

/// PostgreSQL refuses a text with a zero character, which any script may print; SQLite's functions end a text there.
fn without_zeros(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

macro_rules! value_from {
    ($($from:ty => |$name:ident| $variant:ident($value:expr)),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Self {
                Self::$variant($value)
            }
        }
    )*};
}

value_from! {
    &str => |text| Text(Some(without_zeros(text.to_owned()))),
    String => |text| Text(Some(without_zeros(text))),
    Option<String> => |text| Text(text.map(without_zeros)),
    Option<&str> => |text| Text(text.map(|text| without_zeros(text.to_owned()))),
    Masked => |text| Text(Some(without_zeros(text.into_string()))),
    Option<Masked> => |text| Text(text.map(|text| without_zeros(text.into_string()))),
    u32 => |number| Integer(Some(i64::from(number))),
    Option<u32> => |number| Integer(number.map(i64::from)),
    i64 => |number| Integer(Some(number)),
    Option<i64> => |number| Integer(number),
    UnixMillis => |time| Integer(Some(time.0)),
    Option<UnixMillis> => |time| Integer(time.map(|time| time.0)),
    bool => |truth| Boolean(Some(truth)),
    &[u8] => |bytes| Bytes(Some(bytes.to_vec())),
    Vec<u8> => |bytes| Bytes(Some(bytes)),
    Sha256 => |hash| Bytes(Some(hash.to_vec())),
}

/// `values![id, name, at]`: a list of bound parameters.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::row::Value::from($value)),*] };
}
pub(crate) use values;

/// Binds rows of values behind those that are there, and gives the text that names them: `($3, $4), ($5, $6)`, as
/// `VALUES` takes it. The last row is bound again and again up to a power of two, so that lists of all lengths share a
/// few texts and with them the prepared statements; it must not matter how often a row is in the list.
pub(crate) fn bind_list(bound: &mut Vec<Value>, rows: impl IntoIterator<Item = Vec<Value>>) -> String {
    let mut rows: Vec<_> = rows.into_iter().collect();
    if let Some(last) = rows.last().cloned() {
        rows.resize(rows.len().next_power_of_two(), last);
    }
    let mut names = Vec::with_capacity(rows.len());
    for row in rows {
        let first = bound.len() + 1;
        let of_row: Vec<_> = (first..first + row.len()).map(|number| format!("${number}")).collect();
        names.push(format!("({})", of_row.join(", ")));
        bound.extend(row);
    }
    names.join(", ")
}

#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that both databases can give.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    pub(crate) fn get<T: Column>(&self, column: &'static str) -> Result<T> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| StorageError::corrupt(column, error))
    }

    /// An id or a checked name.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T> {
        self.get::<String>(column)?.parse().map_err(|error| StorageError::corrupt(column, error))
    }

    pub(crate) fn parse_option<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<Option<T>> {
        self.get::<Option<String>>(column)?
            .map(|text| text.parse().map_err(|error| StorageError::corrupt(column, error)))
            .transpose()
    }

    /// A word of a closed set.
    pub(crate) fn word<T>(&self, column: &'static str, read: fn(&str) -> Option<T>) -> Result<T> {
        let text: String = self.get(column)?;
        read(&text).ok_or_else(|| StorageError::corrupt(column, format_args!("`{text}` is unknown")))
    }

    pub(crate) fn word_option<T>(
        &self,
        column: &'static str,
        read: fn(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(text) = self.get::<Option<String>>(column)? else { return Ok(None) };
        read(&text)
            .map(Some)
            .ok_or_else(|| StorageError::corrupt(column, format_args!("`{text}` is unknown")))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        from_json(column, &self.get::<String>(column)?)
    }

    pub(crate) fn json_option<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        self.get::<Option<String>>(column)?.map(|text| from_json(column, &text)).transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<UnixMillis> {
        self.get(column).map(UnixMillis)
    }

    pub(crate) fn time_option(&self, column: &'static str) -> Result<Option<UnixMillis>> {
        Ok(self.get::<Option<i64>>(column)?.map(UnixMillis))
    }

    pub(crate) fn u32(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.get::<i64>(column)?).map_err(|error| StorageError::corrupt(column, error))
    }

    pub(crate) fn u32_option(&self, column: &'static str) -> Result<Option<u32>> {
        self.get::<Option<i64>>(column)?
            .map(|number| u32::try_from(number).map_err(|error| StorageError::corrupt(column, error)))
            .transpose()
    }

    pub(crate) fn hash(&self, column: &'static str) -> Result<Sha256> {
        let bytes: Vec<u8> = self.get(column)?;
        bytes.try_into().map_err(|_| StorageError::corrupt(column, "it is not 32 bytes long"))
    }
}

/// A bound between ids: not after any id of this millisecond, after every id of the one before. A UUIDv7 begins with
/// its milliseconds in twelve hexadecimal digits.
pub(crate) fn id_bound(prefix: &str, time: UnixMillis) -> String {
    const TIME_MAX: i64 = (1 << 48) - 1;
    format!("{prefix}_{:012x}", time.0.clamp(0, TIME_MAX))
}

pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StorageError::corrupt(what, error))
}

/// JSON text of a value whose serialisation can't fail (no maps with odd keys, no failing `Serialize`).
pub(crate) fn to_json(what: &'static str, value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StorageError::corrupt(what, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_numbered_behind_what_is_bound_and_filled_up() {
        #[track_caller]
        fn check(rows: &[(&str, i64)], expect: &str) {
            let mut bound = values!["before"];
            let rows = rows.iter().map(|(text, number)| values![*text, *number]);
            assert_eq!(bind_list(&mut bound, rows), expect);
            assert_eq!(bound.len(), 1 + expect.matches('$').count());
        }
        check(&[], "");
        check(&[("a", 1)], "($2, $3)");
        check(&[("a", 1), ("b", 2), ("c", 3)], "($2, $3), ($4, $5), ($6, $7), ($8, $9)");
    }
}
