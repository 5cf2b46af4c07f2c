//! The network of one run, set up from inside its new network namespace.
//!
//! The namespace has no device but loopback and never gets one, so nothing in it leads anywhere. What makes plain
//! clients work all the same is that *every* address is made local and every connection ends at a socket of ours,
//! which is handed to the supervisor. The order of steps:
//!
//! 1. `route`: loopback up, one address per family, and the routes that make every address local.
//! 2. `rules`: `nf_tables` turn every TCP connection to one listener and every question to port 53 to our name server,
//!    and reject the rest at once. Where the kernel has no `nf_tables`, there are listeners on the ports of
//!    [`PORTS_WITHOUT_RULES`] instead, and other ports refuse.
//! 3. `gate`: a queue on which the supervisor sees each connection's first packet, so that a refused one fails in
//!    `connect()` itself. Without it, a connection is judged once it is accepted: as safe, with a less apt error.
//! 4. `sockets`: the listening sockets.
//!
//! None of it is a wall: that is the empty namespace. A script that got around the rules would still only meet
//! loopback, and whoever serves the sockets judges each connection again.
//!
//! It runs in a freshly cloned child of an interpreter: system calls only, nothing allocated, no threads. It needs
//! `CAP_NET_ADMIN` and `CAP_NET_BIND_SERVICE` over the namespace, which the child drops afterwards.

mod gate;
mod netlink;
mod route;
mod rules;
mod sockets;

pub use sockets::{Handed, Role, Sockets};

pub use netlink::Failure;

/// Where every connection ends up. Privileged, so that no script can hold it.
const LISTENER_PORT: u16 = 1023;
const DNS_PORT: u16 = 53;

/// The ports that work where the kernel has no `nf_tables`: web, mail, remote shells, and the usual databases and
/// brokers.
pub const PORTS_WITHOUT_RULES: [u16; 32] = [
    21, 22, 25, 80, 110, 143, 389, 443, 465, 587, 636, 993, 995, 1433, 1521, 2525, 3000, 3306, 4443, 5000,
    5432, 5672, 6379, 8000, 8029, 8030, 8080, 8443, 9000, 9092, 9200, 27017,
];

/// What brings connections to the supervisor, from the best to what every kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Means {
    /// All ports, and a verdict before the connection is made.
    Gate,
    /// The same, on kernels that know how to queue packets by the iptables target only.
    CompatibleGate,
    /// All ports.
    Rules,
    /// The ports of [`PORTS_WITHOUT_RULES`].
    Ports,
}

impl Means {
    pub const ALL: [Self; 4] = [Self::Gate, Self::CompatibleGate, Self::Rules, Self::Ports];
}

/// Sets the current network namespace up with `best` or the next that the kernel offers. The caller passes the sockets
/// on and closes them.
///
/// # Errors
/// The step that failed with its error number. Nothing has to be undone: the namespace ends with its process.
pub fn set_up(best: Means) -> Result<Sockets, Failure> {
    let (means, v6) = lay(best)?;
    let mut sockets = Sockets::default();
    if means == Means::Ports {
        for port in PORTS_WITHOUT_RULES {
            sockets.listen(port, Role::AnyAddressTcp, v6)?;
        }
    } else {
        sockets.listen(LISTENER_PORT, Role::TurnedTcp, v6)?;
    }
    if means <= Means::CompatibleGate
        && let Ok(gate) = gate::open()
    {
        sockets.add(gate, Role::Gate);
    }
    sockets.listen(DNS_PORT, Role::DnsTcp, v6)?;
    sockets.listen(DNS_PORT, Role::DnsUdp, v6)?;
    Ok(sockets)
}

/// Routes and rules: what the kernel took, from `best` down, and whether there is IPv6.
///
/// What the kernel refuses, it takes back only after all processors have let go of it, and that is many times longer than
/// all the rest. So the best is to be found once and not by each child.
pub fn lay(best: Means) -> Result<(Means, bool), Failure> {
    route::set_up_v4()?;
    // A kernel may come without IPv6; then names have IPv4 addresses only.
    let v6 = route::set_up_v6().is_ok();
    Ok((rules::set_up(best, v6), v6))
}
