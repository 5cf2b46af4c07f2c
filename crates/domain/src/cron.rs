//! Five-field cron expressions in a time zone.
//!
//! Where a zone's clocks change, a schedule means what its author meant: `30 2 * * *` fires on every day once, also on
//! the day whose clocks jump over half past two (as soon as they have) and on the day that has it twice (the first
//! time). `*/15 * * * *` fires every fifteen minutes whatever the clocks do.

use std::fmt;

use croner::parser::{CronParser, Seconds, Year};
use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::{Problem, UnixMillis};

/// A valid expression: five fields, from minutes to days of the week.
#[derive(Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pattern: croner::Cron,
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({})", self.text)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Cron {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != FIELDS {
            return Err(bad(&format!(
                "`{}` has {} fields, and a schedule has five.",
                text.trim().escape_debug(),
                fields.len()
            )));
        }
        let text = fields.join(" ");
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        match parser.parse(&text) {
            Ok(pattern) => Ok(Self { text, pattern }),
            Err(error) => Err(bad(&format!("`{}` is no schedule: {error}.", text.escape_debug()))),
        }
    }
}

const FIELDS: usize = 5;

fn bad(message: &str) -> Problem {
    Problem::new(
        "bad_cron",
        message.replace("..", "."),
        "Write minute, hour, day of month, month and day of week, such as `0 9 * * 1-5` for nine on weekdays.",
    )
    .at("cron")
}

impl Cron {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When it fires, in English.
    pub fn words(&self) -> String {
        let text = self.pattern.describe();
        text.strip_prefix("At every").map_or_else(|| text.clone(), |rest| format!("Every{rest}"))
    }

    /// The first time that it fires after `at`; None when it never does (the 31st of February).
    pub fn next_after(&self, at: UnixMillis, zone: &TimeZone) -> Option<UnixMillis> {
        self.pattern.find_next_occurrence(&zoned(at, zone)?, false).ok().map(|next| millis(&next))
    }

    /// The last time that it fired until `at`, that moment included.
    pub fn last_until(&self, at: UnixMillis, zone: &TimeZone) -> Option<UnixMillis> {
        self.pattern.find_previous_occurrence(&zoned(at, zone)?, true).ok().map(|last| millis(&last))
    }

    /// The first `count` times after `at`; fewer when it ends.
    pub fn next_times(&self, at: UnixMillis, zone: &TimeZone, count: usize) -> Vec<UnixMillis> {
        let next = |at: &UnixMillis| self.next_after(*at, zone);
        std::iter::successors(self.next_after(at, zone), next).take(count).collect()
    }
}

/// The zone of this IANA name.
pub fn time_zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        let message = format!("`{}` is no time zone that is known here.", name.escape_debug());
        Problem::new("bad_time_zone", message, "Use an IANA name such as `Europe/Berlin`.").at("time_zone")
    })
}

/// RFC 3339 in the zone, with its offset: `2026-03-29T03:00:00+02:00`.
pub fn local_rfc3339(at: UnixMillis, zone: &TimeZone) -> String {
    zoned(at, zone).map_or_else(
        || at.to_rfc3339(),
        |time| time.timestamp().display_with_offset(time.offset()).to_string(),
    )
}

fn zoned(at: UnixMillis, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone()))
}

fn millis(time: &Zoned) -> UnixMillis {
    UnixMillis(time.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cron(text: &str) -> Cron {
        text.parse().unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }

    fn at(text: &str) -> UnixMillis {
        UnixMillis::from_rfc3339(text).unwrap_or_else(|| panic!("{text} is no time"))
    }

    #[track_caller]
    fn check_next(text: &str, zone: &str, from: &str, expect: &[&str]) {
        let zone = time_zone(zone).unwrap_or_else(|problem| panic!("{problem}"));
        let next = cron(text).next_times(at(from), &zone, expect.len());
        let shown: Vec<_> = next.into_iter().map(|time| local_rfc3339(time, &zone)).collect();
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn days_of_the_week_count_from_sunday() {
        check_next("0 9 * * 1", "UTC", "2026-11-25T00:00:00Z", &["2026-11-30T09:00:00+00:00"]);
        check_next("0 9 * * 7", "UTC", "2026-11-25T00:00:00Z", &["2026-11-29T09:00:00+00:00"]);
    }

    #[test]
    fn a_time_that_the_clocks_jump_over_comes_right_after_and_a_repeated_one_once() {
        check_next(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00:00Z",
            &["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
        );
        check_next(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            &["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"],
        );
        check_next(
            "30 1 * * *",
            "America/New_York",
            "2026-11-01T00:00:00Z",
            &["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"],
        );
        check_next(
            "15 2 * * *",
            "America/New_York",
            "2026-03-08T00:00:00Z",
            &["2026-03-08T03:00:00-04:00", "2026-03-09T02:15:00-04:00"],
        );
    }

    #[test]
    fn an_interval_goes_on_through_both_changes() {
        check_next(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:40:00Z",
            &["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"],
        );
        check_next(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00:00Z",
            &["2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"],
        );
    }

    #[test]
    fn five_fields_are_taken_and_nothing_else() {
        fn check(text: &str, expect: Result<&str, &str>) {
            let got = text.parse::<Cron>();
            assert_eq!(got.as_ref().map(Cron::as_str).map_err(|problem| problem.code), expect, "{text}");
        }
        check("  0 9 *  * 1-5 ", Ok("0 9 * * 1-5"));
        check("0 9 * JAN mon", Ok("0 9 * JAN mon"));
        check("0 0 9 * * 1", Err("bad_cron"));
        check("0 9 * * 1 2026 1", Err("bad_cron"));
        check("@daily", Err("bad_cron"));
        check("", Err("bad_cron"));
        check("61 * * * *", Err("bad_cron"));
        check("a b c d e", Err("bad_cron"));
    }

    #[test]
    fn what_never_fires_is_known() {
        assert_eq!(cron("0 0 31 2 *").next_after(at("2026-01-01T00:00:00Z"), &TimeZone::UTC), None);
        assert!(cron("0 0 29 2 *").next_after(at("2026-01-01T00:00:00Z"), &TimeZone::UTC).is_some());
    }

    #[test]
    fn a_schedule_is_told_in_words() {
        assert_eq!(
            cron("0 9 * * 1-5").words(),
            "At 09:00, on Monday, Tuesday, Wednesday, Thursday, and Friday."
        );
        assert_eq!(cron("*/15 * * * *").words(), "Every 15 minutes.");
    }

    /// A day near a change of clocks in either zone, in either direction, or anywhere in the year.
    fn a_day() -> impl Strategy<Value = jiff::civil::Date> {
        let near = |month: i8, day: i8| {
            (2024i16..2034, -9i64..9).prop_map(move |(year, days)| {
                jiff::civil::date(year, month, day).saturating_add(jiff::Span::new().days(days))
            })
        };
        prop_oneof![near(3, 29), near(10, 27), near(3, 11), near(11, 4), near(6, 15)]
    }

    fn a_zone() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just("Europe/Berlin"), Just("America/New_York")]
    }

    proptest! {
        #[test]
        fn a_daily_schedule_fires_once_on_every_day(zone in a_zone(), day in a_day(), hour in 0u8..24, minute in 0u8..60) {
            let zone = time_zone(zone).map_err(|problem| TestCaseError::fail(problem.to_string()))?;
            let midnight = |day: jiff::civil::Date| {
                let start = day.to_zoned(zone.clone()).map(|time| millis(&time));
                start.map_err(|error| TestCaseError::fail(error.to_string()))
            };
            let (start, end) = (midnight(day)?, midnight(day.tomorrow().map_err(|error| TestCaseError::fail(error.to_string()))?)?);
            let schedule = cron(&format!("{minute} {hour} * * *"));
            let fired: Vec<_> = schedule
                .next_times(start.plus_ms(-1), &zone, 3)
                .into_iter()
                .filter(|time| *time < end)
                .collect();
            prop_assert_eq!(fired.len(), 1, "{} {:02}:{:02}: {:?}", day, hour, minute, fired);
            let time = zoned(fired[0], &zone).map(|time| (time.hour(), time.minute()));
            let meant = (i8::try_from(hour).unwrap_or(0), i8::try_from(minute).unwrap_or(0));
            // At the time meant, or right after the jump that swallowed it.
            let jumped = zone.to_ambiguous_zoned(day.at(meant.0, meant.1, 0, 0)).is_ambiguous();
            prop_assert!(time == Some(meant) || (jumped && time.is_some_and(|time| time.1 == 0)), "{:?}", time);
        }

        #[test]
        fn an_interval_keeps_its_length_through_every_change(zone in a_zone(), day in a_day(), step in prop_oneof![Just(5i64), Just(10), Just(15), Just(30)]) {
            let zone = time_zone(zone).map_err(|problem| TestCaseError::fail(problem.to_string()))?;
            let start = day.to_zoned(zone.clone()).map(|time| millis(&time)).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let fired = cron(&format!("*/{step} * * * *")).next_times(start, &zone, 120);
            prop_assert_eq!(fired.len(), 120);
            for pair in fired.windows(2) {
                prop_assert_eq!(pair[1].0 - pair[0].0, step * 60_000, "{}", local_rfc3339(pair[0], &zone));
            }
        }

        #[test]
        fn looking_back_finds_what_looking_forward_found(zone in a_zone(), day in a_day(), minute in 0u8..60, hour in 0u8..24) {
            let zone = time_zone(zone).map_err(|problem| TestCaseError::fail(problem.to_string()))?;
            let start = day.to_zoned(zone.clone()).map(|time| millis(&time)).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let schedule = cron(&format!("{minute} {hour} * * *"));
            let next = schedule.next_after(start, &zone);
            prop_assert_eq!(next.and_then(|next| schedule.last_until(next, &zone)), next);
        }
    }
}
