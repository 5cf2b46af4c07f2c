//! The mail server by which results of schedules are sent.

use std::sync::Arc;

use color_eyre::eyre::{Result, eyre};
use errand_runners::deliver::{MailSecurity, MailServer, Sender};
use errand_secrets::SecretText;
use serde::Deserialize;

const TLS_PORT: u16 = 465;
const START_TLS_PORT: u16 = 587;
const PLAIN_PORT: u16 = 25;

/// `[mail]`; the password comes by the environment alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSection {
    host: Option<String>,
    port: Option<u16>,
    security: Security,
    user: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Security {
    #[default]
    StartTls,
    Tls,
    None,
}

impl MailSection {
    /// None when no server is named.
    pub fn with_password(self, password: Option<String>) -> Result<Option<MailServer>> {
        let Some(host) = self.host else { return Ok(None) };
        let from = self.from.as_deref().and_then(Sender::parse).ok_or_else(|| {
            eyre!("the setting `mail.from` is missing or no e-mail address; write one such as `Errand <errand@example.com>`")
        })?;
        let credentials = match (self.user, password) {
            (Some(user), Some(password)) => Some((user, Arc::new(SecretText::new(password)))),
            (None, None) => None,
            (Some(_), None) => {
                return Err(eyre!(
                    "`mail.user` is set and its password is not; put it into ERRAND_MAIL_PASSWORD"
                ));
            }
            (None, Some(_)) => {
                return Err(eyre!(
                    "ERRAND_MAIL_PASSWORD is set and `mail.user` is not; name the user, or unset it"
                ));
            }
        };
        let (security, port) = match self.security {
            Security::StartTls => (MailSecurity::StartTls, START_TLS_PORT),
            Security::Tls => (MailSecurity::Tls, TLS_PORT),
            Security::None => (MailSecurity::None, PLAIN_PORT),
        };
        let is_here = ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
        if security == MailSecurity::None && credentials.is_some() && !is_here {
            return Err(eyre!(
                "`mail.security` is `none`, so the password would cross the network in the clear; choose `start_tls` or `tls`"
            ));
        }
        Ok(Some(MailServer { host, port: self.port.unwrap_or(port), security, credentials, from }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, password: Option<&str>, expect: Result<Option<u16>, &str>) {
        let section: MailSection = toml::from_str(text).expect("a section");
        let got = section.with_password(password.map(str::to_owned));
        let got = got.map(|server| server.map(|server| server.port)).map_err(|error| error.to_string());
        match (&got, expect) {
            (Err(error), Err(words)) => assert!(error.contains(words), "{error}"),
            (got, expect) => assert_eq!(got.as_ref().ok(), expect.as_ref().ok(), "{got:?}"),
        }
    }

    #[test]
    fn a_server_needs_an_address_to_send_from_and_whole_credentials() {
        check("", None, Ok(None));
        check("host = 'mail.example.com'", None, Err("mail.from"));
        let full = "host = 'mail.example.com'\nfrom = 'Errand <errand@example.com>'";
        check(full, None, Ok(Some(587)));
        check(&format!("{full}\nsecurity = 'tls'"), None, Ok(Some(465)));
        check(&format!("{full}\nsecurity = 'none'\nport = 1025"), None, Ok(Some(1025)));
        check(&format!("{full}\nuser = 'errand'"), Some("secret"), Ok(Some(587)));
        check(&format!("{full}\nuser = 'errand'"), None, Err("ERRAND_MAIL_PASSWORD"));
        check(full, Some("secret"), Err("mail.user"));
        check("host = 'mail.example.com'\nfrom = 'nobody'", None, Err("e-mail address"));
        let clear =
            |host: &str| format!("host = '{host}'\nfrom = 'a@b.c'\nuser = 'errand'\nsecurity = 'none'");
        check(&clear("mail.example.com"), Some("secret"), Err("in the clear"));
        check(&clear("localhost"), Some("secret"), Ok(Some(25)));
    }
}
