//! The `nf_tables` rules, as one netlink batch. In the words of `nft`:
//!
//! ```text
//! table inet errand {
//!   chain gate   { type filter hook output priority -150;
//!     ct state established tcp flags & (fin|syn|rst|ack) == rst|ack tcp sequence 0 queue bypass   # nobody listens
//!     ct state established,related accept
//!     udp dport 53 accept
//!     tcp dport 53 accept
//!     tcp flags & (fin|syn|rst|ack) == syn queue bypass     # the supervisor's verdict comes as a mark
//!     meta l4proto tcp accept
//!     ip daddr 127.0.0.0/8 accept
//!     ip6 daddr ::1 accept
//!     reject with icmpx port-unreachable                    # UDP and everything else
//!   }
//!   chain refuse { type filter hook output priority -140;
//!     meta mark REFUSED reject with tcp reset
//!     meta mark UNREACHABLE reject with icmpx host-unreachable
//!   }
//!   chain turn   { type nat hook output priority -100;
//!     meta mark OWN accept                                  # the run's own loopback
//!     udp dport 53 redirect to :53
//!     tcp dport 53 redirect to :53
//!     meta l4proto tcp redirect to :1023
//!   }
//! }
//! ```

use core::ffi::c_int;

use super::{
    DNS_PORT, LISTENER_PORT, Means, gate,
    netlink::{Netlink, Request},
};

/// Marks that the supervisor's verdict puts on a connection's first packet; `crates/egress/src/sandbox/gate.rs` has
/// the same numbers.
const MARK_REFUSED: u32 = 1;
const MARK_UNREACHABLE: u32 = 2;
const MARK_OWN: u32 = 3;

const TABLE: &str = "errand";
const GATE: &str = "gate";
const REFUSE: &str = "refuse";
const TURN: &str = "turn";

/// How the first packets can be queued, best first: kernels have the one or the other built, or neither.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Queueing {
    Native,
    /// The iptables target, through `nf_tables`' compatibility layer.
    Compatible,
    None,
}

/// Tries the means from `best` down and gives back the first that the kernel took.
pub(super) fn set_up(best: Means, v6: bool) -> Means {
    let Ok(netlink) = Netlink::open(libc::NETLINK_NETFILTER, "opening a socket for rules") else {
        return Means::Ports;
    };
    let takes = |queueing| netlink.ask(&batch(queueing, v6), "setting up the rules").is_ok();
    let offers = |means| match means {
        Means::Gate => takes(Queueing::Native),
        Means::CompatibleGate => takes(Queueing::Compatible),
        Means::Rules => takes(Queueing::None),
        Means::Ports => true,
    };
    Means::ALL.into_iter().filter(|means| *means >= best).find(|means| offers(*means)).unwrap_or(Means::Ports)
}

fn batch(queueing: Queueing, v6: bool) -> Request {
    let mut request = Request::new();
    let [high, low] = NFTABLES.to_be_bytes();
    request.message(number(libc::NFNL_MSG_BATCH_BEGIN), 0, &[0, 0, high, low]);
    command(&mut request, libc::NFT_MSG_NEWTABLE, |request| request.text(1, TABLE));
    gate_chain(&mut request, queueing, v6);
    if queueing != Queueing::None {
        refuse_chain(&mut request);
    }
    turn_chain(&mut request);
    request.message(number(libc::NFNL_MSG_BATCH_END), 0, &[0, 0, high, low]);
    request
}

fn gate_chain(request: &mut Request, queueing: Queueing, v6: bool) {
    chain(request, GATE, "filter", -150);
    if queueing != Queueing::None {
        rule(request, GATE, |rule| {
            // Those that `refuse` makes are related to a connection, not part of one, and can't be queued again.
            in_state(rule, STATE_ESTABLISHED);
            with_flags(rule, RST | ACK);
            load_payload(rule, libc::NFT_PAYLOAD_TRANSPORT_HEADER, 4, 4);
            compare(rule, libc::NFT_CMP_EQ, &0_u32.to_be_bytes());
            queue(rule, queueing);
        });
    }
    rule(request, GATE, |rule| {
        in_state(rule, STATE_ESTABLISHED | STATE_RELATED);
        verdict(rule, libc::NF_ACCEPT);
    });
    for protocol in [UDP, TCP] {
        rule(request, GATE, |rule| {
            to_port(rule, protocol, DNS_PORT);
            verdict(rule, libc::NF_ACCEPT);
        });
    }
    if queueing != Queueing::None {
        rule(request, GATE, |rule| {
            with_flags(rule, SYN);
            queue(rule, queueing);
        });
    }
    rule(request, GATE, |rule| {
        of_protocol(rule, TCP);
        verdict(rule, libc::NF_ACCEPT);
    });
    rule(request, GATE, |rule| {
        of_family(rule, libc::AF_INET);
        load_payload(rule, libc::NFT_PAYLOAD_NETWORK_HEADER, 16, 1);
        compare(rule, libc::NFT_CMP_EQ, &[127]);
        verdict(rule, libc::NF_ACCEPT);
    });
    if v6 {
        rule(request, GATE, |rule| {
            of_family(rule, libc::AF_INET6);
            load_payload(rule, libc::NFT_PAYLOAD_NETWORK_HEADER, 24, 16);
            compare(rule, libc::NFT_CMP_EQ, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            verdict(rule, libc::NF_ACCEPT);
        });
    }
    rule(request, GATE, |rule| {
        reject(rule, libc::NFT_REJECT_ICMPX_UNREACH, libc::NFT_REJECT_ICMPX_PORT_UNREACH);
    });
}

fn refuse_chain(request: &mut Request) {
    chain(request, REFUSE, "filter", -140);
    rule(request, REFUSE, |rule| {
        marked(rule, MARK_REFUSED);
        of_protocol(rule, TCP);
        reject(rule, libc::NFT_REJECT_TCP_RST, 0);
    });
    rule(request, REFUSE, |rule| {
        marked(rule, MARK_UNREACHABLE);
        reject(rule, libc::NFT_REJECT_ICMPX_UNREACH, libc::NFT_REJECT_ICMPX_HOST_UNREACH);
    });
}

fn turn_chain(request: &mut Request) {
    chain(request, TURN, "nat", -100);
    rule(request, TURN, |rule| {
        marked(rule, MARK_OWN);
        verdict(rule, libc::NF_ACCEPT);
    });
    for protocol in [UDP, TCP] {
        rule(request, TURN, |rule| {
            to_port(rule, protocol, DNS_PORT);
            redirect(rule, DNS_PORT);
        });
    }
    rule(request, TURN, |rule| {
        of_protocol(rule, TCP);
        redirect(rule, LISTENER_PORT);
    });
}

const NFTABLES: u16 = 10;
const TCP: u8 = 6;
const UDP: u8 = 17;
const STATE_ESTABLISHED: u32 = 1 << 1;
const STATE_RELATED: u32 = 1 << 2;
/// The register that every expression here works on.
const REGISTER: u32 = 1;
/// Its attributes below are numbered as in the kernel's `nf_tables.h`.
const ELEMENT: u16 = 1;

fn command(request: &mut Request, kind: c_int, body: impl FnOnce(&mut Request)) {
    let kind = NFTABLES << 8 | number(kind);
    let flags = libc::NLM_F_CREATE | libc::NLM_F_APPEND | libc::NLM_F_ACK;
    // nfgenmsg: family (both), version, resource.
    request.message(kind, flags, &[INET, 0, 0, 0]);
    body(request);
}

const INET: u8 = 1;

fn chain(request: &mut Request, name: &str, kind: &str, priority: i32) {
    command(request, libc::NFT_MSG_NEWCHAIN, |request| {
        request.text(1, TABLE);
        request.text(3, name);
        request.nest(4, |hook| {
            hook.attribute(1, &OUTPUT_HOOK.to_be_bytes());
            hook.attribute(2, &priority.to_be_bytes());
        });
        request.text(7, kind);
    });
}

const OUTPUT_HOOK: u32 = 3;

fn rule(request: &mut Request, chain: &str, expressions: impl FnOnce(&mut Request)) {
    command(request, libc::NFT_MSG_NEWRULE, |request| {
        request.text(1, TABLE);
        request.text(2, chain);
        request.nest(4, expressions);
    });
}

fn expression(rule: &mut Request, name: &str, data: impl FnOnce(&mut Request)) {
    rule.nest(ELEMENT, |element| {
        element.text(1, name);
        element.nest(2, data);
    });
}

fn of_protocol(rule: &mut Request, protocol: u8) {
    load_meta(rule, libc::NFT_META_L4PROTO);
    compare(rule, libc::NFT_CMP_EQ, &[protocol]);
}

fn of_family(rule: &mut Request, family: c_int) {
    load_meta(rule, libc::NFT_META_NFPROTO);
    compare(rule, libc::NFT_CMP_EQ, &[u8::try_from(family).unwrap_or(0)]);
}

fn marked(rule: &mut Request, mark: u32) {
    load_meta(rule, libc::NFT_META_MARK);
    compare(rule, libc::NFT_CMP_EQ, &mark.to_ne_bytes());
}

fn to_port(rule: &mut Request, protocol: u8, port: u16) {
    of_protocol(rule, protocol);
    load_payload(rule, libc::NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
    compare(rule, libc::NFT_CMP_EQ, &port.to_be_bytes());
}

/// TCP with exactly these of the flags FIN, SYN, RST and ACK.
fn with_flags(rule: &mut Request, flags: u8) {
    of_protocol(rule, TCP);
    load_payload(rule, libc::NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
    mask(rule, &[FIN | SYN | RST | ACK]);
    compare(rule, libc::NFT_CMP_EQ, &[flags]);
}

const FIN: u8 = 0b0_0001;
const SYN: u8 = 0b0_0010;
const RST: u8 = 0b0_0100;
const ACK: u8 = 0b1_0000;

fn load_meta(rule: &mut Request, key: c_int) {
    expression(rule, "meta", |data| {
        data.attribute(2, &long(key));
        data.attribute(1, &REGISTER.to_be_bytes());
    });
}

/// One of the states whose bits are set.
fn in_state(rule: &mut Request, states: u32) {
    expression(rule, "ct", |data| {
        data.attribute(1, &REGISTER.to_be_bytes());
        data.attribute(2, &long(libc::NFT_CT_STATE));
    });
    mask(rule, &states.to_ne_bytes());
    compare(rule, libc::NFT_CMP_NEQ, &0_u32.to_ne_bytes());
}

fn load_payload(rule: &mut Request, base: c_int, offset: u32, length: u32) {
    expression(rule, "payload", |data| {
        data.attribute(1, &REGISTER.to_be_bytes());
        data.attribute(2, &long(base));
        data.attribute(3, &offset.to_be_bytes());
        data.attribute(4, &length.to_be_bytes());
    });
}

fn mask(rule: &mut Request, bits: &[u8]) {
    let nothing = [0; 4];
    expression(rule, "bitwise", |data| {
        data.attribute(1, &REGISTER.to_be_bytes());
        data.attribute(2, &REGISTER.to_be_bytes());
        data.attribute(3, &u32::try_from(bits.len()).unwrap_or(0).to_be_bytes());
        data.nest(4, |mask| mask.attribute(1, bits));
        data.nest(5, |flip| flip.attribute(1, nothing.get(..bits.len()).unwrap_or_default()));
    });
}

fn compare(rule: &mut Request, operation: c_int, value: &[u8]) {
    expression(rule, "cmp", |data| {
        data.attribute(1, &REGISTER.to_be_bytes());
        data.attribute(2, &long(operation));
        data.nest(3, |right| right.attribute(1, value));
    });
}

fn verdict(rule: &mut Request, code: c_int) {
    expression(rule, "immediate", |data| {
        data.attribute(1, &0_u32.to_be_bytes());
        data.nest(2, |value| value.nest(2, |verdict| verdict.attribute(1, &long(code))));
    });
}

fn redirect(rule: &mut Request, port: u16) {
    expression(rule, "immediate", |data| {
        data.attribute(1, &REGISTER.to_be_bytes());
        data.nest(2, |value| value.attribute(1, &port.to_be_bytes()));
    });
    expression(rule, "redir", |data| data.attribute(1, &REGISTER.to_be_bytes()));
}

fn reject(rule: &mut Request, kind: c_int, code: c_int) {
    expression(rule, "reject", |data| {
        data.attribute(1, &long(kind));
        data.attribute(2, &[u8::try_from(code).unwrap_or(0)]);
    });
}

/// With nobody reading the queue, packets go on: the connection is then judged when it is accepted.
fn queue(rule: &mut Request, queueing: Queueing) {
    const BYPASS: u16 = 1;
    if queueing == Queueing::Native {
        expression(rule, "queue", |data| {
            data.attribute(1, &gate::QUEUE.to_be_bytes());
            data.attribute(2, &1_u16.to_be_bytes());
            data.attribute(3, &BYPASS.to_be_bytes());
        });
        return;
    }
    let [[q0, q1], [n0, n1], [b0, b1]] = [gate::QUEUE, 1, BYPASS].map(u16::to_ne_bytes);
    expression(rule, "target", |data| {
        data.text(1, "NFQUEUE");
        data.attribute(2, &3_u32.to_be_bytes());
        data.attribute(3, &[q0, q1, n0, n1, b0, b1, 0, 0]);
    });
}

fn long(number: c_int) -> [u8; 4] {
    number.to_be_bytes()
}

fn number(kind: c_int) -> u16 {
    u16::try_from(kind).unwrap_or(0)
}
