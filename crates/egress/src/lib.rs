//! The one way out: every HTTP request that leaves Errand is sent here, under one policy.
//!
//! What it promises: no request reaches an address that the operator has not opened (see [`EgressPolicy`]); the
//! address that was checked is the address that is connected to, since names are resolved, judged and connected in
//! one step (`connect.rs`); every redirect is a new request that is judged again; nothing that may hold a credential
//! follows a redirect to another origin; an answer can't be larger or slower than its caller allows. Proxy settings
//! of the environment are not read: a proxy would connect to addresses that nobody judged.
//!
//! Mail is handed in at the one server that the operator named (`mail.rs`), which therefore needs no judging.
//!
//! It must not know actions, placeholders, secrets or history: it gets a finished request and gives back what came
//! of it. Its errors name scheme, host and port only, because the rest of an address may hold a secret.

mod address;
mod body;
mod connect;
mod error;
mod follow;
mod hop;
mod hosts;
mod journal;
mod mail;
mod open_range;
mod own_address;
mod policy;
mod request;
mod sandbox;
mod tls;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, io, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};

pub use address::Rule;
pub use error::{EgressError, Stage};
pub use hosts::host_matches;
pub use mail::{MailCredentials, MailError, MailRequest, MailSecurity, send_mail};
pub use open_range::{OpenRange, OpenRangeError};
pub use policy::{EgressPolicy, Refusal};
pub use request::{InboundResponse, OutboundRequest, Outcome, RequestRules, Timings};
pub use sandbox::{
    Destination, NetworkLimits, RedirectedListener, SandboxNetwork, SandboxRules, SandboxSockets, UnknownRole,
};
pub use tls::SetupError;

use connect::{Connector, Parts, Resolver};
use journal::Journal;

/// Limits that hold for all requests together; those of a single request are in [`RequestRules`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressLimits {
    /// For DNS, TCP and TLS of one connection, within the request's own timeout.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept. Below what common servers and balancers keep, so that a request is
    /// rarely sent into a connection that the other side is just closing.
    pub idle_timeout: Duration,
    /// Unused connections kept per origin.
    pub idle_connections_max: usize,
    /// Bytes of an answer's status line and headers. Their number is limited to 100 by the HTTP parser.
    pub header_bytes_max: usize,
}

impl Default for EgressLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            idle_connections_max: 32,
            header_bytes_max: 64 * 1024,
        }
    }
}

/// Names that all sandboxed runs together look up at once: a quarter of the threads for what blocks, which API calls and
/// storage need too.
const SANDBOX_LOOK_UPS_MAX: usize = 128;

/// The shared HTTP client. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub struct Egress {
    client: Client<Connector, Full<Bytes>>,
    parts: Arc<Parts>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("policy", &self.parts.policy).finish_non_exhaustive()
    }
}

impl Egress {
    /// Reads the machine's root certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured); where it has none, a
    /// built-in list is used.
    ///
    /// # Errors
    /// When TLS can't be set up at all.
    pub fn new(policy: EgressPolicy, limits: &EgressLimits) -> Result<Self, SetupError> {
        Self::with_hosts(policy, limits, HashMap::new())
    }

    /// The same with addresses given by hand for some names, as a hosts file does; they are judged like any other.
    ///
    /// # Errors
    /// When TLS can't be set up at all.
    pub fn with_hosts(
        policy: EgressPolicy,
        limits: &EgressLimits,
        hosts: HashMap<String, Vec<IpAddr>>,
    ) -> Result<Self, SetupError> {
        Ok(Self::assemble(policy, limits, Resolver::System { hosts }, tls::client_config()?))
    }

    fn assemble(
        policy: EgressPolicy,
        limits: &EgressLimits,
        resolver: Resolver,
        tls: rustls::ClientConfig,
    ) -> Self {
        let parts = Arc::new(Parts {
            policy: Arc::new(policy),
            resolver,
            tls: Arc::new(tls),
            timeout: limits.connect_timeout,
            sandbox_look_ups: Arc::new(tokio::sync::Semaphore::new(SANDBOX_LOOK_UPS_MAX)),
        });
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits.idle_timeout)
            .pool_max_idle_per_host(limits.idle_connections_max)
            .http1_max_buf_size(limits.header_bytes_max.max(connect::BUFFER_BYTES_MIN))
            .build(Connector::new(Arc::clone(&parts)));
        Self { client, parts }
    }

    pub fn policy(&self) -> &EgressPolicy {
        &self.parts.policy
    }

    /// Serves the network of one sandboxed run until the returned value is finished or dropped. It must be called on
    /// the runtime that is to do the work.
    ///
    /// # Errors
    /// When a socket can't be taken over.
    pub fn serve_sandbox(&self, sockets: SandboxSockets, rules: SandboxRules) -> io::Result<SandboxNetwork> {
        SandboxNetwork::start(Arc::clone(&self.parts), sockets, rules)
    }

    /// Sends a request, follows its redirects and reads the answer. Dropping the future closes the connection.
    pub async fn send(&self, request: OutboundRequest, rules: &RequestRules) -> Outcome {
        self.send_watched(request, rules, |_| ()).await
    }

    /// Like `send`; `watch` is shown the last answer's body piece by piece as it comes, within the cap.
    pub async fn send_watched(
        &self,
        request: OutboundRequest,
        rules: &RequestRules,
        mut watch: impl FnMut(&[u8]) + Send,
    ) -> Outcome {
        let mut journal = Journal::start();
        let followed = follow::follow(&self.client, request, rules, &mut journal, &mut watch);
        let result = match tokio::time::timeout(rules.timeout, followed).await {
            Ok(result) => result,
            Err(_) => Err(journal.timed_out(rules.timeout)),
        };
        journal.finish(result)
    }
}
