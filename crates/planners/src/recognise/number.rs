//! Numbers in digits or words, with the unit of time they count, if any.

use errand_domain::{ArgValue, parameter::number_from_text};

use super::{Candidate, Kind};
use crate::embedded::words::{Word, words};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
    /// Something else, or nothing.
    Bare,
}

impl Unit {
    /// The unit that a word names: `hours`, `hrs`, `h`.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "minute" | "minutes" | "min" | "mins" => Some(Self::Minutes),
            "hour" | "hours" | "hr" | "hrs" | "h" => Some(Self::Hours),
            "day" | "days" => Some(Self::Days),
            "week" | "weeks" => Some(Self::Weeks),
            _ => None,
        }
    }

    /// Minutes in one of it; None for what is no time.
    pub(crate) const fn minutes(self) -> Option<f64> {
        match self {
            Self::Minutes => Some(1.0),
            Self::Hours => Some(60.0),
            Self::Days => Some(1_440.0),
            Self::Weeks => Some(10_080.0),
            Self::Bare => None,
        }
    }
}

pub(super) fn find(text: &str) -> Vec<Candidate> {
    let all = words(text);
    let mut found = Vec::new();
    for at in 0..all.len() {
        found.extend(joined(&all[at]).or_else(|| counted(text, &all, at)));
    }
    found
}

/// `24h`, `90min`.
fn joined(word: &Word<'_>) -> Option<Candidate> {
    let digits = word.text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = word.text.split_at(digits);
    let unit = Unit::of(&unit.trim_start_matches('-').to_lowercase())?;
    candidate(number, Kind::Number(unit), word.start, word.end())
}

/// `3 hours`, `two hours`, `an hour`, `a couple of days`, `the next hour`; or a number alone.
fn counted(text: &str, all: &[Word<'_>], at: usize) -> Option<Candidate> {
    let word = &all[at];
    let lower = word.lower();
    let next = |ahead: usize| all.get(at + ahead).map(Word::lower).unwrap_or_default();
    if matches!(lower.as_str(), "a" | "an" | "next" | "this") {
        let few = next(1) == "couple" && next(2) == "of";
        let (count, ahead) = if few && lower == "a" { ("two", 3) } else { ("one", 1) };
        let unit = Unit::of(&next(ahead)).filter(|unit| *unit != Unit::Days || few)?;
        let singular = few || !next(ahead).ends_with('s');
        return if singular {
            candidate(count, Kind::Number(unit), word.start, all[at + ahead].end())
        } else {
            None
        };
    }
    let digits = lower.starts_with(|c: char| c.is_ascii_digit());
    let spoken = lower.starts_with("hal") || number_from_text(&lower).is_some();
    if !spoken || (digits && follows_separator(text, word.start)) {
        return None;
    }
    match Unit::of(&next(1)) {
        Some(unit) => candidate(&lower, Kind::Number(unit), word.start, all[at + 1].end()),
        None => candidate(&lower, Kind::Number(Unit::Bare), word.start, word.end()),
    }
}

fn follows_separator(text: &str, start: usize) -> bool {
    text[..start].ends_with(['.', ','])
}

fn candidate(number: &str, kind: Kind, start: usize, end: usize) -> Option<Candidate> {
    // "one" alone is nearly always a pronoun ("this one").
    if kind == Kind::Number(Unit::Bare) && number == "one" {
        return None;
    }
    let value = ArgValue::Number(number_from_text(number)?);
    Some(Candidate { kind, value, start, end })
}
