//! The chain from the first request to the last answer: redirects and retries.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error, connect::capture_connection};

use crate::{
    EgressError, InboundResponse, OutboundRequest, RequestRules,
    body::{self, ReadError},
    connect::{ConnectError, Connector},
    hop::{Hop, Target},
    journal::Journal,
};

type HttpClient = Client<Connector, Full<Bytes>>;

/// Waits before the first, second, … retry; the last one repeats.
const RETRY_AFTER_MS: [u64; 4] = [100, 250, 600, 1_500];

pub(crate) async fn follow(
    client: &HttpClient,
    request: OutboundRequest,
    rules: &RequestRules,
    journal: &mut Journal,
) -> Result<InboundResponse, EgressError> {
    let mut hop = Hop::first(request)?;
    let mut hops = 0;
    loop {
        if let Err(error) = hop.target.check_host(rules) {
            journal.refuses(&hop.target, &error);
            return Err(error);
        }
        let response = send_with_retries(client, &hop, rules, journal).await?;
        let status = response.status();
        let next = if rules.redirects_max == 0 { None } else { hop.redirect(status, response.headers())? };
        let Some(target) = next else {
            return read(response, Last { target: hop.target, hops }, rules, journal).await;
        };
        if hops == rules.redirects_max {
            let origin = hop.target.origin().to_owned();
            return Err(EgressError::TooManyRedirects { origin, redirects_max: hops });
        }
        hop = hop.redirected(status, target)?;
        hops += 1;
    }
}

struct Last {
    target: Target,
    hops: u8,
}

async fn read(
    response: Response<Incoming>,
    last: Last,
    rules: &RequestRules,
    journal: &mut Journal,
) -> Result<InboundResponse, EgressError> {
    journal.reads();
    let (mut head, incoming) = response.into_parts();
    let read = body::read(incoming, &mut head.headers, rules.response_bytes_max).await;
    journal.has_read();
    let read = read.map_err(|error| EgressError::Protocol {
        origin: last.target.origin().to_owned(),
        reason: match error {
            ReadError::Broken => "the connection broke within the answer".to_owned(),
            ReadError::BadGzip => "the answer says it is gzip but can't be unpacked".to_owned(),
        },
    })?;
    Ok(InboundResponse {
        status: head.status,
        headers: head.headers,
        body: read.body,
        truncated: read.truncated,
        final_url: last.target.url,
        hops: last.hops,
    })
}

async fn send_with_retries(
    client: &HttpClient,
    hop: &Hop,
    rules: &RequestRules,
    journal: &mut Journal,
) -> Result<Response<Incoming>, EgressError> {
    let idempotent = hop.method.is_idempotent();
    let retries_max = if idempotent { rules.retries_max } else { 0 };
    let mut retries = 0;
    let mut stale_connections = 0;
    loop {
        let sent = send_once(client, hop, journal).await;
        // A kept connection may have been closed by the other side just now. That is no failure of the host, and
        // asking again is harmless where the method is idempotent; a pool full of dead connections is no endless loop.
        if idempotent
            && matches!(&sent, Err(failed) if failed.stale)
            && stale_connections < STALE_CONNECTIONS_MAX
        {
            stale_connections += 1;
            continue;
        }
        let worth_another = match &sent {
            Ok(response) => is_passing(response.status()),
            Err(failed) => matches!(failed.error, EgressError::Unreachable { .. } | EgressError::Dns { .. }),
        };
        if !worth_another || retries == retries_max {
            return sent.map_err(|failed| failed.error);
        }
        tokio::time::sleep(retry_delay(hop.target.origin(), retries)).await;
        retries += 1;
    }
}

const STALE_CONNECTIONS_MAX: u8 = 3;

/// Answers that say "later" rather than "no".
fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// Up to a quarter is added, different per host and try, so that many callers don't come back in step.
fn retry_delay(origin: &str, retries: u8) -> Duration {
    let base = RETRY_AFTER_MS[usize::from(retries).min(RETRY_AFTER_MS.len() - 1)];
    let hash = origin.bytes().chain([retries]).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Duration::from_millis(base + (hash >> 32) % (base / 4))
}

struct Failed {
    error: EgressError,
    /// It failed on a connection that had served before, without a byte of an answer.
    stale: bool,
}

async fn send_once(
    client: &HttpClient,
    hop: &Hop,
    journal: &mut Journal,
) -> Result<Response<Incoming>, Failed> {
    let mut request = Request::new(Full::new(hop.body.clone()));
    *request.method_mut() = hop.method.clone();
    *request.uri_mut() = hop.target.uri.clone();
    *request.headers_mut() = hop.headers.clone();
    journal.asks(&hop.target, capture_connection(&mut request));
    let sent = client.request(request).await;
    let reused = journal.answered();
    sent.map_err(|error| failed(&error, hop, Reuse { reused }, journal))
}

struct Reuse {
    reused: bool,
}

fn failed(error: &Error, hop: &Hop, Reuse { reused }: Reuse, journal: &mut Journal) -> Failed {
    let origin = hop.target.origin().to_owned();
    if let Some(failure) = cause::<ConnectError>(error) {
        return Failed { error: connect_error(failure, origin, journal), stale: false };
    }
    let closed = cause::<hyper::Error>(error)
        .is_some_and(|error| error.is_incomplete_message() || error.is_canceled());
    let broken = cause::<std::io::Error>(error).is_some();
    let reason = match cause::<hyper::Error>(error) {
        Some(error) if error.is_parse_too_large() => "the answer's headers are too large".to_owned(),
        Some(error) if error.is_parse() => "the answer is not HTTP/1.1".to_owned(),
        _ => "the connection was closed before an answer came".to_owned(),
    };
    Failed { error: EgressError::Protocol { origin, reason }, stale: reused && (closed || broken) }
}

fn connect_error(failure: &ConnectError, origin: String, journal: &mut Journal) -> EgressError {
    let error = EgressError::of_connect(failure.clone(), origin);
    if let EgressError::AddressRefused { address, .. } = &error {
        journal.refused(address.to_string(), error.to_string());
    }
    error
}

fn cause<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
