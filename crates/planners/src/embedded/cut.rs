//! Where a value that the encoder points at begins and ends: whole words, whole names, nothing of what is said next.

use std::ops::Range;

use super::{
    role::{Role, Sort, Wanted},
    words::{self, Word, words},
};

/// Words that no name goes on over.
const NEVER: &[&str] = &[
    "directed", "starring", "stars", "that", "which", "who", "please", "is", "are", "was", "were", "if",
    "but", "because", "then", "now", "later",
];
/// Words that no place or person goes on over.
const NOT_IN_PLACES: &[&str] = &["and", "with", "for", "from", "to", "by", "at", "on", "or", "as"];
/// Words that no day and no hour goes on over.
const NOT_IN_TIMES: &[&str] = &["to", "until", "till", "through", "and", "or"];
/// Words that no other name goes on over.
const NOT_IN_THINGS: &[&str] = &["by"];

/// Whether a value of this role may go on over the token at this place of the text.
pub(crate) fn goes_on(role: &Role, text: &str, token: &Range<usize>) -> bool {
    let written = &text[token.clone()];
    if matches!(written, "." | "!" | "?") {
        let ends = text[token.end..].chars().next().is_none_or(char::is_whitespace);
        // "St. Louis", "Ruth B."
        let short = text[..token.start]
            .rsplit(|c: char| !c.is_alphanumeric())
            .next()
            .is_some_and(|word| word.len() <= 2);
        return !ends || (short && written == ".");
    }
    let apart = |list: &[&str]| list.contains(&written);
    match role {
        Role::Date | Role::Time => !apart(NOT_IN_TIMES),
        Role::Name(Sort::Place | Sort::Origin | Sort::Person) => !apart(NEVER) && !apart(NOT_IN_PLACES),
        Role::Name(_) => !apart(NEVER) && !apart(NOT_IN_THINGS),
        _ => true,
    }
}

/// The stretch as this parameter takes it.
pub(crate) fn trim(want: &Wanted<'_>, text: &str, range: Range<usize>) -> Range<usize> {
    let range = whole_words(text, range);
    let Role::Name(sort) = &want.role else { return range };
    let range = one_of_two(text, range);
    let range = if matches!(sort, Sort::Thing | Sort::Person) {
        whole_name(text, without_lead(text, range))
    } else {
        range
    };
    if is_name(want) { range } else { without_kind(want, text, range) }
}

/// Whether the parameter is a name by its own name, not a genre, a category or the like.
pub(crate) fn is_name(want: &Wanted<'_>) -> bool {
    want.parameter
        .name
        .as_str()
        .split('_')
        .any(|word| ["name", "title"].contains(&word.to_lowercase().as_str()))
}

/// Without what leads up to a name: "the", and "the 3 star" of "the 3 star Doubletree".
fn without_lead(text: &str, range: Range<usize>) -> Range<usize> {
    let all = words(&text[range.clone()]);
    let article = |word: &Word<'_>| ["the", "a", "an", "my", "some"].contains(&word.text);
    let small = |word: &Word<'_>| word.text.starts_with(char::is_lowercase);
    let first = match all.iter().position(is_named) {
        // "1 Hotel": a number right before the name is of it.
        Some(named) => all[..named].iter().rposition(small).map_or(0, |at| at + 1),
        None => all.iter().take_while(|word| article(word)).count(),
    };
    all.get(first).map_or(range.clone(), |word| range.start + word.start..range.end)
}

/// Widened to whole words, without punctuation at the ends.
fn whole_words(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = |c: char| c.is_alphanumeric();
    let start = text[..range.start].trim_end_matches(inner).len();
    let end = text.len() - text[range.end..].trim_start_matches(inner).len();
    let slice = &text[start..end];
    let outer = |c: char| !c.is_alphanumeric() && !['$', '€', '£', '#', ')'].contains(&c);
    let kept = slice.trim_matches(outer);
    let start = start + (slice.len() - slice.trim_start_matches(outer).len());
    if kept.is_empty() { range } else { start..start + kept.len() }
}

/// "Larkin Matt, a psychiatrist" and "psychiatrist, Larkin Matt" name one; "Oakland, CA" is whole.
fn one_of_two(text: &str, range: Range<usize>) -> Range<usize> {
    let Some((first, second)) = text[range.clone()].split_once(',') else { return range };
    let lower = |part: &str| part.trim_start().starts_with(char::is_lowercase);
    match (lower(first), lower(second)) {
        (false, true) => range.start..range.start + first.trim_end().len(),
        (true, false) => range.end - second.trim_start().len()..range.end,
        _ => range,
    }
}

/// Capitals go together: of "the Ac Hotel By Marriott Atlanta" no part is a name by itself. What stands first in its
/// sentence has its capital from there.
fn whole_name(text: &str, range: Range<usize>) -> Range<usize> {
    if !text[range.clone()].starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()) {
        return range;
    }
    let all = words(text);
    let inside: Vec<usize> =
        (0..all.len()).filter(|at| all[*at].start < range.end && all[*at].end() > range.start).collect();
    let (Some(&(mut first)), Some(&(mut last))) = (inside.first(), inside.last()) else { return range };
    let beside = |left: &Word<'_>, right: &Word<'_>| text[left.end()..right.start].chars().all(|c| c == ' ');
    while all.get(last + 1).is_some_and(|next| beside(&all[last], next) && is_named(next)) {
        last += 1;
    }
    while first > 0 && beside(&all[first - 1], &all[first]) && !opens(text, &all[first - 1]) {
        let before = &all[first - 1];
        let digit = before.text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_named(before) && !digit {
            break;
        }
        first -= 1;
    }
    // "The 45 Park Lane is a hotel".
    if first < last && opens(text, &all[first]) && ["The", "A", "An"].contains(&all[first].text) {
        first += 1;
    }
    let widened = inside.last() != Some(&last);
    all[first].start..if widened { all[last].end() } else { range.end }
}

/// Whether the word stands first in its sentence.
fn opens(text: &str, word: &Word<'_>) -> bool {
    text[..word.start].trim_end().chars().next_back().is_none_or(|c| ['.', '!', '?', ':', ';'].contains(&c))
}

const NOT_NAMES: &[&str] = &[
    "i",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn is_named(word: &Word<'_>) -> bool {
    let lower = word.lower();
    word.is_capitalised() && !NOT_NAMES.contains(&lower.as_str()) && !lower.starts_with("i'")
}

/// Without small words at its end that say what it is, not which: the "movie" of "drama movie" for a movie's genre.
fn without_kind(want: &Wanted<'_>, text: &str, range: Range<usize>) -> Range<usize> {
    let all = words(&text[range.clone()]);
    let kind = |word: &Word<'_>| {
        word.text.starts_with(char::is_lowercase) && want.cues.contains(&words::stem(&word.lower()))
    };
    let kept = all.len() - all.iter().rev().take_while(|word| kind(word)).count();
    match kept {
        0 => range,
        _ if kept == all.len() => range,
        _ => range.start..range.start + all[kept - 1].end(),
    }
}

/// Whether a name could be this stretch: where a text writes names with capitals, one without is none, and a person's
/// has letters.
pub(crate) fn is_likely(role: &Role, text: &str, range: &Range<usize>) -> bool {
    let Role::Name(sort @ (Sort::Place | Sort::Origin | Sort::Person)) = role else { return true };
    let digits = |word: &Word<'_>| word.text.starts_with(|c: char| c.is_ascii_digit());
    let inside = words(&text[range.clone()]);
    if *sort == Sort::Person && inside.iter().all(digits) {
        return false;
    }
    !has_names(text) || inside.iter().any(|word| word.is_capitalised() || digits(word))
}

/// Whether a text that begins with a capital has none here, nor a digit.
pub(crate) fn is_small(text: &str, range: &Range<usize>) -> bool {
    text.trim_start().starts_with(char::is_uppercase)
        && !text[range.clone()].contains(|c: char| c.is_uppercase() || c.is_ascii_digit())
}

/// Whether there are capitals elsewhere than where sentences begin.
pub(crate) fn has_names(text: &str) -> bool {
    words(text).iter().any(|word| is_named(word) && !opens(text, word))
}

#[cfg(test)]
mod tests {
    use errand_domain::{Parameter, ParameterType};

    use super::*;

    fn check(name: &str, description: &str, text: &str, pointed: &str, expect: &str) {
        let parameter = Parameter {
            name: name.parse().expect("a name"),
            kind: ParameterType::String,
            description: description.to_owned(),
            required: true,
            default: None,
            values: Vec::new(),
        };
        let start = text.find(pointed).expect("what is pointed at stands in the text");
        let range = trim(&Wanted::new(&parameter), text, start..start + pointed.len());
        assert_eq!(&text[range], expect, "{text}");
    }

    #[test]
    fn values_are_whole_words() {
        check("date", "Day", "in May 12th, please", "ay 12", "May 12th");
        check("time", "Time", "at 7:30 pm.", "7:30 pm.", "7:30 pm");
        check("amount", "Amount", "for $40!", "$40!", "$40");
    }

    #[test]
    fn names_are_whole() {
        let hotel = |text, pointed, expect| check("hotel_name", "Name of the hotel", text, pointed, expect);
        hotel("How about Best Western Plus Downtown? It", "Best Western", "Best Western Plus Downtown");
        hotel("I found 1 Hotel Brooklyn Bridge, a hotel", "Brooklyn Bridge", "1 Hotel Brooklyn Bridge");
        hotel("it is called The Poseidon Adventure.", "Poseidon Adventure", "The Poseidon Adventure");
        hotel("Good. The 45 Park Lane is nice", "The 45 Park Lane", "45 Park Lane");
        hotel("book the olive garden now", "olive garden", "olive garden");
        hotel("at Belmont on Monday", "Belmont", "Belmont");
        let person =
            |text, pointed, expect| check("therapist", "Name of the therapist", text, pointed, expect);
        person("Larkin Matt ,a psychiatrist", "Larkin Matt ,a psychiatrist", "Larkin Matt");
        person("psychiatrist, Larkin Matt", "psychiatrist, Larkin Matt", "Larkin Matt");
        check("city", "City of the shop", "in Oakland, CA", "Oakland, CA", "Oakland, CA");
        check("genre", "Genre of the movie", "a drama movie", "drama movie", "drama");
    }

    #[test]
    fn a_value_ends_where_something_else_is_said() {
        let check = |role: &Role, text: &str, token: &str, expect: bool| {
            let start = text.find(token).expect("the token stands in the text");
            assert_eq!(goes_on(role, text, &(start..start + token.len())), expect, "{token} in {text}");
        };
        let (person, thing) = (Role::Name(Sort::Person), Role::Name(Sort::Thing));
        check(&person, "quentin and directed by george", "and", false);
        check(&thing, "Romeo and Juliet by Prokofiev", "and", true);
        check(&thing, "Romeo and Juliet by Prokofiev", "by", false);
        check(&thing, "in Paris. You could", ".", false);
        check(&thing, "in St. Louis", ".", true);
    }

    #[test]
    fn names_have_capitals_where_others_have() {
        let place = Role::Name(Sort::Place);
        assert!(!is_likely(&place, "Which airport in Oakland", &(6..13)));
        assert!(is_likely(&place, "which airport in oakland", &(17..24)));
        assert!(is_likely(&place, "near Oakland or 12 main street", &(16..30)));
    }
}
