//! A client of the API with one caller's credentials.

use std::{net::SocketAddr, time::Duration};

use errand_testkit::upstream::PATIENCE;
use reqwest::{Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::{Value, json};

use super::sse::{self, SseEvent};

#[derive(Clone)]
enum Credentials {
    None,
    Key(String),
    /// The cookie as the browser sends it back.
    Session(String),
}

/// One caller.
#[derive(Clone)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    credentials: Credentials,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Outcome {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null when the text is no JSON.
    pub json: Value,
}

impl Outcome {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("read an answer");
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, json }
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// A refusal: its status, its code, and a `msg` that has every one of these words.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str, words: &[&str]) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.json["code"], code, "{}", self.text);
        let msg = self.json["msg"].as_str().expect("a refusal has `msg`");
        for word in words {
            assert!(msg.contains(word), "`{word}` is not in: {msg}");
        }
        self.json
    }
}

impl Api {
    pub fn anonymous(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().timeout(PATIENCE * 2).connect_timeout(Duration::from_secs(2));
        Self {
            client: client.build().expect("a client"),
            base: format!("http://{address}"),
            credentials: Credentials::None,
        }
    }

    pub fn with_key(address: SocketAddr, key: &str) -> Self {
        Self { credentials: Credentials::Key(key.to_owned()), ..Self::anonymous(address) }
    }

    /// `cookie` is a pair, `name=value`.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { credentials: Credentials::Session(cookie.to_owned()), ..self.clone() }
    }

    pub async fn is_ready(&self) -> bool {
        let reply = self.client.get(format!("{}/readyz", self.base)).send().await;
        reply.is_ok_and(|reply| reply.status().is_success())
    }

    /// Trades a one-time link's token for a session.
    pub async fn claim(&self, token: &str) -> Self {
        let reply = self.post("/api/v1/auth/claim", json!({"token": token})).await;
        let cookie = reply.headers.get("set-cookie").expect("a cookie").to_str().expect("text").to_owned();
        assert_eq!(reply.status, 200, "{}", reply.text);
        let pair = cookie.split(';').next().expect("a pair").to_owned();
        self.with_cookie(&pair)
    }

    /// A request as a program or our own page sends it: with the protection header beside a cookie.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare_request(method, path);
        match self.credentials {
            Credentials::Session(_) => request.header("x-errand-csrf", "1"),
            _ => request,
        }
    }

    /// With the credentials and nothing else.
    pub fn bare_request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.credentials {
            Credentials::None => request,
            Credentials::Key(key) => request.header("x-api-key", key),
            Credentials::Session(cookie) => request.header("cookie", cookie),
        }
    }

    pub async fn send(request: RequestBuilder) -> Outcome {
        Outcome::of(request.send().await.expect("the server answers")).await
    }

    pub async fn get(&self, path: &str) -> Outcome {
        Self::send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Outcome {
        Self::send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Outcome {
        Self::send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Outcome {
        Self::send(self.request(Method::DELETE, path)).await
    }

    /// Asks and gives the whole answer.
    pub async fn ask(&self, guru: &str, question: &str) -> Value {
        self.ask_with(guru, json!({"question": question})).await
    }

    pub async fn ask_with(&self, guru: &str, body: Value) -> Value {
        self.post(&format!("/api/v1/{guru}/answer/"), body).await.ok(200)
    }

    /// Asks and gives the connection over which the events come.
    pub async fn ask_streaming(&self, guru: &str, body: Value) -> Response {
        let request = self
            .request(Method::POST, &format!("/api/v1/{guru}/answer/"))
            .header("accept", "text/event-stream");
        let response = request.json(&body).send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        response
    }

    /// All events of a turn that ended or will end.
    pub async fn events(&self, guru: &str, turn: &str) -> Vec<SseEvent> {
        let response = self.request(Method::GET, &format!("/api/v1/{guru}/turns/{turn}/events")).send().await;
        sse::read_all(response.expect("the server answers")).await
    }

    /// A guru that is there for one test.
    pub async fn new_guru(&self, slug: &str) {
        self.post("/api/v1/gurus", json!({"slug": slug, "name": "A test's guru"})).await.ok(201);
    }

    pub async fn new_secret(&self, guru: &str, name: &str, value: &str) {
        self.post(&format!("/api/v1/{guru}/secrets"), json!({"name": name, "value": value})).await.ok(201);
    }

    /// Creates and enables.
    pub async fn new_action(&self, guru: &str, file: &Value) {
        self.post(&format!("/api/v1/{guru}/actions"), file.clone()).await.ok(201);
        let name = file["name"].as_str().expect("a name");
        self.post(&format!("/api/v1/{guru}/actions/{name}/enable"), json!({})).await.ok(200);
    }

    /// Runs an action directly; its execution, ended.
    pub async fn run(&self, guru: &str, action: &str, arguments: Value) -> Value {
        self.post(&format!("/api/v1/{guru}/actions/{action}/run"), json!({"arguments": arguments}))
            .await
            .ok(200)
    }

    pub async fn execution(&self, guru: &str, id: &str) -> Value {
        self.get(&format!("/api/v1/{guru}/executions/{id}")).await.ok(200)
    }

    /// History, newest first. `query` begins with a question mark or is empty.
    pub async fn history(&self, guru: &str, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v1/{guru}/executions{query}")).await.ok(200);
        page["items"].as_array().expect("a list").clone()
    }
}
