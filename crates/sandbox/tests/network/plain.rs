//! Connections that are allowed, from the script's side and the host's.

use std::net::SocketAddr;

use crate::{
    Ran, egress, everywhere,
    inside::Way,
    net::Means,
    only, python,
    site::{Manner, Site},
};

const HERE: (Way, Means) = (Way::User, Means::Gate);

/// Ports are free where the kernel has rules; without them only the listed ones can be tried.
async fn site_for(means: Means, manner: Manner) -> Site {
    if means != Means::Ports {
        return Site::start(manner).await;
    }
    for port in crate::net::PORTS_WITHOUT_RULES {
        // Others may have it, or it is not for an ordinary user.
        if let Ok(listener) = tokio::net::TcpListener::bind(("127.0.0.1", port)).await {
            return Site::on(listener, manner);
        }
    }
    panic!("none of the ports is free");
}

fn check(ran: &Ran, stdout: &str, contacts: &[&str]) {
    assert_eq!(
        (ran.stdout.as_str(), ran.contacts.as_slice()),
        (stdout, owned(contacts).as_slice()),
        "{ran:?}"
    );
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_client_talks_to_a_host_by_name() {
    for way in everywhere() {
        let site = site_for(way.1, Manner::Echo).await;
        let port = site.port();
        let egress = egress(&[("echo.test", "127.0.0.1")], &[site.address]);
        for family in ["AF_INET", "AF_INET6"] {
            let script = format!(
                "s = socket.socket(socket.{family})\n\
                 s.connect(socket.getaddrinfo('Echo.test', {port}, socket.{family})[0][4])\n\
                 s.sendall(b'x' * 100_000)\n\
                 s.shutdown(socket.SHUT_WR)\n\
                 print(sum(len(part) for part in iter(lambda: s.recv(65536), b'')))"
            );
            let ran = python(&egress, only(&["echo.test"]), way, &script).await;
            check(&ran, "100000\n", &[&format!("echo.test:{port} 100000/100000")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_have_only_ipv6_are_reached_too() {
    let site = Site::at("[::1]:0", Manner::Http).await;
    let port = site.port();
    let egress = egress(&[("six.test", "::1")], &[site.address]);
    let script = format!("import urllib.request as u; print(u.urlopen('http://six.test:{port}/').read())");
    let ran = python(&egress, only(&[]), HERE, &script).await;
    check(&ran, "b'hello'\n", &[&ran_contact(&ran, &format!("six.test:{port}"))]);
}

fn ran_contact(ran: &Ran, start: &str) -> String {
    ran.contacts.iter().find(|contact| contact.starts_with(start)).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_literal_address_is_reached_when_it_is_open() {
    let site = Site::start(Manner::Echo).await;
    let address = site.address;
    let script = format!(
        "s = socket.create_connection(('127.0.0.1', {}))\ns.sendall(b'hello')\ns.shutdown(1)\nprint(s.recv(9))",
        address.port()
    );
    for rules in [only(&[]), only(&["127.0.0.1"])] {
        let ran = python(&egress(&[], &[address]), rules, HERE, &script).await;
        check(&ran, "b'hello'\n", &[&format!("{address} 5/5")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_just_before_the_end_arrives() {
    for way in everywhere() {
        let site = site_for(way.1, Manner::Echo).await;
        let port = site.port();
        let script = format!(
            "import os\ns = socket.create_connection(('log.test', {port}))\ns.sendall(b'x' * 300_000)\nos._exit(0)"
        );
        let egress = egress(&[("log.test", "127.0.0.1")], &[site.address]);
        let ran = python(&egress, only(&[]), way, &script).await;
        assert_eq!(site.received_at_last(300_000).await, 300_000, "{way:?} {ran:?}");
        assert!(ran_contact(&ran, "log.test").contains(" 300000/"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_is_broken_for_the_script_too() {
    let site = Site::start(Manner::Breaking).await;
    let script = format!(
        "s = socket.create_connection(('cut.test', {}))\nprint(s.recv(99))\ns.sendall(b'x')\n\
         try: print(s.recv(99))\nexcept ConnectionResetError: print('reset')",
        site.port()
    );
    let ran = python(&egress(&[("cut.test", "127.0.0.1")], &[site.address]), only(&[]), HERE, &script).await;
    assert_eq!(ran.stdout, "b'half of it'\nreset\n", "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_read_slows_the_script_down() {
    let site = Site::start(Manner::Deaf).await;
    let script = format!(
        "s = socket.create_connection(('slow.test', {}))\ns.settimeout(0.5)\nsent = 0\n\
         try:\n  while sent < 2**28: sent += s.send(b'x' * 65536)\n\
         except TimeoutError: print('full', sent < 2**25)",
        site.port()
    );
    let ran = python(&egress(&[("slow.test", "127.0.0.1")], &[site.address]), only(&[]), HERE, &script).await;
    assert_eq!(ran.stdout, "full True\n", "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripts_own_servers_are_its_own() {
    let script = r"
import threading, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'own')
    def log_message(self, *_):
        pass

for host in ('127.0.0.1', 'localhost'):
    with ThreadingHTTPServer((host, 8080), Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(urllib.request.urlopen(f'http://{host}:8080/').read())
        server.shutdown()
a, b = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 4000))
b.sendto(b'datagram', ('127.0.0.1', 4000))
print(a.recv(99))
";
    for way in everywhere().filter(|(_, means)| *means == Means::Gate) {
        let ran = python(&egress(&[], &[]), only(&["shop.test"]), way, script).await;
        check(&ran, "b'own'\nb'own'\nb'datagram'\n", &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_at_once_and_one_after_another() {
    let site = Site::start(Manner::Echo).await;
    let port = site.port();
    let script = r"
from concurrent.futures import ThreadPoolExecutor
def once(n):
    with socket.create_connection(('echo.test', PORT)) as s:
        s.sendall(b'%09d' % n)
        s.shutdown(socket.SHUT_WR)
        return int(s.makefile('rb').read()) == n
with ThreadPoolExecutor(50) as pool:
    print(sum(pool.map(once, range(1000))))
";
    let script = script.replace("PORT", &port.to_string());
    let egress = egress(&[("echo.test", "127.0.0.1")], &[site.address]);
    for means in [Means::Gate, Means::Rules] {
        let ran = python(&egress, only(&[]), (Way::User, means), &script).await;
        check(&ran, "1000\n", &[&format!("echo.test:{port} 9000/9000")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_network_closes_everything() {
    let site = Site::start(Manner::Deaf).await;
    let address: SocketAddr = site.address;
    let script = format!(
        "import socket\ns = socket.create_connection(('{}', {}))\nprint('up', flush=True)\n\
         try: print(s.recv(1))\nexcept OSError as e: print(type(e).__name__)",
        address.ip(),
        address.port()
    );
    let mut inside = crate::inside::start(HERE, &["/usr/bin/python3", "-I", "-c", &script]);
    let sockets =
        errand_egress::SandboxSockets::from_roles(std::mem::take(&mut inside.sockets)).expect("known");
    let network = egress(&[], &[address]).serve_sandbox(sockets, only(&[])).expect("served");
    let mut stdout = inside.child.stdout.take().expect("piped");
    let (mut stdout, first) = tokio::task::spawn_blocking(move || {
        let mut first = [0; 3];
        std::io::Read::read_exact(&mut stdout, &mut first).expect("came up");
        (stdout, first)
    })
    .await
    .expect("no panic");
    drop(network);
    let rest =
        tokio::task::spawn_blocking(move || std::io::read_to_string(&mut stdout)).await.expect("no panic");
    inside.child.wait().expect("waited for");
    let rest = rest.expect("text");
    assert!(first == *b"up\n" && (rest == "b''\n" || rest == "ConnectionResetError\n"), "{rest}");
}
