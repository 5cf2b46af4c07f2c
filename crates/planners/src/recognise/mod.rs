//! Typed recognisers: each finds one kind of value in a text. They look at the text alone; which parameter a value
//! belongs to is decided elsewhere.

mod amount;
mod code;
mod date;
mod email;
mod enumeration;
mod free_text;
mod id;
mod number;
mod phrase;
mod quoted;
mod time;

use errand_domain::ArgValue;
use jiff::civil::Date;

pub(crate) use date::parse as parse_date;
pub(crate) use enumeration::{choices, listed_values};
pub(crate) use free_text::{steps, summary};
pub(crate) use number::Unit;
pub(crate) use phrase::{Phrase, phrases};

/// What a recognised value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Email,
    Amount,
    Number(Unit),
    /// An error or status code.
    Code,
    /// An order, ticket, invoice or other reference.
    Id,
    Date,
    Time,
    Quoted,
}

/// A value that stands in a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub kind: Kind,
    pub value: ArgValue,
    pub start: usize,
    pub end: usize,
}

impl Candidate {
    fn text(kind: Kind, value: impl Into<String>, start: usize, end: usize) -> Self {
        Self { kind, value: ArgValue::String(value.into()), start, end }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// All typed values, in order of their place. A surer recogniser claims its words: the digits of a date are no id.
/// Only where one word may be two things (`503`: a code, an id or a number) does it appear more than once.
pub(crate) fn typed(text: &str, today: Date) -> Vec<Candidate> {
    let mut found = email::find(text);
    for more in [date::find(text, today), time::find(text), amount::find(text)] {
        claim(&mut found, more);
    }
    let mut loose = code::find(text);
    loose.extend(id::find(text));
    loose.extend(number::find(text));
    claim(&mut found, loose);
    found.extend(quoted::find(text));
    found.sort_by_key(|candidate| (candidate.start, candidate.end));
    found
}

/// Adds those that overlap nothing claimed before.
fn claim(found: &mut Vec<Candidate>, more: Vec<Candidate>) {
    let fresh: Vec<_> = more.into_iter().filter(|new| found.iter().all(|old| !old.overlaps(new))).collect();
    found.extend(fresh);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A Thursday.
    const TODAY: Date = jiff::civil::date(2026, 11, 19);

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> = typed(text, TODAY)
            .into_iter()
            .map(|candidate| format!("{:?} {}", candidate.kind, candidate.value))
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn ids() {
        check("order ORD-55871 and 55-1902", &["Id ORD-55871", "Id 55-1902"]);
        check("#4471-B?", &["Id 4471-B"]);
        check("where is order 12345", &["Id 12345", "Number(Bare) 12345"]);
        check("order #7 please", &["Id 7", "Number(Bare) 7"]);
        check("charge ch_3NkXa and SUP-12", &["Id ch_3NkXa", "Id SUP-12"]);
        check("the 2nd time on v2 24/7", &["Number(Bare) 24", "Number(Bare) 7"]);
    }

    #[test]
    fn addresses_amounts_and_codes() {
        check("mail ana.b+x@acme.test.", &["Email ana.b+x@acme.test"]);
        check("charged $49.90 or 1,200 dollars or EUR 20", &["Amount 49.9", "Amount 1200", "Amount 20"]);
        check("error 503 or ERR_42", &["Code 503", "Id 503", "Number(Bare) 503", "Code ERR_42", "Id ERR_42"]);
    }

    #[test]
    fn durations_are_numbers_with_units() {
        check("in the next 3 hours", &["Number(Hours) 3"]);
        check("in the next two hours", &["Number(Hours) 2"]);
        check("within an hour or 90 minutes", &["Number(Hours) 1", "Number(Minutes) 90"]);
        check("in the next hour", &["Number(Hours) 1"]);
        check("24h", &["Number(Hours) 24"]);
    }

    #[test]
    fn dates_are_iso() {
        check("tomorrow or Friday", &["Date 2026-11-20", "Date 2026-11-20"]);
        check("next Monday", &["Date 2026-11-23"]);
        check("next Friday", &["Date 2026-11-27"]);
        check("Sunday this week", &["Date 2026-11-22"]);
        check("Monday next week", &["Date 2026-11-23"]);
        check("on Dec 24", &["Date 2026-12-24"]);
        check("24th of December 2027", &["Date 2027-12-24"]);
        check("January 2nd", &["Date 2027-01-02"]);
        check("2026-12-01 or 24.12.2026", &["Date 2026-12-01", "Date 2026-12-24"]);
        check("12/24/2026", &["Date 2026-12-24"]);
        check("the 5th of this month", &["Date 2026-11-05"]);
        check("on the 5th", &["Date 2026-12-05"]);
        check("in 3 days", &["Date 2026-11-22"]);
        check("May I ask", &[]);
    }

    #[test]
    fn quoted_text() {
        check("called \"Export fails\" now", &["Quoted Export fails"]);
        check("it's Ana's plan", &[]);
    }

    proptest! {
        #[test]
        fn spans_lie_on_character_boundaries(text in "[a-z0-9 #$@.€ä\"-]{0,40}") {
            for candidate in typed(&text, TODAY) {
                prop_assert!(text.get(candidate.start..candidate.end).is_some());
            }
        }
    }
}
