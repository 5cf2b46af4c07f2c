//! The masking gate: finds every known secret in what a runner produced, in all its likely spellings, and puts
//! `[secret:NAME]` in its place.

mod patterns;
mod scan;
mod spellings;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use errand_domain::SecretName;
use zeroize::Zeroizing;

use crate::{Masked, Raw, SecretText};
use patterns::{Spelling, Table};
use scan::{Follows, Output, Scan};

/// Knows a set of secrets and masks them. Cheap to clone; build it once per set, since building takes some tens of
/// microseconds per secret. Its memory is about thirty times the secrets' own length.
///
/// What it finds, beside the value itself: base64 (standard and URL-safe, in all three alignments, with and without
/// padding, also broken at 64 or 76 columns when it begins with the value, also percent-encoded), hex, percent
/// encodings (strict to minimal, with `%20` or `+`, upper and lower case), JSON escapes once and twice, string
/// literals, XML; all these of the value trimmed and of each string in a JSON value; the lines of a value of
/// several lines. Values shorter than [`errand_domain::limits::SECRET_BYTES_MIN`] are not masked, as they would
/// hide ordinary text; [`crate::check_secret_value`] refuses them. What a script hides on purpose (reversed,
/// encrypted, one character a line) is beyond masking: bind such a secret to its hosts.
#[derive(Clone, Default)]
pub struct Masker {
    /// None when there is nothing to look for.
    table: Option<Arc<Table>>,
}

impl Masker {
    /// A masker for these secrets. Of two with the same value, the first gives its name.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (SecretName, &'a SecretText)>) -> Self {
        let mut labels = Vec::new();
        let mut found = Vec::new();
        for (secret, (name, value)) in (0u32..).zip(secrets) {
            labels.push(format!("[secret:{name}]"));
            let spellings = spellings::spellings(value.expose());
            found.extend(spellings.into_iter().map(|text| Spelling { text, secret }));
        }
        let table = (!found.is_empty()).then(|| Arc::new(Table::new(labels, &found)));
        Self { table }
    }

    /// Masks a whole output and tells how many places were replaced.
    pub fn mask(&self, raw: &Raw) -> (Masked, u32) {
        let mut stream = self.stream();
        let text = stream.all(raw.expose());
        (text, stream.count())
    }

    /// Masks a text, such as an error's.
    pub fn mask_str(&self, text: &str) -> Masked {
        self.stream().all(text.as_bytes())
    }

    /// Masks the first part of an output whose rest was never received (it was over a size cap): an end that may be
    /// the beginning of a secret is left out, since it can't be recognised.
    pub fn mask_cut(&self, raw: &Raw) -> (Masked, u32) {
        let mut stream = self.stream();
        let text = stream.push(raw);
        (text, stream.count())
    }

    /// Starts masking an output that comes in chunks.
    pub fn stream(&self) -> StreamMasker {
        StreamMasker {
            table: self.table.clone(),
            scan: Scan::default(),
            out: Output::default(),
            held: Zeroizing::default(),
        }
    }

    /// Memory held by the masker, in bytes.
    pub fn size(&self) -> usize {
        self.table.as_ref().map_or(0, |table| table.size())
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} secrets)", self.table.as_ref().map_or(0, |table| table.labels.len()))
    }
}

/// Masks an output chunk by chunk. All that it gives, joined, is what [`Masker::mask`] gives for the whole. It holds
/// back only what may still turn out to be a secret (or a cut character): at most 255 bytes.
pub struct StreamMasker {
    table: Option<Arc<Table>>,
    scan: Scan,
    out: Output,
    held: Zeroizing<Vec<u8>>,
}

impl StreamMasker {
    /// Takes the next chunk and gives what can be shown now, perhaps nothing.
    pub fn push(&mut self, chunk: &Raw) -> Masked {
        let Some(table) = &self.table else {
            self.out.clean(chunk.expose());
            return Masked::new(self.out.take());
        };
        if self.held.is_empty() {
            let bytes = chunk.expose();
            let done = self.scan.read(table, bytes, Follows::More, &mut self.out);
            self.held.extend_from_slice(&bytes[done..]);
        } else {
            self.held.extend_from_slice(chunk.expose());
            let done = self.scan.read(table, &self.held, Follows::More, &mut self.out);
            self.held.drain(..done);
        }
        Masked::new(self.out.take())
    }

    /// Ends the output and gives what was held back.
    pub fn finish(&mut self) -> Masked {
        let held = std::mem::take(&mut self.held);
        self.all(&held)
    }

    /// How many places were replaced so far.
    pub fn count(&self) -> u32 {
        self.scan.count
    }

    /// Reads the last bytes of an output.
    fn all(&mut self, bytes: &[u8]) -> Masked {
        match &self.table {
            Some(table) => {
                self.scan.read(table, bytes, Follows::Nothing, &mut self.out);
            }
            None => self.out.clean(bytes),
        }
        Masked::new(self.out.finish())
    }
}

impl fmt::Debug for StreamMasker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamMasker({} bytes held, {} places replaced)", self.held.len(), self.scan.count)
    }
}
