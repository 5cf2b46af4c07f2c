//! One entry of the operator's setting `egress.open`: an address or a network, with or without a port.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::address::{canonical, mask_v4, mask_v6};

/// Addresses that the operator opens: `127.0.0.1:8030`, `10.0.0.0/8`, `10.1.2.3/32:443`, `[::1]:8080`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenRange {
    network: IpAddr,
    prefix: u8,
    /// None opens every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` in `egress.open` is no range: {reason}. Write an address or network, with or without a port, such as `127.0.0.1:8030`, `10.0.0.0/8` or `[::1]:8080`."
)]
pub struct OpenRangeError {
    text: String,
    reason: &'static str,
}

impl OpenRange {
    pub(crate) fn contains(&self, address: IpAddr, port: u16) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()) & mask_v4(self.prefix) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()) & mask_v6(self.prefix) == 0
            }
            _ => false,
        }
    }

    pub(crate) fn is_single_address(&self) -> bool {
        self.prefix == width(self.network)
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl FromStr for OpenRange {
    type Err = OpenRangeError;

    fn from_str(text: &str) -> Result<Self, OpenRangeError> {
        parse(text.trim()).map_err(|reason| OpenRangeError { text: text.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<OpenRange, &'static str> {
    let (network, port) = split_port(text)?;
    let (address, prefix) = match network.split_once('/') {
        Some((address, prefix)) => (address.trim_end_matches(']'), Some(prefix)),
        None => (network, None),
    };
    let address: IpAddr = address.parse().map_err(|_| "the address can't be read (a name is none)")?;
    let prefix = match prefix {
        Some(digits) => {
            digits.parse().ok().filter(|p| *p <= width(address)).ok_or("the part after `/` is off")?
        }
        None => width(address),
    };
    let range = OpenRange { network: address, prefix, port };
    if !is_bare_network(&range) {
        return Err("the address has bits beyond the part after `/`");
    }
    Ok(of_mapped(range))
}

/// Cuts off `:port`; an IPv6 address with a port stands in brackets (`[::1]:80`, `[fd00::/8]:80`, `[fd00::]/8:80`).
fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let port = |digits: &str| digits.parse().ok().filter(|p| *p > 0).ok_or("the port is not 1 to 65535");
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or("a bracket is missing")?;
        if after.starts_with('/') {
            let end = after.find(':');
            let network = &rest[..inside.len() + 1 + end.unwrap_or(after.len())];
            return Ok((network, end.map(|end| port(&after[end + 1..])).transpose()?));
        }
        return match after.strip_prefix(':') {
            Some(digits) => Ok((inside, Some(port(digits)?))),
            None if after.is_empty() => Ok((inside, None)),
            None => Err("something follows the bracket"),
        };
    }
    match text.split_once(':') {
        Some((network, digits)) if !digits.contains(':') => Ok((network, Some(port(digits)?))),
        _ => Ok((text, None)),
    }
}

fn is_bare_network(range: &OpenRange) -> bool {
    match range.network {
        IpAddr::V4(network) => network.to_bits() & !mask_v4(range.prefix) == 0,
        IpAddr::V6(network) => network.to_bits() & !mask_v6(range.prefix) == 0,
    }
}

/// A range of IPv4-mapped addresses is the range of the IPv4 addresses, as everywhere in this crate.
fn of_mapped(range: OpenRange) -> OpenRange {
    match canonical(range.network) {
        network @ IpAddr::V4(_) if range.network.is_ipv6() && range.prefix >= 96 => {
            OpenRange { network, prefix: range.prefix - 96, port: range.port }
        }
        _ => range,
    }
}

impl fmt::Display for OpenRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = if self.is_single_address() {
            self.network.to_string()
        } else {
            format!("{}/{}", self.network, self.prefix)
        };
        match (self.port, self.network) {
            (Some(port), IpAddr::V6(_)) => write!(f, "[{network}]:{port}"),
            (Some(port), IpAddr::V4(_)) => write!(f, "{network}:{port}"),
            (None, _) => f.write_str(&network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let got = text.parse::<OpenRange>();
        let got = got.as_ref().map(ToString::to_string).map_err(|error| error.reason);
        assert_eq!(got, expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn ranges_are_read_and_written() {
        check("127.0.0.1:8030", Ok("127.0.0.1:8030"));
        check(" 10.0.0.0/8 ", Ok("10.0.0.0/8"));
        check("10.1.2.3/32:443", Ok("10.1.2.3:443"));
        check("[::1]:8080", Ok("[::1]:8080"));
        check("::1", Ok("::1"));
        check("fd00::/8", Ok("fd00::/8"));
        check("[fd00::/8]:443", Ok("[fd00::/8]:443"));
        check("[fd00::]/8:443", Ok("[fd00::/8]:443"));
        check("::ffff:10.0.0.0/104", Ok("10.0.0.0/8"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        check("localhost:8030", Err("the address can't be read (a name is none)"));
        check("10.0.0.1/8", Err("the address has bits beyond the part after `/`"));
        check("10.0.0.0/33", Err("the part after `/` is off"));
        check("127.0.0.1:0", Err("the port is not 1 to 65535"));
        check("127.0.0.1:99999", Err("the port is not 1 to 65535"));
        check("[::1", Err("a bracket is missing"));
        check("[::1]x", Err("something follows the bracket"));
        check("", Err("the address can't be read (a name is none)"));
    }
}
