//! Handing mail in at a server (SMTP, RFC 5321): one message, one connection, no queue.
//!
//! The address is the operator's own word and is not judged by the policy, which is there for what questions and scripts
//! choose. A password goes out over TLS, or to this machine itself.

use std::{io, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::tls;

/// For the whole conversation.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Of one answer; servers say a few lines.
const REPLY_BYTES_MAX: u64 = 64 * 1024;
/// Of an answer that is shown.
const REPLY_CHARS_SHOWN: usize = 200;

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (port 465).
    Tls,
    /// TLS after a greeting in the clear, and nothing without it (port 587).
    StartTls,
    /// None: for a server on this machine.
    None,
}

/// One message and where it is handed in.
pub struct MailRequest<'a> {
    pub host: &'a str,
    pub port: u16,
    pub security: MailSecurity,
    /// Where the server asks for them.
    pub credentials: Option<MailCredentials<'a>>,
    /// Bare addresses, without names and brackets.
    pub from: &'a str,
    pub to: &'a [String],
    /// Headers and body; its lines end as they like.
    pub message: &'a str,
}

/// Who hands the message in.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it is a password")]
pub struct MailCredentials<'a> {
    pub user: &'a str,
    pub password: &'a str,
}

impl std::fmt::Debug for MailRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailRequest({}:{})", self.host, self.port)
    }
}

/// Why the server did not take it.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("The mail server {server} could not be reached: {reason}.")]
    Unreachable { server: String, reason: String },
    #[error(
        "No secure connection to the mail server {server}: {reason}. Check its certificate and `mail.security`."
    )]
    Tls { server: String, reason: String },
    #[error("The mail server {server} took longer than {} s.", TIMEOUT.as_secs())]
    TimedOut { server: String },
    #[error("The mail server {server} refused {step}: {code} {text}")]
    Refused { server: String, step: &'static str, code: u16, text: String },
    #[error("The mail server {server} broke off or did not speak SMTP ({reason}).")]
    Protocol { server: String, reason: &'static str },
}

impl MailError {
    /// It said no for good: the same again would be refused again.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { code: 500..=599, .. })
    }
}

/// Hands a message in. Every addressee is taken, or the whole message is not sent.
///
/// # Errors
/// Why it was not taken.
pub async fn send_mail(request: &MailRequest<'_>) -> Result<(), MailError> {
    let server = format!("{}:{}", request.host, request.port);
    match tokio::time::timeout(TIMEOUT, converse(request, &server)).await {
        Ok(sent) => sent,
        Err(_) => Err(MailError::TimedOut { server }),
    }
}

async fn converse(request: &MailRequest<'_>, server: &str) -> Result<(), MailError> {
    let unreachable = |error: io::Error| MailError::Unreachable {
        server: server.to_owned(),
        reason: error.kind().to_string(),
    };
    let stream = TcpStream::connect((request.host, request.port)).await.map_err(unreachable)?;
    let wire: Box<dyn Wire> = match request.security {
        MailSecurity::Tls => secured(Box::new(stream), request.host, server).await?,
        MailSecurity::StartTls | MailSecurity::None => Box::new(stream),
    };
    let mut talk = Talk { wire: BufReader::new(wire), server };
    talk.hear("the connection", 220).await?;
    let mut offers = talk.greet().await?;
    if request.security == MailSecurity::StartTls {
        talk.ask("STARTTLS", "the change to TLS (STARTTLS)", 220).await?;
        // What came in the clear after that answer was put there by somebody in between.
        if !talk.wire.buffer().is_empty() {
            return Err(talk.broke("it spoke before TLS began"));
        }
        let wire = secured(talk.wire.into_inner(), request.host, server).await?;
        talk = Talk { wire: BufReader::new(wire), server };
        offers = talk.greet().await?;
    }
    if let Some(credentials) = request.credentials {
        talk.sign_in(credentials, &offers).await?;
    }
    talk.ask(&format!("MAIL FROM:<{}>", request.from), "the sender", 250).await?;
    for address in request.to {
        talk.ask(&format!("RCPT TO:<{address}>"), "an addressee", 250).await?;
    }
    talk.ask("DATA", "the message", 354).await?;
    talk.say(&dotted(request.message)).await?;
    talk.hear("the message", 250).await?;
    // It is taken; how the server takes leave changes nothing.
    let _ = talk.say("QUIT\r\n").await;
    Ok(())
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

async fn secured(wire: Box<dyn Wire>, host: &str, server: &str) -> Result<Box<dyn Wire>, MailError> {
    let failed = |reason: String| MailError::Tls { server: server.to_owned(), reason };
    let config = tls::mail_config().map_err(|error| failed(error.to_string()))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, wire).await;
    Ok(Box::new(stream.map_err(|error| failed(error.to_string()))?))
}

struct Talk<'a> {
    wire: BufReader<Box<dyn Wire>>,
    server: &'a str,
}

impl Talk<'_> {
    /// What the server offers, a line each.
    async fn greet(&mut self) -> Result<Vec<String>, MailError> {
        self.ask("EHLO errand", "the greeting", 250).await
    }

    /// By PLAIN (RFC 4616), or by LOGIN with servers that know nothing newer.
    async fn sign_in(
        &mut self,
        MailCredentials { user, password }: MailCredentials<'_>,
        offers: &[String],
    ) -> Result<(), MailError> {
        const STEP: &str = "the user name or password";
        let encoded = |text: &str| Zeroizing::new(STANDARD.encode(text));
        if offers_mechanism(offers, "PLAIN") {
            let answer = encoded(&Zeroizing::new(format!("\0{user}\0{password}")));
            self.ask(&Zeroizing::new(format!("AUTH PLAIN {}", *answer)), STEP, 235).await?;
        } else if offers_mechanism(offers, "LOGIN") {
            self.ask("AUTH LOGIN", STEP, 334).await?;
            self.ask(&encoded(user), STEP, 334).await?;
            self.ask(&encoded(password), STEP, 235).await?;
        } else {
            return Err(self.broke("it offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
        Ok(())
    }

    async fn ask(&mut self, line: &str, step: &'static str, expect: u16) -> Result<Vec<String>, MailError> {
        // It may be a password.
        self.say(&Zeroizing::new(format!("{line}\r\n"))).await?;
        self.hear(step, expect).await
    }

    async fn say(&mut self, text: &str) -> Result<(), MailError> {
        let written = async {
            self.wire.write_all(text.as_bytes()).await?;
            self.wire.flush().await
        };
        written.await.map_err(|_| self.broke("the connection was closed"))
    }

    /// The lines of the next answer, without their codes, when it has the code that is expected.
    async fn hear(&mut self, step: &'static str, expect: u16) -> Result<Vec<String>, MailError> {
        let mut lines = Vec::new();
        let mut left = REPLY_BYTES_MAX;
        loop {
            let mut line = String::new();
            let read = (&mut self.wire).take(left).read_line(&mut line).await;
            let read = read.map_err(|_| self.broke("the connection was closed"))? as u64;
            left -= read;
            if !line.ends_with('\n') {
                return Err(self.broke(if left == 0 {
                    "its answer is too long"
                } else {
                    "the connection was closed"
                }));
            }
            let line = line.trim_end();
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let (Some(code), rest) = (code, line.get(3..).unwrap_or_default()) else {
                return Err(self.broke("an answer without a code"));
            };
            let text = rest.get(1..).unwrap_or_default();
            lines.push(text.to_owned());
            if rest.starts_with('-') {
                continue;
            }
            // 251 is a 250 for somebody whose mail goes on elsewhere.
            if code == expect || (expect, code) == (250, 251) {
                return Ok(lines);
            }
            let text = lines.join(" ").chars().filter(|c| !c.is_control()).take(REPLY_CHARS_SHOWN).collect();
            return Err(MailError::Refused { server: self.server.to_owned(), step, code, text });
        }
    }

    fn broke(&self, reason: &'static str) -> MailError {
        MailError::Protocol { server: self.server.to_owned(), reason }
    }
}

/// Whether one of the answers to EHLO names this way to sign in.
fn offers_mechanism(offers: &[String], wanted: &str) -> bool {
    offers.iter().any(|line| {
        let mut words = line.split([' ', '=']);
        words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
            && words.any(|word| word.eq_ignore_ascii_case(wanted))
    })
}

/// The message as it goes over the wire: lines end with CRLF, a dot at the start of one is doubled, a lone one ends it.
fn dotted(message: &str) -> String {
    let mut text = String::with_capacity(message.len() + message.len() / 32);
    for line in message.lines() {
        if line.starts_with('.') {
            text.push('.');
        }
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str(".\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_can_end_it() {
        assert_eq!(dotted("a\n.\n..b\r\nc"), "a\r\n..\r\n...b\r\nc\r\n.\r\n");
        assert_eq!(dotted(""), ".\r\n");
    }

    #[test]
    fn ways_to_sign_in_are_told_apart() {
        let offers = ["mail".to_owned(), "auth LOGIN XPLAIN".to_owned(), "AUTH=CRAM-MD5".to_owned()];
        for (wanted, expect) in [("LOGIN", true), ("PLAIN", false), ("CRAM-MD5", true), ("mail", false)] {
            assert_eq!(offers_mechanism(&offers, wanted), expect, "{wanted}");
        }
    }

    /// A server that answers line by line from a script, and what it heard.
    async fn check(
        script: &'static [&'static str],
        security: MailSecurity,
        expect: Result<(), &str>,
    ) -> Vec<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let port = listener.local_addr().expect("an address").port();
        let heard = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut wire = BufReader::new(stream);
            let mut heard = Vec::new();
            for reply in script {
                wire.write_all(reply.as_bytes()).await.expect("answer");
                let mut line = String::new();
                if wire.read_line(&mut line).await.unwrap_or(0) == 0 {
                    break;
                }
                heard.push(line.trim_end().to_owned());
                // A message has several lines; the last is a dot.
                while heard.last().is_some_and(|line| line == "text") {
                    let mut line = String::new();
                    wire.read_line(&mut line).await.expect("a line");
                    heard.push(line.trim_end().to_owned());
                }
            }
            heard
        });
        let to = ["bo@acme.test".to_owned()];
        let request = MailRequest {
            host: "127.0.0.1",
            port,
            security,
            credentials: None,
            from: "ana@acme.test",
            to: &to,
            message: "text\n",
        };
        let sent = send_mail(&request).await.map_err(|error| error.to_string());
        match (&sent, expect) {
            (Err(error), Err(words)) => assert!(error.contains(words), "{error}"),
            (got, expect) => assert_eq!(got.is_ok(), expect.is_ok(), "{got:?}"),
        }
        heard.await.expect("the server ends")
    }

    #[tokio::test]
    async fn a_message_is_handed_in_step_by_step() {
        let script = &[
            "220 hi\r\n",
            "250-mail\r\n250 8BITMIME\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "354 go\r\n",
            "250 taken\r\n",
        ];
        let heard = check(script, MailSecurity::None, Ok(())).await;
        let expect = [
            "EHLO errand",
            "MAIL FROM:<ana@acme.test>",
            "RCPT TO:<bo@acme.test>",
            "DATA",
            "text",
            ".",
            "QUIT",
        ];
        assert_eq!(heard, expect);
    }

    #[tokio::test]
    async fn refusals_and_nonsense_are_told_apart() {
        let refuses = &["220 hi\r\n", "250 mail\r\n", "550-no\r\n550 relay\r\n"];
        check(refuses, MailSecurity::None, Err("refused the sender: 550 no relay")).await;
        check(&["hello\r\n"], MailSecurity::None, Err("an answer without a code")).await;
        // Without TLS nothing is said, and what was slipped in before it began is not believed.
        check(&["220 hi\r\n", "250 mail\r\n", "454 no\r\n"], MailSecurity::StartTls, Err("STARTTLS")).await;
        let slipped = &["220 hi\r\n", "250 mail\r\n", "220 go\r\n250 slipped in\r\n"];
        check(slipped, MailSecurity::StartTls, Err("spoke before TLS")).await;
    }

    #[test]
    fn only_a_no_for_good_is_final() {
        let refused =
            |code| MailError::Refused { server: String::new(), step: "x", code, text: String::new() };
        assert!(refused(550).is_final());
        assert!(!refused(451).is_final());
        assert!(!MailError::TimedOut { server: String::new() }.is_final());
    }
}
