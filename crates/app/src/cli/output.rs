//! Words to people and JSON to programs: colours, tables, spinners, units.

use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::{OwoColorize as _, Style};
use serde_json::{Value, json};

use super::failure::{Exit, Failure, RuleBroken};
use crate::config::variable;

/// Results go to standard output; what accompanies them (progress, references, hints) to standard error.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about where the output goes")]
pub struct Output {
    pub json: bool,
    /// Whether a person reads standard output.
    pub is_terminal: bool,
    stderr_is_terminal: bool,
    colour: bool,
    colour_stderr: bool,
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Warning,
    Dim,
    Strong,
    Accent,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => Style::new().green(),
            Self::Bad => Style::new().red().bold(),
            Self::Warning => Style::new().yellow(),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
            Self::Accent => Style::new().cyan(),
        }
    }
}

impl Output {
    pub fn of_this_process(json: bool) -> Self {
        let wanted = variable("NO_COLOR").is_none() && variable("TERM").as_deref() != Some("dumb");
        let (is_terminal, stderr_is_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            json,
            is_terminal,
            stderr_is_terminal,
            colour: wanted && is_terminal,
            colour_stderr: wanted && stderr_is_terminal,
        }
    }

    /// Output to nobody's terminal, for tests.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self::without_terminal(false)
    }

    #[cfg(test)]
    pub fn plain_json() -> Self {
        Self::without_terminal(true)
    }

    #[cfg(test)]
    const fn without_terminal(json: bool) -> Self {
        Self { json, is_terminal: false, stderr_is_terminal: false, colour: false, colour_stderr: false }
    }

    /// Text for standard output.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        paint(self.colour, tone, text)
    }

    /// Text for standard error.
    pub fn paint_aside(&self, tone: Tone, text: &str) -> String {
        paint(self.colour_stderr, tone, text)
    }

    /// One line of the result.
    #[expect(clippy::unused_self, reason = "whoever writes results is handed the output")]
    pub fn line(&self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(io::stdout(), "{}", text.as_ref())
    }

    /// A piece of the result, at once.
    #[expect(clippy::unused_self, reason = "whoever writes results is handed the output")]
    pub fn piece(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// A line beside the result; programs that asked for JSON are spared it.
    pub fn aside(&self, text: impl AsRef<str>) {
        if !self.json {
            // Standard error is the last place to tell anything; nothing can be told about it.
            let _ = writeln!(io::stderr(), "{}", text.as_ref());
        }
    }

    pub fn hint(&self, text: &str) {
        self.aside(self.paint_aside(Tone::Dim, text));
    }

    pub fn print_json(&self, value: &Value) -> io::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// JSON for a program, or what `people` writes for a person.
    pub fn show(&self, value: &Value, people: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        if self.json {
            return Ok(self.print_json(value)?);
        }
        people()
    }

    /// Columns without lines; as wide as the terminal, unbounded in a pipe.
    pub fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if !self.is_terminal {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        table.force_no_tty();
        if let Some((_, columns)) = self.is_terminal.then(|| console::Term::stdout().size()) {
            table.set_width(columns);
        }
        if !header.is_empty() {
            table.set_header(header.iter().map(|name| name.to_uppercase()));
        }
        table
    }

    pub fn print_table(&self, table: &Table) -> io::Result<()> {
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let is_header = index == 0 && table.header().is_some();
            self.line(if is_header { self.paint(Tone::Dim, line) } else { self.paint_statuses(line) })?;
        }
        Ok(())
    }

    /// Colours the status words of a row, which the table itself must not do: it counts the codes as width.
    fn paint_statuses(&self, line: &str) -> String {
        if !self.colour {
            return line.to_owned();
        }
        line.split_inclusive(' ')
            .map(|word| {
                let text = word.trim_end();
                let gap = &word[text.len()..];
                status_tone(text).map_or_else(|| word.to_owned(), |tone| self.paint(tone, text) + gap)
            })
            .collect()
    }

    /// Says on standard error what takes long; silent when nobody watches.
    pub fn spinner(&self, text: &str) -> ProgressBar {
        if self.json || !self.stderr_is_terminal {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// A bar that fills as bytes arrive.
    pub fn byte_bar(&self, text: &str, bytes: u64) -> ProgressBar {
        if self.json || !self.stderr_is_terminal {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(bytes);
        if let Ok(style) =
            ProgressStyle::with_template("{msg} [{bar:30}] {bytes} of {total_bytes} {elapsed:.dim}")
        {
            bar.set_style(style);
        }
        bar.set_message(text.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// A bar for one of several steps: its title, how far it is, what it is at. In a log, the title alone.
    pub fn step_bar(&self, title: &str) -> ProgressBar {
        if self.json || !self.stderr_is_terminal {
            self.aside(title);
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:24}] {elapsed:.dim} {msg:.dim}") {
            bar.set_style(style);
        }
        bar.set_prefix(title.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Tells a failure and answers with its exit code.
    pub fn failure(&self, failure: &Failure) -> Exit {
        if failure.is_silent() {
            return failure.exit;
        }
        let text = if self.json { failure_json(failure).to_string() } else { self.failure_text(failure) };
        let _ = writeln!(io::stderr(), "{text}");
        failure.exit
    }

    fn failure_text(&self, failure: &Failure) -> String {
        let mut text = format!("{} {}", self.paint_aside(Tone::Bad, "error:"), plain(&failure.message));
        if failure.problems.len() > 1 {
            for problem in &failure.problems {
                text.push_str("\n  ");
                text.push_str(&self.rule_broken(problem));
            }
        } else if !failure.hint.is_empty() {
            text.push('\n');
            text.push_str(&self.paint_aside(Tone::Accent, "to do:"));
            text.push(' ');
            text.push_str(&plain(&failure.hint));
        }
        text
    }

    pub fn rule_broken(&self, problem: &RuleBroken) -> String {
        let field = problem
            .field
            .as_deref()
            .map_or_else(String::new, |field| format!("{} ", self.paint_aside(Tone::Accent, &plain(field))));
        format!("{field}{} {}", plain(&problem.message), self.paint_aside(Tone::Dim, &plain(&problem.hint)))
    }
}

/// The API's own shape of a refusal.
fn failure_json(failure: &Failure) -> Value {
    json!({ "msg": failure.to_string().trim(), "code": failure.code, "hint": failure.hint, "problems": failure.problems })
}

fn paint(colour: bool, tone: Tone, text: &str) -> String {
    if colour { text.style(tone.style()).to_string() } else { text.to_owned() }
}

pub fn status_tone(status: &str) -> Option<Tone> {
    match status {
        "succeeded" | "enabled" | "done" => Some(Tone::Good),
        "failed" | "refused" | "timed_out" | "unknown" => Some(Tone::Bad),
        "cancelled" | "running" | "queued" => Some(Tone::Warning),
        "disabled" => Some(Tone::Dim),
        _ => None,
    }
}

/// Text from elsewhere made safe for a terminal: no escape sequence that moves the cursor, sets the title or turns
/// the reading direction around. Line breaks and tabs stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let kept = text.replace("\r\n", "\n");
    Cow::Owned(kept.chars().map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

fn is_unsafe(c: char) -> bool {
    let turns_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns_direction || (c.is_control() && c != '\n' && c != '\t')
}

/// The same on one line, cut to `chars_max`.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let flat = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= chars_max {
        return flat;
    }
    flat.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// A duration for people: `0.8 ms`, `84 ms`, `1.2 s`, `2 min 5 s`.
pub fn human_ms(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 59_950.0 => format!("{:.1} s", ms / 1_000.0),
        ms => format!("{:.0} min {:.0} s", (ms / 60_000.0).floor(), (ms % 60_000.0 / 1_000.0).floor()),
    }
}

/// Bytes for people: `512 B`, `91 MB`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = UNITS.into_iter().find(|(size, _)| bytes >= *size);
    unit.map_or_else(|| format!("{bytes} B"), |(size, name)| format!("{} {name}", (bytes + size / 2) / size))
}

/// `2026-11-23T08:00:05.123Z` as `2026-11-23 08:00:05Z`; anything else as it is.
pub fn human_time(rfc3339: &str) -> String {
    match (rfc3339.get(..10), rfc3339.get(11..19), rfc3339.ends_with('Z')) {
        (Some(day), Some(time), true) => format!("{day} {time}Z"),
        _ => plain(rfc3339).into_owned(),
    }
}

/// Arguments for people: `order_id=12345 note="two words"`.
pub fn human_arguments(arguments: &serde_json::Map<String, Value>) -> String {
    let pairs = arguments.iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => text.clone(),
            other => other.to_string(),
        };
        format!("{}={}", plain(name), one_line(&text, ARGUMENT_CHARS_SHOWN))
    });
    pairs.collect::<Vec<_>>().join(" ")
}

const ARGUMENT_CHARS_SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_steer_the_terminal() {
        fn check(text: &str, expect: &str) {
            assert_eq!(plain(text), expect, "{text:?}");
        }
        check("plain, ünï\tand\nlines", "plain, ünï\tand\nlines");
        check("\u{1b}]0;title\u{7}\u{1b}[2J", "\u{fffd}]0;title\u{fffd}\u{fffd}[2J");
        check("a\r\nb\rc", "a\nb\u{fffd}c");
        check("\u{9b}31mred", "\u{fffd}31mred");
        check("safe\u{202e}exe.txt", "safe\u{fffd}exe.txt");
    }

    #[test]
    fn durations_read_well() {
        fn check(ms: f64, expect: &str) {
            assert_eq!(human_ms(ms), expect);
        }
        check(0.84, "0.8 ms");
        check(84.2, "84 ms");
        check(1_234.0, "1.2 s");
        check(59_949.0, "59.9 s");
        check(125_900.0, "2 min 5 s");
    }

    #[test]
    fn sizes_times_and_arguments_read_well() {
        assert_eq!(human_bytes(512), "512 B");
        assert_eq!(human_bytes(90_868_376), "91 MB");
        assert_eq!(human_time("2026-11-23T08:00:05.123Z"), "2026-11-23 08:00:05Z");
        assert_eq!(human_time("soon"), "soon");
        let arguments = json!({"order_id": "12345", "note": "two words", "count": 3, "empty": ""});
        let arguments = arguments.as_object().expect("an object");
        assert_eq!(human_arguments(arguments), "order_id=12345 note=\"two words\" count=3 empty=\"\"");
        assert_eq!(one_line("a\n  b   c", 4), "a b…");
    }

    #[test]
    fn a_failure_is_told_to_people_and_programs() {
        let failure = Failure::new("unreachable", "No Errand answers.", "Start it.");
        assert_eq!(Output::plain().failure_text(&failure), "error: No Errand answers.\nto do: Start it.");
        assert_eq!(
            failure_json(&failure),
            json!({"msg": "No Errand answers. Start it.", "code": "unreachable", "hint": "Start it.", "problems": []})
        );
    }
}
