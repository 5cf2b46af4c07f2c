//! Error and status codes: `503`, `ERR_42`, `E1001`, `0x80004005`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Candidate, Kind};

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:(?i:err(?:or)?)[_-][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Z]+_(?:[A-Z]+_)*(?:ERR|ERROR|TIMEOUT|REFUSED|RESET)(?:_[A-Z0-9]+)*|E-?\d{2,6}|0x[0-9a-fA-F]{2,8}|[1-5]\d\d)\b")
        .expect("a valid pattern")
});

pub(super) fn find(text: &str) -> Vec<Candidate> {
    CODE.find_iter(text)
        .filter(|m| m.as_str().bytes().any(|b| b.is_ascii_digit()) || m.as_str().contains('_'))
        .filter(|m| stands_alone(text, m.start(), m.end()))
        .map(|m| Candidate::text(Kind::Code, m.as_str(), m.start(), m.end()))
        .collect()
}

/// A piece of a longer reference (`55-190`) or of a decimal is no code.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joined = |c: Option<char>| c.is_some_and(|c| matches!(c, '-' | '_' | '#' | '@'));
    let decimal =
        text[end..].starts_with(['.', ',']) && text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
    !joined(text[..start].chars().next_back()) && !joined(text[end..].chars().next()) && !decimal
}
