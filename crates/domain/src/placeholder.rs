//! `{name}` in URLs, headers and bodies.
//!
//! A placeholder is a brace, an identifier (a letter or underscore, then letters, digits, underscores) and a closing
//! brace, with nothing else between. Every other brace stands for itself, so JSON needs no escaping; a literal
//! `{name}` is written `{{name}}`. Rendering is one pass: a value that looks like a placeholder stays a value.

use std::collections::BTreeSet;

/// A parsed text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Literal(String),
    Placeholder(String),
}

impl Template {
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(brace) = rest.find('{') {
            literal.push_str(&rest[..brace]);
            rest = &rest[brace..];
            if let Some(name) = enclosed(rest, "{{", "}}") {
                literal.push('{');
                literal.push_str(name);
                literal.push('}');
                rest = &rest[name.len() + 4..];
            } else if let Some(name) = enclosed(rest, "{", "}") {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Placeholder(name.to_owned()));
                rest = &rest[name.len() + 2..];
            } else {
                literal.push('{');
                rest = &rest[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Self { parts }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The placeholders' names, each once.
    pub fn names(&self) -> BTreeSet<&str> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Placeholder(name) => Some(name.as_str()),
                Part::Literal(_) => None,
            })
            .collect()
    }

    /// Replaces every placeholder by what `value` gives for its name; literal text stays as it is.
    pub fn render<E>(&self, mut value: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder(name) => text.push_str(&value(name)?),
            }
        }
        Ok(text)
    }
}

/// The identifier that `text` starts with between `open` and `close`, if it does.
fn enclosed<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(open)?;
    let end = inner.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_'))?;
    let name = &inner[..end];
    let identifier = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    (identifier && inner[end..].starts_with(close)).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &str) {
        let Ok(got) = Template::parse(text).render(|name| Ok::<_, Infallible>(format!("<{name}>")));
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn placeholders_and_literal_braces() {
        check("https://a/{order_id}?q={q}", "https://a/<order_id>?q=<q>");
        check(r#"{"a": {"b": "{name}", "c": {n}}}"#, r#"{"a": {"b": "<name>", "c": <n>}}"#);
        check("{{name}}", "{name}");
        check("{{{name}}}", "{{name}}");
        check("{ name } {1a} {} {a-b} { {", "{ name } {1a} {} {a-b} { {");
        check("{a}{b}", "<a><b>");
        check("{open", "{open");
    }

    #[test]
    fn values_are_never_expanded_again() {
        let Ok(got) = Template::parse("{a}{b}").render(|_| Ok::<_, Infallible>("{b}".to_owned()));
        assert_eq!(got, "{b}{b}");
    }

    proptest! {
        #[test]
        fn text_without_placeholders_stays_as_it_is(text in "[^{}]*") {
            prop_assert_eq!(Template::parse(&text).render(|_| Err(())), Ok(text));
        }

        #[test]
        fn any_text_parses_and_names_are_identifiers(text in "[{}a_1 \"]{0,40}") {
            for name in Template::parse(&text).names() {
                prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                prop_assert!(!name.as_bytes()[0].is_ascii_digit());
            }
        }
    }
}
