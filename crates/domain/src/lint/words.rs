//! Words of a text, as far as lexical rules need them. No dictionary, no model: what these rules miss, the trigger
//! lab shows on real questions.

use std::collections::BTreeMap;

/// Words that carry no topic: articles, prepositions, the people of a support conversation and the frame of a
/// trigger ("when the user asks about").
const EMPTY_WORDS: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "also",
    "an",
    "and",
    "any",
    "anyone",
    "are",
    "as",
    "ask",
    "asked",
    "asking",
    "asks",
    "at",
    "be",
    "been",
    "but",
    "by",
    "can",
    "case",
    "could",
    "customer",
    "customers",
    "did",
    "do",
    "does",
    "employee",
    "employees",
    "for",
    "from",
    "get",
    "gets",
    "give",
    "given",
    "gives",
    "had",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "inquires",
    "into",
    "is",
    "it",
    "its",
    "know",
    "like",
    "me",
    "mention",
    "mentions",
    "my",
    "need",
    "needs",
    "not",
    "of",
    "on",
    "once",
    "or",
    "our",
    "out",
    "please",
    "question",
    "questions",
    "regarding",
    "say",
    "says",
    "she",
    "he",
    "some",
    "somebody",
    "someone",
    "such",
    "that",
    "the",
    "their",
    "them",
    "there",
    "they",
    "this",
    "to",
    "us",
    "user",
    "users",
    "want",
    "wants",
    "was",
    "we",
    "were",
    "what",
    "when",
    "whenever",
    "where",
    "whether",
    "which",
    "who",
    "why",
    "will",
    "with",
    "wonders",
    "would",
    "you",
    "your",
];

/// Words that betray an English text.
const ENGLISH_WORDS: &[&str] = &[
    "about", "and", "asks", "customer", "for", "is", "of", "or", "the", "to", "user", "wants", "when", "with",
];

/// Lower-case words of a text; a possessive loses its `'s`.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|word| word.to_lowercase().replace('’', "'"))
        .map(|word| word.strip_suffix("'s").unwrap_or(&word).trim_matches('\'').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// The words of a name: `refundLookup_2` → refund, lookup, 2.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        if after_lower && c.is_ascii_uppercase() {
            spaced.push(' ');
        }
        after_lower = c.is_ascii_lowercase();
        spaced.push(if c == '_' || c == '-' { ' ' } else { c.to_ascii_lowercase() });
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// The words that carry a topic: stem → word as written.
pub(super) fn content(text: &str) -> BTreeMap<String, String> {
    words(text)
        .into_iter()
        .filter(|word| word.chars().count() > 1 && !EMPTY_WORDS.contains(&word.as_str()))
        .map(|word| (stem(&word), word))
        .collect()
}

pub(super) fn is_empty_word(word: &str) -> bool {
    EMPTY_WORDS.contains(&word)
}

/// Whether the rules that know English may judge a text.
pub(super) fn is_english(text: &str) -> bool {
    let words = words(text);
    text.is_ascii() && (words.len() < 3 || words.iter().any(|word| ENGLISH_WORDS.contains(&word.as_str())))
}

/// A crude common form: `refunds`, `refunded`, `refunding` → `refund`; `queries` → `query`.
pub(super) fn stem(word: &str) -> String {
    let kept = |suffix: &str| word.strip_suffix(suffix).filter(|rest| rest.chars().count() >= 3);
    if let Some(rest) = kept("ies") {
        return format!("{rest}y");
    }
    let plain =
        kept("ing").or_else(|| kept("ed")).or_else(|| kept("es")).or_else(|| kept("s")).unwrap_or(word);
    plain.strip_suffix('e').filter(|rest| rest.chars().count() >= 3).unwrap_or(plain).to_owned()
}

/// The candidate that `name` was most likely meant to be, if one is near.
pub(super) fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = 1 + name.chars().count() / 4;
    candidates
        .map(|candidate| (distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Whether `text` holds `name` as a whole identifier.
pub(super) fn holds_identifier(text: &str, name: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == name)
}

/// `a`, `b` and `c`, each in backticks.
pub(super) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.pop() {
        Some(last) if !quoted.is_empty() => format!("{} and {last}", quoted.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_come_apart() {
        assert_eq!(name_words("refundLookup_two-x"), ["refund", "lookup", "two", "x"]);
        assert_eq!(words("The order’s ID, isn't it?"), ["the", "order", "id", "isn't", "it"]);
    }

    #[test]
    fn stems_meet() {
        for (a, b) in
            [("refunds", "refunded"), ("queries", "query"), ("invoices", "invoice"), ("charging", "charges")]
        {
            assert_eq!(stem(a), stem(b));
        }
        assert_ne!(stem("order"), stem("orange"));
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["order_id", "STRIPE_API_KEY"];
        assert_eq!(closest("order_di", names.into_iter()), Some("order_id"));
        assert_eq!(closest("STRIPE_APIKEY", names.into_iter()), Some("STRIPE_API_KEY"));
        assert_eq!(closest("customer", names.into_iter()), None);
    }
}
