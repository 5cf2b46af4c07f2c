//! Reading server-sent events as a browser does.

use reqwest::Response;
use serde_json::Value;

/// One event off the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct SseEvent {
    pub id: u64,
    pub name: String,
    pub data: Value,
}

/// A stream being read.
pub struct Reader {
    response: Response,
    text: String,
}

impl Reader {
    pub fn new(response: Response) -> Self {
        let kind =
            response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "no event stream: {} {kind}", response.status());
        Self { response, text: String::new() }
    }

    /// The next event; None at the stream's end. Comments are passed over.
    pub async fn next(&mut self) -> Option<SseEvent> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (parse(block), rest.to_owned());
                self.text = rest;
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = self.response.chunk().await.expect("read events")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("events are text"));
        }
    }

    /// Reads on up to the first event of this name.
    pub async fn until(&mut self, name: &str) -> SseEvent {
        while let Some(event) = self.next().await {
            if event.name == name {
                return event;
            }
        }
        panic!("the stream ended without `{name}`");
    }
}

/// Everything up to the end.
pub async fn read_all(response: Response) -> Vec<SseEvent> {
    let mut reader = Reader::new(response);
    let mut events = Vec::new();
    while let Some(event) = reader.next().await {
        events.push(event);
    }
    events
}

fn parse(block: &str) -> Option<SseEvent> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = field("data")?;
    Some(SseEvent {
        id: field("id").and_then(|id| id.parse().ok()).expect("an event has a number"),
        name: field("event").expect("an event has a type").to_owned(),
        data: serde_json::from_str(data).expect("an event's data is JSON"),
    })
}
