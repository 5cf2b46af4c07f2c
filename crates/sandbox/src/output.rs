//! What a run writes, passed on as it comes and no further than its limits.

use std::io;

use rustix::buffer::spare_capacity;
use tokio::{
    net::unix::pipe,
    sync::mpsc::{self, error::TrySendError},
};

use crate::{OutputChunk, Stream};

const READ_BYTES_MAX: usize = 64 * 1024;

/// One of the two pipes.
#[derive(Debug)]
pub struct Tap {
    stream: Stream,
    bytes_left: usize,
    /// There was more than the limit.
    pub overflowed: bool,
    /// The other end is closed.
    pub ended: bool,
    /// Read and not yet taken by whoever listens.
    held: Option<OutputChunk>,
}

impl Tap {
    pub fn new(stream: Stream, bytes_max: usize) -> Self {
        Self { stream, bytes_left: bytes_max, overflowed: false, ended: false, held: None }
    }

    /// Waits for the next piece and passes it on. Safe to be dropped halfway: what was read is held.
    pub async fn step(&mut self, pipe: &pipe::Receiver, listener: &mpsc::Sender<OutputChunk>) {
        if self.held.is_some() {
            self.pass_on(listener).await;
        } else if pipe.readable().await.is_ok() {
            let mut bytes = Vec::with_capacity(READ_BYTES_MAX);
            let got = pipe.try_read_buf(&mut bytes);
            self.take(got, bytes);
            self.pass_on_at_once(listener);
        }
    }

    /// What is in the pipe now. Returns when it is empty, whoever else may still hold it open.
    pub async fn drain(&mut self, pipe: &pipe::Receiver, listener: &mpsc::Sender<OutputChunk>) {
        self.pass_on(listener).await;
        while !self.ended && self.read_what_is_there(pipe) {
            self.pass_on(listener).await;
        }
    }

    /// Asks the kernel itself: the runtime may not have heard yet of what was written just before the end, and would say
    /// that there is nothing. Whether there was something.
    fn read_what_is_there(&mut self, pipe: &pipe::Receiver) -> bool {
        let mut bytes = Vec::with_capacity(READ_BYTES_MAX);
        let got = rustix::io::read(pipe, spare_capacity(&mut bytes)).map_err(io::Error::from);
        self.take(got, bytes)
    }

    /// Whether there was something.
    fn take(&mut self, got: io::Result<usize>, mut bytes: Vec<u8>) -> bool {
        match got {
            Ok(0) => self.ended = true,
            Ok(length) => {
                self.overflowed |= length > self.bytes_left;
                bytes.truncate(length.min(self.bytes_left));
                self.bytes_left -= bytes.len();
                if !bytes.is_empty() {
                    self.held = Some(OutputChunk { stream: self.stream, bytes });
                }
                return true;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
        false
    }

    fn pass_on_at_once(&mut self, listener: &mpsc::Sender<OutputChunk>) {
        if let Some(chunk) = self.held.take()
            && let Err(TrySendError::Full(chunk)) = listener.try_send(chunk)
        {
            self.held = Some(chunk);
        }
    }

    /// When nobody listens any more, it is dropped.
    async fn pass_on(&mut self, listener: &mpsc::Sender<OutputChunk>) {
        if self.held.is_none() {
            return;
        }
        if let Ok(place) = listener.reserve().await
            && let Some(chunk) = self.held.take()
        {
            place.send(chunk);
        }
        self.held = None;
    }
}
