//! Splitting a turn into the clauses that may each ask for something.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

/// Words with which a new request begins; a conjunction before one of them ends the clause.
const STARTERS: &str = "where|where's|wheres|what|what's|whats|which|who|who's|when|how|why|is|are|was|were|do|does|did|can|could|\
would|will|has|have|please|tell|show|check|find|look|book|create|open|file|log|raise|report|submit|request|cancel|refund|\
notify|let|give|get|list|see|send|make|schedule|put|search|reserve|buy|play|add|transfer|rent|pull|verify|confirm|draft|\
tomorrow|any|anyone|i|i'd|i'm|i've|we|my|our|want|don't|do not|not|just|also|then|it's|rather";

static SENTENCE_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[.!?]+["')\]]*\s+|\s*[;\n]+\s*|\s+[-–—]+\s+"#).expect("a valid pattern"));

static CONJUNCTION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!(
        r"(?i)(?:,?\s+(?:and|but|then|plus)(?:\s+(?:also|then|please|after that))*\s+|,\s+(?:also\s+|then\s+|so\s+)?)((?:{STARTERS})\b)"
    );
    Regex::new(&pattern).expect("a valid pattern")
});

/// What leads into a clause without belonging to it.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:(?:and|also|then|but|so|plus|ok|okay|hi|hello|hey|please|well|great|thanks|thank you|perfect|cool)(?: there| team| all)?\b[\s,.!:]*)+",
    )
    .expect("a valid pattern")
});

const ABBREVIATIONS: [&str; 12] =
    ["e.g.", "i.e.", "mr.", "mrs.", "ms.", "dr.", "no.", "nr.", "vs.", "approx.", "st.", "inc."];

/// Byte ranges of the clauses, in order, without white space around them; empty ones left out.
pub(crate) fn split(text: &str) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    for sentence in sentences(text) {
        let mut start = sentence.start;
        for found in CONJUNCTION.captures_iter(&text[sentence.clone()]) {
            let Some(starter) = found.get(1) else { continue };
            let (Some(whole), at) = (found.get(0), sentence.start + starter.start()) else {
                continue;
            };
            push_trimmed(text, start..sentence.start + whole.start(), &mut clauses);
            start = at;
        }
        push_trimmed(text, start..sentence.end, &mut clauses);
    }
    clauses
}

/// Byte ranges of the sentences.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in SENTENCE_END.find_iter(text) {
        if is_abbreviation(&text[start..end.end()]) {
            continue;
        }
        push_trimmed(text, start..end.end(), &mut found);
        start = end.end();
    }
    push_trimmed(text, start..text.len(), &mut found);
    found
}

fn is_abbreviation(sentence: &str) -> bool {
    let last = sentence.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    ABBREVIATIONS.contains(&last.as_str())
}

/// The clause without a leading "and", "hi," or "please".
pub(crate) fn without_lead(clause: &str) -> &str {
    let end = LEAD.find(clause).map_or(0, |lead| lead.end());
    let rest = &clause[end..];
    if rest.is_empty() { clause } else { rest }
}

fn push_trimmed(text: &str, range: Range<usize>, clauses: &mut Vec<Range<usize>>) {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    let end = range.end - (slice.len() - slice.trim_end().len());
    if start < end && text[start..end].chars().any(char::is_alphanumeric) {
        clauses.push(start..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> = split(text).into_iter().map(|range| without_lead(&text[range])).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_turn_is_split_where_another_request_begins() {
        check(
            "Is the site down? Also which tickets breach SLA in the next 3 hours?",
            &["Is the site down?", "which tickets breach SLA in the next 3 hours?"],
        );
        check(
            "Check order 12 and tell me if ana@acme.test was charged twice",
            &["Check order 12", "tell me if ana@acme.test was charged twice"],
        );
        check("Do you have the red and blue mugs?", &["Do you have the red and blue mugs?"]);
        check("Hi, where is order 55-1902.4?", &["Hi", "where is order 55-1902.4?"]);
        check("It costs $4.50, e.g. at noon.", &["It costs $4.50, e.g. at noon."]);
    }
}
