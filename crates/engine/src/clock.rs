//! Time and identifiers, handed in so that tests can hold them still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use errand_domain::UnixMillis;
use uuid::Uuid;

/// Where the time of day comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until it is set.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn now(&self) -> UnixMillis {
        match self {
            Self::System => UnixMillis(jiff::Timestamp::now().as_millisecond()),
            Self::Fixed(at) => UnixMillis(at.load(Ordering::Relaxed)),
        }
    }

    /// The moment in a time zone; UTC when the zone is not known.
    pub fn zoned(&self, time_zone: &str) -> jiff::Zoned {
        let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        jiff::Timestamp::from_millisecond(self.now().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone)
    }
}

/// A new identifier's UUID: version 7, so that ids sort by time of birth.
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}
