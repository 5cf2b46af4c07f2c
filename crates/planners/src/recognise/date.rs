//! Dates, absolute and relative; the value is ISO `YYYY-MM-DD`. What may be two dates (`3/4/2026`) is no candidate.

use std::sync::LazyLock;

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use regex::{Captures, Regex};

use super::{Candidate, Kind};

const MONTHS: &str = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
const DAYS: &str =
    "mon(?:day)?|tues?(?:day)?|wed(?:nesday)?|thu(?:rs?)?(?:day)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?";

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(
        r"(?ix)\b(?:
          (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})
        | (?P<first>\d{{1,2}})(?P<separator>[./])(?P<second>\d{{1,2}})[./](?P<numeric_year>\d{{4}})
        | (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{MONTHS})\b(?:\.?,?\s+(?P<year>20\d{{2}})\b)?
        | (?P<month_first>{MONTHS})\.?\s+(?:the\s+)?(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year_after>20\d{{2}})\b)?
        | (?P<ordinal>\d{{1,2}})(?:st|nd|rd|th)(?P<this_month>\s+of\s+(?:this|the)\s+month)?\b
        | (?P<relative>(?:the\s+)?day\s+after\s+tomorrow|tomorrow|today|tonight|yesterday)\b
        | in\s+(?P<ahead>\d{{1,3}}|a|one|two|three|four|five|six)\s+(?P<unit>days?|weeks?)\b
        | (?:(?P<which>next|this|coming|last)\s+)?(?P<weekday>{DAYS})\b(?:\s+(?P<week>this|next)\s+week\b)?
        )"
    );
    Regex::new(&pattern).expect("a valid pattern")
});

/// "The 2nd time" is no day.
const COUNTED: [&str; 8] = [" time", " one", " order", " charge", " payment", " floor", " email", " attempt"];

pub(super) fn find(text: &str, today: Date) -> Vec<Candidate> {
    let candidate = |found: Captures<'_>| {
        let whole = found.get(0)?;
        let counts = found.name("ordinal").is_some()
            && COUNTED.iter().any(|noun| text[whole.end()..].starts_with(noun));
        let date = read(&found, today).filter(|_| !counts)?;
        Some(Candidate::text(Kind::Date, date.to_string(), whole.start(), whole.end()))
    };
    DATE.captures_iter(text).filter_map(candidate).collect()
}

/// The date that the whole text is, if it is one.
pub(crate) fn parse(text: &str, today: Date) -> Option<Date> {
    let found = DATE.captures(text.trim())?;
    (found.get(0)?.len() + 4 >= text.trim().len()).then(|| read(&found, today))?
}

fn read(found: &Captures<'_>, today: Date) -> Option<Date> {
    let get = |name: &str| found.name(name).map(|m| m.as_str().to_lowercase());
    if let Some(iso) = get("iso") {
        return iso.parse().ok();
    }
    if let (Some(first), Some(second), Some(year)) = (get("first"), get("second"), get("numeric_year")) {
        return numeric(
            first.parse().ok()?,
            second.parse().ok()?,
            year.parse().ok()?,
            get("separator")? == ".",
        );
    }
    for (day, month, year) in [("day", "month", "year"), ("day_after", "month_first", "year_after")] {
        if let (Some(day), Some(month)) = (get(day), get(month)) {
            return in_year(
                day.parse().ok()?,
                month_number(&month)?,
                get(year).and_then(|y| y.parse().ok()),
                today,
            );
        }
    }
    if let Some(day) = get("ordinal") {
        return ordinal(day.parse().ok()?, get("this_month").is_some(), today);
    }
    if let (Some(count), Some(unit)) = (get("ahead"), get("unit")) {
        let count: i64 =
            errand_domain::parameter::number_from_text(if count == "a" { "one" } else { &count })?
                .as_i64()?;
        return today.checked_add((if unit.starts_with('w') { count * 7 } else { count }).days()).ok();
    }
    if let Some(relative) = get("relative") {
        let days = match relative.as_str() {
            "tomorrow" => 1,
            "yesterday" => -1,
            "today" | "tonight" => 0,
            _ => 2,
        };
        return today.checked_add(days.days()).ok();
    }
    let weekday = weekday(found.name("weekday")?.as_str())?;
    let which = get("week").or_else(|| get("which"));
    on_weekday(weekday, which.as_deref(), today)
}

/// With points the day comes first; with slashes only what can't be read two ways counts.
fn numeric(first: i8, second: i8, year: i16, points: bool) -> Option<Date> {
    match (first > 12, second > 12) {
        (true, false) => Date::new(year, second, first).ok(),
        (false, true) if !points => Date::new(year, first, second).ok(),
        (false, false) if points || first == second => Date::new(year, second, first).ok(),
        _ => None,
    }
}

/// Without a year: the next such day, today included.
fn in_year(day: i8, month: i8, year: Option<i16>, today: Date) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let this_year = Date::new(today.year(), month, day).ok();
    this_year.filter(|date| *date >= today).or_else(|| Date::new(today.year() + 1, month, day).ok())
}

fn ordinal(day: i8, this_month: bool, today: Date) -> Option<Date> {
    let this = Date::new(today.year(), today.month(), day).ok()?;
    if this_month || this >= today { Some(this) } else { this.checked_add(1.month()).ok() }
}

/// "Friday" is the coming one, never today; "next Friday" is that of the following week (which begins on Monday);
/// "this Friday" that of this week.
fn on_weekday(weekday: Weekday, which: Option<&str>, today: Date) -> Option<Date> {
    let from_monday = |day: Weekday| i64::from(day.to_monday_zero_offset());
    let in_this_week = from_monday(weekday) - from_monday(today.weekday());
    let days = match which {
        Some("next") => in_this_week + 7,
        Some("last") => {
            if in_this_week < 0 {
                in_this_week
            } else {
                in_this_week - 7
            }
        }
        Some("this") if in_this_week >= 0 => in_this_week,
        _ => {
            if in_this_week > 0 {
                in_this_week
            } else {
                in_this_week + 7
            }
        }
    };
    today.checked_add(days.days()).ok()
}

fn month_number(name: &str) -> Option<i8> {
    const STARTS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    STARTS.iter().position(|start| name.starts_with(start)).and_then(|at| i8::try_from(at + 1).ok())
}

fn weekday(name: &str) -> Option<Weekday> {
    const STARTS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let lower = name.to_lowercase();
    let at = STARTS.iter().position(|start| lower.starts_with(start))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}
