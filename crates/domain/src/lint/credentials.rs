//! Credentials pasted into a request or script. What was found is never repeated in the advice.

use std::collections::BTreeSet;

use crate::{
    ActionBody, ActionSpec, ApiCall, SecretName,
    placeholder::{Part, Template},
};

use super::{Advice, advise, request::host_of, words::name_words};

/// How keys of known services begin.
const KEY_PREFIXES: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "sk-",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "shpat_",
    "shippo_live_",
    "shippo_test_",
    "SG.",
    "npm_",
    "pypi-",
    "eyJ",
];
const KEY_CHARS_MIN: usize = 12;

/// A token this long that looks random is a key, whoever made it.
const RANDOM_CHARS_MIN: usize = 24;
const RANDOM_HEX_CHARS_MIN: usize = 32;
const RANDOM_BITS_PER_CHAR_MIN: f64 = 3.7;
const RANDOM_HEX_BITS_PER_CHAR_MIN: f64 = 3.0;

/// Words of a header, query or field name whose value is a credential.
const SENSITIVE_WORDS: &[&str] =
    &["apikey", "auth", "authorization", "key", "passwd", "password", "secret", "token"];
/// … and those that make it harmless again: `Idempotency-Key`, `page_token`, `token_type`.
const HARMLESS_WORDS: &[&str] = &[
    "cursor",
    "dedup",
    "expand",
    "format",
    "idempotency",
    "issue",
    "next",
    "object",
    "page",
    "project",
    "public",
    "sort",
    "type",
];

pub(super) fn lint(found: &mut Vec<Advice>, spec: &ActionSpec, secrets: &BTreeSet<SecretName>) {
    match &spec.body {
        ActionBody::ApiCall(call) => lint_call(found, call, secrets),
        ActionBody::Python(script) => {
            if script.code.split(['"', '\'']).skip(1).step_by(2).any(holds_key) {
                let message = "A text in the script looks like a credential; everyone who may see the script can read it.";
                let proposal = "Store it (`errand secret set API_KEY`), add `\"API_KEY\"` to `secrets` and read `os.environ[\"API_KEY\"]`.";
                advise(found, "literal_credential", "run.code", message, proposal);
            }
        }
        ActionBody::Agent(agent) => {
            if holds_key(&agent.prompt) {
                let message = "The prompt holds what looks like a credential; it is sent to the model.";
                advise(
                    found,
                    "literal_credential",
                    "run.prompt",
                    message,
                    "Take it out: tools get their secrets by themselves.",
                );
            }
        }
    }
}

fn lint_call(found: &mut Vec<Advice>, call: &ApiCall, secrets: &BTreeSet<SecretName>) {
    let secret = secret_for(&call.url, secrets);
    let mut store = |field: String, written: String| {
        let message = format!(
            "`{field}` looks like it holds a credential; everyone who may see the action can read it."
        );
        let step = if secrets.contains(secret.as_str()) {
            String::new()
        } else {
            format!("Store it (`errand secret set {secret}`) and ")
        };
        let write = if step.is_empty() { "Write" } else { "write" };
        advise(found, "literal_credential", field, message, format!("{step}{write} `{written}`."));
    };
    if let Some(pair) = query_pairs(&call.url).find(|(name, value)| is_credential(name, value)) {
        store("run.url".to_owned(), format!("{}={{{secret}}}", pair.0));
    } else if holds_key(&literal(&call.url)) {
        store("run.url".to_owned(), format!("{{{secret}}}"));
    }
    for (index, header) in call.headers.iter().enumerate() {
        let (scheme, token) = header
            .value
            .split_once(' ')
            .map_or((None, header.value.as_str()), |(scheme, token)| (Some(scheme), token));
        let known_scheme = scheme.filter(|scheme| {
            ["bearer", "basic", "token", "apikey"].contains(&scheme.to_ascii_lowercase().as_str())
        });
        let pasted = is_credential(&header.name, token) || (known_scheme.is_some() && is_literal(token));
        if pasted || holds_key(&literal(&header.value)) {
            let prefix = known_scheme.map(|scheme| format!("{scheme} ")).unwrap_or_default();
            store(format!("run.headers[{index}].value"), format!("{prefix}{{{secret}}}"));
        }
    }
    if let Some(auth) = &call.basic_auth {
        if is_literal(&auth.password) {
            store("run.basic_auth.password".to_owned(), format!("{{{secret}}}"));
        }
        if holds_key(&literal(&auth.username)) {
            store("run.basic_auth.username".to_owned(), format!("{{{secret}}}"));
        }
    }
    if let Some(body) = &call.body
        && (holds_key(&literal(body)) || json_fields(body).any(|(name, value)| is_credential(name, value)))
    {
        store("run.body".to_owned(), format!("{{{secret}}}"));
    }
}

/// A name for the service's key: a stored one of that service, else `STRIPE_API_KEY` for `api.stripe.com`.
pub(crate) fn secret_for(url: &str, secrets: &BTreeSet<SecretName>) -> String {
    let labels: Vec<&str> =
        host_of(url).split('.').filter(|label| !label.is_empty() && !label.contains(['{', '}'])).collect();
    let service = labels
        .iter()
        .rev()
        .nth(1)
        .filter(|label| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    let service = service.filter(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()));
    let Some(service) = service.map(|label| label.to_ascii_uppercase().replace('-', "_")) else {
        return "API_KEY".to_owned();
    };
    let stored = secrets.iter().find(|name| {
        name.as_str().starts_with(&service)
            && (name.as_str().ends_with("KEY") || name.as_str().ends_with("TOKEN"))
    });
    stored.map_or_else(|| format!("{service}_API_KEY"), ToString::to_string)
}

/// The text without its placeholders.
pub(crate) fn literal(text: &str) -> String {
    let template = Template::parse(text);
    let parts = template.parts().iter().map(|part| match part {
        Part::Literal(literal) => literal.as_str(),
        Part::Placeholder(_) => " ",
    });
    parts.collect()
}

/// Whether a value is written out: not empty and without any placeholder.
pub(crate) fn is_literal(value: &str) -> bool {
    !value.trim().is_empty() && Template::parse(value).names().is_empty()
}

/// Whether a written-out value stands under a name that says "credential".
pub(crate) fn is_credential(name: &str, value: &str) -> bool {
    let words = name_words(name);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    // `"project": {"key": "OPS"}`: a short value under a bare `key` names a thing.
    let names_a_thing = words == ["key"] && value.len() < KEY_CHARS_MIN;
    is_literal(value) && any(SENSITIVE_WORDS) && !any(HARMLESS_WORDS) && !names_a_thing
}

fn query_pairs(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split(['&', '#']).filter_map(|pair| pair.split_once('='))
}

/// `"name": "value"` pairs, wherever they stand; good enough to find `"password": "…"` in any body.
pub(crate) fn json_fields(body: &str) -> impl Iterator<Item = (&str, &str)> {
    body.match_indices("\":").filter_map(|(at, _)| {
        let name = body[..at].rsplit('"').next()?;
        let value = body[at + 2..].trim_start().strip_prefix('"')?;
        Some((name, value.split('"').next()?))
    })
}

pub(crate) fn holds_key(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-+=.".contains(c))).any(is_key)
}

fn is_key(token: &str) -> bool {
    let known = KEY_PREFIXES.iter().any(|prefix| token.starts_with(prefix));
    let has = |test: fn(&u8) -> bool| token.bytes().any(|b| test(&b));
    let digits = has(u8::is_ascii_digit);
    if known && token.len() >= KEY_CHARS_MIN && digits {
        return true;
    }
    if token.len() >= RANDOM_HEX_CHARS_MIN && digits && token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return bits_per_char(token) >= RANDOM_HEX_BITS_PER_CHAR_MIN;
    }
    let mixed = digits && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    token.len() >= RANDOM_CHARS_MIN && mixed && bits_per_char(token) >= RANDOM_BITS_PER_CHAR_MIN
}

/// Shannon entropy of the token's own characters.
#[allow(clippy::cast_precision_loss, reason = "a token's length is far below 2^52")]
fn bits_per_char(token: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in token.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = token.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}
