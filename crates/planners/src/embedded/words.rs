//! Words, stop words, stems and the hashed terms that lexical evidence is counted in.

/// One word with its place in the text. Inner `'`, `-`, `_`, `.`, `@` and `+` belong to it, so that an e-mail or an
/// id is one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    pub text: &'t str,
    pub start: usize,
}

impl Word<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Lower case, straight apostrophe.
    pub(crate) fn lower(&self) -> String {
        self.text.to_lowercase().replace('’', "'")
    }

    pub(crate) fn is_capitalised(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let inside = c.is_alphanumeric()
            || (start.is_some()
                && matches!(c, '\'' | '’' | '-' | '_' | '.' | '@' | '+')
                && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric()));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(Word { text: &text[from..at], start: from });
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        found.push(Word { text: &text[from..], start: from });
    }
    found
}

/// A content word as evidence: its hashed stem and the word as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub hash: u64,
    pub word: String,
}

/// Content terms in order of first use, each once. Values (anything with a digit or `@`) are no terms.
pub(crate) fn terms(text: &str) -> Vec<Term> {
    let mut found: Vec<Term> = Vec::new();
    for word in words(text) {
        let lower = word.lower();
        if lower.bytes().any(|b| b.is_ascii_digit() || b == b'@') || is_stop(&lower) {
            continue;
        }
        for part in lower.trim_end_matches("'s").split(['-', '_', '.', '+']) {
            let hash = hash(&stem(part));
            if part.chars().count() > 1 && !is_stop(part) && found.iter().all(|term| term.hash != hash) {
                found.push(Term { hash, word: part.to_owned() });
            }
        }
    }
    found
}

/// The hashes of [`terms`], sorted for binary search.
pub(crate) fn term_hashes(text: &str) -> Vec<u64> {
    let mut hashes: Vec<u64> = terms(text).into_iter().map(|term| term.hash).collect();
    hashes.sort_unstable();
    hashes
}

/// FNV-1a: stored with prepared actions, so it must not change between builds as the standard hasher may.
fn hash(word: &str) -> u64 {
    word.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A light English stemmer: enough that `charged`, `charges` and `charging` meet; never meant to be a word.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = word.trim_end_matches("'s").to_owned();
    for (ending, keep) in [("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")] {
        if stem.len() > ending.len() + 2 && stem.ends_with(ending) {
            stem.truncate(stem.len() - ending.len());
            stem.push_str(keep);
        }
    }
    if stem.len() > 3
        && stem.ends_with('s')
        && !["ss", "us", "is"].iter().any(|ending| stem.ends_with(ending))
    {
        stem.pop();
    }
    for ending in ["ability", "able", "ions", "ion", "ment", "ing", "ed"] {
        if stem.len() >= ending.len() + 3 && stem.ends_with(ending) {
            stem.truncate(stem.len() - ending.len());
            undouble(&mut stem);
            break;
        }
    }
    while stem.len() > 3 && (stem.ends_with('e') || stem.ends_with('y')) {
        stem.pop();
    }
    stem
}

fn undouble(stem: &mut String) {
    let bytes = stem.as_bytes();
    let (Some(last), Some(before)) = (bytes.last(), bytes.len().checked_sub(2).and_then(|at| bytes.get(at)))
    else {
        return;
    };
    if stem.len() > 3 && last == before && last.is_ascii_alphabetic() && !b"lsz".contains(last) {
        stem.pop();
    }
}

/// Function words, and the words in which every request is wrapped; they say nothing of what is asked.
pub(crate) fn is_stop(lower: &str) -> bool {
    STOP_WORDS.binary_search(&lower).is_ok()
}

/// Sorted, for binary search.
const STOP_WORDS: &[&str] = &[
    "a",
    "able",
    "about",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "anyone",
    "anything",
    "are",
    "aren't",
    "as",
    "ask",
    "asked",
    "asking",
    "asks",
    "at",
    "be",
    "because",
    "been",
    "being",
    "both",
    "but",
    "by",
    "bye",
    "can",
    "can't",
    "cannot",
    "could",
    "customer",
    "did",
    "didn't",
    "do",
    "does",
    "doesn't",
    "doing",
    "don't",
    "done",
    "each",
    "either",
    "else",
    "etc",
    "even",
    "every",
    "few",
    "for",
    "from",
    "get",
    "getting",
    "give",
    "go",
    "going",
    "good",
    "got",
    "great",
    "had",
    "has",
    "hasn't",
    "have",
    "haven't",
    "having",
    "he",
    "hello",
    "help",
    "her",
    "here",
    "hey",
    "hi",
    "him",
    "his",
    "i",
    "i'd",
    "i'll",
    "i'm",
    "i've",
    "if",
    "in",
    "instead",
    "into",
    "is",
    "isn't",
    "it",
    "it's",
    "its",
    "just",
    "know",
    "let",
    "let's",
    "like",
    "look",
    "looking",
    "made",
    "make",
    "may",
    "maybe",
    "me",
    "might",
    "mine",
    "more",
    "must",
    "my",
    "need",
    "needs",
    "no",
    "nope",
    "not",
    "now",
    "of",
    "oh",
    "ok",
    "okay",
    "on",
    "one",
    "only",
    "or",
    "other",
    "our",
    "over",
    "please",
    "really",
    "she",
    "should",
    "so",
    "some",
    "someone",
    "something",
    "still",
    "sure",
    "tell",
    "than",
    "thank",
    "thanks",
    "that",
    "that's",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "too",
    "until",
    "us",
    "use",
    "user",
    "user's",
    "users",
    "very",
    "want",
    "wants",
    "was",
    "wasn't",
    "we",
    "we're",
    "were",
    "what",
    "what's",
    "whether",
    "which",
    "while",
    "why",
    "will",
    "with",
    "would",
    "yeah",
    "yes",
    "yet",
    "you",
    "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for family in [
            &["charge", "charged", "charges", "charging"][..],
            &["refund", "refunds", "refunded"],
            &["breach", "breaches", "breaching"],
            &["ship", "shipped", "shipping"],
            &["delivery", "deliveries"],
            &["available", "availability"],
            &["duplicate", "duplicates", "duplicated", "duplication"],
        ] {
            let stems: Vec<_> = family.iter().map(|word| stem(word)).collect();
            assert!(stems.iter().all(|other| *other == stems[0]), "{family:?}: {stems:?}");
        }
    }

    #[test]
    fn an_address_or_an_id_is_one_word() {
        let text = "Where's ana.b@acme.test's order ORD-55871, please?";
        let found: Vec<_> = words(text).into_iter().map(|word| word.text).collect();
        assert_eq!(found, ["Where's", "ana.b@acme.test's", "order", "ORD-55871", "please"]);
    }
}
