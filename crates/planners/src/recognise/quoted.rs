//! Text in quotation marks; the value is what stands between them.

use std::sync::LazyLock;

use regex::Regex;

use super::{Candidate, Kind};

/// A single quote counts only where no letter is beside it on the outside: `Ana's` opens nothing.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["“„]([^"“”„\n]{1,200})["”“]|(?:^|[\s(:])['‘]([^'‘’\n]{2,200})['’](?:$|[\s).,!?:])|`([^`\n]{1,200})`"#)
        .expect("a valid pattern")
});

pub(super) fn find(text: &str) -> Vec<Candidate> {
    let inner = |found: regex::Captures<'_>| {
        let inner = found.get(1).or_else(|| found.get(2)).or_else(|| found.get(3))?;
        let value = inner.as_str().trim();
        (!value.is_empty()).then(|| Candidate::text(Kind::Quoted, value, inner.start(), inner.end()))
    };
    QUOTED.captures_iter(text).filter_map(inner).collect()
}
