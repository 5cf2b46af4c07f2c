//! Free text: the sentence that describes a problem, and the steps that lead to it.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::embedded::clauses;

/// The words in which a report is asked for; what follows them is what it is about.
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:(?:hi|hello|hey|ok|okay|yes|and|also|then|so|please|thanks|now|great)[\s,.!]+)*
        (?:(?:can|could|would|will)\s+(?:you|u|we|i|someone)\s+|(?:i|we)(?:'d|\s+would)?\s+(?:like|want|need)\s+(?:you\s+)?to\s+|let's\s+|let\s+us\s+|(?:i|we)\s+(?:want|need)\s+)?
        (?:please\s+|kindly\s+|also\s+|just\s+)*
        (?:(?:(?:create|file|open|log|raise|submit|make|report|add|write|record|enter|put)(?:\s+(?:up|in))?\s+|(?:a|an|the)\s+(?:(?:new|high|low|medium|urgent|critical|minor)\s+)*(?:jira|bug|ticket)\b\s*))
        (?:(?:this|it|that|the\s+following|a|an|another|the|new|me|us)\s+)*
        (?:(?:jira|engineering|dev|new|high|low|medium|highest|lowest|urgent|critical|minor|trivial|priority|bug|issue|ticket|report|defect|problem|card|task|p\d|with)[\s-]+)*
        (?:(?:jira|bug|bugs|issue|ticket|report|defect|problem|this|it|that)\b)?
        (?:\s+(?:to|in|with|for)\s+(?:the\s+)?(?:jira|devs?|developers?|engineering|engineers?|dev\s+team|engineering\s+team|product\s+team)\b)*
        (?:\s+(?:with|at)\s+\w+\s+priority\b)?
        \s*(?:[:,\-–—]\s*|[?!.]+\s*$|\s+(?:that\s+says|saying|because|since|where|about|for|on|regarding|that|titled|called)\b\s*|$)(?:the\s+fact\s+that\s+|that\s+)?",
    )
    .expect("a valid pattern")
});

static STEPS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:steps?(?: to reproduce(?: it)?)?(?: are)?|to reproduce(?: it)?|repro(?:duction)?(?: steps)?|how to reproduce)\s*[:,\-–]?\s+(.+)$")
        .expect("a valid pattern")
});

/// What tells how urgent or for whom, not what is broken.
static TAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\s*[,.;(\-–—]*\s*(?:
            (?:and\s+)?(?:it'?s|it\s+is|this\s+is|that'?s|make\s+it|set\s+it\s+to|mark\s+it(?:\s+as)?|as|with)?\s*(?:a\s+|an\s+)?(?:highest|high|medium|low|lowest|urgent|critical|blocker|minor|trivial|p\d)(?:[\s-]+(?:priority|prio|bug|issue|one))?
          | (?:with\s+)?(?:priority|prio)\s*(?:is|:|=)?\s*(?:highest|high|medium|low|lowest|urgent|critical|minor|trivial|p\d)
          | (?:the\s+)?(?:affected\s+)?(?:customer|user)(?:'s\s+e-?mail)?\s+(?:is|affected:?|:)\s+\S+@\S+
          | (?:affects|affecting|reported\s+by|for)\s+(?:the\s+customer\s+|customer\s+)?\S+@\S+
          | please | thanks(?:\s+a\s+lot)? | thank\s+you | asap
        )\s*[).!]*\s*$",
    )
    .expect("a valid pattern")
});

/// What only agrees describes nothing.
static AGREEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:yes|yeah|yep|sure|ok|okay|please do|go ahead)\b").expect("a valid pattern")
});

/// "New bug ticket - …", "jira pls: …": a short heading that names the report.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[^:.?!]{0,60}\b(?:bugs?|jira|ticket|issue|report|defect|file|log)\b[^:.?!]{0,40}?(?::\s+|\s+[-–—]+\s+)").expect("a valid pattern")
});

const EMPTY: [&str; 10] =
    ["", "it", "this", "that", "this issue", "this problem", "this one", "that one", "the above", "me"];

/// The steps after "Steps:" or "to reproduce", as written.
pub(crate) fn steps(text: &str) -> Option<Range<usize>> {
    let found = STEPS.captures(text)?.get(1)?;
    Some(trimmed(text, found.range()))
}

/// Where in the text the problem is described: what follows the words that ask for the report, or the sentence
/// beside them. None when the text only points elsewhere ("file a bug for this").
pub(crate) fn summary(text: &str) -> Option<Range<usize>> {
    let end = STEPS.find(text).map_or(text.len(), |steps| steps.start());
    let headed = HEADING.find(&text[..end]).and_then(|heading| {
        let body = clauses::sentences(&text[heading.end()..end]).into_iter().next()?;
        described(text, heading.end() + body.start..heading.end() + body.end)
    });
    if headed.is_some() {
        return headed;
    }
    let sentences = clauses::sentences(&text[..end]);
    let request = sentences.iter().position(|sentence| REQUEST.is_match(&text[sentence.clone()]));
    if let Some(request) = request {
        let sentence = &sentences[request];
        let after = sentence.start + REQUEST.find(&text[sentence.clone()]).map_or(0, |found| found.end());
        return described(text, after..sentence.end).or_else(|| beside(text, &sentences, request));
    }
    if AGREEMENT.is_match(text) {
        return None;
    }
    sentences.iter().find_map(|sentence| described(text, sentence.clone()))
}

fn beside(text: &str, sentences: &[Range<usize>], request: usize) -> Option<Range<usize>> {
    let (before, after) = sentences.split_at(request);
    after.iter().skip(1).chain(before).find_map(|sentence| described(text, sentence.clone()))
}

fn described(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let mut range = trimmed(text, range);
    while let Some(tail) = TAIL.find(&text[range.clone()]).filter(|tail| !tail.as_str().trim().is_empty()) {
        range = trimmed(text, range.start..range.start + tail.start());
    }
    let words = crate::embedded::words::terms(&text[range.clone()]).len();
    let empty = EMPTY.contains(&text[range.clone()].to_lowercase().as_str());
    (words >= 2 && !empty).then_some(range)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let edge = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '-');
    let slice = &text[range.clone()];
    let start = range.start + slice.len() - slice.trim_start_matches(edge).len();
    start..start + slice.trim_matches(edge).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(summary(text).map(|range| &text[range]), expect, "{text}");
    }

    #[test]
    fn a_summary_is_what_is_broken() {
        check("Create a Jira bug: the PDF export is empty", Some("the PDF export is empty"));
        check(
            "log a bug that dark mode resets after every reload",
            Some("dark mode resets after every reload"),
        );
        check(
            "File a bug: login button does nothing on Safari, high priority",
            Some("login button does nothing on Safari"),
        );
        check("The export is empty. Please file a bug.", Some("The export is empty"));
        check("File a bug for this", None);
        check(
            "Report this to the devs: search returns deleted items. Steps: delete an item",
            Some("search returns deleted items"),
        );
        check(
            "can you make a jira for the broken password reset mail, it's critical",
            Some("the broken password reset mail"),
        );
    }

    #[test]
    fn steps_follow_their_heading() {
        let text = "File a bug: crash. Steps: open it, press save.";
        assert_eq!(steps(text).map(|range| &text[range]), Some("open it, press save"));
    }
}
