//! References of orders, tickets, invoices, charges: `12345`, `ORD-55871`, `55-1902`, `4471-B`, `#12`, `ch_3Nk`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Candidate, Kind};
use crate::embedded::words::{Word, words};

/// `2nd`, `3h`, `v2`, `5pm`: a number with a tail, not a reference.
static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:\d+(?:st|nd|rd|th|h|hr|hrs|d|m|s|k|x|am|pm|min|mins|kg|g|gb|mb|ml|cm|mm|px|in|inch|day|hour|week|month|year|star)s?|v\d+|\d+(?:-(?:day|hour|week|month|year|star|minute|inch|person))s?|q[1-4]|p[0-4])$")
        .expect("a valid pattern")
});

/// A prefix of services' own ids, where even an id without digits is one.
static PREFIXED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[a-z]{2,4}_[A-Za-z0-9]{4,}$").expect("a valid pattern"));

const CUES: [&str; 10] =
    ["order", "ticket", "invoice", "no", "number", "id", "nr", "case", "issue", "reference"];

pub(super) fn find(text: &str) -> Vec<Candidate> {
    let all = words(text);
    let candidate = |(at, word): (usize, &Word<'_>)| {
        let before = at.checked_sub(1).map(|at| all[at].lower()).unwrap_or_default();
        let marked = text[..word.start].ends_with('#');
        let cued = marked || CUES.contains(&before.as_str());
        let start = word.start - usize::from(marked);
        is_id(word.text, cued).then(|| Candidate::text(Kind::Id, word.text, start, word.end()))
    };
    all.iter().enumerate().filter_map(candidate).collect()
}

fn is_id(word: &str, cued: bool) -> bool {
    if word.contains(['@', '\'', '’', '+']) || MEASURE.is_match(word) {
        return false;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 {
        return !word.contains('.') && (digits >= 3 || (cued && digits > 0));
    }
    let joined = word.contains(['-', '_']);
    let capitals = word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    (digits >= 2 && (joined || capitals || digits >= 3))
        || (digits == 1 && joined && (capitals || cued))
        || (digits > 0 && PREFIXED.is_match(word))
}
