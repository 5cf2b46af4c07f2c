//! The network of one sandboxed run: sockets that listen inside its namespace, served here under the egress policy.

use std::os::fd::OwnedFd;

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
