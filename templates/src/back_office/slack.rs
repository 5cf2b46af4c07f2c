//! Slack's Web API: post a message, read a channel, look people up.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    BackOffice,
    clock::seconds,
    helpdesk::AGENTS,
    keys::{self, Door, Presented, reply},
    params::Params,
};

/// Channel id and name that the bot is a member of.
const CHANNELS: [(&str, &str); 3] =
    [("C0TIMEOFF1", "time-off"), ("C0SUPPORT1", "support"), ("C0INCIDENT", "incidents")];
const BOT_USER: &str = "U0ERRANDBOT";
const TEXT_CHARS_MAX: usize = 40_000;

/// A posted message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub channel: &'static str,
    pub ts: String,
    pub text: String,
}

pub(super) fn router(data: &BackOffice) -> Router<BackOffice> {
    let routes = Router::new()
        .route("/api/chat.postMessage", post(post_message))
        .route("/api/conversations.history", get(history))
        .route("/api/conversations.list", get(list_channels))
        .route("/api/users.lookupByEmail", get(look_up))
        .route("/api/auth.test", get(auth_test).post(auth_test))
        .fallback(async || failed("unknown_method"));
    let door = Door { request_id: "x-slack-req-id", ..Door::bearer(keys::SLACK_BOT_TOKEN, refuse) };
    keys::guarded(routes, door, data)
}

/// Slack's errors come with status 200.
fn failed(error: &str) -> Response {
    reply(StatusCode::OK, json!({"ok": false, "error": error}))
}

fn refuse(presented: Presented) -> Response {
    failed(match presented {
        Presented::Nothing => "not_authed",
        Presented::WrongKey => "invalid_auth",
    })
}

fn channel(name: &str) -> Option<&'static str> {
    let plain = name.trim_start_matches('#');
    CHANNELS.iter().find(|(id, own)| *id == name || *own == plain).map(|(id, _)| *id)
}

async fn post_message(State(data): State<BackOffice>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return failed("invalid_form_data");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return failed("invalid_json");
    };
    let Some(channel) = body["channel"].as_str().and_then(channel) else {
        return failed("channel_not_found");
    };
    let text = body["text"].as_str().unwrap_or_default();
    if text.is_empty() && body["blocks"].is_null() {
        return failed("no_text");
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return failed("msg_too_long");
    }
    let mut written = data.written();
    let ts = format!("{}.{:06}", seconds(data.now()), written.messages.len() + 1);
    let message = Message { channel, ts, text: text.to_owned() };
    written.messages.push(message.clone());
    drop(written);
    reply(
        StatusCode::OK,
        json!({"ok": true, "channel": channel, "ts": message.ts, "message": shape(&message)}),
    )
}

fn shape(message: &Message) -> Value {
    json!({"type": "message", "subtype": "bot_message", "user": BOT_USER, "ts": message.ts, "text": message.text})
}

async fn history(State(data): State<BackOffice>, params: Params) -> Response {
    let Some(channel) = params.get("channel").and_then(channel) else {
        return failed("channel_not_found");
    };
    let written = data.written();
    let newest_first = written.messages.iter().rev().filter(|message| message.channel == channel);
    let messages: Vec<_> = newest_first.take(params.count("limit", 100, 999)).map(shape).collect();
    reply(StatusCode::OK, json!({"ok": true, "messages": messages, "has_more": false}))
}

async fn list_channels() -> Json<Value> {
    let channels =
        CHANNELS.map(|(id, name)| json!({"id": id, "name": name, "is_channel": true, "is_member": true}));
    Json(json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": ""}}))
}

async fn look_up(params: Params) -> Response {
    let email = params.get("email").unwrap_or_default();
    match AGENTS.iter().find(|agent| agent.2.eq_ignore_ascii_case(email)) {
        Some((id, name, email)) => reply(
            StatusCode::OK,
            json!({
                "ok": true, "user": {"id": format!("U0{id}"), "real_name": name, "profile": {"email": email, "real_name": name}},
            }),
        ),
        None => failed("users_not_found"),
    }
}

async fn auth_test() -> Json<Value> {
    Json(
        json!({"ok": true, "url": "https://acme.slack.example/", "team": "Acme", "user": "errand", "user_id": BOT_USER}),
    )
}
