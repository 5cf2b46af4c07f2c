//! One request of a chain: where it goes, and what is left of it after a redirect.

use bytes::Bytes;
use errand_domain::HostContact;
use http::{
    HeaderMap, HeaderName, Method, StatusCode, Uri,
    header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_TYPE, LOCATION, USER_AGENT},
};
use url::{Position, Url};

use crate::{EgressError, OutboundRequest, RequestRules, hosts::host_matches};

/// Headers that say nothing of who is asking; all others stay behind when a redirect leaves the origin.
const SAFE_HEADERS: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT];

pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) target: Target,
}

/// A checked address.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) uri: Uri,
    host: String,
    port: u16,
    origin: String,
}

impl Target {
    fn new(mut url: Url) -> Result<Self, EgressError> {
        let bad = |reason| EgressError::BadUrl { reason };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("it does not start with `https://` or `http://`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it holds a user name or password"));
        }
        url.set_fragment(None);
        let uri = url
            .as_str()
            .parse()
            .map_err(|_| bad("it is too long or has characters that HTTP does not allow"))?;
        let host = url.host_str().ok_or(bad("it names no host"))?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or(bad("its port is off"))?;
        let bare_origin = &url[..Position::BeforePath];
        let origin =
            if url.port().is_some() { bare_origin.to_owned() } else { format!("{bare_origin}:{port}") };
        Ok(Self { url, uri, host, port, origin })
    }

    /// `scheme://host:port`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn contact(&self) -> HostContact {
        HostContact {
            host: self.host.clone(),
            port: self.port,
            address: None,
            bytes_sent: 0,
            bytes_received: 0,
            refused: None,
        }
    }

    /// Whether the action may ask this host. An IPv6 address is listed without its brackets.
    pub(crate) fn check_host(&self, rules: &RequestRules) -> Result<(), EgressError> {
        let host = self.host.trim_matches(['[', ']']);
        if rules.allowed_hosts.is_empty()
            || rules.allowed_hosts.iter().any(|pattern| host_matches(pattern, host))
        {
            return Ok(());
        }
        Err(EgressError::HostNotAllowed { host: self.host.clone() })
    }

    /// The same origin, or the same host on the standard ports with TLS added: nobody new learns anything.
    fn trusts(&self, next: &Self) -> bool {
        let upgraded = self.host == next.host
            && (self.url.scheme(), self.port) == ("http", 80)
            && (next.url.scheme(), next.port) == ("https", 443);
        self.origin == next.origin || upgraded
    }
}

impl Hop {
    pub(crate) fn first(request: OutboundRequest) -> Result<Self, EgressError> {
        let url = Url::parse(&request.url).map_err(|_| EgressError::BadUrl { reason: "it can't be read" })?;
        Ok(Self {
            method: request.method,
            headers: request.headers,
            body: request.body,
            target: Target::new(url)?,
        })
    }

    /// The address that an answer redirects to; None for every other answer.
    pub(crate) fn redirect(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Target>, EgressError> {
        let redirects = matches!(
            status,
            StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
        );
        let Some(location) = headers.get(LOCATION).filter(|_| redirects) else {
            return Ok(None);
        };
        let location = std::str::from_utf8(location.as_bytes()).ok();
        let target = location.and_then(|text| self.target.url.join(text).ok()).map(Target::new);
        match target {
            Some(Ok(target)) => Ok(Some(target)),
            Some(Err(EgressError::BadUrl { reason })) => Err(self.refused("another address", reason)),
            _ => Err(self.refused("another address", "its `Location` can't be read")),
        }
    }

    /// The next request of the chain (RFC 9110 §15.4), without anything that the new origin must not learn.
    pub(crate) fn redirected(self, status: StatusCode, target: Target) -> Result<Self, EgressError> {
        if self.target.url.scheme() == "https" && target.url.scheme() == "http" {
            return Err(self.refused(target.origin(), "it would leave the secure connection"));
        }
        let rewrites = match status {
            StatusCode::SEE_OTHER => self.method != Method::GET && self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        let Self { method, mut headers, body, target: from } = self;
        let (method, body) = if rewrites { (Method::GET, Bytes::new()) } else { (method, body) };
        if body.is_empty() {
            headers.remove(CONTENT_TYPE);
        }
        if !from.trusts(&target) {
            if !body.is_empty() {
                let reason = "the request's body would go to another host";
                return Err(refused(&from, target.origin(), reason));
            }
            headers = safe_headers(&headers);
        }
        Ok(Self { method, headers, body, target })
    }

    fn refused(&self, target: &str, reason: &'static str) -> EgressError {
        refused(&self.target, target, reason)
    }
}

fn refused(from: &Target, target: &str, reason: &'static str) -> EgressError {
    EgressError::RedirectRefused { origin: from.origin.clone(), target: target.to_owned(), reason }
}

fn safe_headers(headers: &HeaderMap) -> HeaderMap {
    let safe = SAFE_HEADERS.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    safe.collect()
}
