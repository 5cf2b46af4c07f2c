//! Server-sent events and plain text chunks of a turn.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use errand_domain::{EventKind, event::OutputStream};
use errand_engine::{
    Result,
    access::{Ask, Permit, Scope},
    hub::LiveEvent,
    turn::CancelGuard,
};
use futures_util::{Stream, StreamExt as _};

use crate::wire::execution::event_json;

/// Proxies close silent connections; a comment goes out this often.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Something to hold as long as the client listens; dropping it cancels the turn.
pub type Attending = Option<CancelGuard>;

/// What of a turn a caller gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Everything,
    /// Without the requests, hosts and logs behind an action: they are its builder's matter, and an asker may not read them
    /// in the history either.
    Asker,
}

impl View {
    fn of(permit: &Permit<Ask>) -> Self {
        if permit.caller.may(Scope::Manage, permit.guru_id()) { Self::Everything } else { Self::Asker }
    }

    fn shows(self, event: &LiveEvent) -> bool {
        let is_for_builders = matches!(
            event.kind,
            EventKind::HttpExchanged { .. }
                | EventKind::HostContacted { .. }
                | EventKind::ActionOutput { stream: OutputStream::Stderr, .. }
        );
        self == Self::Everything || !is_for_builders
    }
}

/// The events that the caller may see, each with its number, so that a client can go on where it stopped.
pub fn events(
    permit: &Permit<Ask>,
    stream: impl Stream<Item = Result<LiveEvent>> + Send + 'static,
    attending: Attending,
) -> Response {
    let view = View::of(permit);
    let visible = stream
        .filter(move |event| std::future::ready(event.as_ref().map_or(true, |event| view.shows(event))));
    let events = visible.map(move |event| {
        let _hold = &attending;
        Ok::<_, Infallible>(match event {
            Ok(event) => Event::default()
                .id(event.seq.to_string())
                .event(event.kind.name())
                .data(event_json(&event).to_string()),
            Err(error) => {
                tracing::error!(%error, "an event stream broke off");
                Event::default()
                    .event("error")
                    .data("{\"msg\":\"The stream broke off; reconnect to go on.\"}")
            }
        })
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

/// The answer's text alone, in chunks as it comes.
pub fn text(
    stream: impl Stream<Item = Result<LiveEvent>> + Send + 'static,
    attending: Attending,
) -> Response {
    let chunks = stream.filter_map(move |event| {
        let _hold = &attending;
        let chunk = match event.map(|event| event.kind.clone()) {
            Ok(EventKind::AnswerText { text }) => Some(Ok(Bytes::from(text.to_string()))),
            Ok(EventKind::TurnFinished { error: Some(error), .. }) => {
                Some(Ok(Bytes::from(error.to_string())))
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        };
        std::future::ready(chunk)
    });
    let mut response = Body::from_stream(chunks).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Where a reconnecting browser says it stopped.
pub fn last_event_id(headers: &HeaderMap) -> Option<u32> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}
