//! Two ends: where a way or a time begins and where it ends. "From Oakland to Fresno", "from the 2nd till the 5th":
//! which of the two an action's parameter means, and at which a value stands.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    role::{Role, Sort, Wanted},
    words::words,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
}

/// What a value gains that stands at the end that its parameter means, and what it loses at the other.
pub(crate) const AT_ITS_EDGE: f32 = 0.7;
pub(crate) const AT_THE_OTHER: f32 = -1.4;

/// What a value loses for the end if it stands at neither.
const UNSAID: f32 = -0.3;

const STARTS: &[&str] = &[
    "from",
    "origin",
    "originates",
    "departure",
    "departing",
    "departs",
    "leaving",
    "start",
    "starting",
    "starts",
    "begin",
    "begins",
    "beginning",
    "pickup",
    "pick",
    "checkin",
    "outbound",
    "since",
    "source",
];
const ENDS: &[&str] = &[
    "to",
    "destination",
    "arrival",
    "arriving",
    "arrives",
    "going",
    "return",
    "returning",
    "end",
    "ends",
    "ending",
    "until",
    "till",
    "dropoff",
    "drop",
    "checkout",
    "inbound",
    "target",
];

/// Words before a value that put it at an end.
const BEFORE_STARTS: &[&str] = &[
    "from",
    "leaving",
    "leave",
    "leaves",
    "departing",
    "depart",
    "departs",
    "starting",
    "starts",
    "start",
    "beginning",
    "begins",
    "since",
    "pick",
    "pickup",
    "out",
];
const BEFORE_ENDS: &[&str] = &[
    "to",
    "until",
    "till",
    "til",
    "untill",
    "through",
    "thru",
    "return",
    "returning",
    "returned",
    "ending",
    "ends",
    "into",
    "towards",
    "toward",
    "arriving",
    "arrives",
    "drop",
    "dropoff",
];
/// Words that may stand between these and the value.
const BETWEEN: &[&str] = &[
    "the", "a", "on", "at", "around", "about", "it", "me", "us", "them", "back", "up", "off", "in", "of",
    "by", "car", "city", "next", "this",
];
/// How many of these are passed over.
const BETWEEN_MAX: usize = 4;

/// For each parameter the end that it means, where another of the action means the other end of the same.
pub(crate) fn meant(wanted: &[Wanted<'_>]) -> Vec<Option<Edge>> {
    let known: Vec<_> = wanted.iter().map(|want| sort(want).zip(edge(want))).collect();
    let paired = |sort, edge| known.iter().flatten().any(|(other, at)| *other == sort && *at != edge);
    known.iter().map(|found| found.and_then(|(sort, edge)| paired(sort, edge).then_some(edge))).collect()
}

/// What has ends of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Way,
    Days,
    Hours,
}

fn sort(want: &Wanted<'_>) -> Option<Line> {
    match want.role {
        Role::Date => Some(Line::Days),
        Role::Time => Some(Line::Hours),
        Role::Name(Sort::Place | Sort::Origin) => Some(Line::Way),
        _ => None,
    }
}

/// By its name, else by its description.
fn edge(want: &Wanted<'_>) -> Option<Edge> {
    let name = want.parameter.name.as_str().replace('_', " ");
    let of = |text: &str| {
        words(text).iter().map(super::words::Word::lower).find_map(|word| match word.as_str() {
            word if STARTS.contains(&word) => Some(Edge::Start),
            word if ENDS.contains(&word) => Some(Edge::End),
            _ => None,
        })
    };
    of(&name).or_else(|| of(&want.parameter.description))
}

static TILL_A_DAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*(?:to|until|till?|through|thru|-|–)\s*(?:the\s+)?(?:\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*\b|next\b|tomorrow\b)",
    )
    .expect("a valid pattern")
});

/// The end at which a stretch of the text stands, by the words before it in its sentence or by what follows it.
pub(crate) fn at(text: &str, span: &Range<usize>) -> Option<Edge> {
    let before = &text[..span.start];
    let sentence = before.rfind(['.', '!', '?', ';']).map_or(0, |stop| stop + 1);
    let said = words(&before[sentence..]);
    let mut passed = 0;
    for word in said.iter().rev() {
        let lower = word.lower();
        if BEFORE_STARTS.contains(&lower.as_str()) {
            return Some(Edge::Start);
        }
        if BEFORE_ENDS.contains(&lower.as_str()) {
            return Some(Edge::End);
        }
        passed += 1;
        if !BETWEEN.contains(&lower.as_str()) || passed > BETWEEN_MAX {
            break;
        }
    }
    TILL_A_DAY.is_match(&text[span.end..]).then_some(Edge::Start)
}

/// What a value gains or loses for the end at which it stands.
pub(crate) fn gain(meant: Option<Edge>, text: &str, span: &Range<usize>) -> f32 {
    match (meant, meant.and_then(|_| at(text, span))) {
        (Some(meant), Some(found)) if meant == found => AT_ITS_EDGE,
        (Some(_), Some(_)) => AT_THE_OTHER,
        // A day with nothing before it is when something begins.
        (Some(Edge::End), None) => UNSAID,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_at_an_end() {
        fn check(text: &str, value: &str, expect: Option<Edge>) {
            let start = text.find(value).expect("the value stands in the text");
            assert_eq!(at(text, &(start..start + value.len())), expect, "{value} in {text}");
        }
        check("a bus from Oakland to Fresno", "Oakland", Some(Edge::Start));
        check("a bus from Oakland to Fresno", "Fresno", Some(Edge::End));
        check("from the 2nd of May till the 5th", "2nd of May", Some(Edge::Start));
        check("from the 2nd of May till the 5th", "5th", Some(Edge::End));
        check("return it on the 9th", "9th", Some(Edge::End));
        check("pick it up on the 9th", "9th", Some(Edge::Start));
        check("March 10th to the 11th", "March 10th", Some(Edge::Start));
        check("I am going to Oakland. Friday is best", "Friday", None);
        check("a hotel in Oakland", "Oakland", None);
    }

    #[test]
    fn a_parameter_means_an_end_where_another_means_the_other() {
        fn check(names: &[(&str, &str)], expect: &[Option<Edge>]) {
            let parameters: Vec<errand_domain::Parameter> = names
                .iter()
                .map(|(name, description)| errand_domain::Parameter {
                    name: name.parse().expect("a name"),
                    kind: errand_domain::ParameterType::String,
                    description: (*description).to_owned(),
                    required: true,
                    default: None,
                    values: Vec::new(),
                })
                .collect();
            let wanted: Vec<_> = parameters.iter().map(Wanted::new).collect();
            assert_eq!(meant(&wanted), expect, "{names:?}");
        }
        let (start, end) = (Some(Edge::Start), Some(Edge::End));
        check(&[("from_location", "City"), ("to_location", "City")], &[start, end]);
        check(
            &[("pickup_date", "Day"), ("dropoff_date", "Day"), ("pickup_time", "Time")],
            &[start, end, None],
        );
        check(&[("date", "First day of the trip"), ("city", "City to go to")], &[None, None]);
    }
}
