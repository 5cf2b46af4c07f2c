//! Connections that are refused, as the script and the history see them.

use crate::{
    egress, everywhere,
    inside::Way,
    net::Means,
    only, python,
    site::{Manner, Site},
};

const HERE: (Way, Means) = (Way::User, Means::Gate);
const TRY: &str = r"
import time
def attempt(host, port):
    started = time.monotonic()
    try:
        socket.create_connection((host, port))
        print('connected')
    except OSError as error:
        print(type(error).__name__, error)
    if time.monotonic() - started > 5:
        print('late')
";

/// Runs one attempt; the script sees `error`, the history `contacts`.
async fn check(way: (Way, Means), allowed: &[&str], attempt: (&str, u16), expect: (&str, &[&str])) {
    let hosts =
        [("private.test", "10.1.2.3"), ("mixed.test", "169.254.169.254"), ("mixed.test", "192.168.0.1")];
    let (host, port) = attempt;
    let script = format!("{TRY}attempt({host:?}, {port})");
    let ran = python(&egress(&hosts, &[]), only(allowed), way, &script).await;
    let (error, contacts) = expect;
    assert!(ran.stdout.starts_with(error) && ran.stdout.lines().count() == 1, "{attempt:?} {way:?}: {ran:?}");
    let same = contacts.len() == ran.contacts.len()
        && ran.contacts.iter().zip(contacts).all(|(got, start)| got.starts_with(start));
    assert!(same, "{attempt:?} {way:?}: {ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_says_why() {
    for way in everywhere().filter(|(_, means)| *means == Means::Gate) {
        check(
            way,
            &["shop.test"],
            ("evil.test", 443),
            (
                "ConnectionRefusedError [Errno 111] Errand refused the connection to evil.test:443: `evil.test` is not \
                 among the action's allowed hosts. Add it to `allowed_hosts`",
                &["evil.test:443 refused: `evil.test` is not among"],
            ),
        )
        .await;
        check(
            way,
            &[],
            ("private.test", 5432),
            (
                "ConnectionRefusedError [Errno 111] Errand refused the connection to private.test:5432: 10.1.2.3 is a \
                 private address. If scripts should reach it, the operator can open it with `egress.open = [\"10.1.2.3:5432\"]`.",
                &["private.test:5432 refused: private.test:5432 was refused: 10.1.2.3 is a private address."],
            ),
        )
        .await;
        check(
            way,
            &[],
            ("mixed.test", 80),
            (
                "ConnectionRefusedError [Errno 111] Errand refused the connection to mixed.test:80: 169.254.169.254 is a \
                 cloud metadata address.",
                &["mixed.test:80 refused: "],
            ),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn literal_addresses_are_judged_too() {
    for (host, rule) in [
        ("169.254.169.254", "a cloud metadata address"),
        ("10.0.0.1", "a private address"),
        ("192.168.1.1", "a private address"),
        ("100.64.0.1", "a carrier-grade NAT address"),
        ("fe80::1%lo", "a link-local address"),
        ("fd00:ec2::254", "a cloud metadata address"),
        ("64:ff9b::a00:1", "carries 10.0.0.1, a private address"),
        ("::ffff:10.0.0.1", "a private address"),
        ("198.18.77.77", "a benchmarking address"),
    ] {
        let plain = host.trim_start_matches("::ffff:").trim_end_matches("%lo");
        let origin = if plain.contains(':') { format!("[{plain}]:80") } else { format!("{plain}:80") };
        let error = format!(
            "ConnectionRefusedError [Errno 111] Errand refused the connection to {origin}: {plain} is {rule}."
        );
        check(HERE, &[], (host, 80), (&error, &[&format!("{plain}:80 refused: ")])).await;
    }
    let listed = "ConnectionRefusedError [Errno 111] Errand refused the connection to 1.1.1.1:53443: `1.1.1.1` is not among";
    check(HERE, &["shop.test"], ("1.1.1.1", 53443), (listed, &["1.1.1.1:53443 refused: "])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machines_loopback_is_not_the_scripts() {
    let site = Site::start(Manner::Http).await;
    let port = site.port();
    for host in ["127.0.0.1", "198.18.0.1", "127.8.8.8"] {
        let error = format!(
            "ConnectionRefusedError [Errno 111] Errand refused the connection to {host}:{port}: inside the sandbox this is \
             the script's own address, and nothing listens there. If the machine's was meant, the operator can open it \
             with `egress.open = [\"{host}:{port}\"]`."
        );
        check(HERE, &[], (host, port), (&error, &[&format!("{host}:{port} refused: ")])).await;
    }
    let six =
        format!("ConnectionRefusedError [Errno 111] Errand refused the connection to [::1]:{port}: inside");
    check(HERE, &[], ("::1", port), (&six, &[&format!("::1:{port} refused: ")])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_gate_names_are_refused_when_they_are_looked_up() {
    for means in [Means::Rules, Means::Ports] {
        let error =
            "gaierror [Errno -2] Errand refused to look up evil.test: `evil.test` is not among the action's";
        check((Way::User, means), &["shop.test"], ("evil.test", 443), (error, &["evil.test:0 refused: "]))
            .await;
        // Connections that can only be judged once they stand are cut at once.
        let script = "s = socket.create_connection(('10.0.0.1', 443))\ntry: print(s.recv(1))\nexcept ConnectionResetError: print('reset')";
        let ran = python(&egress(&[], &[]), only(&[]), (Way::User, means), script).await;
        assert_eq!(ran.stdout, "reset\n", "{ran:?}");
        assert!(ran.contacts[0].starts_with("10.0.0.1:443 refused: "), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_exist_are_said_so() {
    let error = "gaierror [Errno -2] The name of nowhere.invalid could not be resolved.";
    for means in [Means::Gate, Means::Rules, Means::Ports] {
        check((Way::User, means), &[], ("nowhere.invalid", 443), (error, &[])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_down_are_told_from_refused_ones() {
    let gone = Site::start(Manner::Http).await.address;
    let script = format!("{TRY}attempt('down.test', {})", gone.port());
    let ran = python(&egress(&[("down.test", "127.0.0.1")], &[gone]), only(&[]), HERE, &script).await;
    let port = gone.port();
    let expect = format!(
        "ConnectionRefusedError [Errno 111] down.test:{port} could not be reached: connection refused."
    );
    assert!(ran.stdout.starts_with(&expect), "{ran:?}");
    assert_eq!(ran.contacts, [format!("down.test:{port} 0/0")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_but_tcp_is_refused_at_once() {
    let script = r"
for family, address in ((socket.AF_INET, ('9.9.9.9', 443)), (socket.AF_INET6, ('2620:fe::fe', 123))):
    s = socket.socket(family, socket.SOCK_DGRAM)
    try:
        s.sendto(b'x', address)
        print('sent')
    except OSError as error:
        print(type(error).__name__)
";
    let ran = python(&egress(&[], &[]), only(&[]), HERE, script).await;
    assert_eq!(ran.stdout, "PermissionError\nPermissionError\n", "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_has_only_so_many_connections() {
    let site = Site::start(Manner::Http).await;
    let mut rules = only(&[]);
    rules.limits.connections_max = 3;
    let script = format!(
        "held = [socket.create_connection(('shop.test', {0})) for _ in range(3)]\n{TRY}attempt('shop.test', {0})\n\
         held.pop().close(); time.sleep(0.3)\nattempt('shop.test', {0})",
        site.port()
    );
    let ran = python(&egress(&[("shop.test", "127.0.0.1")], &[site.address]), rules, HERE, &script).await;
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].contains("the script has opened 3 connections that are still open."), "{ran:?}");
    assert_eq!(lines[1], "connected", "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_may_ask_nonsense() {
    let script = r"
import random, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('8.8.8.8', 53))
# The same in every run: truly random bytes may happen to ask for a name, which then has an address before `shop.test`.
noise = random.Random(1)
for n in range(300):
    s.send(noise.randbytes(n % 60))
t = socket.create_connection(('1.1.1.1', 53))
q = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + b'\x04shop\x04test\x00\x00\x01\x00\x01'
t.sendall(struct.pack('>H', len(q)) + q)
a = t.recv(512)
print(a[2:4], a[-4:])
print(socket.gethostbyname('shop.test'))
";
    let egress = egress(&[("shop.test", "127.0.0.1")], &[]);
    let ran = python(&egress, only(&[]), HERE, script).await;
    assert_eq!(ran.stdout, "b'\\x00\\x07' b'\\xc6\\x12\\x00\\x02'\n198.18.0.2\n", "{ran:?}");
}
