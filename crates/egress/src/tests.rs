//! The egress against real servers on this machine: each test opens exactly the port of its own server.

use std::{
    collections::VecDeque,
    io::Write as _,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Egress, EgressError, EgressLimits, EgressPolicy, OutboundRequest, Outcome, RequestRules, Rule, Stage,
    connect::Resolver, tls,
};

#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A server that notes what it saw and answers as it is told; it ends with the test.
struct Site {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: JoinSet<()>,
}

impl Site {
    async fn start(answer: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler = move |State(seen): State<Arc<Mutex<Vec<Seen>>>>, request: axum::extract::Request| async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
            let path = head.uri.to_string();
            let one = Seen { method: head.method, path, headers: head.headers, body };
            let response = answer(&one);
            seen.lock().expect("no handler panics").push(one);
            response
        };
        let router = Router::new().fallback(handler).with_state(Arc::clone(&seen));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mut server = JoinSet::new();
        server.spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { address, seen, _server: server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no handler panics").clone()
    }
}

fn egress(open: &[SocketAddr]) -> Egress {
    let texts: Vec<_> = open.iter().map(ToString::to_string).collect();
    let policy = EgressPolicy::from_texts(texts.iter().map(String::as_str)).expect("addresses");
    Egress::new(policy, &EgressLimits::default()).expect("TLS is set up")
}

fn scripted(open: &[SocketAddr], answers: &[&[&str]]) -> Egress {
    let read =
        |texts: &&[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<IpAddr>>();
    let resolver = Resolver::Scripted(Mutex::new(answers.iter().map(read).collect::<VecDeque<_>>()));
    let tls = tls::client_config().expect("TLS is set up");
    Egress::assemble(egress(open).policy().clone(), &EgressLimits::default(), resolver, tls)
}

fn rules() -> RequestRules {
    RequestRules {
        allowed_hosts: Vec::new(),
        timeout: Duration::from_secs(5),
        redirects_max: 5,
        retries_max: 0,
        response_bytes_max: 1 << 20,
    }
}

fn get(url: impl Into<String>) -> OutboundRequest {
    OutboundRequest { method: Method::GET, url: url.into(), headers: HeaderMap::new(), body: Bytes::new() }
}

fn post(url: impl Into<String>, body: &'static str) -> OutboundRequest {
    OutboundRequest { method: Method::POST, body: Bytes::from_static(body.as_bytes()), ..get(url) }
}

fn redirect(status: StatusCode, location: &str) -> Response {
    (status, [(header::LOCATION, location.to_owned())]).into_response()
}

fn text(outcome: &Outcome) -> (u16, String) {
    match &outcome.result {
        Ok(response) => (response.status.as_u16(), String::from_utf8_lossy(&response.body).into_owned()),
        Err(error) => panic!("{error}"),
    }
}

fn error(outcome: Outcome) -> EgressError {
    match outcome.result {
        Ok(response) => panic!("answered {}", response.status),
        Err(error) => error,
    }
}

fn rule(outcome: Outcome) -> Rule {
    match error(outcome) {
        EgressError::AddressRefused { refusal, .. } => refusal.rule,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let site =
        Site::start(|seen| (StatusCode::CREATED, [("x-made", "1")], seen.body.clone()).into_response()).await;
    let egress = egress(&[site.address]);
    let mut request = post(site.url("/orders?a=1#part"), "{\"n\":1}");
    request.headers.insert("x-key", HeaderValue::from_static("k"));
    let outcome = egress.send(request, &rules()).await;
    assert_eq!(text(&outcome), (201, "{\"n\":1}".to_owned()));
    let seen = site.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/orders?a=1"));
    assert_eq!(seen[0].headers["x-key"], "k");
    assert_eq!(seen[0].headers["content-length"], "7");
    let [contact] = outcome.contacts.as_slice() else { panic!("{:?}", outcome.contacts) };
    assert_eq!((contact.host.as_str(), contact.port), ("127.0.0.1", site.address.port()));
    assert_eq!(contact.address.as_deref(), Some("127.0.0.1"));
    assert!(
        contact.bytes_sent > 60 && contact.bytes_received > 60 && contact.refused.is_none(),
        "{contact:?}"
    );
    assert!(outcome.request_sent && outcome.timings.connect_us > 0 && outcome.timings.wait_us > 0);
}

#[tokio::test]
async fn connections_are_reused_and_counted_per_request() {
    let site = Site::start(|_| "ok".into_response()).await;
    let egress = egress(&[site.address]);
    let first = egress.send(get(site.url("/")), &rules()).await;
    let second = egress.send(get(site.url("/")), &rules()).await;
    assert!(first.timings.connect_us > 0);
    assert_eq!(second.timings.connect_us, 0);
    assert_eq!(first.contacts[0].bytes_received, second.contacts[0].bytes_received);
    assert!(second.contacts[0].bytes_received > 0);
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling() {
    let egress = egress(&[]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "localhost",
    ] {
        assert_eq!(
            rule(egress.send(get(format!("http://{host}:9/")), &rules()).await),
            Rule::Loopback,
            "{host}"
        );
    }
    for host in ["169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"] {
        assert_eq!(
            rule(egress.send(get(format!("http://{host}/latest")), &rules()).await),
            Rule::Metadata,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_recorded_and_names_the_setting_but_no_secret() {
    let outcome = egress(&[]).send(get("http://10.0.0.7:81/x?key=s3cret"), &rules()).await;
    assert!(!outcome.request_sent);
    let why = outcome.contacts[0].refused.clone().expect("refused");
    assert_eq!(outcome.contacts[0].address.as_deref(), Some("10.0.0.7"));
    assert_eq!(
        error(outcome).to_string(),
        "http://10.0.0.7:81 was refused: 10.0.0.7 is a private address. If requests should reach it, the operator can \
         open it with `egress.open = [\"10.0.0.7:81\"]`."
    );
    assert!(!why.contains("s3cret"));
}

#[tokio::test]
async fn an_open_range_admits_its_port_only() {
    let (open, closed) =
        (Site::start(|_| "open".into_response()).await, Site::start(|_| "closed".into_response()).await);
    let egress = egress(&[open.address]);
    assert_eq!(text(&egress.send(get(open.url("/")), &rules()).await).1, "open");
    assert_eq!(rule(egress.send(get(closed.url("/")), &rules()).await), Rule::Loopback);
    assert!(closed.seen().is_empty());
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses_and_connected_to_what_was_judged() {
    let site = Site::start(|_| "pinned".into_response()).await;
    let url = format!("http://shop.test:{}/", site.address.port());
    // Public at the first look, private at a second one: there is no second one.
    let egress = scripted(&[site.address], &[&["127.0.0.1"], &["10.0.0.1"]]);
    let outcome = egress.send(get(&url), &rules()).await;
    assert_eq!(text(&outcome).1, "pinned");
    assert_eq!(
        (outcome.contacts[0].host.as_str(), outcome.contacts[0].address.as_deref()),
        ("shop.test", Some("127.0.0.1"))
    );
    // Of several addresses only the allowed ones are tried.
    let mixed = scripted(&[site.address], &[&["10.0.0.1", "fe80::1", "127.0.0.1"]]);
    assert_eq!(text(&mixed.send(get(&url), &rules()).await).1, "pinned");
    let private = scripted(&[site.address], &[&["10.0.0.1", "192.168.0.1"]]);
    assert_eq!(rule(private.send(get(&url), &rules()).await), Rule::Private);
    let unknown = scripted(&[], &[]);
    assert!(matches!(error(unknown.send(get(&url), &rules()).await), EgressError::Dns { .. }));
}

#[tokio::test]
async fn redirects_are_followed_and_judged_again() {
    let site = Site::start(|seen| match seen.path.as_str() {
        "/a" => redirect(StatusCode::FOUND, "/b?x=1"),
        "/b?x=1" => redirect(StatusCode::TEMPORARY_REDIRECT, "c"),
        "/c" => "end".into_response(),
        "/metadata" => redirect(StatusCode::FOUND, "http://169.254.169.254/latest/meta-data/"),
        "/decimal" => redirect(StatusCode::FOUND, "http://2852039166/"),
        "/file" => redirect(StatusCode::FOUND, "file:///etc/passwd"),
        "/elsewhere" => redirect(StatusCode::FOUND, "http://other.test/"),
        _ => redirect(StatusCode::FOUND, "/loop"),
    })
    .await;
    let egress = egress(&[site.address]);
    let outcome = egress.send(get(site.url("/a")), &rules()).await;
    assert_eq!(text(&outcome).1, "end");
    let Ok(response) = &outcome.result else { panic!("answered above") };
    assert_eq!((response.hops, response.final_url.as_str()), (2, site.url("/c").as_str()));
    assert_eq!(outcome.contacts.len(), 3);

    let metadata = egress.send(get(site.url("/metadata")), &rules()).await;
    assert_eq!(metadata.contacts.len(), 2);
    assert!(metadata.request_sent && metadata.contacts[1].refused.is_some());
    assert_eq!(rule(metadata), Rule::Metadata);
    assert_eq!(rule(egress.send(get(site.url("/decimal")), &rules()).await), Rule::Metadata);
    assert!(matches!(
        error(egress.send(get(site.url("/file")), &rules()).await),
        EgressError::RedirectRefused { .. }
    ));
    let only = RequestRules { allowed_hosts: vec!["127.0.0.1".to_owned()], ..rules() };
    let elsewhere = error(egress.send(get(site.url("/elsewhere")), &only).await);
    assert_eq!(elsewhere, EgressError::HostNotAllowed { host: "other.test".to_owned() });
    let endless = error(egress.send(get(site.url("/loop")), &rules()).await);
    assert!(matches!(endless, EgressError::TooManyRedirects { redirects_max: 5, .. }), "{endless}");
    let unfollowed = egress.send(get(site.url("/a")), &RequestRules { redirects_max: 0, ..rules() }).await;
    assert_eq!(text(&unfollowed).0, 302);
}

#[tokio::test]
async fn what_may_be_a_credential_stays_with_its_origin() {
    let other = Site::start(|_| "other".into_response()).await;
    let away = other.url("/");
    let site = Site::start(move |seen| match seen.path.as_str() {
        "/stay" => redirect(StatusCode::FOUND, "/end"),
        "/303" => redirect(StatusCode::SEE_OTHER, &away),
        "/307" => redirect(StatusCode::TEMPORARY_REDIRECT, &away),
        _ => "end".into_response(),
    })
    .await;
    let egress = egress(&[site.address, other.address]);
    let with_headers = |mut request: OutboundRequest| {
        for (name, value) in [
            ("authorization", "Bearer k"),
            ("cookie", "c"),
            ("x-api-key", "k"),
            ("accept", "a/b"),
            ("content-type", "t/t"),
        ] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        request
    };
    let names = |seen: &Seen| {
        let mut names: Vec<_> =
            seen.headers.keys().map(ToString::to_string).filter(|name| name != "host").collect();
        names.sort();
        names.join(" ")
    };

    egress.send(with_headers(get(site.url("/stay"))), &rules()).await;
    assert_eq!(names(&site.seen()[1]), "accept authorization cookie x-api-key");
    egress.send(with_headers(post(site.url("/303"), "secret")), &rules()).await;
    egress.send(with_headers(get(site.url("/307"))), &rules()).await;
    let refused = error(egress.send(with_headers(post(site.url("/307"), "secret")), &rules()).await);
    assert!(refused.to_string().contains("the request's body would go to another host"), "{refused}");
    let seen = other.seen();
    assert_eq!(seen.len(), 2);
    for one in seen {
        assert_eq!((one.method.as_str(), names(&one).as_str(), one.body.len()), ("GET", "accept", 0));
    }
}

#[tokio::test]
async fn redirects_keep_or_change_the_method_as_http_says() {
    let site = Site::start(|seen| match seen.path.strip_prefix('/').and_then(|code| code.parse().ok()) {
        Some(code) => redirect(StatusCode::from_u16(code).expect("a status"), "/end"),
        None => "end".into_response(),
    })
    .await;
    let egress = egress(&[site.address]);
    for (method, status, expect) in [
        (Method::POST, 301, ("GET", 0)),
        (Method::POST, 302, ("GET", 0)),
        (Method::POST, 303, ("GET", 0)),
        (Method::POST, 307, ("POST", 4)),
        (Method::POST, 308, ("POST", 4)),
        (Method::PUT, 302, ("PUT", 4)),
        (Method::PUT, 303, ("GET", 0)),
    ] {
        let request =
            OutboundRequest { method: method.clone(), ..post(site.url(&format!("/{status}")), "body") };
        egress.send(request, &rules()).await;
        let seen = site.seen();
        let last = seen.last().expect("two requests");
        assert_eq!((last.method.as_str(), last.body.len()), expect, "{method} {status}");
    }
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    let egress = egress(&[]);
    for url in [
        "",
        "orders",
        "ftp://a.test/",
        "http://",
        "http://user:pw@a.test/",
        "http://a.test:0/",
        "http://[::1/",
    ] {
        let outcome = egress.send(get(url), &rules()).await;
        assert!(matches!(error(outcome), EgressError::BadUrl { .. }), "{url}");
    }
    let only = RequestRules { allowed_hosts: vec!["*.shop.test".to_owned()], ..rules() };
    let outcome = egress.send(get("https://shop.test.evil.test/"), &only).await;
    assert_eq!(outcome.contacts[0].host, "shop.test.evil.test");
    assert!(outcome.contacts[0].refused.is_some());
    assert!(error(outcome).is_refusal());
}

#[tokio::test]
async fn long_answers_are_cut() {
    let site = Site::start(|seen| match seen.path.as_str() {
        "/10mb" => vec![b'a'; 10 << 20].into_response(),
        "/exact" => vec![b'a'; 1000].into_response(),
        _ => vec![b'a'; 1001].into_response(),
    })
    .await;
    let egress = egress(&[site.address]);
    for (path, expect) in [("/10mb", (1000, true)), ("/exact", (1000, false)), ("/over", (1000, true))] {
        let outcome =
            egress.send(get(site.url(path)), &RequestRules { response_bytes_max: 1000, ..rules() }).await;
        let response = outcome.result.expect("answered");
        assert_eq!((response.body.len(), response.truncated), expect, "{path}");
        assert!(outcome.contacts[0].bytes_received < 9 << 20, "the rest is not read");
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).expect("in memory");
    packer.finish().expect("in memory")
}

#[tokio::test]
async fn gzip_is_unpacked_and_a_bomb_does_not_go_off() {
    let (small, bomb) = (gzipped(b"hello"), gzipped(&vec![0; 64 << 20]));
    assert!(bomb.len() < 100_000);
    let site = Site::start(move |seen| {
        let body = match seen.path.as_str() {
            "/small" => small.clone(),
            "/bomb" => bomb.clone(),
            "/cut" => small[..small.len() - 6].to_vec(),
            _ => b"not gzip".to_vec(),
        };
        ([(header::CONTENT_ENCODING, "gzip")], body).into_response()
    })
    .await;
    let egress = egress(&[site.address]);
    let outcome = egress.send(get(site.url("/small")), &rules()).await;
    assert_eq!(text(&outcome).1, "hello");
    let headers = outcome.result.expect("answered").headers;
    assert!(!headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::CONTENT_LENGTH));
    let response = egress.send(get(site.url("/bomb")), &rules()).await.result.expect("answered");
    assert_eq!((response.body.len(), response.truncated), (1 << 20, true));
    for path in ["/cut", "/none"] {
        assert!(
            matches!(error(egress.send(get(site.url(path)), &rules()).await), EgressError::Protocol { .. }),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_timeout_covers_everything_and_says_where_it_was() {
    let site = Site::start(|seen| {
        if seen.path == "/body" {
            let chunks = tokio_chunks();
            return Response::new(chunks);
        }
        std::thread::sleep(Duration::from_millis(400));
        "late".into_response()
    })
    .await;
    let egress = egress(&[site.address]);
    let short = RequestRules { timeout: Duration::from_millis(150), ..rules() };
    for (path, expect) in [("/body", Stage::Reading), ("/head", Stage::Waiting)] {
        let outcome = egress.send(get(site.url(path)), &short).await;
        assert!(outcome.request_sent && outcome.contacts[0].address.is_some());
        let EgressError::TimedOut { stage, .. } = error(outcome) else { panic!("{path} answered") };
        assert_eq!(stage, expect, "{path}");
    }
}

/// A body that starts and never ends.
fn tokio_chunks() -> Body {
    struct Endless {
        started: bool,
    }
    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            if std::mem::replace(&mut self.started, true) {
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(b"start")))))
        }
    }
    Body::new(Endless { started: false })
}

#[tokio::test]
async fn only_idempotent_methods_are_retried() {
    let site = Site::start(|_| StatusCode::SERVICE_UNAVAILABLE.into_response()).await;
    let egress = egress(&[site.address]);
    let twice = RequestRules { retries_max: 2, ..rules() };
    for (method, expect) in
        [(Method::POST, 1), (Method::PATCH, 1), (Method::GET, 3), (Method::PUT, 3), (Method::DELETE, 3)]
    {
        let before = site.seen().len();
        let outcome =
            egress.send(OutboundRequest { method: method.clone(), ..get(site.url("/")) }, &twice).await;
        assert_eq!(text(&outcome).0, 503);
        assert_eq!((site.seen().len() - before, outcome.contacts.len()), (expect, expect), "{method}");
    }
    let gone = SocketAddr::from(([127, 0, 0, 1], 9));
    let outcome = super::tests::egress(&[gone]).send(get("http://127.0.0.1:9/"), &twice).await;
    assert_eq!(outcome.contacts.len(), 3);
    assert!(!outcome.request_sent);
    assert!(matches!(error(outcome), EgressError::Unreachable { .. }));
}

/// Answers each connection with the given bytes once, then closes it.
async fn raw(answer: Vec<u8>) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    (address, server)
}

#[tokio::test]
async fn what_is_not_http_is_said_so() {
    let mut many = b"HTTP/1.1 200 OK\r\n".to_vec();
    many.extend((0..200).flat_map(|n| format!("x-{n}: 1\r\n").into_bytes()));
    let mut long = b"HTTP/1.1 200 OK\r\nx-long: ".to_vec();
    long.extend(vec![b'a'; 1 << 20]);
    for (answer, expect) in [
        (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), "not HTTP/1.1"),
        (Vec::new(), "closed before an answer came"),
        (many, "headers are too large"),
        (long, "headers are too large"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort".to_vec(), "broke within the answer"),
    ] {
        let (address, _server) = raw(answer).await;
        let error = error(egress(&[address]).send(get(format!("http://{address}/")), &rules()).await);
        assert!(error.to_string().contains(expect), "{error}");
    }
    let (address, _server) = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let outcome = egress(&[address]).send(get(format!("https://{address}/")), &rules()).await;
    assert!(!outcome.request_sent);
    assert!(matches!(error(outcome), EgressError::Tls { .. }));
}

#[tokio::test]
async fn a_connection_that_went_stale_is_replaced_for_idempotent_requests() {
    // Promises to stay open, then closes: the client keeps a connection that is dead.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            // The second request is read and the connection closed without an answer.
            let _ = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut request)).await;
        }
    });
    let egress = egress(&[address]);
    let url = format!("http://{address}/");
    assert_eq!(text(&egress.send(get(&url), &rules()).await).1, "ok");
    let second = egress.send(get(&url), &rules()).await;
    assert_eq!(text(&second).1, "ok");
    assert_eq!(second.contacts.len(), 2);
    let third = egress.send(post(&url, "x"), &rules()).await;
    assert!(third.request_sent);
    assert!(matches!(error(third), EgressError::Protocol { .. }));
}

/// Speaks TLS with a certificate of its own for `shop.test`, which comes back beside the address.
async fn secure_site() -> (SocketAddr, CertificateDer<'static>, JoinSet<()>) {
    let made = rcgen::generate_simple_self_signed(["shop.test".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate.clone()], key))
        .expect("a server's configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut server = JoinSet::new();
    server.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us hangs up within the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecure").await;
            let _ = stream.shutdown().await;
        }
    });
    (address, certificate, server)
}

fn trusting(open: SocketAddr, certificate: Option<CertificateDer<'static>>) -> Egress {
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = certificate {
        roots.add(certificate).expect("a certificate");
    }
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let here = vec![IpAddr::from([127, 0, 0, 1])];
    let resolver = Resolver::Scripted(Mutex::new(VecDeque::from([here])));
    Egress::assemble(egress(&[open]).policy().clone(), &EgressLimits::default(), resolver, config)
}

#[tokio::test]
async fn certificates_must_be_trusted_and_name_the_host() {
    let (address, certificate, _server) = secure_site().await;
    let port = address.port();
    let known = trusting(address, Some(certificate.clone()));
    let outcome = known.send(get(format!("https://shop.test:{port}/")), &rules()).await;
    assert_eq!(text(&outcome).1, "secure");
    for (egress, host) in [
        (trusting(address, Some(certificate.clone())), "other.test"),
        (trusting(address, Some(certificate)), "127.0.0.1"),
        (trusting(address, None), "shop.test"),
        (egress(&[address]), "127.0.0.1"),
    ] {
        let outcome = egress.send(get(format!("https://{host}:{port}/?key=s3cret")), &rules()).await;
        assert!(!outcome.request_sent);
        let EgressError::Tls { origin, .. } = error(outcome) else { panic!("{host} was trusted") };
        assert_eq!(origin, format!("https://{host}:{port}"));
    }
}
