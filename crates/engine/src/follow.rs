//! Following a stream: what the ledger holds after event N, then what comes, until the stream ends.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use errand_domain::{GuruId, StreamId, TurnStatus};
use errand_storage::{conversations, events, executions};
use futures_util::{Stream, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{Engine, error::Result, hub::LiveEvent};

/// How often the ledger is read for a stream that another process writes.
const FOREIGN_POLL: Duration = Duration::from_millis(200);
/// Events read from the ledger at a time.
const EVENTS_READ_MAX: u32 = 500;

struct Following {
    engine: Engine,
    guru_id: GuruId,
    stream: StreamId,
    last_seq: u32,
    ready: VecDeque<LiveEvent>,
    live: Option<Receiver<LiveEvent>>,
    ended: bool,
}

impl Engine {
    /// Every event of the stream with a number over `after`, in order and without gaps; ends with the stream's end.
    /// Works on any node: a stream that is written elsewhere is read from the ledger as it grows.
    pub fn follow(
        &self,
        guru_id: GuruId,
        stream: StreamId,
        after: u32,
    ) -> impl Stream<Item = Result<LiveEvent>> + Send + use<> {
        // Listening comes before reading, so that nothing falls between the two.
        let live = self.hub().follow(stream);
        let state = Following {
            engine: self.clone(),
            guru_id,
            stream,
            last_seq: after,
            ready: VecDeque::new(),
            live,
            ended: false,
        };
        stream::try_unfold((state, true), |(mut state, first)| async move {
            let event = state.next(first).await?;
            Ok(event.map(|event| (event, (state, false))))
        })
    }
}

impl Following {
    async fn next(&mut self, first: bool) -> Result<Option<LiveEvent>> {
        if first {
            self.read_ledger().await?;
        }
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last_seq = event.seq;
                self.ended = event.kind.ends(self.stream);
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            self.wait().await?;
        }
    }

    async fn wait(&mut self) -> Result<()> {
        let Some(live) = &mut self.live else { return self.wait_for_ledger().await };
        match live.recv().await {
            Ok(event) if event.seq.checked_sub(self.last_seq) == Some(1) => self.ready.push_back(event),
            Ok(event) if event.seq <= self.last_seq => {}
            // A gap: this listener fell behind, or the stream ended; the ledger has everything.
            Ok(_) | Err(RecvError::Lagged(_)) => self.read_ledger().await?,
            Err(RecvError::Closed) => {
                self.live = None;
                self.read_ledger().await?;
            }
        }
        Ok(())
    }

    /// Whether the stream is over is asked before its rest is read, so that nothing is written in between unseen.
    async fn wait_for_ledger(&mut self) -> Result<()> {
        let over = self.is_over().await?;
        self.read_ledger().await?;
        if self.ready.is_empty() {
            self.ended = over;
            if !over {
                tokio::time::sleep(FOREIGN_POLL).await;
                self.live = self.engine.hub().follow(self.stream);
                self.read_ledger().await?;
            }
        }
        Ok(())
    }

    /// A stream whose row ended or is gone will say nothing more, even if it has no last event.
    async fn is_over(&self) -> Result<bool> {
        let db = &self.engine.db().reader;
        Ok(match self.stream {
            StreamId::Turn(id) => conversations::turn(db, self.guru_id, id)
                .await?
                .is_none_or(|turn| turn.status != TurnStatus::Running),
            StreamId::Execution(id) => executions::by_id(db, self.guru_id, id)
                .await?
                .is_none_or(|execution| execution.status.is_final()),
        })
    }

    async fn read_ledger(&mut self) -> Result<()> {
        let read = events::after(
            &self.engine.db().reader,
            self.guru_id,
            self.stream,
            self.last_seq,
            EVENTS_READ_MAX,
        )
        .await?;
        self.ready = read.into_iter().map(Arc::new).collect();
        Ok(())
    }
}
