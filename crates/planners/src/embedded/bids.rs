//! What the rules find in a text for one parameter, and how likely they hold it to be.

use std::ops::Range;

use errand_domain::{ArgValue, ParameterType};

use super::{
    arguments::{Ask, Bid, Text},
    cut, naming, pointed,
    role::{Role, Wanted},
    words::{self, Word},
};
use crate::recognise::{self, Candidate, Kind, Unit};

/// Everything in the text that this parameter might take.
pub(super) fn bids_in(want: &Wanted<'_>, ask: &Ask<'_>, source: &Text<'_>) -> Vec<Bid> {
    let asked = ask.asked_for.contains(&want.parameter.name);
    match &want.role {
        Role::Choice(values) => choice_bids(want, values, asked, source.text),
        Role::Boolean => boolean_bids(want, asked, source.text),
        Role::Name(_) if pointed::counts(want.parameter) => source
            .typed
            .iter()
            .filter_map(|candidate| count_bid(want, asked, candidate, source.text))
            .collect(),
        Role::Name(sort) => {
            let scene = naming::Scene { action: ask.action, asked, focus: &ask.focus, source };
            let mut bids = naming::bids(want, *sort, &scene);
            bids.retain(|bid| asked || cut::is_likely(&want.role, source.text, &bid.span));
            bids
        }
        Role::Summary => {
            recognise::summary(source.text).map(|span| text_bid(source.text, span)).into_iter().collect()
        }
        Role::Steps => {
            recognise::steps(source.text).map(|span| text_bid(source.text, span)).into_iter().collect()
        }
        _ => source
            .typed
            .iter()
            .filter_map(|candidate| typed_bid(want, asked, candidate, source.text))
            .collect(),
    }
}

fn text_bid(text: &str, span: Range<usize>) -> Bid {
    Bid { value: ArgValue::String(text[span.clone()].to_owned()), span, score: 2.0 }
}

/// How many, or how long: a number with a word of the parameter's beside it, or one that was asked for.
fn count_bid(want: &Wanted<'_>, asked: bool, candidate: &Candidate, text: &str) -> Option<Bid> {
    let Kind::Number(unit) = candidate.kind else { return None };
    let counts = |word: &String| Unit::of(&words::stem(word)).or_else(|| Unit::of(word)) == Some(unit);
    let of_unit = unit != Unit::Bare
        && words::words(&want.parameter.description).iter().map(Word::lower).any(|word| counts(&word));
    let cued = cue(want, text, candidate.start, candidate.end);
    let score = if of_unit || asked { 2.0 } else { cued * 1.5 };
    let number = candidate.value.to_string();
    Some(Bid { value: ArgValue::String(number), span: candidate.start..candidate.end, score })
}

fn typed_bid(want: &Wanted<'_>, asked: bool, candidate: &Candidate, text: &str) -> Option<Bid> {
    let cued = if asked { 1.0 } else { cue(want, text, candidate.start, candidate.end) };
    let mut value = candidate.value.clone();
    let score = match (&want.role, candidate.kind) {
        (Role::Email, Kind::Email) => 3.0,
        (Role::Id, Kind::Id) => id_score(want, asked, candidate, text),
        (Role::Code, Kind::Code) => code_score(asked, candidate, text),
        (Role::Date, Kind::Date) | (Role::Time, Kind::Time) => 2.0 + cued,
        (Role::Amount, Kind::Amount) => {
            // As it is written, with its currency, where the parameter takes words.
            if want.parameter.kind == ParameterType::String {
                value = ArgValue::String(text[candidate.start..candidate.end].to_owned());
            }
            2.0 + cued
        }
        (Role::Amount, Kind::Number(Unit::Bare)) => {
            let written = &text[candidate.start..candidate.end];
            if !written.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let decimal = written.contains('.');
            if decimal || asked { 1.5 + cued } else { cued * 1.2 }
        }
        (Role::Number(Some(unit)), Kind::Number(given)) if given != Unit::Bare => {
            value = converted(&value, given, *unit)?;
            2.5
        }
        (Role::Number(_), Kind::Number(Unit::Bare)) => {
            if asked {
                2.0
            } else {
                cued * 1.2
            }
        }
        (Role::Number(None), Kind::Number(_) | Kind::Amount) => cued * 1.2,
        _ => return None,
    };
    Some(Bid { value, span: candidate.start..candidate.end, score })
}

/// Nouns that say what a number before or after them belongs to.
/// A parcel is not among them: people call their order by it ("has my package 12360 shipped?").
const ID_NOUNS: [&str; 11] = [
    "order", "ticket", "invoice", "case", "charge", "payment", "booking", "error", "account", "issue",
    "tracking",
];

/// An id beside another thing's noun ("ticket 4471" for an order) is not this parameter's.
fn id_score(want: &Wanted<'_>, asked: bool, candidate: &Candidate, text: &str) -> f32 {
    let near = beside(text, candidate.start, candidate.end, 2);
    let of_other =
        near.iter().any(|word| ID_NOUNS.contains(&word.as_str()) && !want.cues.contains(&words::stem(word)));
    let of_own = near.iter().any(|word| want.cues.contains(&words::stem(word)));
    match (of_own, of_other) {
        (true, _) => 3.0,
        (false, true) if !asked => 0.9,
        _ => 2.0,
    }
}

/// A bare three-digit number is a code when it looks like an HTTP error or is called one.
fn code_score(asked: bool, candidate: &Candidate, text: &str) -> f32 {
    let code = &text[candidate.start..candidate.end];
    let http = code.starts_with(['4', '5']) && code.len() == 3;
    let named = beside(text, candidate.start, candidate.end, 3)
        .iter()
        .any(|word| ["error", "errors", "code", "status", "http", "response"].contains(&word.as_str()));
    let letters = code.contains(|c: char| c.is_alphabetic());
    let price = beside(text, candidate.start, candidate.end, 1)
        .iter()
        .any(|word| ["order", "ticket", "invoice"].contains(&word.as_str()));
    if price {
        0.0
    } else if letters || named || asked {
        3.0
    } else if http {
        1.6
    } else {
        0.0
    }
}

fn converted(value: &ArgValue, given: Unit, wanted: Unit) -> Option<ArgValue> {
    let ArgValue::Number(number) = value else {
        return None;
    };
    if given == wanted {
        return Some(value.clone());
    }
    let converted = number.as_f64()? * given.minutes()? / wanted.minutes()?;
    errand_domain::parameter::number_from_text(&format!("{converted}")).map(ArgValue::Number)
}

fn choice_bids(want: &Wanted<'_>, values: &[String], asked: bool, text: &str) -> Vec<Bid> {
    if pointed::is_flag(values) {
        return boolean_bids(want, asked, text)
            .into_iter()
            .map(|bid| Bid { value: ArgValue::String(flag(values, &bid.value)), ..bid })
            .collect();
    }
    let bid = |value: &str, span: Range<usize>| {
        let numeric = value.bytes().all(|b| b.is_ascii_digit());
        let cued = cue(want, text, span.start, span.end);
        let score = if asked {
            2.0
        } else if numeric {
            cued * 1.5
        } else {
            1.3 + cued
        };
        Bid { value: ArgValue::String(value.to_owned()), span, score }
    };
    let mut bids: Vec<Bid> =
        recognise::choices(values, text).into_iter().map(|(value, span)| bid(value, span)).collect();
    let other_words: Vec<String> = want.glossary.iter().map(|(word, _)| word.clone()).collect();
    for (word, span) in recognise::choices(&other_words, text) {
        let meant = want.glossary.iter().find(|(other, _)| other == word).map(|(_, value)| value.as_str());
        bids.extend(meant.map(|value| bid(value, span)));
    }
    bids
}

fn flag(values: &[String], value: &ArgValue) -> String {
    let wanted = value.to_string();
    values.iter().find(|known| known.eq_ignore_ascii_case(&wanted)).cloned().unwrap_or(wanted)
}

/// True where the parameter's own words stand, false where they are denied; "yes" and "no" when it was asked for.
fn boolean_bids(want: &Wanted<'_>, asked: bool, text: &str) -> Vec<Bid> {
    let all = words::words(text);
    if asked
        && let Some(word) =
            all.iter().find(|word| errand_domain::parameter::boolean_from_text(word.text).is_some())
    {
        return vec![Bid { value: ArgValue::String(word.lower()), span: word.start..word.end(), score: 2.0 }];
    }
    let own: Vec<String> = words::words(&want.parameter.name.as_str().replace('_', " "))
        .iter()
        .map(|word| words::stem(&word.lower()))
        .filter(|stem| !["has", "is", "allow", "good", "for", "flag"].contains(&stem.as_str()))
        .collect();
    let Some(at) = all.iter().position(|word| own.contains(&words::stem(&word.lower()))) else {
        return Vec::new();
    };
    let denied = all[at.saturating_sub(3)..at]
        .iter()
        .any(|word| ["no", "not", "without", "don't", "doesn't", "non"].contains(&word.lower().as_str()));
    vec![Bid { value: ArgValue::Boolean(!denied), span: all[at].start..all[at].end(), score: 1.5 }]
}

/// 1 when a word of the parameter's name or description stands within two words, less when three away.
fn cue(want: &Wanted<'_>, text: &str, start: usize, end: usize) -> f32 {
    // "Bedrooms" are of "beds".
    let own = |word: &String| {
        let stem = words::stem(word);
        want.cues.iter().any(|cue| stem == *cue || (cue.len() > 2 && stem.starts_with(cue.as_str())))
    };
    let has = |reach: usize| beside(text, start, end, reach).iter().any(own);
    if has(2) {
        1.0
    } else if has(4) {
        0.6
    } else {
        0.0
    }
}

/// Lower-case words within `reach` of the span.
fn beside(text: &str, start: usize, end: usize, reach: usize) -> Vec<String> {
    let all = words::words(text);
    let before = all.iter().filter(|word| word.end() <= start).rev().take(reach);
    let after = all.iter().filter(|word| word.start >= end).take(reach);
    before.chain(after).map(Word::lower).collect()
}
