//! Phrases that may name something: runs of words between function words, verbs and punctuation. No grammar, only
//! the words around them.

use crate::embedded::words::{Word, is_stop, stem, words};

/// A run of naming words with what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub start: usize,
    pub end: usize,
    /// Lower case; the nearest word before and after in the same sentence part, or empty.
    pub before: String,
    pub after: String,
    /// Lower-case words of the phrase itself.
    pub words: Vec<String>,
    /// It has a capital that the start of a sentence does not explain.
    pub named: bool,
}

/// Stems of words that are hardly ever part of a name; they part phrases.
const PARTING: &[&str] = &[
    "after",
    "back",
    "how",
    "long",
    "man",
    "many",
    "much",
    "off",
    "out",
    "up",
    "when",
    "where",
    "wher",
    "where'",
    "who",
    "again",
    "ever",
    "before",
    "left",
    "always",
    "alwa",
    "sold",
    "two",
    "three",
    "four",
    "fiv",
    "expir",
    "affect",
    "alread",
    "anymor",
    "anywher",
    "apart",
    "appear",
    "arriv",
    "ask",
    "back",
    "befor",
    "believ",
    "book",
    "break",
    "broken",
    "build",
    "buy",
    "call",
    "chang",
    "charg",
    "check",
    "com",
    "complain",
    "contain",
    "cost",
    "creat",
    "current",
    "currentl",
    "down",
    "draft",
    "drop",
    "enabl",
    "expect",
    "experienc",
    "fail",
    "fil",
    "find",
    "fix",
    "hav",
    "happen",
    "hit",
    "hop",
    "impact",
    "includ",
    "interest",
    "keep",
    "lat",
    "left",
    "left",
    "list",
    "liv",
    "log",
    "los",
    "mention",
    "miss",
    "near",
    "notic",
    "notif",
    "offer",
    "open",
    "own",
    "play",
    "plan",
    "provid",
    "put",
    "rais",
    "reach",
    "receiv",
    "recentl",
    "remain",
    "rent",
    "repl",
    "report",
    "request",
    "return",
    "right",
    "run",
    "see",
    "sell",
    "send",
    "serv",
    "show",
    "slow",
    "start",
    "stay",
    "stop",
    "submit",
    "super",
    "suppos",
    "tak",
    "today",
    "tomorrow",
    "touch",
    "tri",
    "try",
    "wait",
    "watch",
    "work",
    "write",
    "yesterda",
    "book",
    "reserv",
    "schedul",
    "search",
    "visit",
    "leav",
    "go",
    "been",
    "supportingly",
    "locat",
    "per",
    "via",
    "under",
    "during",
    "between",
    "within",
    "without",
    "since",
    "through",
    "toward",
    "against",
    "around",
    "called",
    "named",
];

/// Those that do name things though they may also be verbs, when nothing follows them that a verb would take.
const NOUN_TOO: &[&str] = &[
    "search", "plan", "report", "reports", "log", "logs", "export", "import", "booking", "billing", "charges",
];

pub(crate) fn phrases(text: &str) -> Vec<Phrase> {
    let all = words(text);
    let mut found = Vec::new();
    let mut from = None;
    for at in 0..=all.len() {
        let parts = all.get(at).is_none_or(|word| parts_phrases(word));
        let gap = from.is_some()
            && at > 0
            && all.get(at).is_some_and(|word| punctuated(&text[all[at - 1].end()..word.start]));
        if let Some(first) = from.filter(|_| parts || gap) {
            found.push(phrase(text, &all, first, at));
            from = None;
        }
        if !parts && from.is_none() {
            from = Some(at);
        }
    }
    found
}

fn punctuated(between: &str) -> bool {
    between.chars().any(|c| !c.is_whitespace() && c != '&')
}

fn parts_phrases(word: &Word<'_>) -> bool {
    let lower = word.lower();
    let bare = lower.trim_end_matches("'s");
    if word.text.contains('@')
        || (is_stop(bare) && !(word.text.chars().count() > 1 && word.text.chars().all(char::is_uppercase)))
    {
        return true;
    }
    // A capital inside a sentence outweighs a verb's look: "Open Table".
    // An imperative opens the sentence with one: "Show tickets".
    let opens = word.start == 0;
    !NOUN_TOO.contains(&bare) && PARTING.contains(&stem(bare).as_str()) && (opens || !word.is_capitalised())
}

fn phrase(text: &str, all: &[Word<'_>], first: usize, end: usize) -> Phrase {
    let inner = &all[first..end];
    let beside = |at: Option<usize>| {
        let Some(word) = at.and_then(|at| all.get(at)) else {
            return String::new();
        };
        let own = &all[first];
        let between =
            if word.start < own.start { word.end()..own.start } else { all[end - 1].end()..word.start };
        if punctuated(&text[between]) { String::new() } else { word.lower() }
    };
    let opens_sentence = |word: &Word<'_>| {
        let before = text[..word.start].trim_end();
        before.is_empty() || before.ends_with(['.', '!', '?', ':'])
    };
    let named = inner.iter().any(|word| {
        let shouted = word.text.chars().filter(|c| c.is_uppercase()).count() > 1;
        word.is_capitalised() && (shouted || !opens_sentence(word))
    });
    Phrase {
        start: inner[0].start,
        end: inner[inner.len() - 1].end(),
        before: beside(first.checked_sub(1)),
        after: beside(Some(end)),
        words: inner.iter().map(Word::lower).collect(),
        named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> =
            phrases(text).iter().map(|phrase| text[phrase.start..phrase.end].to_owned()).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn phrases_stand_between_function_words() {
        check("Is the Aurora desk lamp in black in stock?", &["Aurora desk lamp", "black", "stock"]);
        check("Who is affected by the payment failures in Germany?", &["payment failures", "Germany"]);
        check("search is slow, known issue?", &["search", "known issue"]);
    }
}
