//! Filling a body.
//!
//! | format | a value becomes | an optional parameter without a value |
//! |---|---|---|
//! | JSON, within quotes | its text, JSON-escaped | empty |
//! | JSON, bare | a JSON value of its type; secrets and built-ins are strings | `null` |
//! | form | percent-encoded | a pair `key={name}` is dropped; else empty |
//! | text | itself | empty |

use std::fmt::Write as _;

use errand_domain::{
    ArgValue, BodyFormat,
    placeholder::{Part, Template},
};

use crate::{RunFailure, RunInput, url_template::Pairs, values::Value};

pub(crate) fn fill(template: &str, format: BodyFormat, input: &RunInput) -> Result<String, RunFailure> {
    let template = Template::parse(template);
    match format {
        BodyFormat::Json => fill_json(&template, input),
        BodyFormat::Form => fill_form(&template, input),
        BodyFormat::Text => fill_text(&template, input),
    }
}

pub(crate) const fn content_type(format: BodyFormat) -> &'static str {
    match format {
        BodyFormat::Json => "application/json",
        BodyFormat::Form => "application/x-www-form-urlencoded",
        BodyFormat::Text => "text/plain; charset=utf-8",
    }
}

fn fill_json(template: &Template, input: &RunInput) -> Result<String, RunFailure> {
    let mut json = String::new();
    let mut scanner = JsonScanner::default();
    for part in template.parts() {
        match part {
            Part::Literal(literal) => {
                scanner.read(literal);
                json.push_str(literal);
            }
            Part::Placeholder(name) => {
                let value = Value::of(name, input)?;
                if scanner.in_string {
                    value.with_text(|text| push_escaped(&mut json, text));
                } else {
                    push_json(&mut json, value);
                }
            }
        }
    }
    Ok(json)
}

/// Knows whether a JSON text is within a string at its end. Only literal text is shown to it: values are written so
/// that they never change the answer.
#[derive(Default)]
struct JsonScanner {
    in_string: bool,
    escaped: bool,
}

impl JsonScanner {
    fn read(&mut self, literal: &str) {
        for byte in literal.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
    }
}

fn push_json(json: &mut String, value: Value<'_>) {
    match value {
        Value::Argument(ArgValue::Boolean(value)) => json.push_str(if *value { "true" } else { "false" }),
        Value::Argument(ArgValue::Number(number)) => json.push_str(&number.to_string()),
        Value::Argument(ArgValue::String(text)) => push_quoted(json, text),
        Value::Text(text) => push_quoted(json, text),
        Value::Absent => json.push_str("null"),
    }
}

fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    push_escaped(json, text);
    json.push('"');
}

fn push_escaped(json: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a string can't fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
}

fn fill_form(template: &Template, input: &RunInput) -> Result<String, RunFailure> {
    let mut form = String::new();
    let mut pairs = Pairs::starting("", None);
    for part in template.parts() {
        match part {
            Part::Literal(literal) => {
                for c in literal.chars() {
                    match c {
                        '&' => pairs.next_pair(&mut form),
                        c => form.push(c),
                    }
                }
            }
            Part::Placeholder(name) => pairs.value(&mut form, Value::of(name, input)?),
        }
    }
    pairs.end_pair(&mut form);
    Ok(form)
}

fn fill_text(template: &Template, input: &RunInput) -> Result<String, RunFailure> {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Placeholder(name) => Value::of(name, input)?.with_text(|value| text.push_str(value)),
        }
    }
    Ok(text)
}
