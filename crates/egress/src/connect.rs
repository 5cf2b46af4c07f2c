//! Opening a connection: name → addresses → policy → TCP → TLS, in one place.
//!
//! Judging where the connection is made, rather than in a name resolver handed to a client, is what lets a range be
//! opened for one port only, covers addresses written out in the URL, and leaves no second look-up in which a name
//! could point elsewhere.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Semaphore,
    task::spawn_blocking,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{EgressPolicy, Refusal, address::canonical};

/// Below this the HTTP parser refuses to work.
pub(crate) const BUFFER_BYTES_MIN: usize = 8192;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;
/// How long one address may take while others remain, so that a dead IPv6 route does not eat the whole timeout.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct Connector {
    parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) policy: Arc<EgressPolicy>,
    pub(crate) resolver: Resolver,
    pub(crate) tls: Arc<ClientConfig>,
    /// For all of one connection.
    pub(crate) timeout: Duration,
    /// Names that sandboxed runs look up at once. Each takes one of the threads that the whole program has for what blocks,
    /// for as long as name servers are silent.
    pub(crate) sandbox_look_ups: Arc<Semaphore>,
}

impl Parts {
    /// Of a name's addresses those that may be connected to; refused when none is left.
    pub(crate) fn allowed(&self, addresses: &[IpAddr], port: u16) -> Result<Vec<IpAddr>, ConnectError> {
        let mut refused = None;
        let mut allowed = Vec::with_capacity(addresses.len());
        for address in addresses.iter().copied().map(canonical).take(ADDRESSES_MAX) {
            match self.policy.judge(address, port) {
                Ok(()) => allowed.push(address),
                Err(refusal) => {
                    refused.get_or_insert(ConnectError::Refused { address, port, refusal });
                }
            }
        }
        match refused {
            Some(refused) if allowed.is_empty() => Err(refused),
            _ if allowed.is_empty() => Err(ConnectError::Dns),
            _ => Ok(allowed),
        }
    }
}

impl Connector {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<Stream>, ConnectError> {
        let started = Instant::now();
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });

        let addresses = self.parts.resolver.resolve(host, port).await?;
        let allowed = self.parts.allowed(&addresses, port)?;
        let tcp = open_first(&allowed, port).await?;
        let link = Link::new(tcp.address);
        let counted = Counted { stream: tcp.stream, link: link.clone() };
        let stream = if secure { self.secure(host, counted).await? } else { Stream::Plain(counted) };
        link.0.connect_us.store(micros(started.elapsed()), Ordering::Relaxed);
        Ok(TokioIo::new(stream))
    }

    async fn secure(&self, host: &str, stream: Counted) -> Result<Stream, ConnectError> {
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned())
            .map_err(|_| ConnectError::Tls("the host is no name a certificate can have".to_owned()))?;
        let secured = TlsConnector::from(Arc::clone(&self.parts.tls)).connect(name, stream).await;
        secured
            .map(|stream| Stream::Tls(Box::new(stream)))
            .map_err(|error| ConnectError::Tls(error.to_string()))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let limit = connector.parts.timeout;
            timeout(limit, connector.connect(uri)).await.unwrap_or(Err(ConnectError::TimedOut))
        })
    }
}

pub(crate) struct OpenedTcp {
    pub(crate) stream: TcpStream,
    pub(crate) address: IpAddr,
}

/// The first of the addresses that takes the connection.
pub(crate) async fn open_first(addresses: &[IpAddr], port: u16) -> Result<OpenedTcp, ConnectError> {
    let mut failed = ConnectError::Dns;
    for (index, address) in addresses.iter().copied().enumerate() {
        let attempt = TcpStream::connect(SocketAddr::new(address, port));
        let opened = if index + 1 == addresses.len() {
            attempt.await
        } else {
            timeout(ADDRESS_TIMEOUT, attempt).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        match opened {
            Ok(stream) => {
                // Small requests go out at once; a failure to say so only costs speed.
                let _ = stream.set_nodelay(true);
                return Ok(OpenedTcp { stream, address });
            }
            Err(error) => failed = ConnectError::Unreachable(error.kind()),
        }
    }
    Err(failed)
}

/// Where names are looked up.
pub(crate) enum Resolver {
    /// As the machine does it (hosts file, DNS), after a look at the names that have been given addresses by hand.
    System { hosts: HashMap<String, Vec<IpAddr>> },
    /// Answers given in advance, one list per look-up.
    #[cfg(test)]
    Scripted(std::sync::Mutex<std::collections::VecDeque<Vec<IpAddr>>>),
    /// Name servers that never answer.
    #[cfg(test)]
    Silent { asked: AtomicU64 },
}

impl Resolver {
    pub(crate) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, ConnectError> {
        self.resolve_holding(host, port, ()).await
    }

    /// `held` is let go when the look-up is over, which may be long after nobody waits for it any more.
    pub(crate) async fn resolve_holding(
        &self,
        host: &str,
        port: u16,
        held: impl Send + 'static,
    ) -> Result<Vec<IpAddr>, ConnectError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        match self {
            Self::System { hosts } => {
                if let Some(addresses) = hosts.get(&host.to_ascii_lowercase()) {
                    return Ok(addresses.clone());
                }
                let asked = (host.to_owned(), port);
                let look_up = move || {
                    let found = (asked.0.as_str(), asked.1).to_socket_addrs();
                    drop(held);
                    found
                };
                let found = spawn_blocking(look_up).await.map_err(|_| ConnectError::Dns)?;
                let found = found.map_err(|_| ConnectError::Dns)?;
                let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                addresses.dedup();
                Ok(addresses)
            }
            #[cfg(test)]
            Self::Scripted(answers) => {
                let next = answers.lock().map_err(|_| ConnectError::Dns)?.pop_front();
                next.ok_or(ConnectError::Dns)
            }
            #[cfg(test)]
            Self::Silent { asked } => {
                asked.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
                drop(held);
                Err(ConnectError::Dns)
            }
        }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("{address} is {refusal}")]
    Refused { address: IpAddr, port: u16, refusal: Refusal },
    #[error("the name could not be resolved")]
    Dns,
    #[error("no connection: {0}")]
    Unreachable(io::ErrorKind),
    #[error("no secure connection: {0}")]
    Tls(String),
    #[error("the connection took too long")]
    TimedOut,
}

/// What is known of one connection, shared between it and the requests that use it one after another.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<LinkState>);

#[derive(Debug)]
struct LinkState {
    address: IpAddr,
    connect_us: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    used: AtomicBool,
}

/// Bytes on the wire since they were last asked for, TLS included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traffic {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Link {
    pub(crate) fn new(address: IpAddr) -> Self {
        Self(Arc::new(LinkState {
            address,
            connect_us: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            used: AtomicBool::new(false),
        }))
    }

    pub(crate) fn of(connected: &Connected) -> Option<Self> {
        let mut extensions = http::Extensions::new();
        connected.get_extras(&mut extensions);
        extensions.remove()
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.0.address
    }

    pub(crate) fn count_sent(&self, bytes: usize) {
        self.0.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_received(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// True but for the first request of the connection.
    pub(crate) fn mark_used(&self) -> bool {
        self.0.used.swap(true, Ordering::Relaxed)
    }

    /// What opening it took; given to one request only.
    pub(crate) fn take_connect_us(&self) -> u64 {
        self.0.connect_us.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn take_traffic(&self) -> Traffic {
        Traffic {
            sent: self.0.sent.swap(0, Ordering::Relaxed),
            received: self.0.received.swap(0, Ordering::Relaxed),
        }
    }
}

/// A TCP stream that counts.
pub(crate) struct Counted {
    stream: TcpStream,
    link: Link,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        self.link.count_received(read);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.count_sent(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.count_sent(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Counted {
    fn count_sent(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(written)) = &polled {
            self.link.count_sent(*written);
        }
        polled
    }
}

pub(crate) enum Stream {
    Plain(Counted),
    Tls(Box<TlsStream<Counted>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let counted = match self {
            Self::Plain(counted) => counted,
            Self::Tls(stream) => stream.get_ref().0,
        };
        Connected::new().extra(counted.link.clone())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
