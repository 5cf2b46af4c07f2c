//! What goes in and what comes out.

use std::time::Duration;

use bytes::Bytes;
use errand_domain::HostContact;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::EgressError;

/// A request as it is to be sent. `Host` and `Content-Length` are added; nothing else is.
#[derive(Clone)]
pub struct OutboundRequest {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Bytes,
}

/// What one request may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRules {
    /// Host names that may be asked (`api.stripe.com`, `*.zendesk.com`), on every redirect too; empty for any.
    pub allowed_hosts: Vec<String>,
    /// For everything: names, connections, redirects, retries and the whole answer.
    pub timeout: Duration,
    /// 0 gives the redirect itself as the answer.
    pub redirects_max: u8,
    /// Further tries after a failed connection or a 502, 503 or 504. Ignored for methods that are not idempotent.
    pub retries_max: u8,
    /// Of the answer's body, after decompression.
    pub response_bytes_max: usize,
}

/// What came of a request.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<InboundResponse, EgressError>,
    /// Every host that was asked or refused, in order.
    pub contacts: Vec<HostContact>,
    /// A request went onto a connection at least once: even if there is no answer, it may have taken effect.
    pub request_sent: bool,
    pub timings: Timings,
}

/// The last answer.
#[derive(Debug, Clone)]
pub struct InboundResponse {
    pub status: StatusCode,
    /// Without `Content-Encoding` and `Content-Length` where the body was decompressed.
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body was longer than allowed and ends early.
    pub truncated: bool,
    pub final_url: Url,
    /// How many redirects were followed.
    pub hops: u8,
}

/// Where the time went, in microseconds, summed over redirects and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// DNS, TCP and TLS of new connections; 0 when one was reused.
    pub connect_us: u64,
    /// From the request's start to the answer's headers, without `connect_us`.
    pub wait_us: u64,
    /// The answer's body.
    pub read_us: u64,
}

impl std::fmt::Debug for OutboundRequest {
    /// Everything but the method may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundRequest").field("method", &self.method).finish_non_exhaustive()
    }
}
