//! When an action runs by itself.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    ActionId, Arguments, GuruId, Problem, ScheduleId, UnixMillis,
    cron::{self, Cron},
    results::Results,
};

/// A firing that comes this much late was missed: the process was not there.
pub const MISSED_AFTER_MS: u64 = 60_000;
/// Firings of one schedule that may wait or run at a time; more are left out and said so.
pub const UNFINISHED_FIRINGS_MAX: u32 = 20;
/// Firings that a schedule shows ahead.
pub const FIRINGS_SHOWN: usize = 5;

/// An action's schedule as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub guru_id: GuruId,
    pub action_id: ActionId,
    pub spec: ScheduleSpec,
    pub enabled: bool,
    /// None while it is disabled.
    pub next_at: Option<UnixMillis>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// What a builder writes; checked by [`ScheduleSpec::timing`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleSpec {
    pub cron: String,
    /// IANA name.
    pub time_zone: String,
    /// Values for the action's parameters; what is left out takes its default.
    pub arguments: Arguments,
    pub overlap: Overlap,
    pub missed: Missed,
    /// Who is told of its runs; None for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
}

/// What to do when it is time and the run before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// This firing is left out.
    #[default]
    Skip,
    /// It waits until the runs before it have ended.
    Queue,
    /// It runs beside them.
    Allow,
}

impl Overlap {
    const ALL: [Self; 3] = [Self::Skip, Self::Queue, Self::Allow];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Allow => "allow",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|overlap| overlap.as_str() == text)
    }
}

/// What to do about firings for which no process was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    #[default]
    Skip,
    /// However many were missed, one run makes up for them.
    CatchUpOnce,
}

impl Missed {
    const ALL: [Self; 2] = [Self::Skip, Self::CatchUpOnce];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::CatchUpOnce => "catch_up_once",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missed| missed.as_str() == text)
    }
}

/// What came of one time at which a schedule was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FiringOutcome {
    /// An execution came of it.
    Fired,
    /// Nobody was there, and the schedule says to skip.
    Missed,
    /// The run before had not ended, and the schedule says to skip.
    Overlapped,
    /// Too many runs before it had not ended.
    Crowded,
}

impl FiringOutcome {
    const ALL: [Self; 4] = [Self::Fired, Self::Missed, Self::Overlapped, Self::Crowded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Missed => "missed",
            Self::Overlapped => "overlapped",
            Self::Crowded => "crowded",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// A schedule's expression and zone, both valid.
#[derive(Debug, Clone)]
pub struct Timing {
    pub cron: Cron,
    pub zone: TimeZone,
}

impl ScheduleSpec {
    pub fn timing(&self) -> Result<Timing, Problem> {
        Ok(Timing { cron: self.cron.parse()?, zone: cron::time_zone(&self.time_zone)? })
    }
}

impl Timing {
    /// The first firing after `now`.
    ///
    /// # Errors
    /// When there is none.
    pub fn first_after(&self, now: UnixMillis) -> Result<UnixMillis, Problem> {
        self.cron.next_after(now, &self.zone).ok_or_else(|| {
            Problem::new(
                "never_fires",
                format!("`{}` never fires: there is no such day.", self.cron),
                "Check day and month.",
            )
            .at("cron")
        })
    }
}

/// What to do about a schedule that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The time that counts: one firing comes of it, or none.
    pub fire_at: UnixMillis,
    /// Nobody was there in time, and nothing is to be run for it.
    pub is_missed: bool,
    pub next_at: Option<UnixMillis>,
}

/// Decides about a schedule whose `due_at` has come. In time, every firing counts; after an absence, the last missed
/// one stands for all.
pub fn decide(timing: &Timing, missed: Missed, due_at: UnixMillis, now: UnixMillis) -> Due {
    if now.since(due_at) <= MISSED_AFTER_MS {
        return Due {
            fire_at: due_at,
            is_missed: false,
            next_at: timing.cron.next_after(due_at, &timing.zone),
        };
    }
    let last = timing.cron.last_until(now, &timing.zone).unwrap_or(due_at).max(due_at);
    let is_missed = missed == Missed::Skip && now.since(last) > MISSED_AFTER_MS;
    Due { fire_at: last, is_missed, next_at: timing.cron.next_after(now.max(last), &timing.zone) }
}

/// The run before, and those before it, as the overlap policy sees them.
pub const fn outcome(overlap: Overlap, unfinished: u32) -> FiringOutcome {
    match overlap {
        Overlap::Skip if unfinished > 0 => FiringOutcome::Overlapped,
        _ if unfinished >= UNFINISHED_FIRINGS_MAX => FiringOutcome::Crowded,
        _ => FiringOutcome::Fired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::from_rfc3339(&format!("2026-11-30T{text}Z"))
            .unwrap_or_else(|| panic!("{text} is no time"))
    }

    #[track_caller]
    fn check(missed: Missed, due_at: &str, now: &str, expect: (&str, bool, &str)) {
        let spec = ScheduleSpec {
            cron: "0 * * * *".to_owned(),
            time_zone: "UTC".to_owned(),
            arguments: Arguments::new(),
            overlap: Overlap::Skip,
            missed,
            results: None,
        };
        let timing = spec.timing().unwrap_or_else(|problem| panic!("{problem}"));
        let due = decide(&timing, missed, at(due_at), at(now));
        let expect = Due { fire_at: at(expect.0), is_missed: expect.1, next_at: Some(at(expect.2)) };
        assert_eq!(due, expect, "due at {due_at}, now {now}");
    }

    #[test]
    fn in_time_every_firing_counts_and_after_an_absence_one_stands_for_all() {
        use Missed::{CatchUpOnce, Skip};
        check(Skip, "09:00:00", "09:00:00", ("09:00:00", false, "10:00:00"));
        check(Skip, "09:00:00", "09:00:59", ("09:00:00", false, "10:00:00"));
        check(Skip, "09:00:00", "12:30:00", ("12:00:00", true, "13:00:00"));
        check(CatchUpOnce, "09:00:00", "12:30:00", ("12:00:00", false, "13:00:00"));
        check(CatchUpOnce, "09:00:00", "09:30:00", ("09:00:00", false, "10:00:00"));
        // The last one is in time although those before it were missed.
        check(Skip, "09:00:00", "12:00:30", ("12:00:00", false, "13:00:00"));
    }

    #[test]
    fn overlapping_runs_are_left_out_wait_or_run() {
        use FiringOutcome::{Crowded, Fired, Overlapped};
        for (overlap, unfinished, expect) in [
            (Overlap::Skip, 0, Fired),
            (Overlap::Skip, 1, Overlapped),
            (Overlap::Queue, 1, Fired),
            (Overlap::Allow, 1, Fired),
            (Overlap::Queue, UNFINISHED_FIRINGS_MAX, Crowded),
            (Overlap::Allow, UNFINISHED_FIRINGS_MAX, Crowded),
        ] {
            assert_eq!(outcome(overlap, unfinished), expect, "{overlap:?} {unfinished}");
        }
    }

    #[test]
    fn words_read_back() {
        for overlap in Overlap::ALL {
            assert_eq!(Overlap::parse(overlap.as_str()), Some(overlap));
        }
        for missed in Missed::ALL {
            assert_eq!(Missed::parse(missed.as_str()), Some(missed));
        }
        for outcome in FiringOutcome::ALL {
            assert_eq!(FiringOutcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
