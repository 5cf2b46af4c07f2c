//! Handing a result to somebody outside: Slack, a webhook, or e-mail.
//!
//! What is handed over is masked already. A try says how it failed and whether another can help; when to try again is
//! for the caller to say. Webhooks and Slack go through the egress policy like every request; mail goes to the one
//! server that the operator named, and nowhere else.

mod mail;
mod post;

use std::fmt;

use errand_domain::ExecutionStatus;
use errand_secrets::SecretText;

pub use errand_egress::MailSecurity;
pub use mail::{MailServer, Sender};

use crate::Runners;

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A run ended.
    Result,
    /// To see whether the way is open; no run is behind it.
    Test,
}

/// What a receiver is told of a run. Everything in it is masked.
#[derive(Debug, Clone)]
pub struct Message {
    pub purpose: Purpose,
    /// Of the delivery: the same on every try, so that a receiver can tell a repeated one.
    pub id: String,
    pub guru: String,
    pub guru_name: String,
    pub action: String,
    /// None for a test.
    pub execution_id: Option<String>,
    pub status: ExecutionStatus,
    /// In RFC 3339; of a test, when it was sent.
    pub due_at: String,
    pub finished_at: Option<String>,
    pub duration_ms: Option<f64>,
    pub output: Option<String>,
    pub output_truncated: bool,
    pub error: Option<String>,
    /// Where people read more; None when the server's address is not known.
    pub link: Option<String>,
}

/// Where to, with the secrets that it takes.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub enum Destination<'a> {
    Slack {
        url: Address<'a>,
    },
    Webhook {
        url: Address<'a>,
        signing: &'a SecretText,
        at_seconds: i64,
    },
    /// `date` is the moment as mail has it (RFC 2822).
    Email {
        to: &'a [String],
        date: &'a str,
    },
}

/// A secret address.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it holds a secret")]
pub struct Address<'a> {
    pub url: &'a SecretText,
    /// The only hosts that it may name; empty for any.
    pub allowed_hosts: &'a [String],
}

/// Why a try came to nothing: in words that hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DeliveryFailure {
    pub reason: String,
    /// Trying again can't help.
    pub is_final: bool,
}

impl DeliveryFailure {
    fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: false }
    }

    fn for_good(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: true }
    }
}

impl Runners {
    /// Tries once to hand a message over.
    ///
    /// # Errors
    /// When it was not taken, or nobody knows.
    pub async fn deliver(&self, to: Destination<'_>, message: &Message) -> Result<(), DeliveryFailure> {
        match to {
            Destination::Slack { url } => post::slack(&self.egress, url, message).await,
            Destination::Webhook { url, signing, at_seconds } => {
                post::webhook(&self.egress, post::Signed { url, signing, at_seconds }, message).await
            }
            Destination::Email { to, date } => match &self.mail {
                Some(server) => mail::send(server, &mail::Letter { to, date }, message).await,
                None => Err(DeliveryFailure::for_good(
                    "No mail server is set. Name one in `[mail]` of the server's settings.",
                )),
            },
        }
    }

    /// Whether mail can be sent at all.
    pub fn has_mail(&self) -> bool {
        self.mail.is_some()
    }
}

/// Output that a message for people shows; the run's page has the rest.
const OUTPUT_CHARS_SHOWN: usize = 2_500;

impl Message {
    /// One line: what ran and how it ended.
    fn headline(&self) -> String {
        match self.purpose {
            Purpose::Result => format!("{} {}", self.action, status_words(self.status)),
            Purpose::Test => format!("Test: results of {} arrive here", self.action),
        }
    }

    /// What it gave back or why it failed, shortened.
    fn body(&self) -> Option<String> {
        let text = self.error.as_deref().or(self.output.as_deref()).filter(|text| !text.trim().is_empty())?;
        let mut short: String = text.chars().take(OUTPUT_CHARS_SHOWN).collect();
        if short.len() < text.len() || self.output_truncated {
            short.push_str("\n… (cut)");
        }
        Some(short)
    }
}

fn status_words(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Succeeded => "succeeded",
        ExecutionStatus::Failed => "failed",
        ExecutionStatus::Refused => "was refused",
        ExecutionStatus::TimedOut => "timed out",
        ExecutionStatus::Cancelled => "was cancelled",
        ExecutionStatus::Unknown => "broke off: whether it took effect is not known",
        ExecutionStatus::Queued | ExecutionStatus::Running => "is under way",
    }
}

impl fmt::Display for Message {
    /// The whole message as plain text, for mail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        writeln!(f)?;
        writeln!(f, "Guru: {} ({})", self.guru_name, self.guru)?;
        match self.purpose {
            Purpose::Result => writeln!(f, "Due: {}", self.due_at)?,
            Purpose::Test => writeln!(f, "Sent: {}", self.due_at)?,
        }
        if let Some(ms) = self.duration_ms {
            writeln!(f, "Took: {ms:.0} ms")?;
        }
        if let Some(run) = self.link.as_ref().or(self.execution_id.as_ref()) {
            writeln!(f, "Run: {run}")?;
        }
        if let Some(body) = self.body() {
            writeln!(f, "\n{body}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
