//! By HTTP: Slack's incoming webhooks, and signed webhooks of anybody.

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use bytes::Bytes;
use errand_egress::{Egress, OutboundRequest, RequestRules};
use errand_secrets::SecretText;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Address, DeliveryFailure, Message, Purpose};

/// For everything: name, connection and answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// What a receiver answers is not read beyond its status.
const REPLY_BYTES_MAX: usize = 16 * 1024;
const USER_AGENT: &str = concat!("errand/", env!("CARGO_PKG_VERSION"));
/// Keys that begin so are base64 of the key proper, as the Standard Webhooks specification has it.
const KEY_PREFIX: &str = "whsec_";

pub(super) async fn slack(
    egress: &Egress,
    url: Address<'_>,
    message: &Message,
) -> Result<(), DeliveryFailure> {
    let body = json!({ "text": slack_text(message) }).to_string();
    send(egress, url, HeaderMap::new(), body).await
}

/// Slack reads `&`, `<` and `>` as its own marks; in a text of ours they mean themselves.
fn slack_text(message: &Message) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut lines = vec![format!("*{}* ({})", escaped(&message.headline()), escaped(&message.guru_name))];
    lines.extend(message.body().map(|body| format!("```{}```", escaped(&body).replace("```", "'''"))));
    lines.extend(message.link.as_ref().map(|link| format!("<{link}|Open the run>")));
    lines.join("\n")
}

/// A webhook's address and key, and when it is signed: an old signature is refused by whoever checks its time.
pub(super) struct Signed<'a> {
    pub(super) url: Address<'a>,
    pub(super) signing: &'a SecretText,
    pub(super) at_seconds: i64,
}

pub(super) async fn webhook(
    egress: &Egress,
    to: Signed<'_>,
    message: &Message,
) -> Result<(), DeliveryFailure> {
    let body = payload(message).to_string();
    let signature = signature(to.signing, &message.id, to.at_seconds, &body)?;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", message.id.clone()),
        ("webhook-timestamp", to.at_seconds.to_string()),
        ("webhook-signature", signature),
    ] {
        let value = HeaderValue::try_from(value)
            .map_err(|_| DeliveryFailure::for_good("A header of the webhook could not be written."))?;
        headers.insert(name, value);
    }
    send(egress, to.url, headers, body).await
}

fn payload(message: &Message) -> Value {
    json!({
        "version": 1,
        "type": match message.purpose {
            Purpose::Result => "schedule.result",
            Purpose::Test => "schedule.test",
        },
        "id": message.id,
        "guru": message.guru,
        "action": message.action,
        "execution_id": message.execution_id,
        "status": message.status.as_str(),
        "due_at": message.due_at,
        "finished_at": message.finished_at,
        "duration_ms": message.duration_ms,
        "output": message.output,
        "output_truncated": message.output_truncated,
        "error": message.error,
        "link": message.link,
    })
}

/// `v1,` and the HMAC-SHA256 of id, time and body, in base64.
pub(super) fn signature(
    key: &SecretText,
    id: &str,
    at_seconds: i64,
    body: &str,
) -> Result<String, DeliveryFailure> {
    let text = key.expose().trim();
    let decoded = text
        .strip_prefix(KEY_PREFIX)
        .and_then(|rest| STANDARD.decode(rest).or_else(|_| STANDARD_NO_PAD.decode(rest)).ok());
    let mut mac =
        Hmac::<Sha256>::new_from_slice(decoded.as_deref().unwrap_or(text.as_bytes())).map_err(|_| {
            DeliveryFailure::for_good("The key of the signature can't be used. Store another one.")
        })?;
    for part in [id, ".", &at_seconds.to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

async fn send(
    egress: &Egress,
    to: Address<'_>,
    extra: HeaderMap,
    body: String,
) -> Result<(), DeliveryFailure> {
    let mut headers = extra;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let request = OutboundRequest {
        method: Method::POST,
        url: to.url.expose().trim().to_owned(),
        headers,
        body: Bytes::from(body),
    };
    let rules = RequestRules {
        allowed_hosts: to.allowed_hosts.to_vec(),
        timeout: TIMEOUT,
        // What is told is for the address that was entered, not for where it points.
        redirects_max: 0,
        retries_max: 0,
        response_bytes_max: REPLY_BYTES_MAX,
    };
    let response = egress
        .send(request, &rules)
        .await
        .result
        .map_err(|error| DeliveryFailure { is_final: error.is_refusal(), reason: error.to_string() })?;
    match response.status {
        status if status.is_success() => Ok(()),
        // It says itself that it is gone for good.
        StatusCode::GONE => {
            Err(DeliveryFailure::for_good("The receiver answered 410: it wants no more of these."))
        }
        status => Err(DeliveryFailure::for_now(format!(
            "The receiver answered {}. Check its address and what it expects.",
            status.as_u16()
        ))),
    }
}
