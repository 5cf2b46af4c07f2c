//! Answers for terminals: the little Markdown that answers use, as text that reads well. Works on the stream, line
//! by line, so that an answer appears as it is written.

use super::output::{Output, Tone, plain};

/// Renders pieces as they come; a table waits for its end, since its columns are aligned.
#[derive(Debug)]
pub struct Renderer<'a> {
    output: &'a Output,
    line: String,
    table: Vec<Vec<String>>,
    /// The fence that opened a block of code.
    fence: Option<String>,
}

impl<'a> Renderer<'a> {
    pub fn new(output: &'a Output) -> Self {
        Self { output, line: String::new(), table: Vec::new(), fence: None }
    }

    /// Takes in a piece of the answer and gives back what can be shown.
    pub fn push(&mut self, text: &str) -> String {
        let mut shown = String::new();
        for piece in plain(text).split_inclusive('\n') {
            self.line.push_str(piece);
            if piece.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.render_line(&mut shown, line.trim_end());
            }
        }
        shown
    }

    /// The rest, once the answer has ended.
    pub fn finish(mut self) -> String {
        let mut shown = String::new();
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.render_line(&mut shown, line.trim_end());
        }
        self.end_table(&mut shown);
        shown
    }

    fn render_line(&mut self, shown: &mut String, line: &str) {
        if self.take_code(shown, line) {
            return;
        }
        if let Some(cells) = table_cells(line) {
            if !cells.iter().all(|cell| is_rule(cell)) {
                self.table.push(cells.iter().map(|cell| inline(None, cell)).collect());
            }
            return;
        }
        self.end_table(shown);
        shown.push_str(&self.text_line(line));
        shown.push('\n');
    }

    /// Code stands as it is, indented, without its fences.
    fn take_code(&mut self, shown: &mut String, line: &str) -> bool {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &self.fence {
            Some(fence) if ticks.len() >= fence.len() && line.trim() == ticks => self.fence = None,
            Some(_) => shown.extend(["    ", line, "\n"]),
            None if ticks.len() >= 3 => {
                self.end_table(shown);
                self.fence = Some(ticks);
            }
            None => return false,
        }
        true
    }

    fn text_line(&self, line: &str) -> String {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        let level = text.bytes().take_while(|byte| *byte == b'#').count();
        if let (1..=6, Some(title)) = (level, text[level..].strip_prefix(' ')) {
            return self.output.paint(Tone::Strong, &inline(None, title));
        }
        if let Some(item) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
            return format!("{indent}• {}", inline(Some(self.output), item));
        }
        if let Some(quoted) = text.strip_prefix('>') {
            return format!("{indent}│ {}", inline(Some(self.output), quoted.trim_start()));
        }
        format!("{indent}{}", inline(Some(self.output), text))
    }

    fn end_table(&mut self, shown: &mut String) {
        let mut rows = std::mem::take(&mut self.table).into_iter();
        let Some(header) = rows.next() else { return };
        let mut table = self.output.table(&[]);
        table.set_header(header);
        table.add_rows(rows);
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            shown.push_str(&if index == 0 { self.output.paint(Tone::Strong, line) } else { line.to_owned() });
            shown.push('\n');
        }
    }
}

/// The cells of a line that belongs to a table: one that starts with a bar.
fn table_cells(line: &str) -> Option<Vec<String>> {
    let inside = line.trim().strip_prefix('|')?;
    let mut cells = vec![String::new()];
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, cells.last_mut()) {
            ('\\', Some(cell)) => {
                cell.push('\\');
                cell.extend(characters.next());
            }
            ('|', _) => {
                if characters.peek().is_some() {
                    cells.push(String::new());
                }
            }
            (character, Some(cell)) => cell.push(character),
            (_, None) => {}
        }
    }
    Some(cells.into_iter().map(|cell| cell.trim().to_owned()).collect())
}

/// `---`, `:--`, `--:`: the line under a table's header.
fn is_rule(cell: &str) -> bool {
    cell.contains('-') && cell.bytes().all(|byte| matches!(byte, b'-' | b':'))
}

/// Marks inside a line. Without an output they are taken away and leave no colour.
fn inline(output: Option<&Output>, text: &str) -> String {
    let paint = |tone, text: &str| output.map_or_else(|| text.to_owned(), |output| output.paint(tone, text));
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '`', '*', '[']) {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(escaped) = rest.strip_prefix('\\') {
            let character = escaped.chars().next().filter(char::is_ascii_punctuation);
            shown.push(character.unwrap_or('\\'));
            rest = &escaped[character.map_or(0, char::len_utf8)..];
        } else if let Some((code, after)) = between(rest, "`") {
            shown.push_str(&paint(Tone::Accent, code));
            rest = after;
        } else if let Some((strong, after)) = between(rest, "**") {
            shown.push_str(&paint(Tone::Strong, &inline(None, strong)));
            rest = after;
        } else if let Some((label, address, after)) = link(rest) {
            let label = inline(None, label);
            shown.push_str(&label);
            if label != address {
                shown.extend([" (", address, ")"]);
            }
            rest = after;
        } else {
            shown.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    shown + rest
}

/// What stands between two marks that both touch text, and what follows.
fn between<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let inside = text.strip_prefix(mark)?;
    let end = inside.find(mark)?;
    let found = &inside[..end];
    let touches = !found.is_empty() && !found.starts_with(' ') && !found.ends_with(' ');
    touches.then(|| (found, &inside[end + mark.len()..]))
}

fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, after) = text.strip_prefix('[')?.split_once("](")?;
    let (address, after) = after.split_once(')')?;
    (!label.contains('[')).then_some((label, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same however the text is cut.
    fn check(markdown: &str, expect: &str) {
        let output = Output::plain();
        let sizes = [1, 2, 3, 7, markdown.len().max(1)];
        for size in sizes {
            let mut renderer = Renderer::new(&output);
            let characters: Vec<char> = markdown.chars().collect();
            let mut shown: String = characters
                .chunks(size)
                .map(|chunk| renderer.push(&chunk.iter().collect::<String>()))
                .collect();
            shown.push_str(&renderer.finish());
            assert_eq!(shown, expect, "cut into {size}");
        }
    }

    #[test]
    fn text_and_marks_read_well() {
        check("Your refund is **pending**.", "Your refund is pending.\n");
        check("## Refund\n\nOrder `12345`", "Refund\n\nOrder 12345\n");
        check("- one\n- **two**: 2 * 3\n  - three\n1. four", "• one\n• two: 2 * 3\n  • three\n1. four\n");
        check("> quoted", "│ quoted\n");
        check("snake_case and order\\_id, 5 \\* 5, C:\\dir", "snake_case and order_id, 5 * 5, C:\\dir\n");
        check("See [the page](https://x.test/a).", "See the page (https://x.test/a).\n");
        check("a ** b ** c, [open", "a ** b ** c, [open\n");
    }

    #[test]
    fn code_stands_as_it_is() {
        check("```json\n{\"a\": **1**}\n```\nafter", "    {\"a\": **1**}\nafter\n");
        check("````\n```\n````", "    ```\n");
    }

    #[test]
    fn tables_are_aligned() {
        check(
            "Found:\n\n| order | state |\n|---|:--|\n| 12345 | **on** \\| off |\n| 7 | done |\n\nThat is all.",
            "Found:\n\n order  state\n 12345  on | off\n 7      done\n\nThat is all.\n",
        );
    }

    #[test]
    fn answers_cannot_steer_the_terminal() {
        check("a\u{1b}[2Jb", "a\u{fffd}[2Jb\n");
    }
}
