//! A client of Errand's REST API, as any other program would be one. Knows addresses and refusals, not commands.

mod event_stream;

use std::{net::IpAddr, time::Duration};

use errand_secrets::SecretText;
use reqwest::{
    Method, Response, StatusCode, Url,
    header::{ACCEPT, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::failure::{Failure, RuleBroken};

pub use event_stream::{EventStream, ModelCall, OutputStream, Plan, Trail, TurnEvent};

const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest run that an operator may allow fits in; a server that says nothing for longer has gone.
const REPLY_TIMEOUT: Duration = Duration::from_mins(10);
/// A page of history with whole outputs stays below this.
const REPLY_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A connection to one server with one key.
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

/// A request in the making: where to, and what for.
pub struct Call<'a> {
    pub method: Method,
    /// Below `/api/v1`; each is encoded.
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, String)],
    pub body: Option<&'a Value>,
}

impl Client {
    /// Makes nothing but the client; the first request finds out whether anybody answers.
    pub fn new(server: &str, key: Option<&SecretText>) -> Result<Self, Failure> {
        let base = server_url(server)?;
        // A second call finds the provider already there, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(key.expose().trim()).map_err(|_| bad_key())?;
            value.set_sensitive(true);
            headers.insert(API_KEY_HEADER, value);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("errand/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            // The key would travel along to wherever a redirect points.
            .redirect(redirect::Policy::none());
        if is_loopback(&base) {
            // A proxy has no business between a machine and itself, and would see the key.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Failure::new(
                "client",
                format!("No HTTP client could be made: {error}."),
                "Check the system's certificates.",
            )
        })?;
        Ok(Self { http, base })
    }

    pub fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub async fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        self.call(Call { method: Method::GET, path, query: &[], body: None }).await
    }

    pub async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Failure> {
        self.call(Call { method: Method::POST, path, query: &[], body }).await
    }

    pub async fn put(&self, path: &[&str], body: &Value) -> Result<Value, Failure> {
        self.call(Call { method: Method::PUT, path, query: &[], body: Some(body) }).await
    }

    pub async fn delete(&self, path: &[&str]) -> Result<Value, Failure> {
        self.call(Call { method: Method::DELETE, path, query: &[], body: None }).await
    }

    /// One request and its JSON reply; null for a reply without a body.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, Failure> {
        let mut request =
            self.http.request(call.method, self.url(call.path, call.query)?).timeout(REPLY_TIMEOUT);
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let response = self.accepted(response).await?;
        let bytes = self.body(response).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))
    }

    /// The typed events of a turn that the question starts.
    pub async fn events(&self, path: &[&str], body: &Value) -> Result<EventStream, Failure> {
        let request = self.http.post(self.url(path, &[])?).header(ACCEPT, "text/event-stream").json(body);
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        Ok(EventStream::new(self.accepted(response).await?))
    }

    /// A reply that is no JSON and may be large, handed on piece by piece, with the length that the server says it has.
    pub async fn download(
        &self,
        path: &[&str],
        mut piece: impl FnMut(&[u8], Option<u64>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let response =
            self.http.get(self.url(path, &[])?).send().await.map_err(|error| self.broken(&error))?;
        let mut response = self.accepted(response).await?;
        let all = response.content_length();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            piece(&chunk, all)?;
        }
        Ok(())
    }

    /// The status of a path outside the API, such as `healthz`.
    pub async fn probe(&self, path: &str, timeout: Duration) -> Result<u16, Failure> {
        let mut url = self.base.clone();
        url.set_path(path);
        let response =
            self.http.get(url).timeout(timeout).send().await.map_err(|error| self.broken(&error))?;
        Ok(response.status().as_u16())
    }

    fn url(&self, path: &[&str], query: &[(&str, String)]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| bad_server(self.base.as_str()))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn accepted(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = self.body(response).await.unwrap_or_default();
        Err(self.refused(status, &bytes))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if bytes.len() + chunk.len() > REPLY_BYTES_MAX {
                return Err(Failure::new(
                    "too_large",
                    "The server's reply is larger than 128 MiB.",
                    "Ask for fewer items with `--limit`.",
                ));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        let refusal = serde_json::from_slice::<Refusal>(body);
        let mut failure = match refusal {
            Ok(refusal) => refusal.into_failure(),
            Err(_) => Failure::new(
                "not_errand",
                format!("{} answers {status}, and not as Errand does.", self.server()),
                "Check that `--server` or ERRAND_SERVER names an Errand, and what stands in front of it.",
            ),
        };
        if status == StatusCode::UNAUTHORIZED {
            "Put a valid API key into ERRAND_API_KEY; on the server's own machine `local.key` in its data directory holds one.".clone_into(&mut failure.hint);
        }
        failure.status = Some(status.as_u16());
        failure
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        if error.is_connect() {
            return Failure::new(
                "unreachable",
                format!("No Errand answers at {}.", self.server()),
                "Start it with `errand serve`, or name another address with `--server` or ERRAND_SERVER.",
            );
        }
        if error.is_timeout() {
            return Failure::new(
                "timeout",
                format!("{} did not answer in time.", self.server()),
                "`errand history` shows what ran; try again.",
            );
        }
        let cause =
            std::error::Error::source(error).map_or_else(|| error.without_url_text(), ToString::to_string);
        Failure::new(
            "broken_off",
            format!("The connection to {} broke off: {cause}.", self.server()),
            "`errand history` shows what ran; try again.",
        )
    }

    fn unreadable(&self, error: &serde_json::Error) -> Failure {
        Failure::new(
            "unreadable",
            format!("{} answered something that is not JSON: {error}.", self.server()),
            "Check that the address is Errand's and that both are of one version.",
        )
    }
}

trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    /// The kind of the error; its own text repeats the address.
    fn without_url_text(&self) -> String {
        if self.is_body() || self.is_decode() {
            "the reply is incomplete"
        } else {
            "the request could not be sent"
        }
        .to_owned()
    }
}

/// What every refusal of the API looks like.
#[derive(serde::Deserialize)]
struct Refusal {
    msg: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    hint: String,
    #[serde(default)]
    problems: Vec<RuleBroken>,
}

impl Refusal {
    fn into_failure(self) -> Failure {
        let message = self.msg.strip_suffix(self.hint.as_str()).unwrap_or(&self.msg).trim_end();
        let message = if self.problems.len() > 1 {
            format!("{} rules are broken.", self.problems.len())
        } else {
            message.to_owned()
        };
        Failure { problems: self.problems, ..Failure::new(&self.code, message, self.hint) }
    }
}

/// Reads a reply's shape; what it doesn't name is left alone, so that a newer server can be talked to.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value).map_err(|error| {
        Failure::new(
            "unreadable",
            format!("The server's reply has another shape than expected: {error}."),
            "Use the server's own version of `errand`.",
        )
    })
}

fn server_url(text: &str) -> Result<Url, Failure> {
    let url: Url = text.trim().parse().map_err(|_| bad_server(text))?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !is_http || url.query().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(bad_server(text));
    }
    Ok(url)
}

fn bad_server(text: &str) -> Failure {
    // A password may have been typed into it.
    let shown = if text.contains('@') { "the given address" } else { text };
    Failure::usage(
        format!("`{shown}` is not a server's address."),
        "Write it like `http://127.0.0.1:8029`, without user name or query.",
    )
}

fn bad_key() -> Failure {
    Failure::usage(
        "The API key holds characters that no key has.",
        "Copy it again; it begins with `errand_`.",
    )
}

/// Whether the server is this machine.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        fn check(text: &str, path: &[&str], expect: Option<&str>) {
            let client = Client::new(text, None).ok();
            let got = client.and_then(|client| client.url(path, &[("text", "a b&c".to_owned())]).ok());
            assert_eq!(got.as_ref().map(Url::as_str), expect, "{text}");
        }
        check(
            "http://127.0.0.1:8029",
            &["demo", "plan"],
            Some("http://127.0.0.1:8029/api/v1/demo/plan?text=a+b%26c"),
        );
        check("https://x.test/errand/", &["a/b"], Some("https://x.test/errand/api/v1/a%2Fb?text=a+b%26c"));
        check("127.0.0.1:8029", &[], None);
        check("ftp://x.test", &[], None);
        check("http://ana:hunter2@x.test", &[], None);
        let failure = server_url("http://ana:hunter2@x.test").map_err(|failure| failure.to_string());
        assert!(failure.is_err_and(|text| !text.contains("hunter2")));
    }

    #[test]
    fn this_machine_is_known() {
        fn check(text: &str, expect: bool) {
            let url: Url = text.parse().expect("an address");
            assert_eq!(is_loopback(&url), expect, "{text}");
        }
        check("http://127.0.0.1:8029", true);
        check("http://localhost", true);
        check("http://[::1]:1", true);
        check("http://10.0.0.1", false);
        check("http://localhost.evil.test", false);
    }

    #[test]
    fn refusals_are_told_apart() {
        fn check(status: u16, body: &Value, expect: (&str, &str)) {
            let client = Client::new("http://127.0.0.1:1", None).expect("a client");
            let status = StatusCode::from_u16(status).expect("a status");
            let failure = client.refused(status, body.to_string().as_bytes());
            assert_eq!((failure.code.as_str(), failure.message.as_str()), expect);
        }
        check(
            404,
            &json!({"msg": "There is no action `x`. List them.", "code": "not_found", "hint": "List them."}),
            ("not_found", "There is no action `x`."),
        );
        check(
            502,
            &json!("Bad Gateway"),
            ("not_errand", "http://127.0.0.1:1 answers 502 Bad Gateway, and not as Errand does."),
        );
        let problem =
            json!({"code": "empty", "message": "It is empty.", "hint": "Fill it in.", "field": "trigger"});
        check(
            422,
            &json!({"msg": "a b", "code": "empty", "hint": "b", "problems": [problem, problem]}),
            ("empty", "2 rules are broken."),
        );
    }
}
