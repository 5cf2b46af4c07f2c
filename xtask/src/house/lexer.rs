//! Rust source seen as code, with comments and texts apart, so that rules don't stumble over words in prose.

/// A source with comments and the insides of literals blanked; line breaks and positions stay.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    pub code: String,
    /// String literals with the line (from 1) on which they start.
    pub strings: Vec<(usize, String)>,
}

pub fn read(text: &str) -> Source {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0, line: 1, code: String::new(), strings: Vec::new() };
    while reader.at < chars.len() {
        reader.step();
    }
    Source { code: reader.code, strings: reader.strings }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    line: usize,
    code: String,
    strings: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn keep(&mut self) {
        let c = self.peek(0);
        self.line += usize::from(c == '\n');
        self.code.push(c);
        self.at += 1;
    }

    fn blank(&mut self) {
        let c = self.peek(0);
        self.line += usize::from(c == '\n');
        self.code.push(if c == '\n' { '\n' } else { ' ' });
        self.at += 1;
    }

    fn step(&mut self) {
        let after_word = self.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.blank();
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(None),
            ('r', '"' | '#') if !after_word || self.code.ends_with('b') => self.raw_string(),
            ('\'', _) => self.quote(),
            _ => self.keep(),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn raw_string(&mut self) {
        let hashes = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        if self.peek(1 + hashes) != '"' {
            return self.keep(); // A raw identifier such as `r#type`.
        }
        for _ in 0..=hashes {
            self.keep();
        }
        self.string(Some(hashes));
    }

    /// A string from its opening quote on; a raw one ends with a quote and as many hashes, and has no escapes.
    fn string(&mut self, raw_hashes: Option<usize>) {
        let line = self.line;
        let mut text = String::new();
        self.keep();
        while self.at < self.chars.len() {
            let c = self.peek(0);
            let closing = (0..raw_hashes.unwrap_or(0)).all(|ahead| self.peek(ahead + 1) == '#');
            if c == '"' && closing {
                self.keep();
                break;
            }
            let escaped = c == '\\' && raw_hashes.is_none();
            for _ in 0..=usize::from(escaped) {
                text.push(self.peek(0));
                self.blank();
            }
        }
        self.strings.push((line, text));
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let length = match (self.peek(1), self.peek(2)) {
            ('\\', _) => self.chars[self.at + 3..].iter().position(|c| *c == '\'').map(|end| end + 4),
            (_, '\'') => Some(3),
            _ => None,
        };
        let Some(length) = length else { return self.keep() };
        for _ in 0..length {
            self.blank();
        }
    }
}

/// The code without its `#[cfg(test)]` items, as blank lines.
pub fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let end = at + item_length(&rest[at..]);
        kept.extend(rest[at..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// Up to the brace that closes the item, or the semicolon that ends it.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, strings: &[(usize, &str)]) {
        let got = read(text);
        assert_eq!(got.code, code);
        let expect: Vec<_> = strings.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(got.strings, expect);
    }

    #[test]
    fn comments_and_texts_are_blanked() {
        check("a // unsafe\nb", "a          \nb", &[]);
        check("a /* x /* y */ z */ b", "a                   b", &[]);
        check("f(\"un\\\"safe\");", "f(\"        \");", &[(1, "un\\\"safe")]);
        check("\n r#\"a\"b\"# c", "\n r#\"   \"# c", &[(2, "a\"b")]);
        check("br\"x\" r#type", "br\" \" r#type", &[(1, "x")]);
        check("&'a str, '\"', '\\'', '\\u{41}' x", "&'a str,    ,     ,          x", &[]);
    }

    #[test]
    fn test_items_are_left_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { x }\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}";
        assert_eq!(without_tests(code), "fn a() {}\n\n\n\n\nfn c() {}\n\n\nfn e() {}");
    }
}
