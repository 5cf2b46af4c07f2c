//! Which addresses are not the public internet, and which rule says so. The tables follow the IANA registries of
//! special-purpose addresses; for IPv6 everything outside `2000::/3` is refused, known or not.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is not open to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Hands out credentials of the machine to whoever asks; never opened by a range, only by its exact address.
    Metadata,
    Unspecified,
    Loopback,
    Private,
    CarrierGrade,
    LinkLocal,
    Multicast,
    Broadcast,
    Documentation,
    Benchmark,
    UniqueLocal,
    SiteLocal,
    /// An IPv6 form that carries an IPv4 address through a tunnel or translator of the local network.
    Tunnel,
    Reserved,
    /// A public one that this machine has: what listens there may count on a firewall that lets only this machine in.
    ThisMachine,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "a cloud metadata address",
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::CarrierGrade => "a carrier-grade NAT address",
            Self::LinkLocal => "a link-local address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "a documentation address",
            Self::Benchmark => "a benchmarking address",
            Self::UniqueLocal => "a unique local address",
            Self::SiteLocal => "a site-local address",
            Self::Tunnel => "a tunnel or translation address",
            Self::Reserved => "a reserved address",
            Self::ThisMachine => "an address of this machine",
        })
    }
}

/// What is said of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) rule: Rule,
    /// The IPv4 address inside an IPv6 one, when that is what the rule speaks of.
    pub(crate) carried: Option<Ipv4Addr>,
}

/// None for an address of the public internet.
pub(crate) fn classify(address: IpAddr) -> Option<Class> {
    match canonical(address) {
        IpAddr::V4(address) => classify_v4(address).map(|rule| Class { rule, carried: None }),
        IpAddr::V6(address) => classify_v6(address),
    }
}

/// An IPv4-mapped address is the IPv4 address: that is where the kernel connects to.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn classify_v4(address: Ipv4Addr) -> Option<Rule> {
    let bits = address.to_bits();
    let found = V4.iter().find(|range| (bits ^ range.network) & mask_v4(range.prefix) == 0);
    found.map(|range| range.rule)
}

fn classify_v6(address: Ipv6Addr) -> Option<Class> {
    let bits = address.to_bits();
    let inside = |range: &&V6Range| (bits ^ range.network) & mask_v6(range.prefix) == 0;
    if let Some(carrier) = carrier(address) {
        return classify_carried(&carrier);
    }
    let listed = V6.iter().find(inside).map(|range| range.rule);
    let rule = listed.or_else(|| (bits >> 125 != 0b001).then_some(Rule::Reserved))?;
    Some(Class { rule, carried: None })
}

/// The worst that is inside decides: a metadata address stays one however it is wrapped.
fn classify_carried(carrier: &Carrier) -> Option<Class> {
    let judge = |inner: &Ipv4Addr| classify_v4(*inner).map(|rule| Class { rule, carried: Some(*inner) });
    let certain = carrier.carried.iter().filter_map(judge);
    let possible = carrier.possible.iter().filter_map(judge);
    let metadata = certain.clone().chain(possible).find(|class| class.rule == Rule::Metadata);
    let plain = carrier.rule.map(|rule| Class { rule, carried: None });
    metadata.or_else(|| certain.into_iter().next()).or(plain)
}

/// An IPv6 form with IPv4 addresses inside.
struct Carrier {
    /// None where the form itself is fine as long as what it carries is (the well-known NAT64 prefix).
    rule: Option<Rule>,
    carried: Vec<Ipv4Addr>,
    /// Addresses it would carry if the network were set up another way.
    possible: Vec<Ipv4Addr>,
}

fn carrier(address: Ipv6Addr) -> Option<Carrier> {
    let bits = address.to_bits();
    let low = v4_at(bits, 0);
    let tunnel = |carried| Some(Carrier { rule: Some(Rule::Tunnel), carried, possible: Vec::new() });
    let [s0, s1, s2, s3, s4, s5, _, _] = address.segments();
    match (s0, s1, s2, s3, s4, s5) {
        (0, 0, 0, 0, 0, 0) if bits > 1 => tunnel(vec![low]),
        (0, 0, 0, 0, 0xffff, 0) => tunnel(vec![low]),
        (0x64, 0xff9b, 0, 0, 0, 0) => Some(Carrier { rule: None, carried: vec![low], possible: Vec::new() }),
        (0x64, 0xff9b, 1, ..) => {
            Some(Carrier { rule: Some(Rule::Tunnel), carried: vec![low], possible: local_nat64(bits) })
        }
        (0x2002, ..) => tunnel(vec![v4_at(bits, 80)]),
        (0x2001, 0, ..) => tunnel(vec![v4_at(!bits, 0), v4_at(bits, 64)]),
        _ => None,
    }
}

/// A network may end its translator's prefix at 48, 56, 64 or 96 bits; bits 64 to 71 are zero and lie in between
/// (RFC 6052 §2.2).
fn local_nat64(bits: u128) -> Vec<Ipv4Addr> {
    let without_gap = (bits >> 64 << 56) | (bits & ((1 << 56) - 1));
    [40, 32, 24].into_iter().map(|shift| v4_at(without_gap, shift)).collect()
}

/// The 32 bits that end `shift` bits above the lowest.
fn v4_at(bits: u128, shift: u32) -> Ipv4Addr {
    #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are what is wanted")]
    Ipv4Addr::from_bits((bits >> shift) as u32)
}

pub(crate) const fn mask_v4(prefix: u8) -> u32 {
    if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) }
}

pub(crate) const fn mask_v6(prefix: u8) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) }
}

struct V4Range {
    network: u32,
    prefix: u8,
    rule: Rule,
}

struct V6Range {
    network: u128,
    prefix: u8,
    rule: Rule,
}

const fn v4(octets: [u8; 4], prefix: u8, rule: Rule) -> V4Range {
    V4Range { network: u32::from_be_bytes(octets), prefix, rule }
}

const fn v6(segments: [u16; 8], prefix: u8, rule: Rule) -> V6Range {
    let (mut network, mut index) = (0, 0);
    while index < 8 {
        network = (network << 16) | segments[index] as u128;
        index += 1;
    }
    V6Range { network, prefix, rule }
}

/// The first match counts, so exact addresses stand before the ranges around them.
const V4: &[V4Range] = &[
    // AWS, Azure, Google Cloud, DigitalOcean, OpenStack and most others.
    v4([169, 254, 169, 254], 32, Rule::Metadata),
    // AWS: container credentials, pod identity, the resolver and the time server beside them.
    v4([169, 254, 170, 2], 32, Rule::Metadata),
    v4([169, 254, 170, 23], 32, Rule::Metadata),
    v4([169, 254, 169, 253], 32, Rule::Metadata),
    v4([169, 254, 169, 123], 32, Rule::Metadata),
    // Tencent Cloud, Alibaba Cloud, Oracle Cloud (older), Azure's host.
    v4([169, 254, 0, 23], 32, Rule::Metadata),
    v4([100, 100, 100, 200], 32, Rule::Metadata),
    v4([192, 0, 0, 192], 32, Rule::Metadata),
    v4([168, 63, 129, 16], 32, Rule::Metadata),
    v4([255, 255, 255, 255], 32, Rule::Broadcast),
    v4([0, 0, 0, 0], 8, Rule::Unspecified),
    v4([10, 0, 0, 0], 8, Rule::Private),
    v4([100, 64, 0, 0], 10, Rule::CarrierGrade),
    v4([127, 0, 0, 0], 8, Rule::Loopback),
    v4([169, 254, 0, 0], 16, Rule::LinkLocal),
    v4([172, 16, 0, 0], 12, Rule::Private),
    v4([192, 0, 0, 0], 24, Rule::Reserved),
    v4([192, 0, 2, 0], 24, Rule::Documentation),
    v4([192, 88, 99, 0], 24, Rule::Reserved),
    v4([192, 168, 0, 0], 16, Rule::Private),
    v4([198, 18, 0, 0], 15, Rule::Benchmark),
    v4([198, 51, 100, 0], 24, Rule::Documentation),
    v4([203, 0, 113, 0], 24, Rule::Documentation),
    v4([224, 0, 0, 0], 4, Rule::Multicast),
    v4([240, 0, 0, 0], 4, Rule::Reserved),
];

const V6: &[V6Range] = &[
    // AWS (metadata and pod identity), Google Cloud; and the link-local twin of 169.254.169.254.
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, Rule::Metadata),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128, Rule::Metadata),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, Rule::Metadata),
    v6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128, Rule::Metadata),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, Rule::Unspecified),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, Rule::Loopback),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, Rule::Reserved),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Rule::Benchmark),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Rule::Documentation),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Rule::Reserved),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Rule::Documentation),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Rule::UniqueLocal),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Rule::LinkLocal),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Rule::SiteLocal),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Rule::Multicast),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Option<Rule>) {
        let address: IpAddr = text.parse().expect("an address");
        assert_eq!(classify(address).map(|class| class.rule), expect, "{text}");
    }

    #[test]
    fn the_public_internet_is_open() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "198.17.255.255",
        ] {
            check(text, None);
        }
        for text in ["2606:4700::1111", "2a00:1450::1", "3ffe::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"] {
            check(text, None);
        }
    }

    #[test]
    fn special_ranges_are_known_by_name() {
        check("0.0.0.0", Some(Rule::Unspecified));
        check("10.255.255.255", Some(Rule::Private));
        check("100.64.0.1", Some(Rule::CarrierGrade));
        check("127.255.0.1", Some(Rule::Loopback));
        check("169.254.1.1", Some(Rule::LinkLocal));
        check("169.254.169.254", Some(Rule::Metadata));
        check("172.31.255.255", Some(Rule::Private));
        check("192.168.0.1", Some(Rule::Private));
        check("198.19.0.1", Some(Rule::Benchmark));
        check("203.0.113.9", Some(Rule::Documentation));
        check("224.0.0.1", Some(Rule::Multicast));
        check("240.0.0.1", Some(Rule::Reserved));
        check("255.255.255.255", Some(Rule::Broadcast));
        check("::", Some(Rule::Unspecified));
        check("::1", Some(Rule::Loopback));
        check("fd00:ec2::254", Some(Rule::Metadata));
        check("fd12::1", Some(Rule::UniqueLocal));
        check("fe80::1", Some(Rule::LinkLocal));
        check("fec0::1", Some(Rule::SiteLocal));
        check("ff02::1", Some(Rule::Multicast));
        check("2001:db8::1", Some(Rule::Documentation));
        check("4000::1", Some(Rule::Reserved));
    }

    #[test]
    fn what_an_address_carries_decides() {
        check("::ffff:169.254.169.254", Some(Rule::Metadata));
        check("64:ff9b::169.254.169.254", Some(Rule::Metadata));
        check("64:ff9b::10.0.0.1", Some(Rule::Private));
        check("64:ff9b:1::8.8.8.8", Some(Rule::Tunnel));
        check("64:ff9b:1:a9fe:a9:fe00::", Some(Rule::Metadata));
        check("64:ff9b:1:ffa9:fe:a9fe::", Some(Rule::Metadata));
        check("64:ff9b:1:ffff:a9:fea9:fe00:0", Some(Rule::Metadata));
        check("2002:a9fe:a9fe::1", Some(Rule::Metadata));
        check("2002:808:808::1", Some(Rule::Tunnel));
        check("::8.8.8.8", Some(Rule::Tunnel));
        check("::ffff:0:127.0.0.1", Some(Rule::Loopback));
        check("2001:0:808:808:0:0:5601:5601", Some(Rule::Metadata));
        check("2001:0:a9fe:a9fe::", Some(Rule::Metadata));
    }

    prop_compose! {
        fn special_v4()(index in 0..V4.len(), host in any::<u32>()) -> Ipv4Addr {
            let range = &V4[index];
            Ipv4Addr::from_bits(range.network | (host & !mask_v4(range.prefix)))
        }
    }

    proptest! {
        #[test]
        fn a_special_address_is_refused_in_every_wrapping(inner in special_v4(), noise in any::<u64>()) {
            let bits = u128::from(inner.to_bits());
            let rule = classify_v4(inner);
            prop_assert!(rule.is_some());
            let wrappings = [
                ("mapped", (0xffff << 32) | bits),
                ("translated", (0xffff << 48) | bits),
                ("NAT64", (0x0064_ff9b << 96) | bits),
                ("local NAT64", (0x0064_ff9b_0001_u128 << 80) | bits),
                ("6to4", (0x2002_u128 << 112) | (bits << 80) | u128::from(noise)),
                ("Teredo client", (0x2001_0000_u128 << 96) | (0x0808_0808_u128 << 64) | u128::from(!inner.to_bits())),
                ("Teredo server", (0x2001_0000_u128 << 96) | (bits << 64) | u128::from(!0x0808_0808_u32)),
            ];
            for (name, wrapped) in wrappings {
                let class = classify(IpAddr::V6(Ipv6Addr::from_bits(wrapped)));
                prop_assert_eq!(class.map(|class| class.rule), rule, "{}", name);
            }
            if bits > 1 {
                let compatible = classify(IpAddr::V6(Ipv6Addr::from_bits(bits)));
                prop_assert_eq!(compatible.map(|class| class.rule), rule);
            }
        }

        #[test]
        fn ipv6_outside_global_unicast_is_always_refused(bits in any::<u128>()) {
            let address = Ipv6Addr::from_bits(bits);
            prop_assume!(bits >> 125 != 0b001 && carrier(address).is_none() && address.to_ipv4_mapped().is_none());
            prop_assert!(classify(IpAddr::V6(address)).is_some());
        }
    }
}
