//! One API call: build, send, judge the answer.

use std::time::Instant;

use errand_domain::{ApiCall, ExecutionStatus, HttpExchange, execution::Phase};
use errand_egress::{Egress, EgressError, InboundResponse, Outcome, RequestRules, Timings};
use errand_secrets::Raw;
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{RunInput, RunOutcome, RunSink, RunnerEvent, request};

pub(crate) async fn run(
    egress: &Egress,
    call: &ApiCall,
    input: &RunInput,
    (sink, may_begin): (&RunSink, impl Future<Output = bool>),
) -> RunOutcome {
    let started = Instant::now();
    let request = match request::build(call, input) {
        Ok(request) => request,
        Err(failure) => return failure.into(),
    };
    let mut exchange = request.exchange();
    let rules = RequestRules {
        allowed_hosts: input.action.allowed_hosts.clone(),
        timeout: input.timeout,
        redirects_max: call.redirects_max,
        retries_max: call.retries_max,
        response_bytes_max: input.limits.response_bytes_max,
    };
    let prepare_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if !may_begin.await {
        return RunOutcome::not_begun();
    }

    let Outcome { result, contacts, request_sent, timings } = egress.send(request.outbound(), &rules).await;
    for contact in contacts {
        tell(sink, RunnerEvent::Contact(contact)).await;
    }
    let outcome = match result {
        Ok(response) => {
            let body = readable(&response);
            note_answer(&mut exchange, &response, &body);
            judge(&response, body, input)
        }
        Err(error) => failed(&error, call, Sent { request_sent }),
    };
    tell(sink, RunnerEvent::Exchange(exchange)).await;
    for phase in phases(prepare_us, timings) {
        tell(sink, RunnerEvent::Phase(phase)).await;
    }
    outcome
}

/// Nobody may be listening any more; the run goes on all the same.
async fn tell(sink: &RunSink, event: RunnerEvent) {
    let _ = sink.send(event).await;
}

fn phases(prepare_us: u64, timings: Timings) -> Vec<Phase> {
    let parts = [
        ("prepare", prepare_us),
        ("connect", timings.connect_us),
        ("wait", timings.wait_us),
        ("read", timings.read_us),
    ];
    let mut start_us = 0;
    let mut phases = Vec::with_capacity(parts.len());
    for (name, duration_us) in parts {
        if name != "connect" || duration_us > 0 {
            phases.push(Phase { name: name.to_owned(), start_us, duration_us });
        }
        start_us += duration_us;
    }
    phases
}

/// A body as a person or a model can read it.
struct Readable {
    text: Raw,
}

/// Text as it is; anything else by its type and size, since its bytes would say nothing.
fn readable(response: &InboundResponse) -> Readable {
    let bytes = &response.body;
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        // The cut may have gone through a character.
        Err(error) if response.truncated && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    match whole.filter(|text| !text.contains('\0')) {
        Some(text) => Readable { text: Raw::from(text) },
        None => Readable { text: Raw::from(description(response)) },
    }
}

fn description(response: &InboundResponse) -> String {
    let kind = response.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|value| value.split(';').next()).unwrap_or("unknown type");
    let more = if response.truncated { "more than " } else { "" };
    format!("({}, {more}{}; not text)", kind.trim(), size(response.body.len()))
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn note_answer(exchange: &mut HttpExchange<Raw>, response: &InboundResponse, body: &Readable) {
    exchange.status = Some(response.status.as_u16());
    exchange.response_headers = request::raw_headers(&response.headers);
    exchange.response_body = Some(body.text.clone());
    exchange.response_truncated = response.truncated;
}

fn judge(response: &InboundResponse, body: Readable, input: &RunInput) -> RunOutcome {
    let error = if !response.status.is_success() {
        Some(status_error(response, input))
    } else if response.truncated {
        let limit = size(input.limits.response_bytes_max);
        Some(format!(
            "The answer is longer than {limit} and was cut. Ask for less at a time, such as one page or fewer fields."
        ))
    } else {
        None
    };
    RunOutcome {
        status: if error.is_none() { ExecutionStatus::Succeeded } else { ExecutionStatus::Failed },
        output: Some(body.text),
        output_truncated: response.truncated,
        error: error.map(Raw::from),
        ending: None,
    }
}

fn status_error(response: &InboundResponse, input: &RunInput) -> String {
    let host = response.final_url.host_str().unwrap_or_default();
    format!("`{host}` answered {}. {}", response.status, hint(response.status, input))
}

fn hint(status: StatusCode, input: &RunInput) -> String {
    let fixed = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return credentials_hint(input),
        StatusCode::NOT_FOUND | StatusCode::GONE => "Check the address, and that what was asked for exists.",
        StatusCode::TOO_MANY_REQUESTS => {
            "It limits how often it may be asked: try again later or run the action less often."
        }
        _ if status.is_redirection() => {
            "Call the address in its `Location` header directly, or raise `redirects_max`."
        }
        _ if status.is_server_error() => "The fault is on its side: try again later.",
        _ => "Its answer says what it did not accept.",
    };
    fixed.to_owned()
}

fn credentials_hint(input: &RunInput) -> String {
    let names: Vec<_> = input.secrets.keys().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "The action sends no secret: add the credentials that the service asks for.".to_owned(),
        [name] => format!("Check the secret {name} and what it is allowed to do."),
        _ => format!("Check the secrets {} and what they are allowed to do.", names.join(", ")),
    }
}

struct Sent {
    request_sent: bool,
}

fn failed(error: &EgressError, call: &ApiCall, Sent { request_sent }: Sent) -> RunOutcome {
    let status = if error.is_timeout() {
        ExecutionStatus::TimedOut
    } else if error.is_refusal() && !request_sent {
        ExecutionStatus::Refused
    } else {
        ExecutionStatus::Failed
    };
    let mut text = error.to_string();
    if request_sent && !call.method.is_safe() {
        text.push_str(
            " The request had been sent, so it may have taken effect: look there before running it again.",
        );
    }
    RunOutcome { status, output: None, output_truncated: false, error: Some(Raw::from(text)), ending: None }
}
