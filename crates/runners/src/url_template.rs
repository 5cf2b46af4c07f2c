//! Filling a URL: every value is encoded for the place where it stands, so it can't leave that place.
//!
//! | place | a value becomes | an optional parameter without a value |
//! |---|---|---|
//! | scheme, host, port | itself, if it is made of host characters; else refused | refused |
//! | path | percent-encoded, `/` too; a segment that would be empty, `.` or `..` is refused | empty within a segment |
//! | query | percent-encoded | a pair `key={name}` is dropped; else empty |
//! | fragment | percent-encoded | empty |

use errand_domain::placeholder::{Part, Template};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{RunFailure, RunInput, values::Value};

/// All but the unreserved characters of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn fill(template: &str, input: &RunInput) -> Result<String, RunFailure> {
    let mut url = Url { text: String::with_capacity(template.len() + 32), place: Place::Scheme };
    for part in Template::parse(template).parts() {
        match part {
            Part::Literal(literal) => literal.chars().try_for_each(|c| url.literal(c))?,
            Part::Placeholder(name) => url.value(name, Value::of(name, input)?)?,
        }
    }
    url.finish()
}

pub(crate) fn push_encoded(text: &mut String, value: Value<'_>) {
    value.with_text(|value| text.extend(utf8_percent_encode(value, VALUE)));
}

struct Url {
    text: String,
    place: Place,
}

enum Place {
    /// Before `://`; placeholders may not stand here.
    Scheme,
    Authority,
    Path {
        segment: usize,
        filled_by: Option<String>,
    },
    Query(Pairs),
    Fragment,
}

impl Url {
    fn literal(&mut self, c: char) -> Result<(), RunFailure> {
        match (&mut self.place, c) {
            (Place::Scheme, '/') if self.text.ends_with(":/") => self.place = Place::Authority,
            // URL parsers read a backslash as a slash.
            (Place::Authority | Place::Path { .. }, '/' | '\\') => {
                self.end_of_segment()?;
                self.place = Place::Path { segment: self.text.len() + 1, filled_by: None };
            }
            (Place::Authority | Place::Path { .. }, '?') => {
                self.end_of_segment()?;
                self.place = Place::Query(Pairs::starting(&self.text, Some('?')));
            }
            (Place::Authority | Place::Path { .. }, '#') => {
                self.end_of_segment()?;
                self.place = Place::Fragment;
            }
            (Place::Query(pairs), '#') => {
                pairs.end_pair(&mut self.text);
                self.place = Place::Fragment;
            }
            (Place::Query(pairs), '&') => {
                pairs.next_pair(&mut self.text);
                return Ok(());
            }
            _ => {}
        }
        self.text.push(c);
        Ok(())
    }

    fn value(&mut self, name: &str, value: Value<'_>) -> Result<(), RunFailure> {
        match &mut self.place {
            Place::Scheme => {
                return Err(RunFailure::BadUrl { reason: "its scheme must be written out" });
            }
            Place::Authority => {
                let safe = value.with_text(is_host_text);
                if !safe {
                    return Err(RunFailure::BadHost { name: name.to_owned() });
                }
                value.with_text(|text| self.text.push_str(text));
            }
            Place::Path { filled_by, .. } => {
                *filled_by = Some(name.to_owned());
                push_encoded(&mut self.text, value);
            }
            Place::Query(pairs) => pairs.value(&mut self.text, value),
            Place::Fragment => push_encoded(&mut self.text, value),
        }
        Ok(())
    }

    /// A value may not make a segment that means another place: `orders/{id}` with an empty id is the list of all
    /// orders, with `..` it is the directory above. `%2e` counts as a dot for every URL parser.
    fn end_of_segment(&self) -> Result<(), RunFailure> {
        let Place::Path { segment, filled_by: Some(name) } = &self.place else {
            return Ok(());
        };
        let dots = self.text[*segment..].to_ascii_lowercase().replace("%2e", ".");
        let what = match dots.as_str() {
            "" => "empty",
            "." => "`.`",
            ".." => "`..`",
            _ => return Ok(()),
        };
        Err(RunFailure::BadPathSegment { name: name.clone(), what })
    }

    fn finish(mut self) -> Result<String, RunFailure> {
        self.end_of_segment()?;
        match &mut self.place {
            Place::Scheme => {
                return Err(RunFailure::BadUrl { reason: "it does not start with `https://` or `http://`" });
            }
            Place::Query(pairs) => pairs.end_pair(&mut self.text),
            Place::Authority | Place::Path { .. } | Place::Fragment => {}
        }
        Ok(self.text)
    }
}

/// Letters, digits, `.`, `-`, `_`, and a port after one colon.
fn is_host_text(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// `key=value` pairs of a query or form: one whose value is nothing but an absent placeholder is left out.
pub(crate) struct Pairs {
    /// Where the current pair starts, its separator included.
    start: usize,
    /// Before the first pair that is kept.
    first_separator: Option<char>,
    is_first: bool,
    values: usize,
    /// Where the text ended when an absent value stood right after `=`.
    absent_at: Option<usize>,
}

impl Pairs {
    /// A query starts with its `?`, a form with nothing.
    pub(crate) fn starting(text: &str, first_separator: Option<char>) -> Self {
        Self { start: text.len(), first_separator, is_first: true, values: 0, absent_at: None }
    }

    pub(crate) fn value(&mut self, text: &mut String, value: Value<'_>) {
        self.values += 1;
        if value.is_absent() && text.len() > self.start && text.ends_with('=') {
            self.absent_at = Some(text.len());
        }
        push_encoded(text, value);
    }

    /// Drops the pair that just ended, or keeps it.
    pub(crate) fn end_pair(&mut self, text: &mut String) {
        if self.values == 1 && self.absent_at == Some(text.len()) {
            text.truncate(self.start);
        } else {
            self.is_first = false;
        }
    }

    /// Ends the pair and separates the next one from it.
    pub(crate) fn next_pair(&mut self, text: &mut String) {
        self.end_pair(text);
        (self.start, self.values, self.absent_at) = (text.len(), 0, None);
        text.extend(if self.is_first { self.first_separator } else { Some('&') });
    }
}
