//! A stand-in for somebody else's HTTP service: answers by a script, remembers what it was asked, and notices when a
//! caller hangs up before the answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// The first header of this name, which is written in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the script says to one request.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    held: bool,
}

impl Reply {
    pub fn json(value: &serde_json::Value) -> Self {
        Self::text(200, value.to_string()).header("content-type", "application/json")
    }

    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), held: false }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer waits until [`Upstream::release`].
    #[must_use]
    pub fn held(self) -> Self {
        Self { held: true, ..self }
    }
}

type Script = dyn Fn(&Received) -> Reply + Send + Sync;

struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<Received>>,
    hung_up: AtomicUsize,
    released: watch::Sender<bool>,
}

/// The service. Dropping it stops it.
#[allow(missing_debug_implementations, reason = "a script has nothing to print")]
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Listens on loopback, on a port of its own.
    ///
    /// # Panics
    /// When loopback can't be listened on.
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen on loopback");
        let address = listener.local_addr().expect("the address listened on");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            requests: Mutex::default(),
            hung_up: AtomicUsize::new(0),
            released: watch::Sender::new(false),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serve a test's upstream");
        });
        Self { address, shared, server }
    }

    /// Always the same JSON.
    pub async fn saying(value: serde_json::Value) -> Self {
        Self::start(move |_| Reply::json(&value)).await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<Received> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets every held answer go, now and from now on.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Callers that went away before their answer.
    pub fn hung_up(&self) -> usize {
        self.shared.hung_up.load(Ordering::SeqCst)
    }

    /// # Panics
    /// When fewer arrive in time.
    pub async fn wait_for_requests(&self, count: usize) {
        eventually(&format!("request {count} arrives"), || self.requests().len() >= count).await;
    }

    /// # Panics
    /// When nobody hangs up in time.
    pub async fn wait_for_hang_up(&self) {
        eventually("the caller hangs up", || self.hung_up() > 0).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Waits until it holds.
///
/// # Panics
/// With `what` when it does not within [`PATIENCE`].
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Counts a handler that was dropped before its answer.
struct HangUp<'a> {
    count: &'a AtomicUsize,
    answered: bool,
}

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let received = read(request).await;
    let reply = (shared.script)(&received);
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    let mut hang_up = HangUp { count: &shared.hung_up, answered: false };
    if reply.held {
        // An error means that the test is over.
        let _ = shared.released.subscribe().wait_for(|released| *released).await;
    }
    hang_up.answered = true;
    written(reply)
}

async fn read(request: Request) -> Received {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, REQUEST_BYTES_MAX).await.unwrap_or_default();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Received {
        method: parts.method.to_string(),
        path_and_query: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn written(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a script's status");
    for (name, value) in reply.headers {
        let value = HeaderValue::try_from(value).expect("a script's header");
        response.headers_mut().append(HeaderName::from_static(name), value);
    }
    response
}
