//! Which server, which key, which guru.

use std::{fs, net::IpAddr, path::Path, str::FromStr, sync::Arc};

use errand_secrets::SecretText;
use serde::Deserialize;

use super::{failure::Failure, output::Output};
use crate::{
    client::{Client, is_loopback, read},
    config::Config,
};

/// How the command line finds its server.
#[derive(Debug, Clone, clap::Args)]
pub struct RemoteArgs {
    /// Address of the server [default: the `listen` address in the settings]
    #[arg(long, global = true, value_name = "URL", env = "ERRAND_SERVER", hide_env_values = true)]
    pub server: Option<String>,
    /// API key; prefer the variable: other users of a machine see flags
    #[arg(long, global = true, value_name = "KEY", env = "ERRAND_API_KEY", hide_env_values = true)]
    pub api_key: Option<ApiKey>,
    /// Slug of the guru [default: the only one, or the first]
    #[arg(long, global = true, value_name = "SLUG", env = "ERRAND_GURU", hide_env_values = true)]
    pub guru: Option<String>,
}

/// A key that was typed or is in the environment; it can't be printed.
#[derive(Clone)]
pub struct ApiKey(Arc<SecretText>);

impl FromStr for ApiKey {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Arc::new(SecretText::new(text.to_owned()))))
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// What every command is given.
pub struct Context {
    pub config: Config,
    pub remote: RemoteArgs,
    pub output: Output,
}

/// A client and the guru that it speaks of.
pub struct Door {
    pub client: Client,
    pub guru: String,
}

#[derive(Deserialize)]
struct Gurus {
    items: Vec<GuruName>,
}

#[derive(Deserialize)]
struct GuruName {
    slug: String,
}

impl Context {
    pub fn server(&self) -> String {
        let given = self.remote.server.clone().filter(|server| !server.is_empty());
        given.unwrap_or_else(|| listen_address(self.config.listen.ip(), self.config.listen.port()))
    }

    /// A client with the caller's key. This machine's own key goes to this machine's own server alone: an address
    /// from elsewhere must not be able to collect it.
    pub fn client(&self) -> Result<Client, Failure> {
        let server = self.server();
        if let Some(ApiKey(key)) = self.remote.api_key.as_ref().filter(|ApiKey(key)| !key.expose().is_empty())
        {
            self.warn_of_plain_http(&server);
            return Client::new(&server, Some(key));
        }
        if !self.is_own_server(&server) {
            return Err(Failure::new(
                "no_key",
                format!("There is no API key for {server}."),
                "Put one into ERRAND_API_KEY; the key of this machine is sent to its own server only.",
            ));
        }
        Client::new(&server, read_local_key(&self.config.local_key_file())?.as_ref())
    }

    pub async fn door(&self) -> Result<Door, Failure> {
        let client = self.client()?;
        if let Some(guru) = self.remote.guru.clone().filter(|guru| !guru.is_empty()) {
            return Ok(Door { client, guru });
        }
        let gurus: Gurus = read(&client.get(&["gurus"]).await?)?;
        let first = gurus.items.first().ok_or_else(|| {
            Failure::new(
                "no_guru",
                "There is no guru that you may use.",
                "Make one in the dashboard, or start the server with `errand serve --demo`.",
            )
        })?;
        if gurus.items.len() > 1 {
            self.output.hint(&format!(
                "Using the guru `{}`, the first of {}; choose with `--guru`.",
                first.slug,
                gurus.items.len()
            ));
        }
        Ok(Door { client, guru: first.slug.clone() })
    }

    pub fn is_own_server(&self, server: &str) -> bool {
        let own = [
            self.config.public_url.as_str(),
            &listen_address(self.config.listen.ip(), self.config.listen.port()),
        ]
        .into_iter()
        .any(|own| own.trim_end_matches('/') == server.trim_end_matches('/'));
        own || server.parse().is_ok_and(|url| is_loopback(&url))
    }

    fn warn_of_plain_http(&self, server: &str) {
        if server.starts_with("http://") && !server.parse().is_ok_and(|url| is_loopback(&url)) {
            self.output.hint(&format!(
                "{server} is not encrypted: the key and all answers can be read on the way. Use https."
            ));
        }
    }
}

/// Where a server that listens so can be reached from this machine.
fn listen_address(address: IpAddr, port: u16) -> String {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => format!("http://127.0.0.1:{port}"),
        IpAddr::V6(address) if address.is_unspecified() => format!("http://[::1]:{port}"),
        IpAddr::V4(address) => format!("http://{address}:{port}"),
        IpAddr::V6(address) => format!("http://[{address}]:{port}"),
    }
}

/// None when this machine has no key yet: the server then says that it wants one.
fn read_local_key(path: &Path) -> Result<Option<SecretText>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(SecretText::new(text)).filter(|key| !key.expose().trim().is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read this machine's key in", path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_address_becomes_one_to_connect_to() {
        fn check(address: &str, expect: &str) {
            let address = address.parse().expect("an address");
            assert_eq!(listen_address(address, 8029), expect);
        }
        check("127.0.0.1", "http://127.0.0.1:8029");
        check("0.0.0.0", "http://127.0.0.1:8029");
        check("::", "http://[::1]:8029");
        check("10.1.2.3", "http://10.1.2.3:8029");
    }

    #[test]
    fn a_key_does_not_print() {
        let Ok(key) = "errand_abc".parse::<ApiKey>();
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }
}
