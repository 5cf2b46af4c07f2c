//! From an API call's templates to the request that is sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use errand_domain::{
    ApiCall, Header, HttpExchange, Method,
    action::BasicAuth,
    placeholder::{Part, Template},
};
use errand_egress::OutboundRequest;
use errand_secrets::Raw;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE,
        USER_AGENT,
    },
};

use crate::{RunFailure, RunInput, body, url_template, values::Value};

const ACCEPT_DEFAULT: &str = "application/json, text/*;q=0.9, */*;q=0.1";
const USER_AGENT_DEFAULT: &str = concat!("Errand/", env!("CARGO_PKG_VERSION"));

/// Headers whose values are credentials of a session that masking can't know, since no secret holds them.
const NEVER_SHOWN: [HeaderName; 3] = [COOKIE, SET_COOKIE, PROXY_AUTHORIZATION];

/// A request with every value in its place.
pub(crate) struct BuiltRequest {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

pub(crate) fn build(call: &ApiCall, input: &RunInput) -> Result<BuiltRequest, RunFailure> {
    let url = url_template::fill(&call.url, input)?;
    let mut headers = HeaderMap::with_capacity(call.headers.len() + 5);
    for header in &call.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| bad_header(&header.name, &header.name))?;
        headers.append(name, header_value(header, input)?);
    }
    if let Some(auth) = &call.basic_auth {
        headers.insert(AUTHORIZATION, basic_auth(auth, input)?);
    }
    let body = call.body.as_deref().map(|text| body::fill(text, call.body_format, input)).transpose()?;
    if body.is_some() {
        default(&mut headers, CONTENT_TYPE, body::content_type(call.body_format));
    }
    default(&mut headers, ACCEPT, ACCEPT_DEFAULT);
    default(&mut headers, ACCEPT_ENCODING, "gzip");
    default(&mut headers, USER_AGENT, USER_AGENT_DEFAULT);
    Ok(BuiltRequest { method: call.method, url, headers, body: body.map(Bytes::from) })
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

fn header_value(header: &Header, input: &RunInput) -> Result<HeaderValue, RunFailure> {
    let mut text = String::with_capacity(header.value.len() + 32);
    for part in Template::parse(&header.value).parts() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Placeholder(name) => Value::of(name, input)?.with_text(|value| {
                text.push_str(value);
                if value.chars().any(breaks_header) { Err(bad_header(name, &header.name)) } else { Ok(()) }
            })?,
        }
    }
    HeaderValue::try_from(text).map_err(|_| bad_header(&header.name, &header.name))
}

/// Line breaks could start another header; the other control characters are refused by HTTP.
const fn breaks_header(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

fn bad_header(name: &str, header: &str) -> RunFailure {
    RunFailure::BadHeader { name: name.to_owned(), header: header.to_owned() }
}

fn basic_auth(auth: &BasicAuth, input: &RunInput) -> Result<HeaderValue, RunFailure> {
    let fill = |text: &str| {
        Template::parse(text).render(|name| Value::of(name, input).map(|v| v.with_text(str::to_owned)))
    };
    let username = fill(&auth.username)?;
    if username.contains(':') {
        return Err(RunFailure::BadUserName);
    }
    let credentials = STANDARD.encode(format!("{username}:{}", fill(&auth.password)?));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}"))
        .map_err(|_| bad_header("basic_auth", "Authorization"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl BuiltRequest {
    /// What history shows of it, before an answer is there.
    pub(crate) fn exchange(&self) -> HttpExchange<Raw> {
        HttpExchange {
            method: self.method.as_str().to_owned(),
            url: Raw::from(self.url.as_str()),
            request_headers: raw_headers(&self.headers),
            request_body: self.body.as_ref().map(|body| Raw::from(body.to_vec())),
            status: None,
            response_headers: Vec::new(),
            response_body: None,
            response_truncated: false,
        }
    }

    pub(crate) fn outbound(self) -> OutboundRequest {
        OutboundRequest {
            method: match self.method {
                Method::Get => http::Method::GET,
                Method::Post => http::Method::POST,
                Method::Put => http::Method::PUT,
                Method::Patch => http::Method::PATCH,
                Method::Delete => http::Method::DELETE,
            },
            url: self.url,
            headers: self.headers,
            body: self.body.unwrap_or_default(),
        }
    }
}

/// Headers as history shows them.
pub(crate) fn raw_headers(headers: &HeaderMap) -> Vec<(String, Raw)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), shown(name, value))).collect()
}

/// Only [`basic_auth`] marks a value as sensitive: masking looks for no base64 of a very short password.
fn shown(name: &HeaderName, value: &HeaderValue) -> Raw {
    if NEVER_SHOWN.contains(name) {
        Raw::from("[not shown]")
    } else if value.is_sensitive() {
        Raw::from("Basic [not shown]")
    } else {
        Raw::from(value.as_bytes().to_vec())
    }
}
