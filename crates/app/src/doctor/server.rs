//! Whether a server answers, and what it says of itself; else whether its place is free.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;

use super::{Finding, Verdict};
use crate::{
    cli::context::Context,
    client::{Client, read},
};

const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
struct System {
    version: String,
    planner: String,
    #[serde(default)]
    notices: Vec<String>,
}

pub(super) async fn look(context: &Context) -> Vec<Finding> {
    const WHAT: &str = "server";
    let server = context.server();
    let probed = match Client::new(&server, None) {
        Ok(client) => client.probe("readyz", PROBE_TIMEOUT).await,
        Err(failure) => return vec![Finding::new(WHAT, Verdict::Broken, failure.message, failure.hint)],
    };
    match probed {
        Ok(200) => vec![Finding::good(WHAT, format!("It answers at {server} and is ready."))]
            .into_iter()
            .chain(system(context).await)
            .collect(),
        Ok(503) => vec![Finding::new(
            WHAT,
            Verdict::Warning,
            format!("It answers at {server} and is not ready."),
            "It is starting or stopping; its log says more.",
        )],
        Ok(status) => vec![Finding::new(
            WHAT,
            Verdict::Broken,
            format!("{server} answers {status}, and not as Errand does."),
            "Choose another address with `listen` or ERRAND_LISTEN, or stop what answers there.",
        )],
        Err(_) if context.is_own_server(&server) => vec![place(context.config.listen)],
        Err(failure) => vec![Finding::new(WHAT, Verdict::Broken, failure.message, failure.hint)],
    }
}

/// Nothing answers: could a server start here?
fn place(listen: SocketAddr) -> Finding {
    const WHAT: &str = "server";
    match std::net::TcpListener::bind(listen) {
        Ok(_) => Finding::new(
            WHAT,
            Verdict::Note,
            format!("None runs; {listen} is free."),
            "Start it with `errand serve`.",
        ),
        Err(error) => Finding::new(
            WHAT,
            Verdict::Broken,
            format!("None answers, and {listen} can't be used: {error}."),
            "Choose another address with `listen` or ERRAND_LISTEN.",
        ),
    }
}

async fn system(context: &Context) -> Vec<Finding> {
    const WHAT: &str = "server";
    let asked = match context.client() {
        Ok(client) => client.get(&["system"]).await.and_then(|reply| read::<System>(&reply)),
        Err(failure) => Err(failure),
    };
    let system = match asked {
        Ok(system) => system,
        Err(failure) => {
            return vec![Finding::new("API key", Verdict::Warning, failure.message, failure.hint)];
        }
    };
    let mut findings = vec![Finding::good("API key", "The server takes it.")];
    let own = env!("CARGO_PKG_VERSION");
    findings.push(if system.version == own {
        Finding::good(WHAT, format!("Version {own}, planning with {}.", system.planner))
    } else {
        Finding::new(
            WHAT,
            Verdict::Warning,
            format!("It has version {} and this command {own}.", system.version),
            "Use one version for both.",
        )
    });
    findings.extend(system.notices.into_iter().map(|notice| Finding::new(WHAT, Verdict::Note, notice, "")));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_place_is_told_from_a_free_one() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("its address");
        assert_eq!(place(address).verdict, Verdict::Broken);
        drop(taken);
        assert_eq!(place(address).verdict, Verdict::Note);
    }
}
