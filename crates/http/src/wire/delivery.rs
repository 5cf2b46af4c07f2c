//! Who is told of a schedule's runs, and what became of it, on the wire.

use errand_domain::{
    Delivery, Problem, UnixMillis,
    results::{Receiver, Results, When},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};

/// Who is told of a schedule's runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultsBody {
    /// `always`, `on_failure`, or `on_change` (of status or output, compared with the run before).
    #[schema(pattern = "^(always|on_failure|on_change)$")]
    pub when: String,
    #[schema(min_items = 1, max_items = 5)]
    pub to: Vec<ReceiverBody>,
}

/// Somebody to tell. Addresses that let their holder in are named, as secrets of the guru.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiverBody {
    /// An incoming webhook of Slack.
    Slack {
        /// The secret that holds its address.
        url_secret: String,
    },
    /// By the mail server that the operator named.
    Email {
        #[schema(min_items = 1, max_items = 20)]
        to: Vec<String>,
    },
    /// A POST of JSON, signed as the Standard Webhooks specification says.
    Webhook {
        /// The secret that holds its address.
        url_secret: String,
        /// The secret that holds the key of the signature.
        signing_secret: String,
    },
}

impl ResultsBody {
    pub fn read(self) -> ApiResult<Results> {
        let when = When::parse(&self.when).ok_or_else(|| {
            ApiError::bad_request(
                "bad_when",
                format!("`{}` is not known here.", self.when),
                "Choose among `always`, `on_failure` and `on_change`.",
            )
        })?;
        let to = self.to.into_iter().map(ReceiverBody::read).collect::<Result<_, Problem>>()?;
        Ok(Results { when, to })
    }
}

impl From<Results> for ResultsBody {
    fn from(results: Results) -> Self {
        Self {
            when: results.when.as_str().to_owned(),
            to: results.to.into_iter().map(ReceiverBody::from).collect(),
        }
    }
}

impl ReceiverBody {
    pub fn read(self) -> Result<Receiver, Problem> {
        Ok(match self {
            Self::Slack { url_secret } => Receiver::Slack { url_secret: url_secret.parse()? },
            Self::Email { to } => Receiver::Email { to },
            Self::Webhook { url_secret, signing_secret } => {
                Receiver::Webhook { url_secret: url_secret.parse()?, signing_secret: signing_secret.parse()? }
            }
        })
    }
}

impl From<Receiver> for ReceiverBody {
    fn from(receiver: Receiver) -> Self {
        match receiver {
            Receiver::Slack { url_secret } => Self::Slack { url_secret: url_secret.to_string() },
            Receiver::Email { to } => Self::Email { to },
            Receiver::Webhook { url_secret, signing_secret } => Self::Webhook {
                url_secret: url_secret.to_string(),
                signing_secret: signing_secret.to_string(),
            },
        }
    }
}

/// What became of a test message.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiverTestReply {
    /// Whether the receiver took it.
    pub delivered: bool,
    /// Why it did not.
    pub error: Option<String>,
}

impl From<Result<(), String>> for ReceiverTestReply {
    fn from(told: Result<(), String>) -> Self {
        Self { delivered: told.is_ok(), error: told.err() }
    }
}

/// One result on its way to one receiver.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryReply {
    /// Sent along; the same on every try.
    pub id: String,
    pub execution_id: String,
    /// `slack`, `email` or `webhook`.
    pub channel: &'static str,
    /// The secret that holds the address, or the e-mail addresses.
    pub receiver: String,
    /// `pending`, `delivered` or `failed`.
    pub status: &'static str,
    pub tries: u32,
    /// When it is tried next; null once it was delivered or has failed.
    pub next_at: Option<String>,
    /// Why the last try failed.
    pub error: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

impl From<Delivery> for DeliveryReply {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            execution_id: delivery.execution_id.to_string(),
            channel: delivery.receiver.channel(),
            receiver: delivery.receiver.label(),
            status: delivery.status.as_str(),
            tries: delivery.tries,
            next_at: delivery.next_at.map(UnixMillis::to_rfc3339),
            error: delivery.error,
            created_at: delivery.created_at.to_rfc3339(),
            finished_at: delivery.finished_at.map(UnixMillis::to_rfc3339),
        }
    }
}
