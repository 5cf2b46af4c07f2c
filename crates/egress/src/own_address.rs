//! Whether this machine has an address: connections to it never leave the machine, whichever network it is of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Any will do: nothing is sent.
const PORT: u16 = 9;

/// Asks the kernel's routes: from its own address to its own address. One that can't be routed to is not this machine's.
pub(crate) fn is_own(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, PORT))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expect: bool) {
        assert_eq!(is_own(address.parse().expect("an address")), expect, "{address}");
    }

    #[test]
    fn the_machine_knows_its_own_addresses() {
        check("127.0.0.1", true);
        if UdpSocket::bind("[::1]:0").is_ok() {
            check("::1", true);
        }
        for public in ["1.1.1.1", "8.8.8.8", "2606:4700::1111"] {
            check(public, false);
        }
        // Whatever else it has: the address by which it would leave.
        let socket = UdpSocket::bind(("0.0.0.0", 0)).expect("a socket");
        if socket.connect(("1.1.1.1", PORT)).is_ok() {
            assert!(is_own(socket.local_addr().expect("an address").ip()));
        }
    }
}
