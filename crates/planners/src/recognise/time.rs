//! Times of day, as written.

use std::sync::LazyLock;

use regex::Regex;

use super::{Candidate, Kind};

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\b(?:(?:(?:morning|afternoon|evening)\s+)?(?:\d{1,2}:\d{2}(?:\s?(?:am|pm)\b|\s?[ap]\.m\.)?|\d{1,2}\s?(?:am|pm)\b|\d{1,2}\s?[ap]\.m\.)
          (?:\s+in\s+the\s+(?:morning|afternoon|evening))?|noon\b|midnight\b|\d{1,2}\s+o'clock\b)",
    )
    .expect("a valid pattern")
});

pub(super) fn find(text: &str) -> Vec<Candidate> {
    TIME.find_iter(text).map(|m| Candidate::text(Kind::Time, m.as_str(), m.start(), m.end())).collect()
}
