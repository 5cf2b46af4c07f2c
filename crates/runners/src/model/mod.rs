//! Asking a language model: one question in, one answer out, through the egress policy like every other request.
//!
//! Knows three wire formats ([`wire`]), when to try again ([`retry`]) and when to stop asking for a while
//! ([`breaker`]). It must not know what the question is for: planners and the engine make prompts of it.

mod breaker;
mod failure;
#[cfg(test)]
mod litellm;
mod retry;
mod sse;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use errand_domain::{
    ModelPrompt, ModelReply, ModelSettings,
    model::{Provider, TokenUsage},
};
use errand_egress::{Egress, OutboundRequest, RequestRules};
use errand_secrets::SecretText;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

pub use failure::ModelFailure;

use breaker::Breakers;
use retry::Waits;
use wire::{Parsed, StreamState};

/// An answer with its reasoning fits; what is longer is no answer.
const REPLY_BYTES_MAX: usize = 4 * 1024 * 1024;
const USER_AGENT: &str = concat!("Errand/", env!("CARGO_PKG_VERSION"));

/// Everything that asks models, with what is known of how they fare. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Models {
    egress: Egress,
    breakers: Arc<Breakers>,
}

/// One question with all that it takes to ask it.
pub struct ModelRequest<'a> {
    pub settings: &'a ModelSettings,
    pub key: Option<&'a SecretText>,
    /// The only hosts that the key may be sent to; empty for any.
    pub allowed_hosts: &'a [String],
    pub prompt: &'a ModelPrompt,
    /// Makes the waits between tries differ from those of other callers.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct ModelOutcome {
    pub result: Result<ModelReply, ModelFailure>,
    /// Of all tries.
    pub usage: TokenUsage,
    /// Requests sent; 0 when the circuit was open.
    pub tries: u32,
    pub duration: Duration,
}

impl fmt::Debug for ModelRequest<'_> {
    /// Prompts are people's data; the key can't print at all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelRequest").field("model", &self.settings.label()).finish_non_exhaustive()
    }
}

impl Models {
    pub fn new(egress: Egress) -> Self {
        Self { egress, breakers: Arc::default() }
    }

    /// Asks and waits for the whole answer. A prompt without a schema is streamed: `told` hears each piece of text as
    /// it comes, and after the first piece nothing is tried again, since it can't be taken back.
    pub async fn ask(&self, request: &ModelRequest<'_>, mut told: impl FnMut(&str) + Send) -> ModelOutcome {
        let begun = Instant::now();
        let mut asking = Asking { usage: TokenUsage::default(), tries: 0, told_any: false };
        let circuit = circuit(request.settings);
        let result = if self.breakers.admits(&circuit, begun) {
            let result = self.ask_patiently(request, begun, &mut asking, &mut told).await;
            self.breakers.note(&circuit, Instant::now(), result.as_ref().err());
            result
        } else {
            Err(ModelFailure::CircuitOpen)
        };
        ModelOutcome { result, usage: asking.usage, tries: asking.tries, duration: begun.elapsed() }
    }

    async fn ask_patiently(
        &self,
        request: &ModelRequest<'_>,
        begun: Instant,
        asking: &mut Asking,
        told: &mut (impl FnMut(&str) + Send),
    ) -> Result<ModelReply, ModelFailure> {
        let until = begun + Duration::from_millis(request.settings.timeout_ms);
        let mut waits = Waits::new(request.seed);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let failure = match self.ask_once(request, left, asking, told).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let wait = if asking.told_any { None } else { waits.before_another(&failure) };
            let left = until.saturating_duration_since(Instant::now());
            match wait {
                Some(wait) if wait < left => tokio::time::sleep(wait).await,
                _ => return Err(failure),
            }
        }
    }

    async fn ask_once(
        &self,
        request: &ModelRequest<'_>,
        timeout: Duration,
        asking: &mut Asking,
        told: &mut (impl FnMut(&str) + Send),
    ) -> Result<ModelReply, ModelFailure> {
        let provider = request.settings.provider;
        let streams = request.prompt.schema.is_none();
        let outbound = outbound(request, streams)?;
        let rules = RequestRules {
            allowed_hosts: request.allowed_hosts.to_vec(),
            timeout,
            // A redirect would carry the question, and with it people's data, to an address that nobody entered.
            redirects_max: 0,
            retries_max: 0,
            response_bytes_max: REPLY_BYTES_MAX,
        };
        asking.tries += 1;
        let mut stream = StreamState::default();
        let mut lines = sse::Reader::default();
        let told_any = &mut asking.told_any;
        let outcome = self
            .egress
            .send_watched(outbound, &rules, |bytes| {
                if streams {
                    lines.push(bytes, |data| {
                        let piece = wire::event(provider, &mut stream, data);
                        if let Some(piece) = piece.filter(|piece| !piece.is_empty()) {
                            *told_any = true;
                            told(&piece);
                        }
                    });
                }
            })
            .await;
        let response = outcome.result.map_err(ModelFailure::from)?;
        if !response.status.is_success() {
            return Err(ModelFailure::of_status(response.status, &response.headers, &response.body));
        }
        if response.truncated {
            return Err(ModelFailure::BadReply("it is longer than can be read".to_owned()));
        }
        let is_stream = response
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        let parsed = if is_stream {
            stream.finish()
        } else {
            let parsed = wire::reply(provider, &response.body);
            // A server that does not stream gives all at once.
            if let (true, Ok(parsed)) = (streams, &parsed) {
                *told_any |= !parsed.text.is_empty();
                told(&parsed.text);
            }
            parsed
        };
        let Parsed { text, usage } = parsed.map_err(ModelFailure::BadReply)?;
        asking.usage += usage;
        Ok(ModelReply { text })
    }
}

/// What is counted over all tries.
struct Asking {
    usage: TokenUsage,
    tries: u32,
    told_any: bool,
}

/// Models of one server fail on their own: each has its circuit.
fn circuit(settings: &ModelSettings) -> String {
    format!("{} {}", settings.base_url(), settings.label())
}

fn outbound(request: &ModelRequest<'_>, streams: bool) -> Result<OutboundRequest, ModelFailure> {
    let settings = request.settings;
    let body = wire::body(settings, request.prompt, streams);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let accept = if streams { "text/event-stream, application/json" } else { "application/json" };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    if let Some(key) = request.key {
        let (name, prefix) = match settings.provider {
            Provider::OpenAi => (header::AUTHORIZATION, "Bearer "),
            Provider::Anthropic => (HeaderName::from_static("x-api-key"), ""),
            Provider::Gemini => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        let text = SecretText::new(format!("{prefix}{}", key.expose().trim()));
        let mut value = HeaderValue::from_str(text.expose()).map_err(|_| ModelFailure::BadKey)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if settings.provider == Provider::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    let url = format!("{}{}", settings.base_url(), wire::path(settings, streams));
    Ok(OutboundRequest { method: Method::POST, url, headers, body: Bytes::from(body.to_string()) })
}
