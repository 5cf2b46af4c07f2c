//! Words of a command line as a POSIX shell would make them, as far as a pasted command needs it.
//!
//! Nothing is run or looked up: a variable (`$TOKEN`, `${TOKEN}`) becomes the placeholder `{TOKEN}`, which is what its
//! author meant by it. Command substitution stays text.

use std::{iter::Peekable, str::Chars};

use crate::Problem;

/// Splits a command into its words. Line breaks after a backslash (or a caret, as Windows writes them) join lines.
pub(super) fn words(command: &str) -> Result<Vec<String>, Problem> {
    let joined =
        command.replace("\\\r\n", " ").replace("\\\n", " ").replace("^\r\n", " ").replace("^\n", " ");
    let mut words = Vec::new();
    let mut chars = joined.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        // A second command or a pipe after the first is not part of it.
        if chars.peek().is_none_or(|c| matches!(c, '|' | ';' | '&' | '>' | '#')) {
            return Ok(words);
        }
        words.push(word(&mut chars)?);
    }
}

fn word(chars: &mut Peekable<Chars<'_>>) -> Result<String, Problem> {
    let mut word = String::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '|' | ';' | '>')) {
        match c {
            '\'' => single_quoted(chars, &mut word)?,
            '"' => double_quoted(chars, &mut word)?,
            '\\' => word.extend(chars.next()),
            '$' => dollar(chars, &mut word)?,
            // An unquoted `&` ends a command, and in a pasted address is mostly a forgotten quote.
            c => word.push(c),
        }
    }
    Ok(word)
}

fn single_quoted(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Problem> {
    loop {
        match chars.next().ok_or_else(unclosed)? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

fn double_quoted(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Problem> {
    loop {
        match chars.next().ok_or_else(unclosed)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or_else(unclosed)? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            '$' if chars.peek() == Some(&'\'') => word.push('$'),
            '$' => dollar(chars, word)?,
            c => word.push(c),
        }
    }
}

/// After a dollar: a variable, or a text in `$'…'` with its escapes.
fn dollar(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Problem> {
    if chars.next_if_eq(&'\'').is_some() {
        return escaped(chars, word);
    }
    let braced = chars.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
        name.push(c);
    }
    let closed = !braced || chars.next_if_eq(&'}').is_some();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !closed {
        word.push('$');
        word.extend(braced.then_some('{'));
        word.push_str(&name);
    } else {
        word.extend(["{", &name, "}"]);
    }
    Ok(())
}

fn escaped(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Problem> {
    loop {
        match chars.next().ok_or_else(unclosed)? {
            '\'' => return Ok(()),
            '\\' => match chars.next().ok_or_else(unclosed)? {
                'n' => word.push('\n'),
                'r' => word.push('\r'),
                't' => word.push('\t'),
                'u' => word.extend(code_point(chars, 4)),
                'U' => word.extend(code_point(chars, 8)),
                'x' => word.extend(code_point(chars, 2)),
                c => word.push(c),
            },
            c => word.push(c),
        }
    }
}

fn code_point(chars: &mut Peekable<Chars<'_>>, digits_max: usize) -> Option<char> {
    let mut code = 0;
    for _ in 0..digits_max {
        let Some(digit) = chars.next_if(char::is_ascii_hexdigit).and_then(|c| c.to_digit(16)) else { break };
        code = code * 16 + digit;
    }
    char::from_u32(code)
}

fn unclosed() -> Problem {
    Problem::new("bad_command", "A quote in the command is not closed.", "Copy the whole command again.")
        .at("command")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str, expect: &[&str]) {
        assert_eq!(words(command).as_deref().ok(), Some(expect.map_to_owned().as_slice()), "{command}");
    }

    trait ToOwnedWords {
        fn map_to_owned(&self) -> Vec<String>;
    }

    impl ToOwnedWords for [&str] {
        fn map_to_owned(&self) -> Vec<String> {
            self.iter().map(|word| (*word).to_owned()).collect()
        }
    }

    #[test]
    fn words_are_what_a_shell_makes_of_them() {
        check("curl  -X GET 'https://a/b c'", &["curl", "-X", "GET", "https://a/b c"]);
        check("curl \\\n  -d \"a \\\"b\\\" \\n\"", &["curl", "-d", "a \"b\" \\n"]);
        check("curl ^\r\n -X POST", &["curl", "-X", "POST"]);
        check("a'b'\"c\"\\ d", &["abc d"]);
        check("-d $'it\\'s\\u0021\\n'", &["-d", "it's!\n"]);
        check("-H \"Bearer $TOKEN\" ${ID}x '$NOT'", &["-H", "Bearer {TOKEN}", "{ID}x", "$NOT"]);
        check("cost=5$ $1", &["cost=5$", "$1"]);
        check("curl https://a/?x=1&y=2 | jq .", &["curl", "https://a/?x=1&y=2"]);
        check("curl 'a' > out.txt", &["curl", "a"]);
    }

    #[test]
    fn an_open_quote_is_refused() {
        for command in ["curl 'a", "curl \"a", "curl $'a", "curl \"a\\"] {
            assert_eq!(words(command).map_err(|problem| problem.code), Err("bad_command"), "{command}");
        }
    }
}
