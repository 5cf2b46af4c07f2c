//! The gate of a run's namespace: each connection's first packet waits here for a verdict, so that a refused connection
//! fails in the script's `connect()`, and one that stands leads to a host that has answered.
//!
//! It speaks `nfnetlink_queue`. The gate only makes errors apt: if it is lost, packets go on and connections are judged
//! when they are accepted.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::OwnedFd,
    sync::Arc,
};

use tokio::{net::UnixDatagram, task::JoinSet};

use super::run::{Denial, Run, Verdict};

/// Marks that the namespace's rules act on; `crates/sandbox/native/src/net/rules.rs` has the same numbers.
const MARK_NONE: u32 = 0;
const MARK_REFUSED: u32 = 1;
const MARK_UNREACHABLE: u32 = 2;
const MARK_OWN: u32 = 3;

const NF_DROP: u32 = 0;
const NF_ACCEPT: u32 = 1;

const QUEUE_PACKET: u16 = 3 << 8;
const QUEUE_VERDICT: u16 = 3 << 8 | 1;
const ATTRIBUTE_PACKET: u16 = 1;
const ATTRIBUTE_VERDICT: u16 = 2;
const ATTRIBUTE_MARK: u16 = 3;
const ATTRIBUTE_PAYLOAD: u16 = 10;

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const HEADER_BYTES: usize = 16;
const FAMILY_HEADER_BYTES: usize = 4;
/// One packet's headers with all that the kernel says of it.
const MESSAGE_BYTES_MAX: usize = 4096;

const RST: u8 = 0b100;

/// The type is that of a datagram socket of this machine, whose plain `recv` and `send` are all that netlink needs.
pub(super) struct Gate {
    socket: UnixDatagram,
}

/// A first packet, or the answer of a loopback where nobody listens.
#[derive(Debug, PartialEq, Eq)]
struct Packet {
    number: u32,
    /// None for what can't be read; it is let through and judged when it is accepted.
    head: Option<Head>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    from: SocketAddr,
    to: SocketAddr,
    is_reset: bool,
}

impl Gate {
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UnixDatagram::from_std(socket)? })
    }

    pub(super) async fn serve(self, run: Arc<Run>) {
        let gate = Arc::new(self);
        let mut deciding = JoinSet::new();
        loop {
            let read = tokio::select! {
                read = gate.read() => read,
                Some(_) = deciding.join_next() => continue,
            };
            match read {
                Ok(packets) => {
                    for packet in packets {
                        deciding.spawn(decide(Arc::clone(&gate), Arc::clone(&run), packet));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a sandbox's network lost its gate; connections are judged when accepted");
                    break run.lose_gate();
                }
            }
        }
    }

    async fn read(&self) -> io::Result<Vec<Packet>> {
        let mut buffer = [0; MESSAGE_BYTES_MAX];
        loop {
            match self.socket.recv(&mut buffer).await {
                Ok(read) => return packets(buffer.get(..read).unwrap_or_default()),
                // More packets than are read: the kernel dropped some, and their senders try again.
                Err(error) if error.raw_os_error() == Some(ENOBUFS) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The kernel takes a verdict at once or answers with an error, which [`packets`] finds.
    async fn answer(&self, number: u32, verdict: Verdict) {
        let (action, mark) = match verdict {
            Verdict::Accept => (NF_ACCEPT, MARK_NONE),
            Verdict::Drop => (NF_DROP, MARK_NONE),
            Verdict::Deny(Denial::Refused) => (NF_ACCEPT, MARK_REFUSED),
            Verdict::Deny(Denial::Unreachable) => (NF_ACCEPT, MARK_UNREACHABLE),
            Verdict::Deny(Denial::Own) => (NF_ACCEPT, MARK_OWN),
        };
        let message = verdict_message(number, action, mark);
        if let Err(error) = self.socket.send(&message).await {
            tracing::debug!(%error, "a verdict on a sandbox's packet was not taken");
        }
    }
}

const ENOBUFS: i32 = 105;

async fn decide(gate: Arc<Gate>, run: Arc<Run>, packet: Packet) {
    let verdict = match packet.head {
        Some(head) if head.is_reset => {
            run.nobody_listens(head.from);
            Verdict::Accept
        }
        Some(head) => run.prepare((head.from, head.to)).await,
        None => Verdict::Accept,
    };
    gate.answer(packet.number, verdict).await;
}

fn verdict_message(number: u32, action: u32, mark: u32) -> Vec<u8> {
    let mut message = vec![0; HEADER_BYTES + FAMILY_HEADER_BYTES];
    message[4..6].copy_from_slice(&QUEUE_VERDICT.to_ne_bytes());
    message[6..8].copy_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    let mut attribute = |kind: u16, value: &[u8]| {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        message.extend(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(value);
    };
    let [a0, a1, a2, a3] = action.to_be_bytes();
    let [n0, n1, n2, n3] = number.to_be_bytes();
    attribute(ATTRIBUTE_VERDICT, &[a0, a1, a2, a3, n0, n1, n2, n3]);
    attribute(ATTRIBUTE_MARK, &mark.to_be_bytes());
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    message[..4].copy_from_slice(&length.to_ne_bytes());
    message
}

/// The packets in what the kernel sent; its error, when it sent one.
fn packets(mut bytes: &[u8]) -> io::Result<Vec<Packet>> {
    let mut packets = Vec::new();
    while let Some((&[l0, l1, l2, l3, k0, k1, ..], rest)) = bytes.split_first_chunk::<HEADER_BYTES>() {
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let body = rest.get(..length.saturating_sub(HEADER_BYTES)).unwrap_or(rest);
        match u16::from_ne_bytes([k0, k1]) {
            NLMSG_ERROR => {
                let code = body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
                // A verdict came for a packet that is gone.
                if code != 0 && code != -ENOENT {
                    return Err(io::Error::from_raw_os_error(-code));
                }
            }
            QUEUE_PACKET => packets.extend(packet(body.get(FAMILY_HEADER_BYTES..).unwrap_or_default())),
            _ => {}
        }
        bytes = bytes.get(length.max(HEADER_BYTES).next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(packets)
}

const ENOENT: i32 = 2;

fn packet(mut attributes: &[u8]) -> Option<Packet> {
    let (mut number, mut head) = (None, None);
    while let Some((&[l0, l1, k0, k1], rest)) = attributes.split_first_chunk::<4>() {
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = rest.get(..length.saturating_sub(4)).unwrap_or_default();
        match u16::from_ne_bytes([k0, k1]) {
            ATTRIBUTE_PACKET => number = value.first_chunk().map(|number| u32::from_be_bytes(*number)),
            ATTRIBUTE_PAYLOAD => head = read_head(value),
            _ => {}
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..).unwrap_or_default();
    }
    Some(Packet { number: number?, head })
}

/// Addresses and ports of an IPv4 or IPv6 packet that carries TCP at once.
fn read_head(bytes: &[u8]) -> Option<Head> {
    const TCP: u8 = 6;
    let (from, to, tcp): (IpAddr, IpAddr, &[u8]) = match bytes.first()? >> 4 {
        4 if *bytes.get(9)? == TCP => {
            let header_bytes = usize::from(bytes.first()? & 0x0f) * 4;
            let address = |at| bytes.get(at..)?.first_chunk::<4>().map(|octets| IpAddr::from(*octets));
            (address(12)?, address(16)?, bytes.get(header_bytes..)?)
        }
        6 if *bytes.get(6)? == TCP => {
            let address = |at| bytes.get(at..)?.first_chunk::<16>().map(|octets| IpAddr::from(*octets));
            (address(8)?, address(24)?, bytes.get(40..)?)
        }
        _ => return None,
    };
    let [p0, p1, q0, q1] = *tcp.first_chunk::<4>()?;
    let end = |address: IpAddr, port| SocketAddr::new(address.to_canonical(), port);
    let (from, to) = (end(from, u16::from_be_bytes([p0, p1])), end(to, u16::from_be_bytes([q0, q1])));
    Some(Head { from, to, is_reset: tcp.get(13)? & RST != 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER_BYTES + body.len()).expect("short");
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.extend([0; 10]);
        message.extend(body);
        message
    }

    fn queued(payload: &[u8]) -> Vec<u8> {
        let mut body = vec![0; FAMILY_HEADER_BYTES];
        body.extend([11_u8, 0, 1, 0, 0, 0, 0, 7, 8, 0, 3, 0]);
        body.extend(u16::try_from(4 + payload.len()).expect("short").to_ne_bytes());
        body.extend(ATTRIBUTE_PAYLOAD.to_ne_bytes());
        body.extend(payload);
        message(QUEUE_PACKET, &body)
    }

    fn tcp(flags: u8) -> Vec<u8> {
        let mut tcp = vec![0x9c, 0x40, 0x01, 0xbb];
        tcp.extend([0; 9]);
        tcp.extend([flags, 0, 0, 0, 0, 0, 0]);
        tcp
    }

    fn check(payload: &[u8], expect: Option<(&str, &str, bool)>) {
        let head = expect.map(|(from, to, is_reset)| Head {
            from: from.parse().expect("an address"),
            to: to.parse().expect("an address"),
            is_reset,
        });
        assert_eq!(packets(&queued(payload)).expect("no error"), [Packet { number: 7, head }]);
    }

    #[test]
    fn packets_are_read() {
        let mut v4 = vec![0x46, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 198, 18, 0, 1, 198, 18, 0, 2, 1, 1, 1, 1];
        v4.extend(tcp(0b10));
        check(&v4, Some(("198.18.0.1:40000", "198.18.0.2:443", false)));
        let mut v6 = vec![0x60, 0, 0, 0, 0, 20, 6, 64];
        v6.extend([0; 15].into_iter().chain([1]).chain([0; 15]).chain([2]));
        v6.extend(tcp(0b1_0100));
        check(&v6, Some(("[::1]:40000", "[::2]:443", true)));
        v4[9] = 17;
        check(&v4, None);
        v6[6] = 0;
        check(&v6, None);
        check(&[], None);
        check(&[0x4f, 0], None);
    }

    #[test]
    fn errors_of_the_kernel_are_told_apart() {
        let error = |code: i32| packets(&message(NLMSG_ERROR, &code.to_ne_bytes()));
        assert_eq!(error(-1).expect_err("not permitted").raw_os_error(), Some(1));
        assert!(error(-ENOENT).expect("a packet that is gone").is_empty());
        assert!(error(0).expect("taken").is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = packets(&bytes);
            let _ = packets(&queued(&bytes));
        }
    }
}
