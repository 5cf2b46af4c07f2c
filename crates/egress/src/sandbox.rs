//! The network of one sandboxed run: sockets that listen inside its namespace, served here under the egress policy.
//!
//! Nothing leads out of the namespace but these sockets. A name that the script looks up gets an address of its own
//! (`names.rs`, `dns.rs`), so a connection to that address is one to that name, whatever is spoken on it. When the
//! script connects, the name is judged by the action's list, resolved and judged by the policy, and the address that
//! was judged is connected to (`run.rs`); where the namespace has a gate, before the script's own connection stands
//! (`gate.rs`), else once it is accepted (`accept.rs`). Then bytes are passed and counted (`relay.rs`). All this begins
//! once the script uses one of the sockets (`doorbell.rs`): most scripts use none.

mod accept;
mod dns;
mod doorbell;
mod gate;
mod names;
mod packet;
mod record;
mod relay;
mod run;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{TcpListener, UdpSocket},
    os::fd::OwnedFd,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use errand_domain::HostContact;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::connect::Parts;

use doorbell::Doorbell;
use gate::Gate;
use run::Run;

/// What a sandbox hands over before its script starts. Every socket is bound inside the run's own network namespace,
/// where nothing else can be reached.
#[derive(Debug, Default)]
pub struct SandboxSockets {
    /// Listening TCP sockets to which the namespace redirects every outgoing connection.
    pub tcp: Vec<RedirectedListener>,
    /// UDP sockets bound to port 53, where the namespace's resolver asks.
    pub dns_udp: Vec<OwnedFd>,
    /// Listening TCP sockets on port 53.
    pub dns_tcp: Vec<OwnedFd>,
    /// The netlink socket of connections' first packets, where the kernel has such a queue.
    pub gate: Option<OwnedFd>,
}

#[derive(Debug)]
pub struct RedirectedListener {
    pub socket: OwnedFd,
    pub destination: Destination,
}

/// Where an accepted connection's original destination stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Redirected by nftables: `SO_ORIGINAL_DST` (or its IPv6 form) tells.
    OriginalDestination,
    /// Any address is local: `getsockname` of the accepted socket tells.
    SocketName,
}

/// The sandbox named a kind of socket that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "The sandbox handed over a socket of the unknown kind {0}. Build the image and the server from one version."
)]
pub struct UnknownRole(pub u8);

impl SandboxSockets {
    /// Sorts what came over the wire; the numbers are those of `Role` in `crates/sandbox/native/src/net/sockets.rs`.
    ///
    /// # Errors
    /// Names the first unknown number.
    pub fn from_roles(sockets: impl IntoIterator<Item = (u8, OwnedFd)>) -> Result<Self, UnknownRole> {
        let mut sorted = Self::default();
        for (role, socket) in sockets {
            let listener = |socket, destination| RedirectedListener { socket, destination };
            match role {
                1 => sorted.tcp.push(listener(socket, Destination::OriginalDestination)),
                2 => sorted.tcp.push(listener(socket, Destination::SocketName)),
                3 => sorted.dns_udp.push(socket),
                4 => sorted.dns_tcp.push(socket),
                5 => sorted.gate = Some(socket),
                other => return Err(UnknownRole(other)),
            }
        }
        Ok(sorted)
    }
}

/// What one run may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SandboxRules {
    /// Host names and literal addresses that may be reached (`api.stripe.com`, `*.zendesk.com`); empty for any.
    pub allowed_hosts: Vec<String>,
    pub limits: NetworkLimits,
}

/// Limits of one run's network. Its bytes are not limited: its time and the relay's small buffers do that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Connections that are open at once.
    pub connections_max: usize,
    /// Connections that are tried, all in all.
    pub attempts_max: u32,
    /// Different names that are looked up.
    pub names_max: u16,
    /// Questions to the name server.
    pub questions_max: u32,
    /// Hosts that are recorded; further ones are judged alike but not written down.
    pub contacts_max: usize,
    /// How long data that the script sent just before its end may take to get out.
    pub drain_timeout: Duration,
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self {
            connections_max: 128,
            attempts_max: 10_000,
            names_max: 1_000,
            questions_max: 20_000,
            contacts_max: 200,
            drain_timeout: Duration::from_secs(1),
        }
    }
}

/// A run's network while it is served. Dropping it closes every connection at once.
#[derive(Debug)]
pub struct SandboxNetwork {
    run: Arc<Run>,
    doorbell: Arc<Doorbell>,
    /// Said when the script has ended.
    closing: watch::Sender<bool>,
    /// Ends by itself once closing was said and what the script sent is out.
    serving: JoinSet<()>,
}

/// The name server on one socket, or the gate.
type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;

impl SandboxNetwork {
    pub(crate) fn start(parts: Arc<Parts>, sockets: SandboxSockets, rules: SandboxRules) -> io::Result<Self> {
        let run = Arc::new(Run::new(parts, rules, sockets.gate.is_some()));
        let doorbell = Arc::new(Doorbell::hang(sockets.all())?);
        let (closing, closes) = watch::channel(false);
        let mut serving = JoinSet::new();
        serving.spawn(serve(Arc::clone(&run), Arc::clone(&doorbell), sockets, closes));
        Ok(Self { run, doorbell, closing, serving })
    }

    /// The script has ended: what it sent goes out, everything is closed, and each host it reached or was kept from is
    /// given back once.
    pub async fn finish(mut self) -> Vec<HostContact> {
        if !self.doorbell.was_rung() {
            return Vec::new();
        }
        self.closing.send_replace(true);
        let drained = async { while self.serving.join_next().await.is_some() {} };
        // What is not out by then is lost, as on a machine that is switched off.
        let _ = timeout(self.run.limits().drain_timeout, drained).await;
        self.run.contacts()
    }
}

impl SandboxSockets {
    fn all(&self) -> impl Iterator<Item = &OwnedFd> {
        let tcp = self.tcp.iter().map(|listener| &listener.socket);
        tcp.chain(&self.dns_udp).chain(&self.dns_tcp).chain(&self.gate)
    }
}

/// Serves the sockets from their first use until closing is said and what the script sent is out.
async fn serve(
    run: Arc<Run>,
    doorbell: Arc<Doorbell>,
    sockets: SandboxSockets,
    closes: watch::Receiver<bool>,
) {
    if let Err(error) = serve_once_rung(&run, &doorbell, sockets, closes).await {
        // The script's connections wait in vain, or fail when the sockets are closed.
        tracing::warn!(%error, "a sandbox's network can't be served");
    }
}

async fn serve_once_rung(
    run: &Arc<Run>,
    doorbell: &Doorbell,
    sockets: SandboxSockets,
    closes: watch::Receiver<bool>,
) -> io::Result<()> {
    doorbell.rung().await?;
    let (accepting, answering) = (FuturesUnordered::new(), FuturesUnordered::<Answering>::new());
    for listener in sockets.tcp {
        let socket = tcp_listener(listener.socket)?;
        let door =
            accept::Door { run: Arc::clone(run), destination: listener.destination, closes: closes.clone() };
        accepting.push(accept::accept(door, socket));
    }
    for socket in sockets.dns_udp {
        let socket = UdpSocket::from(socket);
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        answering.push(Box::pin(dns::serve_udp(Arc::clone(run), socket)));
    }
    for socket in sockets.dns_tcp {
        answering.push(Box::pin(dns::serve_tcp(Arc::clone(run), tcp_listener(socket)?)));
    }
    if let Some(gate) = sockets.gate {
        answering.push(Box::pin(Gate::new(gate)?.serve(Arc::clone(run))));
    }
    let (accepted, answered) = (accepting.collect::<()>(), answering.collect::<()>());
    tokio::pin!(accepted, answered);
    // Names are answered and verdicts given for as long as a connection may need them.
    tokio::select! {
        () = &mut accepted => {}
        () = &mut answered => accepted.await,
    }
    Ok(())
}

fn tcp_listener(socket: OwnedFd) -> io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}
