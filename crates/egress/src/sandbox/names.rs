//! Names that a run has looked up, each with addresses that stand for it inside the run's namespace.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use tokio::sync::OnceCell;

/// 198.18.0.0/15, which is set aside for measurements and is nobody's address.
const V4_NETWORK: u32 = 0xc612_0000;
const V4_PREFIX: u8 = 15;
/// A random private network of our own: `fd45:7272:616e:6400::/64`.
const V6_NETWORK: u128 = 0xfd45_7272_616e_6400_0000_0000_0000_0000;
const V6_PREFIX: u8 = 64;

/// The first addresses are the network's own and the run's (`crates/sandbox/native/src/net/route.rs`).
const OWN: u16 = 1;
const FIRST: u16 = 2;

/// What an address stands for.
#[derive(Debug)]
pub(super) enum Meaning {
    Name(Arc<Name>),
    /// The run itself.
    Own,
    /// An address of our ranges that was not given out.
    Nothing,
    Literal,
}

#[derive(Debug)]
pub(super) struct Name {
    /// Lower case, without a dot at the end.
    pub(super) text: String,
    number: u16,
    /// Where it really is, looked up once per run, so that it can't move between two judgements.
    pub(super) addresses: OnceCell<Vec<IpAddr>>,
}

impl Name {
    pub(super) fn v4(&self) -> IpAddr {
        Ipv4Addr::from_bits(V4_NETWORK | u32::from(self.number)).into()
    }

    pub(super) fn v6(&self) -> IpAddr {
        Ipv6Addr::from_bits(V6_NETWORK | u128::from(self.number)).into()
    }
}

#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<Arc<Name>>,
    by_text: HashMap<String, Arc<Name>>,
}

impl Names {
    /// The name's entry, made when it is new; None when there are `names_max` already.
    pub(super) fn entry(&mut self, text: &str, names_max: u16) -> Option<Arc<Name>> {
        if let Some(known) = self.by_text.get(text) {
            return Some(Arc::clone(known));
        }
        let count = u16::try_from(self.all.len()).ok().filter(|count| *count < names_max)?;
        let number = count.checked_add(FIRST)?;
        let name = Arc::new(Name { text: text.to_owned(), number, addresses: OnceCell::new() });
        self.all.push(Arc::clone(&name));
        self.by_text.insert(text.to_owned(), Arc::clone(&name));
        Some(name)
    }

    /// `address` is canonical.
    pub(super) fn meaning(&self, address: IpAddr) -> Meaning {
        let number = match address {
            IpAddr::V4(address) => {
                let number = address.to_bits() ^ V4_NETWORK;
                (number >> (32 - V4_PREFIX) == 0).then_some(u128::from(number))
            }
            IpAddr::V6(address) => {
                let number = address.to_bits() ^ V6_NETWORK;
                (number >> (128 - V6_PREFIX) == 0).then_some(number)
            }
        };
        let Some(number) = number else {
            return if address.is_loopback() { Meaning::Own } else { Meaning::Literal };
        };
        if number == u128::from(OWN) {
            return Meaning::Own;
        }
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(usize::from(FIRST)));
        match index.and_then(|index| self.all.get(index)) {
            Some(name) => Meaning::Name(Arc::clone(name)),
            None => Meaning::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &Names, address: &str, expect: &str) {
        let meaning = match names.meaning(address.parse().expect("an address")) {
            Meaning::Name(name) => name.text.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(meaning, expect, "{address}");
    }

    #[test]
    fn addresses_stand_for_the_names_they_were_given_to() {
        let mut names = Names::default();
        let first = names.entry("a.test", 2).expect("room");
        let second = names.entry("b.test", 2).expect("room");
        assert!(names.entry("c.test", 2).is_none(), "the third is one too many");
        assert_eq!(names.entry("a.test", 2).expect("known").v4(), first.v4());
        assert_eq!(
            (first.v4().to_string(), second.v4().to_string()),
            ("198.18.0.2".into(), "198.18.0.3".into())
        );
        check(&names, "198.18.0.2", "a.test");
        check(&names, "fd45:7272:616e:6400::3", "b.test");
        check(&names, "198.18.0.4", "Nothing");
        check(&names, "198.19.255.255", "Nothing");
        check(&names, "198.18.0.0", "Nothing");
        check(&names, "198.20.0.2", "Literal");
        check(&names, "198.18.0.1", "Own");
        check(&names, "fd45:7272:616e:6400::1", "Own");
        check(&names, "fd45:7272:616e:6400:1::2", "Nothing");
        check(&names, "fd45:7272:616e:6401::2", "Literal");
        check(&names, "127.9.9.9", "Own");
        check(&names, "::1", "Own");
        check(&names, "10.0.0.1", "Literal");
    }
}
