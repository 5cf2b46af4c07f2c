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

    /// What is in the pipe now, whoever else may still write to it: processes that the script left do, without an end.
    pub async fn drain(&mut self, pipe: &pipe::Receiver, listener: &mpsc::Sender<OutputChunk>) {
        self.pass_on(listener).await;
        let mut left = rustix::io::ioctl_fionread(pipe).unwrap_or(0);
        while left > 0 && !self.ended {
            let read = self.read_what_is_there(pipe) as u64;
            if read == 0 {
                return;
            }
            left = left.saturating_sub(read);
            self.pass_on(listener).await;
        }
    }

    /// Asks the kernel itself: the runtime may not have heard yet of what was written just before the end, and would say
    /// that there is nothing.
    fn read_what_is_there(&mut self, pipe: &pipe::Receiver) -> usize {
        let mut bytes = Vec::with_capacity(READ_BYTES_MAX);
        let got = rustix::io::read(pipe, spare_capacity(&mut bytes)).map_err(io::Error::from);
        self.take(got, bytes)
    }

    /// How much there was.
    fn take(&mut self, got: io::Result<usize>, mut bytes: Vec<u8>) -> usize {
        match got {
            Ok(0) => self.ended = true,
            Ok(length) => {
                self.overflowed |= length > self.bytes_left;
                bytes.truncate(length.min(self.bytes_left));
                self.bytes_left -= bytes.len();
                if !bytes.is_empty() {
                    self.held = Some(OutputChunk { stream: self.stream, bytes });
                }
                return length;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
        0
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Whoever still writes to the pipe is not waited for, however fast it is.
    #[tokio::test]
    async fn draining_takes_what_is_there_and_no_more() {
        const WRITTEN: usize = READ_BYTES_MAX + 1;
        let (end, mut other) = std::io::pipe().expect("a pipe");
        rustix::pipe::fcntl_setpipe_size(&other, 4 * READ_BYTES_MAX).expect("a large pipe");
        other.write_all(&vec![b'x'; WRITTEN]).expect("written");
        let end = pipe::Receiver::from_owned_fd(end.into()).expect("a pipe");
        let (sender, mut receiver) = mpsc::channel(1);
        let listening = tokio::spawn(async move {
            let mut taken = 0;
            while let Some(OutputChunk { bytes, .. }) = receiver.recv().await {
                taken += bytes.len();
                other.write_all(&[b'y'; 100]).expect("written");
            }
            taken
        });
        let mut tap = Tap::new(Stream::Stdout, 1 << 20);
        tap.drain(&end, &sender).await;
        drop(sender);
        let taken = listening.await.expect("listened");
        assert!((WRITTEN..WRITTEN + READ_BYTES_MAX).contains(&taken), "{taken}");
    }
}
