//! By e-mail, through the server that the operator named.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use errand_domain::results::is_address;
use errand_egress::{MailCredentials, MailRequest, MailSecurity, send_mail};
use errand_secrets::SecretText;

use super::{DeliveryFailure, Message};

/// Characters of base64 on one line of a body (RFC 2045).
const LINE_CHARS: usize = 76;
/// Bytes of an encoded word's text: with its marks it stays below the 75 characters that RFC 2047 allows.
const WORD_BYTES: usize = 42;

/// The operator's mail server.
#[derive(Clone)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    /// Name and password, where it asks for them.
    pub credentials: Option<(String, Arc<SecretText>)>,
    pub from: Sender,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}:{})", self.host, self.port)
    }
}

/// Whom mail comes from: `Errand <errand@example.com>`, or the address alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    name: String,
    address: String,
}

impl Sender {
    /// None when it is no address.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text.trim()),
        };
        let is_plain = !name.chars().any(|c| c.is_control() || c == '"' || c == '\\');
        (is_address(address) && is_plain).then(|| Self { name: name.to_owned(), address: address.to_owned() })
    }

    fn header(&self) -> String {
        match self.name.as_str() {
            "" => self.address.clone(),
            name if name.is_ascii() => format!("\"{name}\" <{}>", self.address),
            name => format!("{} <{}>", encoded(name), self.address),
        }
    }
}

/// To whom, and the moment in the form that mail has it (RFC 2822).
pub(super) struct Letter<'a> {
    pub(super) to: &'a [String],
    pub(super) date: &'a str,
}

pub(super) async fn send(
    server: &MailServer,
    letter: &Letter<'_>,
    message: &Message,
) -> Result<(), DeliveryFailure> {
    let exposed = server.credentials.as_ref().map(|(user, password)| (user, password.expose()));
    let request = MailRequest {
        host: &server.host,
        port: server.port,
        security: server.security,
        credentials: exposed.as_ref().map(|(user, password)| MailCredentials { user, password }),
        from: &server.from.address,
        to: letter.to,
        message: &compose(server, letter, message),
    };
    send_mail(&request)
        .await
        .map_err(|error| DeliveryFailure { is_final: error.is_final(), reason: error.to_string() })
}

fn compose(server: &MailServer, letter: &Letter<'_>, message: &Message) -> String {
    let subject = format!("[{}] {}", message.guru_name, message.headline());
    let domain = server.from.address.rsplit('@').next().unwrap_or("errand");
    let headers = [
        ("From", server.from.header()),
        ("To", letter.to.join(", ")),
        ("Subject", header_text(&subject)),
        ("Date", letter.date.to_owned()),
        ("Message-ID", format!("<{}@{domain}>", message.id)),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "base64".to_owned()),
    ];
    let mut lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.push(String::new());
    let body = STANDARD.encode(message.to_string());
    lines.extend(body.as_bytes().chunks(LINE_CHARS).map(|line| String::from_utf8_lossy(line).into_owned()));
    lines.join("\n") + "\n"
}

/// A header's text: as it is when it is plain, else in encoded words. A line break can't begin another header.
fn header_text(text: &str) -> String {
    let is_plain = text.len() <= LINE_CHARS && text.chars().all(|c| c.is_ascii() && !c.is_control());
    if is_plain && !text.contains("=?") { text.to_owned() } else { encoded(text) }
}

fn encoded(text: &str) -> String {
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in text.chars() {
        if word.len() + c.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_sender(text: &str, expect: Option<&str>) {
        let got = Sender::parse(text).map(|sender| sender.header());
        assert_eq!(got.as_deref(), expect, "{text}");
    }

    #[test]
    fn senders_are_an_address_with_or_without_a_name() {
        check_sender("errand@acme.test", Some("errand@acme.test"));
        check_sender("Errand <errand@acme.test>", Some("\"Errand\" <errand@acme.test>"));
        check_sender("\"Errand, Inc.\" <errand@acme.test>", Some("\"Errand, Inc.\" <errand@acme.test>"));
        check_sender("Ä <errand@acme.test>", Some("=?utf-8?B?w4Q=?= <errand@acme.test>"));
        check_sender("nobody", None);
        check_sender("a\nBcc: x <errand@acme.test>", None);
    }

    #[test]
    fn no_text_can_begin_another_header() {
        assert_eq!(header_text("[G] tick failed"), "[G] tick failed");
        for odd in ["a\r\nBcc: all@acme.test", "Ärger", "=?utf-8?B?eA==?=", &"x".repeat(200)] {
            let shown = header_text(odd);
            assert!(
                shown.lines().all(|line| line.trim_start().starts_with("=?utf-8?B?") && line.len() <= 76),
                "{shown}"
            );
            let words: String = shown
                .lines()
                .map(|line| {
                    let word = line.trim().trim_start_matches("=?utf-8?B?").trim_end_matches("?=");
                    // A character is never cut between two words, so that each decodes alone.
                    String::from_utf8(STANDARD.decode(word).expect("base64")).expect("UTF-8")
                })
                .collect();
            assert_eq!(words, odd);
        }
    }
}
