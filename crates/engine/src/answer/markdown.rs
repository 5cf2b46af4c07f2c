//! Putting data into Markdown without letting it become markup: what an action gave back is data, never instructions
//! and never links, images or headings of its own.

use std::fmt::Write as _;

use serde_json::Value;

/// Rows of a table and entries of a list that an answer shows; the rest is counted.
pub const ROWS_SHOWN_MAX: usize = 10;
/// Columns of a table that still fit a chat window.
pub const COLUMNS_SHOWN_MAX: usize = 6;
/// Fields of an object, nested ones included.
pub const FIELDS_SHOWN_MAX: usize = 24;
/// Characters of one value.
pub const VALUE_CHARS_MAX: usize = 400;

/// Escapes text so that Markdown shows it as it is, on one line.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let inside_word = before.is_some_and(char::is_alphanumeric)
            && characters.peek().is_some_and(|c| c.is_alphanumeric());
        match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' => escaped.extend(['\\', character]),
            '_' if !inside_word => escaped.push_str("\\_"),
            '#' | '>' if before.is_none() => escaped.extend(['\\', character]),
            '\r' => {}
            '\n' => escaped.push(' '),
            _ => escaped.push(character),
        }
        before = Some(character);
    }
    escaped
}

/// What an action gave back, worded without any template: JSON as fields and tables, text as it is.
pub fn render_output(output: &str) -> String {
    match serde_json::from_str::<Value>(output) {
        Ok(Value::Object(fields)) if fields.is_empty() => "The result is empty.".to_owned(),
        Ok(Value::Array(items)) if items.is_empty() => "The result is an empty list.".to_owned(),
        Ok(value) => render_value(unwrapped(&value)),
        Err(_) => match json_lines(output) {
            Some(items) => render_list(&items),
            None => render_text(output),
        },
    }
}

/// Names under which services put the one thing that they answer with.
const ENVELOPES: [&str; 9] =
    ["data", "result", "results", "items", "records", "response", "value", "values", "entries"];

/// What lies in an envelope that holds nothing else.
fn unwrapped(value: &Value) -> &Value {
    let only = value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.iter().next());
    match only {
        Some((name, inner))
            if ENVELOPES.contains(&name.to_lowercase().as_str())
                && (inner.as_object().is_some_and(|fields| !fields.is_empty())
                    || inner.as_array().is_some_and(|items| !items.is_empty())) =>
        {
            unwrapped(inner)
        }
        _ => value,
    }
}

/// A script may print one object a line: rows of a table.
fn json_lines(text: &str) -> Option<Vec<Value>> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let rows = || lines.iter().map(|line| serde_json::from_str(line).ok().filter(Value::is_object));
    (lines.len() > 1).then(|| rows().collect()).flatten()
}

fn render_text(text: &str) -> String {
    let text = text.trim_end();
    if text.trim().is_empty() {
        return "It gave back nothing.".to_owned();
    }
    if !text.contains('\n') {
        return escape(text);
    }
    // A fence longer than any run of backticks inside can't be closed by the text itself.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

fn render_value(value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let mut lines = Vec::new();
            let mut tables = Vec::new();
            flatten("", value, &mut lines, &mut tables);
            let hidden = lines.len().saturating_sub(FIELDS_SHOWN_MAX);
            lines.truncate(FIELDS_SHOWN_MAX);
            if hidden > 0 {
                lines.push(format!("- … and {hidden} more fields"));
            }
            let mut text = lines.join("\n");
            for (title, table) in tables {
                let _ = write!(text, "\n\n**{}**\n\n{table}", escape(&title));
            }
            text
        }
        Value::Array(items) => render_list(items),
        scalar => escape(&plain(scalar)),
    }
}

/// Collects `- **Field**: value` lines; lists of objects become tables of their own after them.
fn flatten(prefix: &str, value: &Value, lines: &mut Vec<String>, tables: &mut Vec<(String, String)>) {
    let Value::Object(fields) = value else { return };
    for (key, field) in fields {
        let name = if prefix.is_empty() { words(key) } else { format!("{prefix} › {}", words(key)) };
        match field {
            Value::Object(inner) if !inner.is_empty() => flatten(&name, field, lines, tables),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                tables.push((name, render_list(items)));
            }
            Value::Null => {}
            other => lines.push(format!("- **{}**: {}", escape(&name), escape(&plain(other)))),
        }
    }
}

fn render_list(items: &[Value]) -> String {
    let columns = columns(items);
    let mut text = String::new();
    if columns.is_empty() {
        for item in items.iter().take(ROWS_SHOWN_MAX) {
            let _ = writeln!(text, "- {}", escape(&plain(item)));
        }
    } else {
        let header: Vec<_> = columns.iter().map(|column| escape(&words(column))).collect();
        let _ = write!(text, "| {} |\n|{}\n", header.join(" | "), " --- |".repeat(columns.len()));
        for item in items.iter().take(ROWS_SHOWN_MAX) {
            let cells: Vec<_> = columns
                .iter()
                .map(|column| item.get(column).map_or_else(String::new, |cell| escape(&plain(cell))))
                .collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    if items.len() > ROWS_SHOWN_MAX {
        let _ = write!(text, "\n… and {} more\n", items.len() - ROWS_SHOWN_MAX);
    }
    text.trim_end().to_owned()
}

/// The first fields that hold plain values in any shown item, in order of appearance.
fn columns(items: &[Value]) -> Vec<&String> {
    let mut columns: Vec<&String> = Vec::new();
    for item in items.iter().take(ROWS_SHOWN_MAX) {
        let Value::Object(fields) = item else { continue };
        for (key, value) in fields {
            let plain = !value.is_object() && !value.is_array() && !value.is_null();
            if plain && !columns.contains(&key) && columns.len() < COLUMNS_SHOWN_MAX {
                columns.push(key);
            }
        }
    }
    columns
}

/// `expected_at` → `Expected at`.
fn words(key: &str) -> String {
    let spaced = key.replace(['_', '-'], " ");
    let mut characters = spaced.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    let mut short: String = text.chars().take(VALUE_CHARS_MAX).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expect: &str) {
        assert_eq!(render_output(output), expect, "{output}");
    }

    #[test]
    fn json_becomes_fields_and_tables() {
        check(
            r#"{"order_id":"12345","shipping":{"carrier":"UPS","late":false},"note":null}"#,
            "- **Order id**: 12345\n- **Shipping › Carrier**: UPS\n- **Shipping › Late**: no",
        );
        check(
            r#"[{"id":1,"name":"A"},{"id":2,"name":"B|C"}]"#,
            "| Id | Name |\n| --- | --- |\n| 1 | A |\n| 2 | B\\|C |",
        );
        check(r#"{"data":[{"id":1}]}"#, "| Id |\n| --- |\n| 1 |");
        check(r#"{"result":{"data":{"id":1}}}"#, "- **Id**: 1");
        check("{\"id\":1}\n{\"id\":2}\n", "| Id |\n| --- |\n| 1 |\n| 2 |");
        check("[1,2]", "- 1\n- 2");
        check("[]", "The result is an empty list.");
        check("{}", "The result is empty.");
        check("\"hi\"", "hi");
    }

    #[test]
    fn text_stays_text() {
        check("done *now*", "done \\*now\\*");
        check("a\nb", "```\na\nb\n```");
        check("a\n```\nb", "````\na\n```\nb\n````");
        check("  ", "It gave back nothing.");
    }

    #[test]
    fn data_cannot_become_markup() {
        check(
            r#"{"a":"![x](https://evil/?q=1) <img src=x>"}"#,
            "- **A**: !\\[x\\](https://evil/?q=1) \\<img src=x>",
        );
        assert_eq!(escape("# title"), "\\# title");
        assert_eq!(escape("snake_case _em_"), "snake_case \\_em\\_");
    }
}
