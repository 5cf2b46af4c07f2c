//! Where the results of a schedule go: to whom, and when.

use serde::{Deserialize, Serialize};

use crate::{DeliveryId, ExecutionId, ExecutionStatus, Problem, SecretName, UnixMillis};

/// Receivers that one schedule may have.
pub const RECEIVERS_MAX: usize = 5;
pub const EMAIL_ADDRESSES_MAX: usize = 20;
pub const EMAIL_ADDRESS_CHARS_MAX: usize = 254;
/// Tries of one delivery; after the last one it has failed.
pub const TRIES_MAX: u32 = 6;
/// How long to wait after each failed try but the last, in milliseconds.
const WAITS_MS: [i64; TRIES_MAX as usize - 1] = [30_000, 120_000, 600_000, 3_600_000, 14_400_000];

/// What a builder wants of a schedule's results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    pub when: When,
    pub to: Vec<Receiver>,
}

/// Which runs are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    /// Those that did not succeed.
    OnFailure,
    /// Those whose status or output is another than that of the run before.
    OnChange,
}

impl When {
    pub const ALL: [Self; 3] = [Self::Always, Self::OnFailure, Self::OnChange];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::OnFailure => "on_failure",
            Self::OnChange => "on_change",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|when| when.as_str() == text)
    }

    /// Whether a run is told of, knowing the run before it.
    pub fn applies(self, run: &Ended, before: Option<&Ended>) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => run.status != ExecutionStatus::Succeeded,
            Self::OnChange => before != Some(run),
        }
    }
}

/// How a run ended, as far as a change of it is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub status: ExecutionStatus,
    pub output: Option<String>,
}

/// Somebody to tell. Addresses that let their holder in are secrets of the guru, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Receiver {
    /// An incoming webhook of Slack; its address is the credential.
    Slack { url_secret: SecretName },
    /// By the operator's mail server.
    Email { to: Vec<String> },
    /// A POST of JSON, signed.
    Webhook { url_secret: SecretName, signing_secret: SecretName },
}

impl Receiver {
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Email { .. } => "email",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// What it is called to people: no address that lets anybody in.
    pub fn label(&self) -> String {
        match self {
            Self::Slack { url_secret } | Self::Webhook { url_secret, .. } => url_secret.to_string(),
            Self::Email { to } => to.join(", "),
        }
    }

    pub fn secrets(&self) -> Vec<&SecretName> {
        match self {
            Self::Slack { url_secret } => vec![url_secret],
            Self::Email { .. } => Vec::new(),
            Self::Webhook { url_secret, signing_secret } => vec![url_secret, signing_secret],
        }
    }
}

impl Results {
    /// Every rule that it breaks.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.to.is_empty() || self.to.len() > RECEIVERS_MAX {
            let hint = format!("Name 1 to {RECEIVERS_MAX}, or leave `results` out.");
            found.push(
                Problem::new("bad_receivers", "Nobody, or too many, would be told.", hint).at("results.to"),
            );
        }
        for (index, receiver) in self.to.iter().enumerate() {
            let Receiver::Email { to } = receiver else { continue };
            if to.is_empty() || to.len() > EMAIL_ADDRESSES_MAX {
                let hint = format!("Give 1 to {EMAIL_ADDRESSES_MAX} addresses.");
                let problem = Problem::new("bad_receivers", "The mail has no addressee, or too many.", hint);
                found.push(problem.at(format!("results.to[{index}].to")));
            }
            if let Some(off) = to.iter().find(|address| !is_address(address)) {
                let message = format!("`{off}` is no e-mail address.");
                let problem = Problem::new("bad_email", message, "Write one such as `ana@example.com`.");
                found.push(problem.at(format!("results.to[{index}].to")));
            }
        }
        found
    }
}

/// Whether a mail server could know it; whether it does, only that server can say.
pub fn is_address(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\"@".contains(c))
    };
    text.len() <= EMAIL_ADDRESS_CHARS_MAX
        && text.split_once('@').is_some_and(|(name, domain)| plain(name) && plain(domain))
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// To be tried, for the first time or again.
    Pending,
    Delivered,
    Failed,
}

impl DeliveryStatus {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// One result on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub execution_id: ExecutionId,
    pub receiver: Receiver,
    pub status: DeliveryStatus,
    pub tries: u32,
    /// When it is tried next; None once it was delivered or has failed.
    pub next_at: Option<UnixMillis>,
    /// Why the last try failed.
    pub error: Option<String>,
    pub created_at: UnixMillis,
    pub finished_at: Option<UnixMillis>,
}

/// How long to wait after so many failed tries; None when it was the last one.
pub fn wait_ms(tries: u32) -> Option<i64> {
    let place = usize::try_from(tries).ok()?.checked_sub(1)?;
    WAITS_MS.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: ExecutionStatus, output: &str) -> Ended {
        Ended { status, output: Some(output.to_owned()) }
    }

    #[track_caller]
    fn check(
        when: When,
        before: Option<(ExecutionStatus, &str)>,
        run: (ExecutionStatus, &str),
        expect: bool,
    ) {
        let before = before.map(|(status, output)| ended(status, output));
        let run = ended(run.0, run.1);
        assert_eq!(when.applies(&run, before.as_ref()), expect, "{when:?} {before:?} {run:?}");
    }

    #[test]
    fn a_rule_says_which_runs_are_told_of() {
        use ExecutionStatus::{Failed, Refused, Succeeded, TimedOut};
        use When::{Always, OnChange, OnFailure};
        check(Always, Some((Succeeded, "1")), (Succeeded, "1"), true);
        for status in [Failed, Refused, TimedOut, ExecutionStatus::Unknown, ExecutionStatus::Cancelled] {
            check(OnFailure, None, (status, ""), true);
        }
        check(OnFailure, Some((Failed, "1")), (Succeeded, "1"), false);
        check(OnChange, None, (Succeeded, "1"), true);
        check(OnChange, Some((Succeeded, "1")), (Succeeded, "1"), false);
        check(OnChange, Some((Succeeded, "1")), (Succeeded, "2"), true);
        check(OnChange, Some((Succeeded, "1")), (Failed, "1"), true);
    }

    #[track_caller]
    fn check_rules(to: &serde_json::Value, expect: &[&str]) {
        let results: Results =
            serde_json::from_value(serde_json::json!({"when": "always", "to": to})).expect("results");
        let found: Vec<_> = results.check().iter().map(|problem| problem.code).collect();
        assert_eq!(found, expect, "{results:?}");
    }

    #[test]
    fn receivers_are_checked() {
        use serde_json::json;
        check_rules(&json!([{"type": "slack", "url_secret": "SLACK_URL"}]), &[]);
        check_rules(&json!([{"type": "email", "to": ["ana@example.com", "o'neil+x@sub.example.com"]}]), &[]);
        check_rules(&json!([]), &["bad_receivers"]);
        check_rules(&json!([{"type": "email", "to": []}]), &["bad_receivers"]);
        for bad in ["ana", "ana@", "a@b@c", "a b@c", "x@y\r\nBcc: all@z", "<a@b>", "a@b,c@d"] {
            check_rules(&json!([{"type": "email", "to": [bad]}]), &["bad_email"]);
        }
        let many: Vec<_> = (0..=RECEIVERS_MAX).map(|_| json!({"type": "slack", "url_secret": "S"})).collect();
        check_rules(&json!(many), &["bad_receivers"]);
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..=TRIES_MAX).map(wait_ms).collect();
        assert!(waits[..waits.len() - 1].windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
        assert_eq!((waits[0], waits[waits.len() - 1], wait_ms(0)), (Some(30_000), None, None));
    }
}
