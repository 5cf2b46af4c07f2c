//! Values of a closed set: those a parameter declares, or those its description lists.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::embedded::words::{Word, stem, words};

static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: \bone\s+of:?\s+ | \beither\s+ | \bvalues?:?\s+ | :\s+ | \( ) ((?:[\w-]+(?:\s[\w-]+)?\s*[,/|]\s*)+(?:or\s+|and\s+)?[\w-]+(?:\s+or\s+[\w-]+)?|[\w-]+\s+or\s+[\w-]+)",
    )
    .expect("a valid pattern")
});

static SEPARATOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*(?:,\s*(?:or|and)\s+|[,/|]|\s+or\s+)\s*").expect("a valid pattern"));

/// The values that a description lists: "one of low, medium, high", "(Low/Medium/High)". A hint only: the parameter
/// takes other values too.
pub(crate) fn listed_values(description: &str) -> Vec<String> {
    if description.to_lowercase().contains("e.g") || description.contains("such as") {
        return Vec::new();
    }
    let Some((whole, list)) =
        LISTED.captures(description).and_then(|found| Some((found.get(0)?, found.get(1)?)))
    else {
        return Vec::new();
    };
    // A colon also leads in examples; only these signs say that the list is the whole.
    let lead = whole.as_str().to_lowercase();
    let closed = lead.starts_with("one of")
        || lead.starts_with("either")
        || lead.starts_with("value")
        || list.as_str().contains('/')
        || list.as_str().contains(" or ");
    if !closed {
        return Vec::new();
    }
    let values: Vec<String> = SEPARATOR.split(list.as_str()).map(|value| value.trim().to_owned()).collect();
    if values.len() < 2 || values.iter().any(|value| value.is_empty() || value.len() > 24) {
        Vec::new()
    } else {
        values
    }
}

/// Where each of the values stands in the text, by its words' stems; a number also in words.
pub(crate) fn choices<'v>(values: &'v [String], text: &str) -> Vec<(&'v str, Range<usize>)> {
    let spoken = words(text);
    let mut found: Vec<(&str, Range<usize>)> = Vec::new();
    for value in values {
        let wanted: Vec<String> = words(value).iter().map(normal).collect();
        if wanted.is_empty() {
            continue;
        }
        let places = spoken
            .windows(wanted.len())
            .enumerate()
            .filter(|(at, window)| {
                window.iter().map(normal).eq(wanted.iter().cloned()) && !is_pronoun(&spoken, *at)
            })
            .map(|(_, window)| window);
        found.extend(
            places.filter_map(|window| Some((value.as_str(), window.first()?.start..window.last()?.end()))),
        );
    }
    // "Premium Economy" is not also "Economy".
    let longer = found.clone();
    found.retain(|(_, range)| {
        !longer.iter().any(|(_, other)| {
            other.len() > range.len() && other.start <= range.start && other.end >= range.end
        })
    });
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// "One" counts nothing in "one way", "that one" and "one of them".
fn is_pronoun(spoken: &[Word<'_>], at: usize) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| spoken.get(at)).map(Word::lower).unwrap_or_default();
    let before =
        ["the", "this", "that", "which", "another", "other", "any", "each", "every", "first", "last", "next"];
    spoken[at].lower() == "one"
        && (["way", "of", "more", "that", "which"].contains(&word(Some(at + 1)).as_str())
            || before.contains(&word(at.checked_sub(1)).as_str()))
}

fn normal(word: &Word<'_>) -> String {
    let lower = word.lower();
    match errand_domain::parameter::number_from_text(&lower) {
        Some(number) => number.to_string(),
        None => stem(&lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_descriptions_are_read() {
        let check = |description: &str, expect: &[&str]| {
            assert_eq!(listed_values(description), expect, "{description}");
        };
        check("How urgent, one of low, medium, high", &["low", "medium", "high"]);
        check("Priority (Low/Medium/High)", &["Low", "Medium", "High"]);
        check("Priority: low, medium or high", &["low", "medium", "high"]);
        check("The order's number", &[]);
        check("Product, e.g. mug, shirt, cap", &[]);
    }

    #[test]
    fn the_longest_choice_wins() {
        let values: Vec<String> = ["Economy", "Premium Economy", "2"].map(str::to_owned).to_vec();
        let found: Vec<_> =
            choices(&values, "two premium economy seats").into_iter().map(|(value, _)| value).collect();
        assert_eq!(found, ["2", "Premium Economy"]);
    }

    #[test]
    fn one_is_not_always_a_number() {
        let values = ["1".to_owned()];
        for (text, expect) in
            [("one seat", 1), ("a one way flight", 0), ("take that one", 0), ("one of them", 0)]
        {
            assert_eq!(choices(&values, text).len(), expect, "{text}");
        }
    }
}
