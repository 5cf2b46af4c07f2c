//! Names and sentences for what has none in the right form: actions, parameters, triggers.

use crate::{limits, name::RESERVED_ACTION_NAMES};

/// A text's words in lower case: letters and digits, split where case changes (`getOrderByID` → get, order, by, id).
pub(super) fn words_of(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| chars[index]);
        let after = chars.get(index + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if (starts || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// A valid action name made of a text; `taken` are names that it must not be.
pub(super) fn action_name(text: &str, taken: &[String]) -> String {
    let words: Vec<String> = words_of(text)
        .into_iter()
        .map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect())
        .collect();
    let mut name = words.into_iter().filter(|word: &String| !word.is_empty()).collect::<Vec<_>>().join("_");
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || RESERVED_ACTION_NAMES.contains(&name.as_str())
    {
        name = format!("call_{name}");
    }
    name.truncate(limits::NAME_CHARS_MAX - NUMBER_CHARS);
    let name = name.trim_end_matches('_').to_owned();
    let is_free = |name: &String| !taken.contains(name);
    std::iter::once(name.clone())
        .chain((2..=taken.len() + 2).map(|number| format!("{name}_{number}")))
        .find(is_free)
        .unwrap_or(name)
}

/// Room for `_` and a number that tells two actions apart.
const NUMBER_CHARS: usize = 5;

/// A valid parameter name made of a text: letters and underscores only.
pub(super) fn parameter_name(text: &str, taken: &[String]) -> String {
    let letters = |word: String| word.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let words: Vec<String> =
        words_of(text).into_iter().map(letters).filter(|word| !word.is_empty()).collect();
    let mut name = if words.is_empty() { "value".to_owned() } else { words.join("_") };
    if name.to_ascii_uppercase().starts_with(crate::name::RESERVED_PREFIX) {
        name = format!("the_{name}");
    }
    name.truncate(limits::NAME_CHARS_MAX - LETTERS_TO_TELL_APART);
    let endings = ('b'..='z').map(|letter| format!("{name}_{letter}"));
    std::iter::once(name.clone()).chain(endings).find(|name| !taken.contains(name)).unwrap_or(name)
}

const LETTERS_TO_TELL_APART: usize = 2;

/// `orders` → `order`, `companies` → `company`; what doesn't look like a plural stays.
pub(super) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    let sibilant = ["sses", "xes", "ches", "shes"].iter().any(|ending| word.ends_with(ending));
    if sibilant {
        return word[..word.len() - 2].to_owned();
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// A sentence's beginning in lower case, unless it is a name in capitals, and without its full stop.
pub(super) fn as_clause(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let rest = chars.as_str();
    if rest.starts_with(|c: char| c.is_uppercase()) {
        return text.to_owned();
    }
    first.to_lowercase().chain(rest.chars()).collect()
}

/// The first `chars_max` characters, at a word's end where there is one.
pub(super) fn shortened(text: &str, chars_max: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(chars_max) else { return text.to_owned() };
    let head = &text[..cut];
    head.rfind(char::is_whitespace).map_or(head, |space| &head[..space]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words() {
        fn check(text: &str, action: &str, parameter: &str) {
            assert_eq!(
                (action_name(text, &[]).as_str(), parameter_name(text, &[]).as_str()),
                (action, parameter)
            );
        }
        check("getOrderByID", "get_order_by_id", "get_order_by_id");
        check("HTTPServer2Go", "http_server2_go", "http_server_go");
        check("customer[email]", "customer_email", "customer_email");
        check("2fa", "call_2fa", "fa");
        check("lint", "call_lint", "lint");
        check("日本", "call", "value");
        check("gurubase_x", "gurubase_x", "the_gurubase_x");
    }

    #[test]
    fn names_that_are_taken_get_another_ending() {
        let taken = ["get_order".to_owned(), "get_order_2".to_owned()];
        assert_eq!(action_name("getOrder", &taken), "get_order_3");
        assert_eq!(parameter_name("line1", &["line".to_owned()]), "line_b");
    }

    #[test]
    fn words_are_made_singular() {
        for (word, expect) in [
            ("orders", "order"),
            ("companies", "company"),
            ("status", "status"),
            ("boxes", "box"),
            ("sms", "sm"),
        ] {
            assert_eq!(singular(word), expect);
        }
    }

    #[test]
    fn sentences_become_clauses() {
        assert_eq!(as_clause("Retrieve a refund."), "retrieve a refund");
        assert_eq!(as_clause("VAT numbers of a customer"), "VAT numbers of a customer");
        assert_eq!(shortened("one two three", 8), "one two");
        assert_eq!(shortened("one", 8), "one");
    }
}
