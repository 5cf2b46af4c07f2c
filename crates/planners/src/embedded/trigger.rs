//! From a trigger as a builder writes it to the bare statements that questions are compared with.

use std::sync::LazyLock;

use regex::Regex;

/// "When the user asks about …": the same words in every trigger would make all triggers alike.
static PREAMBLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*
        (?:(?:use|run|call|fire|trigger)s?\s+(?:this\s+)?(?:action\s+)?)?
        (?:(?:when(?:ever)?|if)\s+)?
        (?:(?:the|a|an|any)\s+)?
        (?:(?:user|customer|asker|person|employee|agent|caller|someone|somebody|anyone|they|team\s+lead|leader|manager)\s+)
        (?:(?:or\s+(?:a\s+|the\s+)?\w+)\s+)?
        (?:(?:explicitly|is|has|also|directly)\s+)*
        (?:(?:asks?|wants?|needs?|requests?|says?|reports?|inquires?|enquires?|complains?|mentions?|tries|states?|asking|wanting|would\s+like|wishes)
           (?:\s*(?:,|or|and)\s*(?:asks?|wants?|needs?|requests?|says?|reports?))*\s*)?
        (?:(?:to\s+know|about|for|whether|if|that|to|:)\s*)*",
    )
    .expect("a valid pattern")
});

static BOUNDARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*;\s*(?:or\s+)?|[.!?]\s+|,?\s+or\s+(?:when|if|whenever)\s+").expect("a valid pattern")
});

/// What the action is *not* for; it must not attract the very questions that it turns away.
static EXCLUSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:but\s+)?(?:not|never|do not|don't|except|excluding)\b").expect("a valid pattern")
});

static TRAILING_EXCLUSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*[,(]\s*(?:but\s+)?(?:not|never|except|rather than)\s.*$").expect("a valid pattern")
});

/// The trigger's statements without their preamble; at least one, the trigger itself, when nothing is left.
pub(crate) fn statements(trigger: &str) -> Vec<String> {
    let found: Vec<String> = BOUNDARY.split(trigger).filter_map(statement).collect();
    if found.is_empty() { vec![trigger.trim().to_owned()] } else { found }
}

/// The trigger's first statement without what it adds in brackets: what the action does, in few words.
pub(crate) fn outline(trigger: &str) -> String {
    let statement = statements(trigger).into_iter().next().unwrap_or_default();
    BRACKETS.replace(&statement, "").into_owned()
}

static BRACKETS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s*\([^)]*\)$").expect("a valid pattern"));

fn statement(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = &text[PREAMBLE.find(text).map_or(0, |found| found.end())..];
    if EXCLUSION.is_match(text) || EXCLUSION.is_match(bare) {
        return None;
    }
    let bare = TRAILING_EXCLUSION.replace(bare, "");
    let bare = bare.trim().trim_end_matches(['.', ',']);
    (!bare.is_empty()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trigger: &str, expect: &[&str]) {
        assert_eq!(statements(trigger), expect, "{trigger}");
    }

    #[test]
    fn the_preamble_is_stripped_and_statements_split() {
        check("When the user asks about the status of a refund", &["the status of a refund"]);
        check("When the user wants to: Get the weather (Check it)", &["Get the weather (Check it)"]);
        check(
            "When the user asks about a refund; or when a customer reports a missing payment.",
            &["a refund", "a missing payment"],
        );
        check("Refund status", &["Refund status"]);
        check("When the user asks for stock. Do not use for prices.", &["stock"]);
        check("When the user asks for a refund, not how refunds work", &["a refund"]);
    }
}
