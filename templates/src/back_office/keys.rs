//! The keys that the back office takes, and the doors that check them. They are part of the published source and
//! open nothing but this make-believe company.

use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::BackOffice;

pub(super) const STRIPE_API_KEY: &str = "rk_demo_stripe_6Yb1Rk0cPz";
pub(super) const STATUSPAGE_API_KEY: &str = "demo-statuspage-4f0c2e7a91";
pub(super) const JIRA_EMAIL: &str = "errand-bot@acme.example";
pub(super) const JIRA_API_TOKEN: &str = "demo-jira-8c51d2f07b";
pub(super) const ZENDESK_EMAIL: &str = "errand-agent@acme.example";
pub(super) const ZENDESK_API_TOKEN: &str = "demo-zendesk-b7e3905c1d";
pub(super) const SHIPPO_API_KEY: &str = "shippo_demo_0d9a6c42fe";
pub(super) const PRODUCT_DB_API_KEY: &str = "demo-productdb-51ac8e93d0";
pub(super) const INVENTORY_API_KEY: &str = "demo-inventory-e20f7b64a8";
pub(super) const ANALYTICS_API_KEY: &str = "demo-analytics-97d1c30b5f";
pub(super) const HR_API_KEY: &str = "demo-hr-3ba84f6e12";
pub(super) const SAP_API_TOKEN: &str = "demo-sap-c4709e2d8b";
pub(super) const SLACK_BOT_TOKEN: &str = "xoxb-demo-slack-2e6f91a07d";

/// The status page's id; no secret, since its public address shows it.
pub const STATUSPAGE_PAGE_ID: &str = "acmedemopage";
/// The Jira project that takes bugs; no secret, since every issue's key starts with it.
pub const JIRA_PROJECT_KEY: &str = "SHOP";

/// Secret name → value, for every credential that the back office checks.
pub fn keys() -> [(&'static str, &'static str); 13] {
    [
        ("STRIPE_API_KEY", STRIPE_API_KEY),
        ("STATUSPAGE_API_KEY", STATUSPAGE_API_KEY),
        ("JIRA_EMAIL", JIRA_EMAIL),
        ("JIRA_API_TOKEN", JIRA_API_TOKEN),
        ("ZENDESK_EMAIL", ZENDESK_EMAIL),
        ("ZENDESK_API_TOKEN", ZENDESK_API_TOKEN),
        ("SHIPPO_API_KEY", SHIPPO_API_KEY),
        ("PRODUCT_DB_API_KEY", PRODUCT_DB_API_KEY),
        ("INVENTORY_API_KEY", INVENTORY_API_KEY),
        ("ANALYTICS_API_KEY", ANALYTICS_API_KEY),
        ("HR_API_KEY", HR_API_KEY),
        ("SAP_API_TOKEN", SAP_API_TOKEN),
        ("SLACK_BOT_TOKEN", SLACK_BOT_TOKEN),
    ]
}

/// What one service asks for and how it speaks about it.
#[derive(Clone)]
pub(super) struct Door {
    pub header: HeaderName,
    pub expected: String,
    /// The answer to a request without the right key; `true` when it carries none at all.
    pub refuse: fn(Presented) -> Response,
    /// Header that names the request.
    pub request_id: &'static str,
    /// Headers that state the limit and what is left of it, with the limit.
    pub rate: Option<(&'static str, &'static str, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presented {
    Nothing,
    WrongKey,
}

impl Door {
    pub(super) fn bearer(key: &str, refuse: fn(Presented) -> Response) -> Self {
        Self::authorization(format!("Bearer {key}"), refuse)
    }

    pub(super) fn basic(user: &str, password: &str, refuse: fn(Presented) -> Response) -> Self {
        Self::authorization(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))), refuse)
    }

    pub(super) fn authorization(expected: String, refuse: fn(Presented) -> Response) -> Self {
        Self { header: header::AUTHORIZATION, expected, refuse, request_id: "x-request-id", rate: None }
    }

    /// The in-house services: one header, one error shape.
    pub(super) fn in_house(header: HeaderName, expected: String) -> Self {
        let rate = Some(("x-ratelimit-limit", "x-ratelimit-remaining", 600));
        Self { header, expected, refuse: refuse_in_house, request_id: "x-request-id", rate }
    }

    fn presented(&self, headers: &HeaderMap) -> Result<(), Presented> {
        match headers.get(&self.header) {
            None => Err(Presented::Nothing),
            Some(value) if value.as_bytes() == self.expected.as_bytes() => Ok(()),
            Some(_) => Err(Presented::WrongKey),
        }
    }
}

/// Puts the door before every route of `router`.
pub(super) fn guarded(router: Router<BackOffice>, door: Door, data: &BackOffice) -> Router<BackOffice> {
    let data = data.clone();
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let (door, number) = (door.clone(), data.count_request());
        async move {
            let mut response = match door.presented(request.headers()) {
                Ok(()) => next.run(request).await,
                Err(presented) => (door.refuse)(presented),
            };
            mark(&door, number, response.headers_mut());
            response
        }
    }))
}

fn mark(door: &Door, number: u64, headers: &mut HeaderMap) {
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set(door.request_id, format!("req_{:016x}", super::clock::draw(number)));
    if let Some((limit_name, left_name, limit)) = door.rate {
        set(limit_name, limit.to_string());
        set(left_name, (limit - 1 - number % limit).to_string());
    }
}

/// A JSON answer with a status.
pub(super) fn reply(status: StatusCode, body: Value) -> Response {
    (status, Json(body)).into_response()
}

/// An in-house error: a code for programs, a message for people.
pub(super) fn in_house_error(status: StatusCode, code: &str, message: &str) -> Response {
    reply(status, json!({"error": {"code": code, "message": message}}))
}

fn refuse_in_house(presented: Presented) -> Response {
    let message = match presented {
        Presented::Nothing => "No API key was sent.",
        Presented::WrongKey => "The API key is not valid.",
    };
    in_house_error(StatusCode::UNAUTHORIZED, "unauthorized", message)
}
