//! Proof of action: an answer that a model words may say that something was done only when the ledger says so.
//!
//! The text is held back to the end of each sentence, judged, and then shown or left out. Claims are recognised in
//! English; the list of what ran stands beside every answer in any language.

use std::collections::BTreeSet;

/// What one succeeded action gives proof of.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// It changed something, rather than looking something up.
    pub writes: bool,
    /// Stems of its name and trigger: what it does.
    pub does: BTreeSet<String>,
    /// Stems of its output: what it found to be so.
    pub tells: BTreeSet<String>,
}

impl Proof {
    pub fn new(writes: bool, action: &str, output: &str) -> Self {
        let stems = |text: &str| words(text).iter().map(|word| stem(word)).collect();
        Self { writes, does: stems(action), tells: stems(output) }
    }
}

/// Appended where something was left out.
pub const LEFT_OUT: &str =
    "_A statement was left out: it said that something was done, and no action of this turn did it._";

/// A sentence without an end is shown after so many bytes, judged as far as it goes.
const SENTENCE_BYTES_MAX: usize = 2_000;

/// Lets an answer through sentence by sentence.
#[derive(Debug)]
pub struct Gate<'p> {
    proofs: &'p [Proof],
    held: String,
    left_out: usize,
}

impl<'p> Gate<'p> {
    pub fn new(proofs: &'p [Proof]) -> Self {
        Self { proofs, held: String::new(), left_out: 0 }
    }

    /// Takes in the next piece; what may be shown now.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let mut shown = String::new();
        while let Some(end) = sentence_end(&self.held) {
            let rest = self.held.split_off(end);
            let sentence = std::mem::replace(&mut self.held, rest);
            self.judge(&sentence, &mut shown);
        }
        shown
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> String {
        let mut shown = String::new();
        let rest = std::mem::take(&mut self.held);
        self.judge(&rest, &mut shown);
        shown
    }

    pub fn left_out(&self) -> usize {
        self.left_out
    }

    fn judge(&mut self, sentence: &str, shown: &mut String) {
        if is_proven(sentence, self.proofs) {
            shown.push_str(sentence);
        } else {
            self.left_out += 1;
            // The line structure of the text around it stays.
            shown.extend(sentence.chars().filter(|c| *c == '\n'));
        }
    }
}

/// Bytes of the first whole sentence, its closing space included. Numbers and abbreviations have no space behind
/// their point; "e.g. this" splits, which does no harm.
fn sentence_end(text: &str) -> Option<usize> {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '\n' || (c.is_whitespace() && matches!(before, '.' | '!' | '?' | ':' | ';')) {
            return Some(at + c.len_utf8());
        }
        if !matches!(c, '"' | '”' | ')' | '*' | '_') {
            before = c;
        }
    }
    (text.len() > SENTENCE_BYTES_MAX).then_some(text.len())
}

/// What a sentence says was done.
#[derive(Debug, PartialEq, Eq)]
enum Claim {
    /// "I have refunded it": the assistant itself did it.
    Did(String),
    /// "It has been refunded": it is so.
    Is(String),
    /// "All done."
    Done,
}

fn is_proven(sentence: &str, proofs: &[Proof]) -> bool {
    claims(sentence).iter().all(|claim| match claim {
        Claim::Done => !proofs.is_empty(),
        Claim::Did(verb) if LOOKS.contains(&verb.as_str()) => !proofs.is_empty(),
        Claim::Did(verb) => proofs.iter().any(|proof| proof.writes && proof.knows(verb)),
        Claim::Is(verb) => {
            proofs.iter().any(|proof| proof.tells.contains(verb) || (proof.writes && proof.knows(verb)))
        }
    })
}

impl Proof {
    fn knows(&self, verb: &str) -> bool {
        let same = SAME.iter().find(|group| group.contains(&verb));
        let known = |stem: &str| self.does.contains(stem) || self.tells.contains(stem);
        known(verb) || same.is_some_and(|group| group.iter().any(|stem| known(stem)))
    }
}

/// Stems of verbs of looking: they change nothing.
const LOOKS: [&str; 17] = [
    "look", "check", "found", "find", "search", "retriev", "fetch", "review", "verif", "see", "saw", "pull",
    "confirm", "list", "read", "queri", "includ",
];

/// Stems of verbs that say the same of an action.
const SAME: [&[&str]; 8] = [
    &["sent", "send", "notif", "email", "mail", "messag", "post", "inform", "told", "alert"],
    &["creat", "open", "fil", "rais", "log", "submit", "report", "add", "made", "mak", "regist", "record"],
    &["book", "reserv", "schedul", "request", "submit", "plac"],
    &["updat", "chang", "set", "edit", "modif", "adjust"],
    &["cancel", "stop", "end", "terminat"],
    &["delet", "remov", "eras"],
    &["refund", "reimburs", "return", "issu"],
    &["clos", "resolv", "complet", "finish"],
];

const HAVE: [&str; 6] = ["have", "has", "had", "ve", "am", "are"];
const ADVERBS: [&str; 12] = [
    "now",
    "just",
    "already",
    "also",
    "successfully",
    "since",
    "then",
    "indeed",
    "hereby",
    "both",
    "all",
    "fully",
];
const NOT: [&str; 20] = [
    "not", "never", "no", "cannot", "cant", "couldn", "didn", "hasn", "haven", "wasn", "weren", "isn",
    "aren", "won", "unable", "failed", "nothing", "neither", "without", "yet",
];
/// Before a claim these make it a condition or a possibility.
const MAYBE: [&str; 17] = [
    "if", "once", "when", "until", "unless", "whether", "would", "could", "should", "can", "will", "may",
    "might", "must", "after", "before", "to",
];
/// Past forms that don't end in `-ed`.
const PAST: [&str; 18] = [
    "sent",
    "made",
    "set",
    "put",
    "paid",
    "written",
    "wrote",
    "given",
    "gave",
    "taken",
    "took",
    "done",
    "did",
    "reset",
    "found",
    "saw",
    "told",
    "submitted",
];
/// Words that end like a past form and are none.
const NO_PAST: [&str; 12] = [
    "need", "indeed", "based", "related", "detailed", "red", "bed", "shed", "hundred", "speed", "feed",
    "united",
];

fn claims(sentence: &str) -> Vec<Claim> {
    let trimmed = sentence.trim().trim_end_matches(['"', '”', ')', '*', '_']);
    if trimmed.ends_with('?') {
        return Vec::new();
    }
    let words = words(trimmed);
    let mut found = Vec::new();
    let first = words.iter().map(String::as_str).take(2).collect::<Vec<_>>();
    if matches!(first.as_slice(), ["done"] | ["all" | "its" | "it's", "done" | "set"]) && words.len() <= 4 {
        found.push(Claim::Done);
    }
    let negated = words.iter().any(|word| NOT.contains(&word.as_str()));
    for (at, word) in words.iter().enumerate().filter(|(_, word)| is_past(word)) {
        let before: Vec<&str> = words[..at]
            .iter()
            .rev()
            .map(String::as_str)
            .filter(|word| !ADVERBS.contains(word))
            .take(2)
            .collect();
        let verb = stem(word);
        let maybe = words[..at].iter().any(|word| MAYBE.contains(&word.as_str()));
        match before.as_slice() {
            // A bare subject or a perfect: a negation can only stand between them, where it is one of the two.
            ["i" | "we", ..] => found.push(Claim::Did(verb)),
            [have, "i" | "we"] if HAVE.contains(have) => found.push(Claim::Did(verb)),
            ["been", "has" | "have" | "s" | "ve"] | ["was" | "were", ..] if !negated && !maybe => {
                found.push(Claim::Is(verb));
            }
            ["is" | "are" | "s", ..] if !negated && !maybe => found.push(Claim::Is(verb)),
            _ if words.get(at.wrapping_sub(1)).is_some_and(|word| word == "successfully")
                && !negated
                && !maybe =>
            {
                found.push(Claim::Is(verb));
            }
            _ => {}
        }
    }
    found
}

fn is_past(word: &str) -> bool {
    PAST.contains(&word) || (word.len() > 4 && word.ends_with("ed") && !NO_PAST.contains(&word))
}

/// Lower-case words; an apostrophe parts them, so that "I've" is "i ve".
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The part of a word that its forms share.
fn stem(word: &str) -> String {
    let mut stem = word;
    for ending in ["ing", "ied", "ed", "ies", "es", "s", "ation", "ion", "e", "y"] {
        if let Some(short) = stem.strip_suffix(ending).filter(|short| short.len() >= 3) {
            stem = short;
            break;
        }
    }
    let mut letters: Vec<char> = stem.chars().collect();
    // "cancelled", "submitted"
    if letters.len() > 4 && letters[letters.len() - 1] == letters[letters.len() - 2] {
        letters.pop();
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(proofs: &[Proof], text: &str) -> String {
        let mut gate = Gate::new(proofs);
        let mut shown = String::new();
        for piece in text.as_bytes().chunks(7) {
            shown.push_str(&gate.push(&String::from_utf8_lossy(piece)));
        }
        shown.push_str(&gate.finish());
        shown
    }

    fn check(proofs: &[Proof], text: &str, expect: &str) {
        assert_eq!(shown(proofs, text).trim(), expect, "{text}");
    }

    fn lookup() -> Vec<Proof> {
        vec![Proof::new(
            false,
            "refund_lookup When the user asks where a refund is",
            r#"{"status":"pending"}"#,
        )]
    }

    fn ticket() -> Vec<Proof> {
        vec![Proof::new(true, "create_ticket When the user wants to report a bug", r#"{"key":"APP-1"}"#)]
    }

    #[test]
    fn what_the_ledger_holds_may_be_said() {
        for text in [
            "I created the ticket APP-1.",
            "I've filed a bug as APP-1.",
            "The ticket has been created.",
            "Done! It is APP-1.",
        ] {
            check(&ticket(), text, text);
        }
        for text in ["I looked up your refund: it is pending.", "I've checked, and it is still pending."] {
            check(&lookup(), text, text);
        }
        let told = vec![Proof::new(false, "refund_lookup", r#"{"status":"refunded","shipped":true}"#)];
        check(
            &told,
            "Your order was refunded and has been shipped.",
            "Your order was refunded and has been shipped.",
        );
    }

    #[test]
    fn what_it_does_not_hold_may_not() {
        for text in [
            "I have refunded your order.",
            "I've just cancelled it.",
            "We deleted the account.",
            "Your account has been deleted.",
            "The order was successfully cancelled.",
            "It is now closed.",
        ] {
            check(&lookup(), text, "");
            check(&[], text, "");
        }
        check(&[], "Done!", "");
        check(&[], "I checked your order.", "");
        check(&lookup(), "When you asked, I refunded it.", "");
        check(
            &lookup(),
            "It is pending. I have refunded it. Anything else?",
            "It is pending. Anything else?",
        );
    }

    #[test]
    fn what_claims_nothing_stays() {
        for text in [
            "I have not refunded anything.",
            "It could not be cancelled.",
            "Should I have it deleted?",
            "Once it has been approved, you are told.",
            "You can get it refunded within 5.5 days.",
            "- **Amount**: 49.90 USD\n- **Status**: pending",
            "Hello! How can I help you?",
        ] {
            check(&[], text, text);
        }
    }
}
