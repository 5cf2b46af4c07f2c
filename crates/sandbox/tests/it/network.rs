//! Connections of scripts in real sandboxes, served by the egress. Every way a connection can go is tried in
//! `tests/network`; here it is the walls around it that must let it through.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
};

use errand_egress::{Egress, EgressLimits, EgressPolicy, SandboxRules};
use errand_sandbox::{Program, RunLimits, Tier};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::harness::{House, collect, with_sandbox};

/// Answers each request with `hello`, for as long as the tests run.
fn site() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        }
    });
    address
}

/// Runs a script with `SITE` as the port of the site, which is `shop.test` and the only host that is allowed.
fn check(house: &House, site: SocketAddr, script: &str, stdout: &str, contacts: &[&str]) {
    let policy = EgressPolicy::from_texts([site.to_string().as_str()]).expect("an address");
    let hosts = HashMap::from([("shop.test".to_owned(), vec![site.ip()])]);
    let egress = Egress::with_hosts(policy, &EgressLimits::default(), hosts).expect("TLS is set up");
    let port = site.port().to_string();
    let code = script.replace("SITE", &port);
    let program = Program { code, name: "script.py".to_owned(), environment: Vec::new() };
    let (ran, found) = house.runtime.block_on(async {
        let mut child = house.sandbox.ready_child(Tier::for_script(script)).await.expect("a child");
        let rules = SandboxRules { allowed_hosts: vec!["shop.test".to_owned()], ..SandboxRules::default() };
        let network = egress.serve_sandbox(child.take_sockets(), rules).expect("served");
        let (sender, receiver) = mpsc::channel(16);
        let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
        let (report, output) = tokio::join!(child.run(&program, &limits, sender, &cancel), collect(receiver));
        report.expect("a report");
        (output, network.finish().await)
    });
    let found: Vec<_> = found
        .iter()
        .map(|contact| {
            format!("{}:{} {}", contact.host, contact.port, contact.refused.as_deref().unwrap_or("reached"))
        })
        .collect();
    assert_eq!(ran[0], stdout.replace("SITE", &port), "{script}\n{ran:?} {found:?}");
    let expect: Vec<_> = contacts.iter().map(|start| start.replace("SITE", &port)).collect();
    let same =
        found.len() == expect.len() && found.iter().zip(&expect).all(|(got, start)| got.starts_with(start));
    assert!(same, "{script}\n{found:?}");
}

#[test]
fn scripts_reach_what_they_may_and_hear_why_they_may_not() {
    let site = site();
    with_sandbox(|house| {
        check(
            house,
            site,
            "import urllib.request; print(urllib.request.urlopen('http://shop.test:SITE/').read())",
            "b'hello'\n",
            &["shop.test:SITE reached"],
        );
        check(
            house,
            site,
            "import requests, httpx\nprint(requests.get('http://shop.test:SITE').text, httpx.get('http://shop.test:SITE').text)",
            "hello hello\n",
            &["shop.test:SITE reached"],
        );
        check(
            house,
            site,
            "import subprocess\nran = subprocess.run(['curl', '-s', 'http://shop.test:SITE', 'http://evil.test'], capture_output=True)\n\
             print(ran.returncode, ran.stdout)",
            "7 b'hello'\n",
            &["shop.test:SITE reached", "evil.test:80 `evil.test` is not among the action's allowed hosts."],
        );
        check(
            house,
            site,
            "import socket\ntry: socket.create_connection(('evil.test', 5432))\nexcept OSError as error: print(error)",
            "[Errno 111] Errand refused the connection to evil.test:5432: `evil.test` is not among the action's allowed \
             hosts. Add it to `allowed_hosts` if the action should reach it, and to \
             the hosts of its secrets where these are bound.\n",
            &["evil.test:5432 `evil.test` is not among"],
        );
        check(
            house,
            site,
            "import asyncio\nasync def main():\n  try: await asyncio.open_connection('127.0.0.1', 5432)\n  except OSError as error: print(error)\nasyncio.run(main())",
            "[Errno 111] Errand refused the connection to 127.0.0.1:5432: inside the sandbox this is the script's own \
             address, and nothing listens there. If the machine's was meant, the operator can open it with \
             `egress.open = [\"127.0.0.1:5432\"]`.\n",
            &["127.0.0.1:5432 127.0.0.1:5432 was refused: 127.0.0.1 is a loopback address."],
        );
    });
}
