//! One pass over a text: clean bytes go out, covered ones are replaced by a label.
//!
//! Covered is every byte that belongs to any spelling of any secret found anywhere, also where two overlap; so no
//! end of one secret stays visible behind the beginning of another. A covered place is labelled by the spelling
//! that begins leftmost, the longest of those, and once more when a spelling of another secret reaches beyond it.

use zeroize::Zeroizing;

use super::patterns::{BEGINNING_BYTES, Pattern, Table};

/// Whether more text follows the one at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    More,
    Nothing,
}

#[derive(Default)]
pub(super) struct Scan {
    /// The last covered place: its secret, and where it ends, counted from the start of the next input.
    covered: Option<(u32, usize)>,
    /// Places replaced so far.
    pub(super) count: u32,
}

impl Scan {
    /// Writes what is decided of `input` to `out` and answers how many bytes that were. With more to come, the rest
    /// might still be a secret or the beginning of one, and has to be given again with what follows.
    pub(super) fn read(&mut self, table: &Table, input: &[u8], follows: Follows, out: &mut Output) -> usize {
        // Up to here everything is written or covered.
        let mut done = self.covered.map_or(0, |(_, end)| end);
        let mut held = input.len();
        let mut next = 0;
        while let Some(place) = next_place(table, input, next, follows) {
            let seen = table.look(&input[place..]);
            if seen.may_grow && follows == Follows::More {
                held = place;
                break;
            }
            if let Some(pattern) = seen.longest {
                out.clean(input.get(done..place).unwrap_or_default());
                self.cover(table, place, pattern, out);
                done = done.max(place + pattern.len());
            }
            next = place + 1;
        }
        out.clean(input.get(done..held).unwrap_or_default());
        // A covered place that ends before what is held can no longer be continued.
        self.covered = self.covered.and_then(|(secret, end)| Some((secret, end.checked_sub(held)?)));
        held
    }

    fn cover(&mut self, table: &Table, place: usize, pattern: &Pattern, out: &mut Output) {
        let end = place + pattern.len();
        let (same_place, end_before) = match self.covered {
            Some((secret, covered_end)) => {
                let same_secret = secret == pattern.secret;
                let joined = place < covered_end || (place == covered_end && pattern.continues);
                (joined && (same_secret || end <= covered_end), covered_end)
            }
            None => (false, 0),
        };
        if !same_place {
            out.label(&table.labels[pattern.secret as usize]);
            self.count = self.count.saturating_add(1);
        }
        if end > end_before {
            let secret = pattern.secret;
            self.covered = Some((secret, end));
        }
    }
}

/// The next place worth a look. The last three bytes of a text that goes on are all worth one: too short to judge
/// by their beginning, and enough to begin a secret.
fn next_place(table: &Table, input: &[u8], from: usize, follows: Follows) -> Option<usize> {
    table.next_candidate(input, from).or_else(|| {
        let tail = from.max(input.len().saturating_sub(BEGINNING_BYTES - 1));
        (follows == Follows::More && tail < input.len()).then_some(tail)
    })
}

/// Builds text from bytes that may be cut inside a character: what may still become one waits, what can't becomes
/// U+FFFD, exactly as if the bytes had come at once.
#[derive(Default)]
pub(super) struct Output {
    text: String,
    /// The beginning of a character, at most three bytes.
    unfinished: Zeroizing<Vec<u8>>,
}

impl Output {
    pub(super) fn clean(&mut self, bytes: &[u8]) {
        if self.unfinished.is_empty() {
            return self.decode(bytes);
        }
        if !bytes.is_empty() {
            let mut joined = std::mem::take(&mut self.unfinished);
            joined.extend_from_slice(bytes);
            self.decode(&joined);
        }
    }

    pub(super) fn label(&mut self, label: &str) {
        self.end_character();
        self.text.push_str(label);
    }

    /// What is written so far; an unfinished character stays.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// What is written so far, with an unfinished character given up as U+FFFD.
    pub(super) fn finish(&mut self) -> String {
        self.end_character();
        self.take()
    }

    fn decode(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.end_character();
            self.text.push_str(chunk.valid());
            self.unfinished.extend_from_slice(chunk.invalid());
        }
        // Unlike a wrong byte, a cut character may still be completed.
        let may_complete =
            std::str::from_utf8(&self.unfinished).is_err_and(|error| error.error_len().is_none());
        if !may_complete {
            self.end_character();
        }
    }

    fn end_character(&mut self) {
        if !self.unfinished.is_empty() {
            self.unfinished.clear();
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}
