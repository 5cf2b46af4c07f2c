//! Requests: encrypted on their way, with the method that says what they do, in the time an asker waits.

use crate::{ActionBody, ActionSpec, ApiCall, Method, placeholder::Template};

use super::{Advice, advise, trigger::DEEDS, words::words};

/// Milliseconds an asker waits gladly; more is for schedules and agents.
const TIMEOUT_MS_LONG: u64 = 30_000;
/// Milliseconds in which few services answer through TLS from afar.
const TIMEOUT_MS_SHORT: u64 = 1_000;

/// Endings of host names that no public resolver answers.
const PRIVATE_SUFFIXES: &[&str] = &[
    ".internal",
    ".intranet",
    ".lan",
    ".local",
    ".localdomain",
    ".localhost",
    ".home.arpa",
    ".svc",
    ".test",
];

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec) {
    if let ActionBody::ApiCall(call) = &spec.body {
        lint_scheme(found, call);
        lint_method(found, spec, call);
    }
    lint_timeout(found, spec);
}

fn lint_scheme(found: &mut Vec<Advice>, call: &ApiCall) {
    let Some(rest) = call.url.strip_prefix("http://") else {
        return;
    };
    if is_public_host(host_of(&call.url)) {
        advise(
            found,
            "insecure_url",
            "run.url",
            "The address is `http://` on a public host: parameters and secrets travel readable.",
            format!("https://{rest}"),
        );
    }
}

/// The host with its placeholders, without port.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

fn is_public_host(host: &str) -> bool {
    let filled = Template::parse(host).render(|_| Ok::<_, std::convert::Infallible>("x".to_owned()));
    let Ok(filled) = filled;
    let lower = filled.to_ascii_lowercase();
    // A single label is a neighbour's name; a lone placeholder can be anything.
    if !lower.contains('.') && !lower.starts_with('[') {
        return false;
    }
    if let Ok(address) = lower.parse::<std::net::Ipv4Addr>() {
        return !(address.is_private() || address.is_loopback() || address.is_link_local());
    }
    if let Ok(address) = lower.trim_matches(['[', ']']).parse::<std::net::Ipv6Addr>() {
        return !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local());
    }
    !PRIVATE_SUFFIXES.iter().any(|suffix| lower.ends_with(suffix))
}

fn lint_method(found: &mut Vec<Advice>, spec: &ActionSpec, call: &ApiCall) {
    let Some(verb) = deed_in_url(&call.url)
        .or_else(|| deed_in_trigger(&spec.trigger))
        .filter(|_| call.method == Method::Get)
    else {
        return;
    };
    let method = match verb.as_str() {
        "delete" | "remove" => "DELETE",
        "update" => "PATCH",
        _ => "POST",
    };
    advise(
        found,
        "get_with_side_effect",
        "run.method",
        format!(
            "A GET should only read, and this one seems to {verb} something; GETs may be repeated by anything on the way."
        ),
        format!("\"method\": \"{method}\" (or what the service's documentation names)"),
    );
}

/// A deed as the last literal path segment or as the value of `action=`.
fn deed_in_url(url: &str) -> Option<String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let path = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest)
        .split_once('/')
        .map_or("", |(_, path)| path);
    let segment =
        path.split('/').rfind(|segment| !segment.is_empty() && !segment.starts_with('{')).unwrap_or_default();
    let action =
        query.split('&').find_map(|pair| pair.strip_prefix("action=").or_else(|| pair.strip_prefix("op=")));
    words(&segment.replace(['-', '_', '.'], " "))
        .into_iter()
        .chain(action.map(str::to_lowercase))
        // As nouns these are collections: `/issue/PAY-1`, `/refund/…`, `/file/…`.
        .find(|word| {
            DEEDS.contains(&word.as_str())
                && !matches!(word.as_str(), "issue" | "refund" | "file" | "email" | "post" | "open")
        })
}

/// A deed right after "asks to", "wants to", "would like to".
fn deed_in_trigger(trigger: &str) -> Option<String> {
    let words = words(trigger);
    let asked = words.windows(3).find(|window| {
        matches!(window[0].as_str(), "asks" | "wants" | "like" | "needs" | "asked")
            && window[1] == "to"
            && DEEDS.contains(&window[2].as_str())
    });
    asked.map(|window| window[2].clone())
}

fn lint_timeout(found: &mut Vec<Advice>, spec: &ActionSpec) {
    let Some(timeout_ms) = spec.timeout_ms else { return };
    let is_call = matches!(spec.body, ActionBody::ApiCall(_));
    if timeout_ms > TIMEOUT_MS_LONG && !matches!(spec.body, ActionBody::Agent(_)) {
        let message = format!("An asker may wait {timeout_ms} ms for this action before the answer begins.");
        advise(
            found,
            "long_timeout",
            "timeout_ms",
            message,
            "\"timeout_ms\": 10000, unless the service is known to be slow",
        );
    } else if timeout_ms < TIMEOUT_MS_SHORT && is_call {
        let message = format!("{timeout_ms} ms leave a distant service little time to answer over TLS.");
        advise(found, "short_timeout", "timeout_ms", message, "\"timeout_ms\": 5000");
    }
}
