//! Why a request came to nothing. Only scheme, host and port are named: the rest of an address may hold a secret.

use std::{fmt, net::IpAddr, time::Duration};

use crate::{Refusal, connect::ConnectError};

/// `origin` is `scheme://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    #[error("The address can't be used: {reason}. Write one such as `https://api.example.com/orders`.")]
    BadUrl { reason: &'static str },

    #[error(
        "`{host}` is not among the action's allowed hosts. Add it to `allowed_hosts` if the action should reach it, and to the hosts of its secrets where these are bound."
    )]
    HostNotAllowed { host: String },

    #[error(
        "{origin} was refused: {address} is {refusal}. If requests should reach it, the operator can open it with `egress.open = [\"{}\"]`.",
        open_hint(*address, *port)
    )]
    AddressRefused { origin: String, address: IpAddr, port: u16, refusal: Refusal },

    #[error(
        "{origin} was refused: the script has opened {limit} connections {}. Close connections that are done with, or reuse them.",
        if *.at_once { "that are still open" } else { "already" }
    )]
    TooManyConnections { origin: String, limit: u64, at_once: bool },

    #[error("The name of {origin} could not be resolved. Check its spelling and the machine's DNS.")]
    Dns { origin: String },

    #[error("{origin} could not be reached: {reason}. Check that it is up and the port is right.")]
    Unreachable { origin: String, reason: String },

    #[error(
        "No secure connection to {origin}: {reason}. Check the certificate and that the port speaks TLS."
    )]
    Tls { origin: String, reason: String },

    #[error("{origin} took longer than {} while {stage}. Raise the timeout or look at why it is slow.", seconds(*.timeout))]
    TimedOut { origin: String, stage: Stage, timeout: Duration },

    #[error("{origin} redirected more than {redirects_max} times. Call the final address directly.")]
    TooManyRedirects { origin: String, redirects_max: u8 },

    #[error(
        "{origin} redirected to {target}, which was not followed: {reason}. Call the final address directly."
    )]
    RedirectRefused { origin: String, target: String, reason: &'static str },

    #[error(
        "{origin} did not answer in proper HTTP: {reason}. Check that the address and port are those of an HTTP service."
    )]
    Protocol { origin: String, reason: String },
}

/// What was being done when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    Waiting,
    Reading,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Waiting => "answering",
            Self::Reading => "sending its answer",
        })
    }
}

impl EgressError {
    pub(crate) fn of_connect(error: ConnectError, origin: String) -> Self {
        match error {
            ConnectError::Refused { address, port, refusal } => {
                Self::AddressRefused { origin, address, port, refusal }
            }
            ConnectError::Dns => Self::Dns { origin },
            ConnectError::Unreachable(kind) => Self::Unreachable { origin, reason: kind.to_string() },
            ConnectError::Tls(reason) => Self::Tls { origin, reason },
            ConnectError::TimedOut => {
                Self::Unreachable { origin, reason: "no connection in time".to_owned() }
            }
        }
    }

    /// Policy said no, as opposed to something that broke.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::BadUrl { .. }
                | Self::HostNotAllowed { .. }
                | Self::AddressRefused { .. }
                | Self::TooManyConnections { .. }
                | Self::RedirectRefused { .. }
        )
    }

    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}

fn open_hint(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
