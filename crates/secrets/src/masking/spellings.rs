//! Every way a secret's value is likely to be written in an output.
//!
//! A base64 text shows a value in one of three alignments, by what stands before it. Only the characters that the
//! value alone determines can be looked for: the first one or two of a shifted alignment mix with the text before
//! it and are left (they tell at most four bits), and the last one mixes with what follows unless the text ends.

use base64::{Engine, engine::general_purpose};
use errand_domain::limits;
use serde_json::Value;
use zeroize::Zeroizing;

/// A line or a JSON leaf of a secret is masked by itself from this length on: shorter ones ("true", "1.0",
/// "region", a closing brace) occur in ordinary text.
const PART_BYTES_MIN: usize = 8;
/// Base64 and hex fragments below this are left: six base64 characters are 36 bits, which other text meets by
/// chance once in 10^10 places; four would be met every few megabytes and read as random holes.
pub(super) const ENCODED_BYTES_MIN: usize = 6;
/// Where tools break long base64: MIME and coreutils at 76, PEM at 64.
const BASE64_WIDTHS: [usize; 2] = [76, 64];

pub(super) type Spellings = Vec<Zeroizing<String>>;

/// All spellings of one secret, longest-lived ones first; duplicates are possible.
pub(super) fn spellings(value: &str) -> Spellings {
    let mut found = Spellings::new();
    add_whole(value, limits::SECRET_BYTES_MIN, &mut found);
    match serde_json::from_str::<Value>(value) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) => add_leaves(json, &mut found),
        _ => add_lines(value, &mut found),
    }
    found
}

/// A value as such and, since a stored value often ends in a line break that its user strips, trimmed.
fn add_whole(value: &str, bytes_min: usize, found: &mut Spellings) {
    let trimmed = value.trim();
    for text in [Some(value), (trimmed != value).then_some(trimmed)].into_iter().flatten() {
        if text.trim().len() >= bytes_min {
            add_as_text(text, found);
            add_as_base64(text, found);
            add_as_hex(text, found);
        }
    }
}

/// A program that reads a JSON credential uses its leaves, and a log writes it over several lines.
fn add_leaves(json: Value, found: &mut Spellings) {
    match json {
        Value::String(leaf) => {
            let leaf = Zeroizing::new(leaf);
            add_whole(&leaf, PART_BYTES_MIN, found);
            add_lines(&leaf, found);
        }
        Value::Array(items) => items.into_iter().for_each(|item| add_leaves(item, found)),
        Value::Object(fields) => fields.into_iter().for_each(|(_, item)| add_leaves(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Logs write a text of several lines line by line, each with something before it. A line by itself is not encoded
/// in base64 or hex by anyone; the armour of a PEM file is no secret.
fn add_lines(value: &str, found: &mut Spellings) {
    if !value.trim().contains(['\n', '\r']) {
        return;
    }
    let lines = value.split(['\n', '\r']).map(str::trim);
    for line in lines.filter(|line| line.len() >= PART_BYTES_MIN && !line.starts_with("-----")) {
        add_as_text(line, found);
    }
}

fn add_as_text(value: &str, found: &mut Spellings) {
    found.push(Zeroizing::new(value.to_owned()));
    // Most API keys: nothing in them is ever escaped.
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return;
    }
    for style in JSON_STYLES {
        let once = json_escaped(value, style);
        found.push(json_escaped(&once, style));
        found.push(once);
    }
    found.extend(QUOTES.map(|quotes| backslashed(value, quotes)));
    found.extend(XML_STYLES.map(|style| xml_escaped(value, style)));
    for style in PERCENT_STYLES {
        found.push(percent_encoded(value, style, UPPER_HEX));
        found.push(percent_encoded(value, style, LOWER_HEX));
    }
}

fn add_as_hex(value: &str, found: &mut Spellings) {
    for digits in [LOWER_HEX, UPPER_HEX] {
        let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
        value.bytes().for_each(|byte| push_hex(byte, digits, &mut text));
        found.push(text);
    }
}

fn add_as_base64(value: &str, found: &mut Spellings) {
    for before in 0..3 {
        let bytes = Zeroizing::new([&b"\0\0"[..before], value.as_bytes()].concat());
        // Characters that hold a bit of what stands before, and those that hold bits of ours alone.
        let mixed = (before * 8).div_ceil(6);
        let determined = bytes.len() * 8 / 6;
        for padded in [
            Zeroizing::new(general_purpose::STANDARD.encode(bytes.as_slice())),
            Zeroizing::new(general_purpose::URL_SAFE.encode(bytes.as_slice())),
        ] {
            let unpadded = padded.trim_end_matches('=').len();
            for end in [determined, unpadded, padded.len()] {
                add_base64_text(padded.get(mixed..end).unwrap_or_default(), found);
            }
            if before == 0 {
                add_base64_lines(&padded, found);
            }
        }
    }
}

fn add_base64_text(text: &str, found: &mut Spellings) {
    if text.trim_end_matches('=').len() < ENCODED_BYTES_MIN {
        return;
    }
    if text.contains(['+', '/', '=']) {
        found.push(percent_encoded(text, PERCENT_STYLES[0], UPPER_HEX));
        found.push(percent_encoded(text, PERCENT_STYLES[0], LOWER_HEX));
    }
    found.push(Zeroizing::new(text.to_owned()));
}

fn add_base64_lines(text: &str, found: &mut Spellings) {
    for width in BASE64_WIDTHS.into_iter().filter(|width| text.len() > *width) {
        let lines = (0..text.len()).step_by(width).map(|start| &text[start..text.len().min(start + width)]);
        found.extend(
            lines.filter(|line| line.len() >= PART_BYTES_MIN).map(|line| Zeroizing::new(line.to_owned())),
        );
    }
}

/// What a JSON writer escapes beyond the must.
#[derive(Clone, Copy)]
struct JsonStyle {
    /// `é` as `\u00e9` (Python).
    ascii: bool,
    /// `/` as `\/` (PHP).
    slash: bool,
    /// `<`, `>` and `&` as `\u003c` … (Go).
    html: bool,
}

const JSON_STYLES: [JsonStyle; 4] = [
    JsonStyle { ascii: false, slash: false, html: false },
    JsonStyle { ascii: true, slash: false, html: false },
    JsonStyle { ascii: true, slash: true, html: false },
    JsonStyle { ascii: false, slash: false, html: true },
];

fn json_escaped(value: &str, style: JsonStyle) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '/' if style.slash => text.push_str("\\/"),
            _ if needs_unicode_escape(c, style) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text.push_str("\\u");
                    unit.to_be_bytes().into_iter().for_each(|byte| push_hex(byte, LOWER_HEX, &mut text));
                }
            }
            _ => text.push(c),
        }
    }
    text
}

fn needs_unicode_escape(c: char, style: JsonStyle) -> bool {
    c < ' ' || (style.ascii && c > '~') || (style.html && ['<', '>', '&'].contains(&c))
}

/// The quotes that a shell or a programming language's string literal escapes (JSON's own set is above).
const QUOTES: [&str; 2] = ["'", ""];

fn backslashed(value: &str, quotes: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ => {
                text.extend((c == '\\' || quotes.contains(c)).then_some('\\'));
                text.push(c);
            }
        }
    }
    text
}

/// How a writer of XML or HTML spells `"` and `'`.
const XML_STYLES: [(&str, &str); 5] =
    [("\"", "'"), ("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&quot;", "&apos;"), ("&#34;", "&#39;")];

fn xml_escaped(value: &str, (double, single): (&str, &str)) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str(double),
            '\'' => text.push_str(single),
            _ => text.push(c),
        }
    }
    text
}

/// What a percent-encoder leaves as it is besides letters and digits, and how it writes a space.
#[derive(Clone, Copy)]
struct PercentStyle {
    kept: &'static [u8],
    space: &'static str,
}

const PERCENT_STYLES: [PercentStyle; 9] = [
    // RFC 3986; Python's quote; JavaScript's encodeURIComponent and encodeURI.
    PercentStyle { kept: b"-._~", space: "%20" },
    PercentStyle { kept: b"-._~/", space: "%20" },
    PercentStyle { kept: b"-_.!~*'()", space: "%20" },
    PercentStyle { kept: b"-_.!~*'();/?:@&=+$,#", space: "%20" },
    // Forms: browsers and Java; Python's quote_plus and Go; PHP.
    PercentStyle { kept: b"*-._", space: "+" },
    PercentStyle { kept: b"-._~", space: "+" },
    PercentStyle { kept: b"-._", space: "+" },
    // The URL standard's path and query, which change as little as they can.
    PercentStyle { kept: b"!$%&'()*+,-./:;=@[\\]^_|~", space: "%20" },
    PercentStyle { kept: b"!$%&()*+,-./:;=?@[\\]^_`{|}~", space: "%20" },
];

fn percent_encoded(value: &str, style: PercentStyle, digits: &[u8; 16]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 3));
    for byte in value.bytes() {
        if byte == b' ' {
            text.push_str(style.space);
        } else if byte.is_ascii_alphanumeric() || style.kept.contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            push_hex(byte, digits, &mut text);
        }
    }
    text
}

const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

fn push_hex(byte: u8, digits: &[u8; 16], text: &mut String) {
    text.push(char::from(digits[usize::from(byte >> 4)]));
    text.push(char::from(digits[usize::from(byte & 15)]));
}
