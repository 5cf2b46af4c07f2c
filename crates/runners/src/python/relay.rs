//! Passing on what a script prints while it prints.
//!
//! The first piece goes on at once; after that, small pieces are gathered, so that a script that prints in a loop
//! makes a readable stream and not a million events. Bytes are passed as they came: whoever masks them puts cut
//! characters together again.

use std::time::Duration;

use errand_domain::event::OutputStream;
use errand_sandbox::{OutputChunk, Stream};
use errand_secrets::Raw;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{RunSink, RunnerEvent};

/// How long a small piece waits for company after the one before.
const GATHER: Duration = Duration::from_millis(40);
/// A piece of this size goes on at once.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// All that a script printed.
#[derive(Debug, Default)]
pub(super) struct Relayed {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Reads to the end of both streams.
pub(super) async fn relay(mut chunks: mpsc::Receiver<OutputChunk>, sink: &RunSink) -> Relayed {
    let mut all = Relayed::default();
    let mut waiting = Waiting::default();
    loop {
        let chunk = match waiting.due {
            Some(due) => match timeout_at(due, chunks.recv()).await {
                Ok(chunk) => chunk,
                Err(_elapsed) => {
                    waiting.send(sink).await;
                    continue;
                }
            },
            None => chunks.recv().await,
        };
        let Some(chunk) = chunk else { break };
        all.keep(&chunk);
        if waiting.stream != Some(chunk.stream) {
            waiting.send(sink).await;
        }
        waiting.add(chunk);
        if waiting.bytes.len() >= PIECE_BYTES_MAX || waiting.may_go_at.is_none_or(|at| at <= Instant::now()) {
            waiting.send(sink).await;
        }
    }
    waiting.send(sink).await;
    all
}

impl Relayed {
    fn keep(&mut self, chunk: &OutputChunk) {
        match chunk.stream {
            Stream::Stdout => self.stdout.extend_from_slice(&chunk.bytes),
            Stream::Stderr => self.stderr.extend_from_slice(&chunk.bytes),
        }
    }
}

/// The piece that is being gathered.
#[derive(Default)]
struct Waiting {
    stream: Option<Stream>,
    bytes: Vec<u8>,
    /// When it goes on at the latest; None while there is nothing.
    due: Option<Instant>,
    /// From when on a next piece need not wait; None before the first.
    may_go_at: Option<Instant>,
}

impl Waiting {
    fn add(&mut self, mut chunk: OutputChunk) {
        self.stream = Some(chunk.stream);
        self.bytes.append(&mut chunk.bytes);
        self.due.get_or_insert_with(|| Instant::now() + GATHER);
    }

    async fn send(&mut self, sink: &RunSink) {
        self.due = None;
        if self.bytes.is_empty() {
            return;
        }
        let stream = match self.stream {
            Some(Stream::Stderr) => OutputStream::Stderr,
            _ => OutputStream::Result,
        };
        let text = Raw::from(std::mem::take(&mut self.bytes));
        // Nobody may be listening any more; the run goes on all the same.
        let _ = sink.send(RunnerEvent::Output { stream, text }).await;
        self.may_go_at = Some(Instant::now() + GATHER);
    }
}
