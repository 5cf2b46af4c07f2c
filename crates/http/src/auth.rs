//! Who is asking, as arguments of handlers: a handler that takes a [`For`] can't run without the permit.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, RawPathParams},
    http::{
        HeaderMap, Method, StatusCode,
        header::{COOKIE, USER_AGENT},
        request::Parts,
    },
};
use errand_domain::Problem;
use errand_engine::{
    EngineError,
    access::{Caller, Grant, InstancePermit, Permit, UserCaller},
};

use crate::{error::ApiError, state::HttpState};

pub const SESSION_COOKIE: &str = "errand_session";
pub const API_KEY_HEADER: &str = "x-api-key";
/// Sent by our own pages with every change; a foreign page can't send it without a preflight, which is refused.
pub const CSRF_HEADER: &str = "x-errand-csrf";

/// Somebody with valid credentials.
#[derive(Debug, Clone)]
pub struct Signed(pub Arc<Caller>);

/// A person signed in; keys have no account.
#[derive(Debug, Clone)]
pub struct Person(pub UserCaller);

/// Somebody who may do `G` on the guru named in the path.
#[derive(Debug, Clone)]
pub struct For<G: Grant>(pub Permit<G>);

/// Somebody who may do `G` on the whole installation.
#[derive(Debug, Clone)]
pub struct ForInstance<G: Grant>(pub InstancePermit<G>);

impl FromRequestParts<HttpState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        if let Some(Self(caller)) = parts.extensions.get::<Self>() {
            return Ok(Self(Arc::clone(caller)));
        }
        let caller = authenticate(parts, state).await?;
        if let Err(seconds) = state.rates.check(&caller) {
            return Err(too_often(seconds));
        }
        parts.extensions.insert(Self(Arc::clone(&caller)));
        Ok(Self(caller))
    }
}

async fn authenticate(parts: &Parts, state: &HttpState) -> Result<Arc<Caller>, ApiError> {
    if let Some(key) = parts.headers.get(API_KEY_HEADER) {
        let key = key.to_str().map_err(|_| EngineError::unauthenticated())?;
        return Ok(state.engine.authenticate_key(key).await?);
    }
    let token = session_token(&parts.headers).ok_or_else(EngineError::unauthenticated)?;
    let caller = state.engine.authenticate_session(token).await?;
    let changes = parts.method != Method::GET && parts.method != Method::HEAD;
    if changes && !parts.headers.contains_key(CSRF_HEADER) {
        let problem = Problem::new(
            "csrf",
            "A change by browser session came without its protection header.",
            format!("Send `{CSRF_HEADER}: 1`, or use an API key."),
        );
        return Err(ApiError::of(StatusCode::FORBIDDEN, &problem));
    }
    Ok(caller)
}

/// The session cookie's value.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted).then_some(value)
        })
}

/// Counts a request that needs no credentials, by the address that it came from.
pub fn check_address(parts: &Parts, state: &HttpState) -> Result<(), ApiError> {
    state.rates.check_address(&origin(parts, state)).map_err(too_often)
}

fn too_often(seconds: u64) -> ApiError {
    let problem =
        Problem::new("rate_limit", "You are asking too often.", format!("Wait {seconds} s and try again."));
    ApiError { retry_after_s: Some(seconds), ..ApiError::of(StatusCode::TOO_MANY_REQUESTS, &problem) }
}

impl FromRequestParts<HttpState> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        let Signed(caller) = Signed::from_request_parts(parts, state).await?;
        match &*caller {
            Caller::User(user) => Ok(Self(user.clone())),
            Caller::ApiKey(_) => {
                let problem = Problem::new(
                    "forbidden",
                    "Only people have an account.",
                    "Sign in instead of sending a key.",
                );
                Err(ApiError::of(StatusCode::FORBIDDEN, &problem))
            }
        }
    }
}

/// The address that the request came from. What a proxy says of it counts only from a proxy that the operator trusts:
/// anybody can write the header.
fn origin(parts: &Parts, state: &HttpState) -> String {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return String::new();
    };
    let is_trusted = |address: &IpAddr| state.settings.trusted_proxies.contains(&address.to_canonical());
    let peer = peer.ip().to_canonical();
    if !is_trusted(&peer) {
        return peer.to_string();
    }
    let lines = parts.headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let told: Vec<IpAddr> =
        lines.flat_map(|line| line.split(',')).filter_map(|one| one.trim().parse().ok()).collect();
    // Each proxy adds the one that it was asked by, so the last that is no proxy of ours is the asker.
    told.into_iter().rev().find(|address| !is_trusted(address)).unwrap_or(peer).to_string()
}

/// Where a request came from, for the audit log.
#[derive(Debug)]
pub struct Origin(pub String);

impl FromRequestParts<HttpState> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Infallible> {
        Ok(Self(origin(parts, state)))
    }
}

/// What the browser calls itself.
pub fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT).and_then(|value| value.to_str().ok())
}

impl<G: Grant> FromRequestParts<HttpState> for For<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        let Signed(caller) = Signed::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| EngineError::not_found("guru", "?"))?;
        let slug =
            params.iter().find(|(name, _)| *name == "guru").map(|(_, value)| value).unwrap_or_default();
        Ok(Self(state.engine.permit(&caller, slug).await?.from_origin(origin(parts, state))))
    }
}

impl<G: Grant> FromRequestParts<HttpState> for ForInstance<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        let Signed(caller) = Signed::from_request_parts(parts, state).await?;
        Ok(Self(state.engine.instance_permit(&caller)?.from_origin(origin(parts, state))))
    }
}
