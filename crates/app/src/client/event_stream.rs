//! Server-sent events of a turn, read from a reply as it arrives.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cli::failure::Failure;

/// The server sends a comment every ten seconds; a line that is silent for so long is dead.
const SILENCE_MAX: Duration = Duration::from_mins(1);
/// The largest event is an action's whole output, which is capped far below.
const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What happens in a turn, as far as a terminal shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnEvent {
    Planned {
        plan: Plan,
    },
    ActionStarted {
        execution_id: String,
        action: String,
        arguments: Map<String, Value>,
    },
    /// A piece of what a script prints, while it runs.
    ActionOutput {
        stream: OutputStream,
        text: String,
    },
    ActionFinished {
        execution_id: String,
        action: String,
        status: String,
        duration_us: f64,
        error: Option<String>,
    },
    AnswerText {
        text: String,
    },
    TurnFinished {
        status: String,
        error: Option<String>,
    },
    #[serde(other)]
    Other,
}

/// Where it was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    Result,
    Stderr,
}

/// What the planner decided.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Plan {
    pub planner: String,
    pub steps: Vec<Step>,
    pub missing: Vec<Missing>,
    pub considered: Vec<Considered>,
    #[serde(default)]
    pub considered_left_out: usize,
    #[serde(default)]
    pub trail: Vec<Trail>,
    #[serde(default)]
    pub model_calls: Vec<ModelCall>,
    #[serde(default)]
    pub notices: Vec<String>,
}

/// Words that an argument was taken from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Trail {
    pub action: String,
    pub parameter: String,
    pub turns_ago: usize,
    pub in_answer: bool,
    pub words: String,
}

/// One question to a language model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ModelCall {
    pub purpose: String,
    pub model: String,
    pub tries: u32,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub duration_ms: f64,
    pub cost: Option<f64>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Step {
    pub action: String,
    pub arguments: Map<String, Value>,
    pub runs_with: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Missing {
    pub action: String,
    pub arguments: Map<String, Value>,
    pub parameters: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Considered {
    pub action: String,
    pub score: f32,
    pub fires: bool,
    pub evidence: Vec<String>,
}

pub struct EventStream {
    response: Response,
    parser: Parser,
}

impl EventStream {
    pub(super) fn new(response: Response) -> Self {
        Self { response, parser: Parser::default() }
    }

    /// The next event; None when the server has closed the stream.
    pub async fn next(&mut self) -> Result<Option<TurnEvent>, Failure> {
        loop {
            if let Some(data) = self.parser.take_event()? {
                return read_event(&data).map(Some);
            }
            let chunk = tokio::time::timeout(SILENCE_MAX, self.response.chunk())
                .await
                .map_err(|_| broken("it fell silent"))?;
            match chunk.map_err(|_| broken("the server closed it early"))? {
                Some(chunk) => self.parser.feed(&chunk)?,
                None => return Ok(None),
            }
        }
    }
}

fn read_event(data: &str) -> Result<TurnEvent, Failure> {
    let value: Value = serde_json::from_str(data).map_err(|_| broken("an event is not JSON"))?;
    if value.get("type").is_none() {
        let message = value.get("msg").and_then(Value::as_str).unwrap_or("the server reports a fault");
        return Err(broken(message));
    }
    super::read(&value)
}

fn broken(reason: &str) -> Failure {
    let reason = reason.trim_end_matches('.');
    Failure::new(
        "broken_off",
        format!("The answer's stream broke off: {reason}."),
        "`errand history` shows what ran; ask again.",
    )
}

/// Cuts bytes into the data of events (WHATWG HTML, "server-sent events"); names, numbers and comments are passed by.
#[derive(Debug, Default)]
struct Parser {
    bytes: Vec<u8>,
    /// Where the next line begins.
    at: usize,
    data: String,
}

impl Parser {
    fn feed(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        self.bytes.drain(..self.at);
        self.at = 0;
        if self.bytes.len() + self.data.len() + chunk.len() > EVENT_BYTES_MAX {
            return Err(broken("an event is larger than 16 MiB"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn take_event(&mut self) -> Result<Option<String>, Failure> {
        while let Some(length) = self.bytes[self.at..].iter().position(|byte| *byte == b'\n') {
            let line = &self.bytes[self.at..self.at + length];
            let line = std::str::from_utf8(line)
                .map_err(|_| broken("an event is not UTF-8"))?
                .trim_end_matches('\r');
            self.at += length + 1;
            if line.is_empty() && !self.data.is_empty() {
                return Ok(Some(std::mem::take(&mut self.data)));
            }
            if let Some(data) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the text in pieces of every size; the cut must not matter.
    fn check(text: &str, expect: &[&str]) {
        for size in 1..=text.len() {
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                parser.feed(chunk).expect("small events");
                while let Some(data) = parser.take_event().expect("valid text") {
                    found.push(data);
                }
            }
            assert_eq!(found, expect, "cut into {size}");
        }
    }

    #[test]
    fn events_are_cut_out_of_the_stream() {
        check(
            "id: 1\nevent: planned\ndata: {\"a\":1}\n\n: still here\n\ndata:b\r\ndata: ü\r\n\r\n",
            &["{\"a\":1}", "b\nü"],
        );
        check("data: unfinished\n", &[]);
        check("\n\n\n", &[]);
    }

    #[test]
    fn known_events_are_read_and_unknown_ones_passed_by() {
        let text = read_event(r#"{"seq":4,"at":"…","type":"answer_text","text":"Hello"}"#);
        assert_eq!(text.ok(), Some(TurnEvent::AnswerText { text: "Hello".to_owned() }));
        let other = read_event(r#"{"type":"phase_measured","phase":{"name":"dns"}}"#);
        assert_eq!(other.ok(), Some(TurnEvent::Other));
        let fault = read_event(r#"{"msg":"The stream broke off; reconnect to go on."}"#)
            .map_err(|failure| failure.code);
        assert_eq!(fault, Err("broken_off".to_owned()));
    }
}
