//! Times as the services write them, and small deterministic draws.

use errand_domain::UnixMillis;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Whole seconds since 1970, as Stripe counts.
pub(super) fn seconds(time: UnixMillis) -> i64 {
    time.0.div_euclid(SECOND)
}

/// `2026-11-23T08:20:00.000Z`.
pub(super) fn iso(time: UnixMillis) -> String {
    time.to_rfc3339()
}

/// `2026-11-23T08:20:00Z`.
pub(super) fn iso_seconds(time: UnixMillis) -> String {
    format!("{:.0}", timestamp(time))
}

/// The day in UTC.
pub(super) fn day(time: UnixMillis) -> Date {
    timestamp(time).to_zoned(TimeZone::UTC).date()
}

fn timestamp(time: UnixMillis) -> Timestamp {
    // Only reachable with a start time outside the years -9999 to 9999.
    Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A well-spread number that depends on `seed` alone (the finalizer of `SplitMix64`).
pub(super) fn draw(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number below `bound` that depends on `seed` alone.
pub(super) fn draw_below(seed: u64, bound: usize) -> usize {
    let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
    usize::try_from(draw(seed) % bound).unwrap_or(0)
}

/// `prefix` and 24 letters and digits, as Stripe names its objects.
pub(super) fn object_id(prefix: &str, seed: u64) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letters =
        (0..24).map(|place| char::from(ALPHABET[draw_below(seed.wrapping_mul(31).wrapping_add(place), 62)]));
    std::iter::once('_').chain(letters).fold(prefix.to_owned(), |mut id, letter| {
        id.push(letter);
        id
    })
}

/// 32 hexadecimal digits, as Shippo names its objects.
pub(super) fn hex_id(seed: u64) -> String {
    format!("{:016x}{:016x}", draw(seed), draw(seed ^ 0x5A5A))
}
