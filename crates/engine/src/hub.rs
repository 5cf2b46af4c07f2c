//! Live tails of event streams: whoever follows a stream gets what the ledger holds and then what comes, without a gap.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use errand_domain::{Event, StreamId};
use errand_secrets::Masked;
use tokio::sync::broadcast;

/// Events that a slow listener may lag behind before it has to read the ledger again.
const LIVE_EVENTS_BUFFERED_MAX: usize = 256;

pub type LiveEvent = Arc<Event<Masked>>;

/// The streams that are being written in this process; those that nobody follows have no channel, since most runs by
/// API are never followed and a channel's buffer is large.
#[derive(Debug, Default)]
pub struct Hub {
    streams: Mutex<HashMap<StreamId, Option<broadcast::Sender<LiveEvent>>>>,
}

impl Hub {
    /// Announces a stream before its first event is written; who follows it already goes on doing so.
    pub fn open(&self, stream: StreamId) {
        self.lock().entry(stream).or_default();
    }

    /// Hands a committed event to whoever follows; forgets the stream after its last one.
    pub fn publish(&self, stream: StreamId, event: &LiveEvent) {
        let mut streams = self.lock();
        if let Some(Some(sender)) = streams.get(&stream) {
            // An error means that nobody listens, which is fine: the ledger has it.
            let _ = sender.send(Arc::clone(event));
        }
        if event.kind.ends(stream) {
            streams.remove(&stream);
        }
    }

    /// Forgets a stream that ended without a last event (its writer failed).
    pub fn close(&self, stream: StreamId) {
        self.lock().remove(&stream);
    }

    /// A tail from now on, when the stream is being written here.
    pub fn follow(&self, stream: StreamId) -> Option<broadcast::Receiver<LiveEvent>> {
        let mut streams = self.lock();
        let sender = streams.get_mut(&stream)?;
        Some(sender.get_or_insert_with(|| broadcast::Sender::new(LIVE_EVENTS_BUFFERED_MAX)).subscribe())
    }

    /// How many follow the stream; None when it is not being written here.
    pub fn followers(&self, stream: StreamId) -> Option<usize> {
        self.lock().get(&stream).map(|sender| sender.as_ref().map_or(0, broadcast::Sender::receiver_count))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Option<broadcast::Sender<LiveEvent>>>> {
        // The map is never left half-changed, so a panic elsewhere does not spoil it.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
