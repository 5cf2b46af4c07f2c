//! Where a run's connections may lead, decided without a namespace: sockets of this machine stand for its ends.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use super::{
    Destination, NetworkLimits, RedirectedListener, SandboxNetwork, SandboxRules, SandboxSockets,
    run::{Denial, LOOK_UPS_AT_ONCE_MAX, Run, Verdict},
};
use crate::{
    EgressPolicy,
    connect::{Parts, Resolver},
    tls,
};

fn parts(open: &[&str], answers: &[&[&str]]) -> Arc<Parts> {
    let read =
        |texts: &&[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<IpAddr>>();
    let answers = answers.iter().map(read).collect::<VecDeque<_>>();
    parts_with(open, Resolver::Scripted(Mutex::new(answers)))
}

fn parts_with(open: &[&str], resolver: Resolver) -> Arc<Parts> {
    Arc::new(Parts {
        policy: Arc::new(EgressPolicy::from_texts(open.iter().copied()).expect("ranges")),
        resolver,
        tls: Arc::new(tls::client_config().expect("TLS is set up")),
        timeout: Duration::from_secs(5),
        sandbox_look_ups: Arc::new(Semaphore::new(12)),
    })
}

fn rules(allowed: &[&str]) -> SandboxRules {
    SandboxRules {
        allowed_hosts: allowed.iter().map(|host| (*host).to_owned()).collect(),
        ..SandboxRules::default()
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// `host:port refused at address: why` or `host:port at address`.
fn contacts(run: &Run) -> Vec<String> {
    let written = run.contacts().into_iter().map(|contact| {
        let at = contact.address.unwrap_or_default();
        let refused = if contact.refused.is_some() { " refused" } else { "" };
        format!("{}:{}{refused} at {at}", contact.host, contact.port)
    });
    written.collect()
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_judged_as_it_was_first() {
    let (_listener, address) = listener().await;
    let open = address.to_string();
    let run = Run::new(parts(&[&open], &[&["127.0.0.1"], &["169.254.169.254"]]), rules(&["*.test"]), true);
    let name = run.name("turn.test").expect("room");
    let to = SocketAddr::new(name.v4(), address.port());
    run.open(to).await.map_err(|_| ()).expect("the first answer is open");
    run.open(to).await.map_err(|_| ()).expect("and still holds");
    assert_eq!(contacts(&run), [format!("turn.test:{} at 127.0.0.1", address.port())]);
}

#[tokio::test]
async fn of_many_addresses_only_open_ones_are_connected_to() {
    let (_listener, address) = listener().await;
    let (open, port) = (address.to_string(), address.port());
    let run = Run::new(
        parts(&[&open], &[&["10.0.0.1", "::ffff:127.0.0.1"], &["10.0.0.1", "fe80::1"]]),
        rules(&[]),
        true,
    );
    let (mixed, closed) = (run.name("mixed.test").expect("room"), run.name("closed.test").expect("room"));
    run.open(SocketAddr::new(mixed.v6(), port)).await.map_err(|_| ()).expect("one is open");
    let denied = run.open(SocketAddr::new(closed.v6(), port)).await.map(|_| ()).expect_err("none is open");
    assert_eq!(denied, Denial::Refused);
    let expect =
        [format!("mixed.test:{port} at 127.0.0.1"), format!("closed.test:{port} refused at 10.0.0.1")];
    assert_eq!(contacts(&run), expect);
}

#[tokio::test]
async fn the_list_speaks_of_names_and_of_literals() {
    let (_listener, address) = listener().await;
    let (open, port) = (address.to_string(), address.port());
    for (allowed, to, expect) in [
        (&["127.0.0.1"][..], "127.0.0.1", Ok(())),
        (&["localhost"], "127.0.0.1", Err(Denial::Refused)),
        (&["*.0.0.1"], "127.0.0.1", Ok(())),
        (&["shop.test"], "198.18.0.9", Err(Denial::Refused)),
        (&[], "198.18.0.9", Err(Denial::Refused)),
    ] {
        // Without a gate, the run's own loopback can't be told from this machine's.
        let run = Run::new(parts(&[&open], &[]), rules(allowed), false);
        let opened = run.open(SocketAddr::new(to.parse().expect("an address"), port)).await.map(|_| ());
        assert_eq!(opened, expect, "{allowed:?} {to}");
    }
}

#[tokio::test]
async fn every_limit_holds() {
    let (_listener, address) = listener().await;
    let (open, port) = (address.to_string(), address.port());
    let limits = NetworkLimits {
        connections_max: 2,
        attempts_max: 4,
        names_max: 1,
        questions_max: 2,
        contacts_max: 2,
        ..NetworkLimits::default()
    };
    let run = Run::new(parts(&[&open], &[]), SandboxRules { limits, ..rules(&[]) }, false);
    let first = run.open(address).await.map_err(|_| ()).expect("one");
    let _second = run.open(address).await.map_err(|_| ()).expect("two");
    assert_eq!(run.open(address).await.map(|_| ()).expect_err("three at once"), Denial::Refused);
    drop(first);
    let _fourth = run.open(address).await.map_err(|_| ()).expect("two again");
    assert_eq!(run.open(address).await.map(|_| ()).expect_err("five in all"), Denial::Refused);
    assert!(run.name("a.test").is_some() && run.name("b.test").is_none() && run.name("a.test").is_some());
    assert!(run.may_ask() && run.may_ask() && !run.may_ask());
    run.refuse_name("c.test");
    assert_eq!(
        contacts(&run),
        [format!("127.0.0.1:{port} at 127.0.0.1"), format!("127.0.0.1:{port} refused at ")]
    );
}

/// What is refused counts as well, and so does the run's own loopback, which nothing else limits.
#[tokio::test]
async fn refused_attempts_count() {
    let limits = NetworkLimits { attempts_max: 2, ..NetworkLimits::default() };
    let run = Run::new(parts(&[], &[]), SandboxRules { limits, ..rules(&[]) }, true);
    let opened = async |to: &str| {
        let to: SocketAddr = to.parse().expect("an address");
        run.open(to).await.map(|_| ()).expect_err("nothing is open")
    };
    assert_eq!(opened("10.0.0.1:80").await, Denial::Refused);
    assert_eq!(opened("127.0.0.1:80").await, Denial::Own);
    assert_eq!(opened("127.0.0.1:80").await, Denial::Refused);
    let last = run.contacts().pop().and_then(|contact| contact.refused).expect("a refusal");
    assert!(last.contains("has opened 2 connections already"), "{last}");
}

/// Look-ups block threads that everybody needs: name servers that are silent must not take them all.
#[tokio::test]
async fn look_ups_at_once_are_few() {
    let parts = parts_with(&[], Resolver::Silent { asked: 0.into() });
    let asked = || match &parts.resolver {
        Resolver::Silent { asked } => asked.load(Ordering::Relaxed),
        _ => 0,
    };
    let mut waiting = JoinSet::new();
    for expect in [LOOK_UPS_AT_ONCE_MAX as u64, 12] {
        let run = Arc::new(Run::new(Arc::clone(&parts), rules(&[]), true));
        for number in 0..30 {
            let (run, name) = (Arc::clone(&run), run.name(&format!("{number}.test")).expect("room"));
            waiting.spawn(async move { run.resolved(&name).await });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(asked(), expect);
    }
}

#[tokio::test]
async fn a_first_packet_that_comes_again_is_not_decided_again() {
    let (listener, address) = listener().await;
    let run = Run::new(parts(&[&address.to_string()], &[]), rules(&[]), true);
    let pair = (SocketAddr::from(([198, 18, 0, 1], 40_000)), address);
    let (one, other) = tokio::join!(run.prepare(pair), run.prepare(pair));
    assert_eq!((one, other), (Verdict::Accept, Verdict::Drop));
    assert_eq!(run.prepare(pair).await, Verdict::Accept);
    assert!(run.take_prepared(pair.0, pair.1).is_some() && run.take_prepared(pair.0, pair.1).is_none());
    listener.accept().await.expect("the one connection");
    let own = (pair.0, SocketAddr::from(([127, 0, 0, 1], 1)));
    assert_eq!(run.prepare(own).await, Verdict::Deny(Denial::Own));
}

/// A network whose listener is a socket of this machine: what is connected to is where it leads, which is itself.
#[tokio::test]
async fn a_connection_that_leads_to_itself_ends_at_the_limit() {
    let door = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let meant = door.local_addr().expect("bound");
    let sockets = SandboxSockets {
        tcp: vec![RedirectedListener { socket: door.into(), destination: Destination::SocketName }],
        ..SandboxSockets::default()
    };
    let network =
        SandboxNetwork::start(parts(&[&meant.to_string()], &[]), sockets, rules(&[])).expect("served");
    let mut script = TcpStream::connect(meant).await.expect("taken");
    script.write_all(b"hello").await.expect("sent");
    let mut answer = Vec::new();
    let _ = script.read_to_end(&mut answer).await;
    drop(script);
    let contacts = network.finish().await;
    assert_eq!((contacts.len(), contacts[1].refused.is_some(), answer.len()), (2, true, 0));
    assert!(
        contacts[1].refused.as_ref().is_some_and(|why| why.contains("128 connections that are still open"))
    );
}
