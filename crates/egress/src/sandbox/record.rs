//! What a run did on the network: one row per host and port that it reached, and one per refusal.

use std::{collections::HashMap, net::IpAddr};

use errand_domain::HostContact;

use crate::connect::Link;

#[derive(Debug)]
pub(super) struct Record {
    rows: Vec<Row>,
    rows_max: usize,
    /// Why a connection or a look-up failed, for the script that asks. The key is what it asks with.
    reasons: HashMap<String, String>,
    /// Per port of the script's own loopback: connections that were tried less those that nobody took.
    own_taken: HashMap<u16, i64>,
}

#[derive(Debug)]
struct Row {
    host: String,
    port: u16,
    address: Option<IpAddr>,
    /// Counts the bytes of all connections to this host and port.
    link: Option<Link>,
    refused: Option<String>,
    /// It is the script's own loopback that was tried.
    own: bool,
}

impl Record {
    pub(super) fn new(rows_max: usize) -> Self {
        Self { rows: Vec::new(), rows_max, reasons: HashMap::new(), own_taken: HashMap::new() }
    }

    /// A connection stands. Its bytes are to be counted on the link.
    pub(super) fn reached(&mut self, host: &str, port: u16, address: IpAddr) -> Link {
        let fresh = Link::new(address);
        let Some(row) = self.row(host, port, false) else {
            return fresh;
        };
        row.address = Some(address);
        row.link.get_or_insert(fresh).clone()
    }

    /// Nobody kept the run from it, yet it could not be reached.
    pub(super) fn failed(&mut self, host: &str, port: u16) {
        self.row(host, port, false);
    }

    pub(super) fn refused(&mut self, host: &str, port: u16, refusal: Refused) {
        if let Some(row) = self.row(host, port, true) {
            row.address = refusal.address;
            row.refused = Some(refusal.why);
        }
    }

    pub(super) fn own_tried(&mut self, port: u16) {
        *self.own_taken.entry(port).or_default() += 1;
    }

    /// Nobody listens at this address of the script's own. It is no refusal when another of them has a listener:
    /// clients of `localhost` try both families.
    pub(super) fn own_refused(&mut self, host: &str, port: u16, refusal: Refused) {
        *self.own_taken.entry(port).or_default() -= 1;
        self.refused(host, port, refusal);
        if let Some(row) = self.row(host, port, true) {
            row.own = true;
        }
    }

    pub(super) fn explain(&mut self, key: String, reason: String) {
        if self.reasons.len() < self.rows_max || self.reasons.contains_key(&key) {
            self.reasons.insert(key, reason);
        }
    }

    pub(super) fn reason(&self, key: &str) -> Option<String> {
        self.reasons.get(key).cloned()
    }

    pub(super) fn contacts(&self) -> Vec<HostContact> {
        let is_taken = |port| self.own_taken.get(port).is_some_and(|taken| *taken > 0);
        self.rows.iter().filter(|row| !row.own || !is_taken(&row.port)).map(Row::contact).collect()
    }

    fn row(&mut self, host: &str, port: u16, refused: bool) -> Option<&mut Row> {
        let same = |row: &Row| row.host == host && row.port == port && row.refused.is_some() == refused;
        if let Some(index) = self.rows.iter().position(same) {
            return self.rows.get_mut(index);
        }
        if self.rows.len() == self.rows_max {
            return None;
        }
        let refused = refused.then(String::new);
        self.rows.push(Row { host: host.to_owned(), port, address: None, link: None, refused, own: false });
        self.rows.last_mut()
    }
}

pub(super) struct Refused {
    pub(super) address: Option<IpAddr>,
    pub(super) why: String,
}

impl Row {
    fn contact(&self) -> HostContact {
        let traffic = self.link.as_ref().map(Link::take_traffic).unwrap_or_default();
        HostContact {
            host: self.host.clone(),
            port: self.port,
            address: self.address.map(|address| address.to_string()),
            bytes_sent: traffic.sent,
            bytes_received: traffic.received,
            refused: self.refused.clone(),
        }
    }
}
