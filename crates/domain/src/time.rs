//! Points in time as the ledger keeps them.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00 UTC. Made by the caller's clock, never by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Milliseconds from `earlier` to `self`; zero when the clock went back.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }

    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Reads RFC 3339; None for anything else.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|time| Self(time.as_millisecond()))
    }

    /// RFC 2822 in UTC, as mail has it.
    pub fn to_rfc2822(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .ok()
            .and_then(|time| jiff::fmt::rfc2822::to_string(&time.to_zoned(jiff::tz::TimeZone::UTC)).ok())
            .unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
    }

    /// RFC 3339 in UTC with milliseconds, as JSON answers show it.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .map_or_else(|_| self.0.to_string(), |time| format!("{time:.3}"))
    }
}
