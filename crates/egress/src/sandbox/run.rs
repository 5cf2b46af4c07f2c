//! The state of one run's network, and its one decision: where a connection may lead.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use errand_domain::HostContact;
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::{
    NetworkLimits, SandboxRules,
    names::{Meaning, Name, Names},
    record::{Record, Refused},
};
use crate::{
    EgressError,
    connect::{ConnectError, Link, OpenedTcp, Parts, open_first},
    hosts::host_matches,
};

/// Names that one run looks up at once; further look-ups wait.
pub(super) const LOOK_UPS_AT_ONCE_MAX: usize = 8;
/// Before a refusal for too many attempts: a script that goes on all the same must not keep this process busy.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection that was made for the script waits for it.
const PREPARED_MAX: Duration = Duration::from_secs(5);

pub(super) struct Run {
    parts: Arc<Parts>,
    rules: SandboxRules,
    /// Refusals come before the script's connection stands.
    gated: AtomicBool,
    names: Mutex<Names>,
    record: Mutex<Record>,
    slots: Arc<Semaphore>,
    look_ups: Arc<Semaphore>,
    attempts: AtomicU32,
    questions: AtomicU32,
    prepared: Mutex<HashMap<Pair, Prepared>>,
}

/// Where a connection comes from and where it goes to, as the script sees it.
type Pair = (SocketAddr, SocketAddr);

enum Prepared {
    Deciding,
    Ready { opened: Opened, since: Instant },
}

/// A connection to a host.
pub(super) struct Opened {
    pub(super) stream: TcpStream,
    pub(super) link: Link,
    pub(super) slot: OwnedSemaphorePermit,
}

/// Why there is none, as far as the script's kernel can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    Refused,
    Unreachable,
    /// It is the script's own loopback that is meant.
    Own,
}

/// How a first packet is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    /// It is being decided already.
    Drop,
    Deny(Denial),
}

/// What the script wants to connect to.
struct Target {
    host: String,
    port: u16,
    name: Option<Arc<Name>>,
    literal: IpAddr,
    /// Loopback, or the run's own address.
    own: bool,
}

impl Target {
    /// `host:port`.
    fn origin(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn failed(&self, error: ConnectError) -> Failed {
        let origin = self.origin();
        let denial = match &error {
            ConnectError::Refused { .. } | ConnectError::Unreachable(io::ErrorKind::ConnectionRefused) => {
                Denial::Refused
            }
            _ => Denial::Unreachable,
        };
        Failed { error: EgressError::of_connect(error, origin), denial }
    }
}

/// Why there is no connection: in words, and as far as the script's kernel can be told.
struct Failed {
    error: EgressError,
    denial: Denial,
}

impl From<EgressError> for Failed {
    fn from(error: EgressError) -> Self {
        Self { error, denial: Denial::Refused }
    }
}

impl Run {
    pub(super) fn new(parts: Arc<Parts>, rules: SandboxRules, gated: bool) -> Self {
        Self {
            parts,
            gated: AtomicBool::new(gated),
            names: Mutex::default(),
            record: Mutex::new(Record::new(rules.limits.contacts_max)),
            slots: Arc::new(Semaphore::new(rules.limits.connections_max)),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS_AT_ONCE_MAX)),
            attempts: AtomicU32::new(0),
            questions: AtomicU32::new(0),
            prepared: Mutex::default(),
            rules,
        }
    }

    pub(super) fn limits(&self) -> &NetworkLimits {
        &self.rules.limits
    }

    pub(super) fn contacts(&self) -> Vec<HostContact> {
        locked(&self.record).contacts()
    }

    /// Connects to where the script wants to, if it may; recorded either way. `destination` is canonical.
    pub(super) async fn open(&self, destination: SocketAddr) -> Result<Opened, Denial> {
        let target = self.target(destination);
        self.try_open(&target).await.map_err(|failed| self.denied(&target, destination, failed))
    }

    async fn try_open(&self, target: &Target) -> Result<Opened, Failed> {
        if let Err(error) = self.count_attempt(target) {
            sleep(EXHAUSTED_PAUSE).await;
            return Err(error.into());
        }
        self.check_host(target)?;
        let addresses = match &target.name {
            Some(name) => self.resolved(name).await.ok_or_else(|| target.failed(ConnectError::Dns))?,
            None => vec![target.literal],
        };
        let allowed = self.parts.allowed(&addresses, target.port).map_err(|error| target.failed(error))?;
        let slot = self.slot(target)?;
        let tcp = timeout(self.parts.timeout, open_first(&allowed, target.port)).await;
        let tcp = tcp.unwrap_or(Err(ConnectError::TimedOut));
        let OpenedTcp { stream, address } = tcp.map_err(|error| target.failed(error))?;
        let link = locked(&self.record).reached(&target.host, target.port, address);
        Ok(Opened { stream, link, slot })
    }

    fn target(&self, destination: SocketAddr) -> Target {
        let (literal, port) = (destination.ip(), destination.port());
        let meaning = locked(&self.names).meaning(literal);
        let own = matches!(meaning, Meaning::Own);
        let (host, name) = match meaning {
            Meaning::Name(name) => (name.text.clone(), Some(name)),
            Meaning::Own | Meaning::Nothing | Meaning::Literal => (literal.to_string(), None),
        };
        Target { host, port, name, literal, own }
    }

    fn check_host(&self, target: &Target) -> Result<(), EgressError> {
        if self.lists(&target.host) {
            return Ok(());
        }
        Err(EgressError::HostNotAllowed { host: target.host.clone() })
    }

    /// Whether the action's list has this host; an empty list has any.
    pub(super) fn lists(&self, host: &str) -> bool {
        let listed = &self.rules.allowed_hosts;
        listed.is_empty() || listed.iter().any(|pattern| host_matches(pattern, host))
    }

    /// Also one that is refused, or stays in the run: each is work for the kernel and for whoever decides.
    fn count_attempt(&self, target: &Target) -> Result<(), EgressError> {
        let attempts_max = self.limits().attempts_max;
        let counted = self.attempts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |attempts| {
            (attempts < attempts_max).then_some(attempts + 1)
        });
        let limit = u64::from(attempts_max);
        counted.map(drop).map_err(|_| EgressError::TooManyConnections {
            origin: target.origin(),
            limit,
            at_once: false,
        })
    }

    fn slot(&self, target: &Target) -> Result<OwnedSemaphorePermit, EgressError> {
        self.drop_forgotten();
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            let limit = u64::try_from(self.limits().connections_max).unwrap_or(u64::MAX);
            EgressError::TooManyConnections { origin: target.origin(), limit, at_once: true }
        })
    }

    /// Writes a refusal or failure down, for the history and for the script.
    fn denied(&self, target: &Target, destination: SocketAddr, failed: Failed) -> Denial {
        let Failed { error, denial } = failed;
        let is_judged = !matches!(error, EgressError::TooManyConnections { .. });
        if target.own && self.is_gated() && error.is_refusal() && is_judged {
            // The run's own loopback is fine to use; `nobody_listens` follows when there is nothing.
            locked(&self.record).own_tried(target.port);
            return Denial::Own;
        }
        self.write_down(target, destination, &error);
        denial
    }

    fn write_down(&self, target: &Target, destination: SocketAddr, error: &EgressError) {
        let mut record = locked(&self.record);
        record.explain(address_key(destination), explanation(target, error));
        if error.is_refusal() {
            let address = match error {
                EgressError::AddressRefused { address, .. } => Some(*address),
                _ => None,
            };
            record.refused(&target.host, target.port, Refused { address, why: error.to_string() });
        } else {
            record.failed(&target.host, target.port);
        }
    }

    /// The script tried its own loopback, and nothing is there: it may have meant this machine's.
    pub(super) fn nobody_listens(&self, destination: SocketAddr) {
        let target = self.target(destination);
        if !target.own {
            return;
        }
        let refused = self.parts.policy.judge(target.literal, target.port).err();
        let error = match refused {
            Some(refusal) => EgressError::AddressRefused {
                origin: target.origin(),
                address: target.literal,
                port: target.port,
                refusal,
            },
            None => EgressError::HostNotAllowed { host: target.host.clone() },
        };
        let mut record = locked(&self.record);
        record.explain(address_key(destination), explanation(&target, &error));
        let refusal = Refused { address: Some(target.literal), why: error.to_string() };
        record.own_refused(&target.host, target.port, refusal);
    }
}

/// Names.
impl Run {
    pub(super) fn is_gated(&self) -> bool {
        self.gated.load(Ordering::Relaxed)
    }

    /// The gate does not work after all.
    pub(super) fn lose_gate(&self) {
        self.gated.store(false, Ordering::Relaxed);
    }

    /// False when the run has asked the name server too often.
    pub(super) fn may_ask(&self) -> bool {
        self.questions.fetch_add(1, Ordering::Relaxed) < self.limits().questions_max
    }

    pub(super) fn name(&self, text: &str) -> Option<Arc<Name>> {
        locked(&self.names).entry(text, self.limits().names_max)
    }

    /// Where a name really is; None when it is nowhere.
    pub(super) async fn resolved(&self, name: &Name) -> Option<Vec<IpAddr>> {
        let look_up = async {
            let found = timeout(self.parts.timeout, self.look_up(&name.text)).await;
            found.unwrap_or(Err(ConnectError::TimedOut)).map_err(|_| ()).and_then(non_empty)
        };
        name.addresses.get_or_try_init(|| look_up).await.ok().cloned()
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let mut places = Vec::new();
        for look_ups in [&self.look_ups, &self.parts.sandbox_look_ups] {
            places.push(Arc::clone(look_ups).acquire_owned().await.map_err(|_| ConnectError::Dns)?);
        }
        self.parts.resolver.resolve_holding(host, 0, places).await
    }

    /// A name that can't be refused when it is connected to, and so is when it is looked up.
    pub(super) fn refuse_name(&self, text: &str) {
        let why = EgressError::HostNotAllowed { host: text.to_owned() }.to_string();
        let mut record = locked(&self.record);
        record.explain(text.to_owned(), format!("Errand refused to look up {text}: {why}"));
        record.refused(text, 0, Refused { address: None, why });
    }

    pub(super) fn name_is_unknown(&self, text: &str) {
        let why = EgressError::Dns { origin: text.to_owned() }.to_string();
        locked(&self.record).explain(text.to_owned(), why);
    }

    /// Why a connection to an address (as [`address_key`] writes it) or the look-up of a name failed.
    pub(super) fn reason(&self, key: &str) -> Option<String> {
        locked(&self.record).reason(key)
    }
}

/// Connections that stand before the script's do.
impl Run {
    pub(super) async fn prepare(&self, pair: Pair) -> Verdict {
        {
            let mut prepared = locked(&self.prepared);
            match prepared.get(&pair) {
                Some(Prepared::Deciding) => return Verdict::Drop,
                Some(Prepared::Ready { .. }) => return Verdict::Accept,
                None => prepared.insert(pair, Prepared::Deciding),
            };
        }
        let opened = self.open(pair.1).await;
        let mut prepared = locked(&self.prepared);
        match opened {
            Ok(opened) => {
                prepared.insert(pair, Prepared::Ready { opened, since: Instant::now() });
                Verdict::Accept
            }
            Err(denial) => {
                prepared.remove(&pair);
                Verdict::Deny(denial)
            }
        }
    }

    pub(super) fn take_prepared(&self, from: SocketAddr, to: SocketAddr) -> Option<Opened> {
        match locked(&self.prepared).remove(&(from, to)) {
            Some(Prepared::Ready { opened, .. }) => Some(opened),
            Some(Prepared::Deciding) | None => None,
        }
    }

    /// A script may give up between the verdict and its connection.
    fn drop_forgotten(&self) {
        locked(&self.prepared).retain(|_, prepared| match prepared {
            Prepared::Deciding => true,
            Prepared::Ready { since, .. } => since.elapsed() < PREPARED_MAX,
        });
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The key that the Python side asks with (`network_errors.py`): the port, and the address's bytes in hexadecimal.
fn address_key(destination: SocketAddr) -> String {
    match destination.ip() {
        IpAddr::V4(address) => format!("{}.{:08x}", destination.port(), address.to_bits()),
        IpAddr::V6(address) => format!("{}.{:032x}", destination.port(), address.to_bits()),
    }
}

/// For the script's exception.
fn explanation(target: &Target, error: &EgressError) -> String {
    let origin = target.origin();
    match error {
        EgressError::AddressRefused { .. } if target.own => format!(
            "Errand refused the connection to {origin}: inside the sandbox this is the script's own address, and nothing \
             listens there. If the machine's was meant, the operator can open it with `egress.open = [\"{origin}\"]`."
        ),
        EgressError::AddressRefused { address, port, refusal, .. } => format!(
            "Errand refused the connection to {origin}: {address} is {refusal}. If scripts should reach it, the operator \
             can open it with `egress.open = [\"{}\"]`.",
            SocketAddr::new(*address, *port)
        ),
        error if error.is_refusal() => format!("Errand refused the connection to {origin}: {error}"),
        error => error.to_string(),
    }
}

fn non_empty(addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, ()> {
    if addresses.is_empty() { Err(()) } else { Ok(addresses) }
}

/// Nothing that is done under these locks can panic half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
