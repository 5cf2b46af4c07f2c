//! What the operator allows: the public internet, plus the ranges opened by hand.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use crate::{
    OpenRange, OpenRangeError, Rule,
    address::{Class, canonical, classify},
    own_address::is_own,
};

/// Deny by default: only public addresses of other machines, and what `open` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EgressPolicy {
    open: Vec<OpenRange>,
}

/// Why an address may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub rule: Rule,
    /// The IPv4 address inside an IPv6 one, when the rule speaks of that.
    pub carried: Option<Ipv4Addr>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.carried {
            Some(inner) => write!(f, "carries {inner}, {}", self.rule),
            None => self.rule.fmt(f),
        }
    }
}

impl EgressPolicy {
    pub fn new(open: Vec<OpenRange>) -> Self {
        Self { open }
    }

    /// From the texts of the setting `egress.open`, such as `127.0.0.1:8030` or `10.0.0.0/8`.
    ///
    /// # Errors
    /// Names the first text that is no range.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, OpenRangeError> {
        texts.into_iter().map(OpenRange::from_str).collect::<Result<_, _>>().map(Self::new)
    }

    pub fn open(&self) -> &[OpenRange] {
        &self.open
    }

    /// Whether a connection to this address and port may be made.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn judge(&self, address: IpAddr, port: u16) -> Result<(), Refusal> {
        self.judge_on(address, port, is_own)
    }

    /// As [`EgressPolicy::judge`], on a machine that has the addresses which `is_own` says.
    fn judge_on(&self, address: IpAddr, port: u16, is_own: impl Fn(IpAddr) -> bool) -> Result<(), Refusal> {
        let address = canonical(address);
        let of_this_machine = || is_own(address).then_some(Class { rule: Rule::ThisMachine, carried: None });
        let Some(class) = classify(address).or_else(of_this_machine) else {
            return Ok(());
        };
        let opened = self.open.iter().any(|range| {
            range.contains(address, port) && (class.rule != Rule::Metadata || range.is_single_address())
        });
        if opened { Ok(()) } else { Err(Refusal { rule: class.rule, carried: class.carried }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(open: &[&str], address: &str, port: u16, expect: Option<Rule>) {
        let policy = EgressPolicy::from_texts(open.iter().copied()).expect("ranges");
        let judged = policy.judge(address.parse().expect("an address"), port);
        assert_eq!(judged.err().map(|refusal| refusal.rule), expect, "{open:?} {address}:{port}");
    }

    #[test]
    fn an_open_range_opens_exactly_itself() {
        check(&[], "127.0.0.1", 8030, Some(Rule::Loopback));
        check(&["127.0.0.1:8030"], "127.0.0.1", 8030, None);
        check(&["127.0.0.1:8030"], "::ffff:127.0.0.1", 8030, None);
        check(&["127.0.0.1:8030"], "127.0.0.1", 8031, Some(Rule::Loopback));
        check(&["127.0.0.1:8030"], "127.0.0.2", 8030, Some(Rule::Loopback));
        check(&["127.0.0.1:8030"], "::1", 8030, Some(Rule::Loopback));
        check(&["10.0.0.0/8"], "10.9.8.7", 22, None);
        check(&["10.0.0.0/8"], "11.0.0.1", 22, None);
        check(&["10.0.0.0/8"], "172.16.0.1", 22, Some(Rule::Private));
        check(&["10.1.2.3/32:443", "[::1]:8080"], "10.1.2.3", 80, Some(Rule::Private));
        check(&["10.1.2.3/32:443", "[::1]:8080"], "10.1.2.3", 443, None);
        check(&["10.1.2.3/32:443", "[::1]:8080"], "::1", 8080, None);
        // Opening a range does not open the tunnels that could carry it.
        check(&["10.0.0.0/8"], "64:ff9b::10.0.0.1", 80, Some(Rule::Private));
        check(&["10.0.0.0/8"], "2002:a00:1::", 80, Some(Rule::Private));
    }

    #[test]
    fn the_machines_public_addresses_are_its_own() {
        let judge = |open: &[&str], address: &str, port| {
            let policy = EgressPolicy::from_texts(open.iter().copied()).expect("ranges");
            let own: IpAddr = "1.2.3.4".parse().expect("an address");
            let judged =
                policy.judge_on(address.parse().expect("an address"), port, |address| address == own);
            judged.err().map(|refusal| refusal.rule)
        };
        assert_eq!(judge(&[], "1.2.3.4", 5432), Some(Rule::ThisMachine));
        assert_eq!(judge(&[], "::ffff:1.2.3.4", 5432), Some(Rule::ThisMachine));
        assert_eq!(judge(&[], "1.2.3.5", 5432), None);
        assert_eq!(judge(&["1.2.3.4:443"], "1.2.3.4", 443), None);
        assert_eq!(judge(&["1.2.3.4:443"], "1.2.3.4", 5432), Some(Rule::ThisMachine));
    }

    #[test]
    fn metadata_is_opened_by_its_exact_address_only() {
        check(&["169.254.0.0/16", "0.0.0.0/0", "::/0"], "169.254.169.254", 80, Some(Rule::Metadata));
        check(&["169.254.0.0/16", "0.0.0.0/0", "::/0"], "64:ff9b::169.254.169.254", 80, Some(Rule::Metadata));
        check(&["169.254.0.0/16", "0.0.0.0/0", "::/0"], "fd00:ec2::254", 80, Some(Rule::Metadata));
        check(&["169.254.0.0/16"], "169.254.1.1", 80, None);
        check(&["169.254.169.254:80"], "169.254.169.254", 80, None);
        check(&["169.254.169.254:80"], "169.254.169.254", 8080, Some(Rule::Metadata));
    }
}
