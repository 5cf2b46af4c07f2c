//! Sums of money; the value is the number.

use std::sync::LazyLock;

use errand_domain::{ArgValue, parameter::number_from_text};
use regex::Regex;

use super::{Candidate, Kind};

static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: [$€£] \s? | \b(?:usd|eur|gbp)\s? ) (\d[\d,]*(?:\.\d+)?)
              | \b (\d[\d,]*(?:\.\d+)?) \s? (?: [$€£] | (?:dollars?|usd|euros?|eur|pounds?|gbp|bucks)\b )",
    )
    .expect("a valid pattern")
});

pub(super) fn find(text: &str) -> Vec<Candidate> {
    AMOUNT
        .captures_iter(text)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let digits = found.get(1).or_else(|| found.get(2))?.as_str().trim_end_matches(',');
            let value = ArgValue::Number(number_from_text(digits)?);
            Some(Candidate { kind: Kind::Amount, value, start: whole.start(), end: whole.end() })
        })
        .collect()
}
