//! The network of a run, from both its ends: programs of this machine (or of the image, when `ERRAND_IMAGE_DIR` names
//! one) in a namespace that the sandbox's own code set up, served by the egress. The machine's servers that they reach
//! stand for the internet. Started as root, it plays an ordinary user too.

mod clients;
mod inside;
#[path = "../../native/src/net/mod.rs"]
mod net;
mod plain;
mod refused;
mod site;

use std::{collections::HashMap, net::SocketAddr};

use errand_egress::{Egress, EgressLimits, EgressPolicy, SandboxRules, SandboxSockets};
use tokio::task::spawn_blocking;

use inside::Way;
use net::Means;

/// Every combination that this test may try.
fn everywhere() -> impl Iterator<Item = (Way, Means)> {
    let means = [Means::Gate, Means::Rules, Means::Ports];
    let ways = [Way::Root, Way::User].into_iter().filter(|way| way.is_open());
    ways.flat_map(move |way| means.map(|means| (way, means)))
}

/// What a program printed and did.
#[derive(Debug)]
struct Ran {
    stdout: String,
    stderr: String,
    /// `host:port sent/received` or `host:port refused: why`, in order.
    contacts: Vec<String>,
}

/// An egress that knows these names and opens these addresses.
fn egress(hosts: &[(&str, &str)], open: &[SocketAddr]) -> Egress {
    let open: Vec<_> = open.iter().map(ToString::to_string).collect();
    let policy = EgressPolicy::from_texts(open.iter().map(String::as_str)).expect("ranges");
    let mut by_name = HashMap::<_, Vec<_>>::new();
    for (name, address) in hosts {
        by_name.entry((*name).to_owned()).or_default().push(address.parse().expect("an address"));
    }
    Egress::with_hosts(policy, &EgressLimits::default(), by_name).expect("TLS is set up")
}

fn only(hosts: &[&str]) -> SandboxRules {
    SandboxRules {
        allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..SandboxRules::default()
    }
}

async fn run(egress: &Egress, rules: SandboxRules, way: (Way, Means), program: &[&str]) -> Ran {
    let inside = inside::start(way, program);
    let sockets = SandboxSockets::from_roles(inside.sockets).expect("known roles");
    let network = egress.serve_sandbox(sockets, rules).expect("served");
    let output =
        spawn_blocking(|| inside.child.wait_with_output()).await.expect("no panic").expect("waited for");
    let contacts = network.finish().await.into_iter().map(|contact| match contact.refused {
        Some(why) => format!("{}:{} refused: {why}", contact.host, contact.port),
        None => {
            format!("{}:{} {}/{}", contact.host, contact.port, contact.bytes_sent, contact.bytes_received)
        }
    });
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        contacts: contacts.collect(),
    }
}

/// Runs Python with the part of the zygote that explains errors; `{port}` in the script is the port.
async fn python(egress: &Egress, rules: SandboxRules, way: (Way, Means), script: &str) -> Ran {
    let prelude = include_str!("../../src/zygote/network_errors.py");
    let whole = format!("import asyncio\n{prelude}\ninstall()\nimport socket\n{script}");
    run(egress, rules, way, &["/usr/bin/python3", "-I", "-c", &whole]).await
}
