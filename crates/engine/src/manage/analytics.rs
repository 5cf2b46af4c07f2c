//! How a guru is used: runs, failures, durations, and the questions that led nowhere.

use errand_domain::{Problem, UnixMillis, cron::time_zone};
use errand_storage::{
    analytics::{self, Day, GroupBy, Questions, Range, Runs, Unmatched},
    feedback::{self, Votes},
};

use super::model_use::{ModelSums, model_sums};
use crate::{
    Engine,
    access::{Manage, Permit},
    error::Result,
};

/// The longest range that is summed at once.
pub const DAYS_MAX: usize = 366;
/// The range when none is given.
const DAYS_DEFAULT: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What was asked for; what is left out is the last thirty days.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    pub from: Option<UnixMillis>,
    /// The first moment that does not count any more.
    pub to: Option<UnixMillis>,
}

#[derive(Debug, Clone)]
pub struct Analytics {
    pub range: Range,
    pub time_zone: String,
    pub totals: Runs,
    pub by_action: Vec<Runs>,
    pub by_source: Vec<Runs>,
    /// Every day of the range in the guru's zone, days without runs too.
    pub by_day: Vec<Runs>,
    pub questions: Questions,
    pub votes: Votes,
    pub models: ModelSums,
}

impl Engine {
    pub async fn analytics(&self, permit: &Permit<Manage>, period: Period) -> Result<Analytics> {
        let range = self.range_of(period)?;
        let zone = permit.guru.guru.settings.time_zone.clone();
        let days = days_of(range, &zone)?;
        let (db, guru) = (&self.db().reader, permit.guru_id());
        let found = analytics::runs_by_day(db, guru, &days).await?;
        let by_day = days
            .iter()
            .map(|day| {
                found.iter().find(|runs| runs.key == day.name).cloned().unwrap_or_else(|| none(&day.name))
            })
            .collect();
        Ok(Analytics {
            range,
            time_zone: zone,
            totals: analytics::runs_in_all(db, guru, range).await?.unwrap_or_else(|| none("")),
            by_action: analytics::runs_by(db, guru, range, GroupBy::Action).await?,
            by_source: analytics::runs_by(db, guru, range, GroupBy::Source).await?,
            by_day,
            questions: analytics::questions(db, guru, range).await?,
            votes: feedback::count(db, guru, range).await?,
            models: model_sums(db, guru, range, &days).await?,
        })
    }

    /// The latest questions of the period that no action matched.
    pub async fn unmatched_questions(
        &self,
        permit: &Permit<Manage>,
        period: Period,
        limit: u32,
    ) -> Result<Vec<Unmatched>> {
        let range = self.range_of(period)?;
        Ok(analytics::unmatched(&self.db().reader, permit.guru_id(), range, limit).await?)
    }

    pub(super) fn range_of(&self, period: Period) -> Result<Range> {
        // Up to the present millisecond, which counts.
        let to = period.to.unwrap_or_else(|| self.clock().now().plus_ms(1));
        let from = period.from.unwrap_or_else(|| to.plus_ms(-DAYS_DEFAULT * DAY_MS));
        if from < to {
            return Ok(Range { from, to });
        }
        Err(Problem::new("bad_range", "The range ends before it begins.", "Give `from` before `to`.")
            .at("from")
            .into())
    }
}

fn none(key: &str) -> Runs {
    Runs { key: key.to_owned(), runs: 0, failures: 0, p50_us: None, p95_us: None }
}

/// The days of a range in a zone; the first and the last one may be cut.
fn days_of(range: Range, zone: &str) -> Result<Vec<Day>> {
    let zone = time_zone(zone)?;
    let at = |time: UnixMillis| jiff::Timestamp::from_millisecond(time.0).map(|at| at.to_zoned(zone.clone()));
    let unreadable = |_| {
        Problem::new("bad_range", "The range is out of all time.", "Give a range within this era.").at("from")
    };
    let mut date = at(range.from).map_err(unreadable)?.date();
    let mut days = Vec::new();
    let mut from = range.from;
    while from < range.to {
        if days.len() == DAYS_MAX {
            let hint = format!("Give {DAYS_MAX} days at most.");
            return Err(Problem::new("bad_range", "The range is too long.", hint).at("from").into());
        }
        let next = date.tomorrow().map_err(unreadable)?;
        let end = next.to_zoned(zone.clone()).map_err(unreadable)?.timestamp().as_millisecond();
        let to = UnixMillis(end).min(range.to);
        days.push(Day { name: date.to_string(), range: Range { from, to } });
        (date, from) = (next, to);
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::from_rfc3339(text).expect("a time")
    }

    #[test]
    fn days_are_the_zone_s_and_as_long_as_they_are() {
        let range = Range { from: at("2026-03-28T12:00:00Z"), to: at("2026-03-30T00:00:00Z") };
        let days = days_of(range, "Europe/Berlin").expect("days");
        let shown: Vec<_> = days
            .iter()
            .map(|day| (day.name.as_str(), (day.range.to.0 - day.range.from.0) / 3_600_000))
            .collect();
        assert_eq!(shown, [("2026-03-28", 11), ("2026-03-29", 23), ("2026-03-30", 2)]);
        assert!(days.windows(2).all(|pair| pair[0].range.to == pair[1].range.from));
    }

    #[test]
    fn a_range_that_is_too_long_is_refused() {
        let range = Range { from: at("2024-01-01T00:00:00Z"), to: at("2026-01-01T00:00:00Z") };
        assert!(days_of(range, "UTC").is_err());
    }
}
