//! Sums of money; the value is the number.

use std::sync::LazyLock;

use errand_domain::{
    ArgValue,
    parameter::{NUMBER_WORDS, number_from_text},
};
use regex::Regex;

use super::{Candidate, Kind};

static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: [$€£] \s? | \b(?:usd|eur|gbp)\s? ) (\d[\d,]*(?:\.\d+)?)
              | \b (\d[\d,]*(?:\.\d+)?) \s? (?: [$€£] | (?:dollars?|usd|euros?|eur|pounds?|gbp|bucks)\b )",
    )
    .expect("a valid pattern")
});

/// "Five hundred and twenty bucks".
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let words: Vec<&str> = TENS.iter().chain(&POWERS).map(|(word, _)| *word).chain(NUMBER_WORDS).collect();
    let pattern = format!(
        r"(?i)\b((?:{words})(?:(?:\s+and\s+|\s+|-)(?:{words}))*)\s+(?:dollars?|euros?|pounds?|bucks)\b",
        words = words.join("|")
    );
    Regex::new(&pattern).expect("a valid pattern")
});

const TENS: [(&str, i64); 7] = [
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];
const POWERS: [(&str, i64); 2] = [("hundred", 100), ("thousand", 1_000)];

/// The number that words say; None where it is too large.
fn spoken(text: &str) -> Option<i64> {
    let lower = text.to_lowercase();
    let (mut thousands, mut rest) = (0i64, 0i64);
    for word in lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty() && *word != "and") {
        let of =
            |list: &[(&str, i64)]| list.iter().find(|(other, _)| *other == word).map(|(_, value)| *value);
        match of(&POWERS) {
            Some(1_000) => (thousands, rest) = (thousands.checked_add(rest.max(1).checked_mul(1_000)?)?, 0),
            Some(power) => rest = rest.max(1).checked_mul(power)?,
            None => {
                let unit = || number_from_text(word).and_then(|number| number.as_i64());
                rest = rest.checked_add(of(&TENS).or_else(unit)?)?;
            }
        }
    }
    thousands.checked_add(rest)
}

pub(super) fn find(text: &str) -> Vec<Candidate> {
    let worded = SPOKEN.captures_iter(text).filter_map(|found| {
        let whole = found.get(0)?;
        let value = ArgValue::Number(spoken(found.get(1)?.as_str())?.into());
        Some(Candidate { kind: Kind::Amount, value, start: whole.start(), end: whole.end() })
    });
    AMOUNT
        .captures_iter(text)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let digits = found.get(1).or_else(|| found.get(2))?.as_str().trim_end_matches(',');
            let value = ArgValue::Number(number_from_text(digits)?);
            Some(Candidate { kind: Kind::Amount, value, start: whole.start(), end: whole.end() })
        })
        .chain(worded)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_may_be_spoken() {
        fn check(text: &str, expect: &[&str]) {
            let found: Vec<_> =
                find(text).iter().map(|one| format!("{} {}", &text[one.start..one.end], one.value)).collect();
            assert_eq!(found, expect);
        }
        check("send five hundred and twenty bucks", &["five hundred and twenty bucks 520"]);
        check("two thousand forty-one dollars now", &["two thousand forty-one dollars 2041"]);
        check("a hundred euros", &["hundred euros 100"]);
        check("one way, twenty people", &[]);
    }
}
