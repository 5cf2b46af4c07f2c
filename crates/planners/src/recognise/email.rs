//! E-mail addresses.

use std::sync::LazyLock;

use regex::Regex;

use super::{Candidate, Kind};

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9][a-z0-9._%+-]*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]*[a-z0-9])+")
        .expect("a valid pattern")
});

pub(super) fn find(text: &str) -> Vec<Candidate> {
    ADDRESS.find_iter(text).map(|m| Candidate::text(Kind::Email, m.as_str(), m.start(), m.end())).collect()
}
