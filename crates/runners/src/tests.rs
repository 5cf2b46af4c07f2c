//! Requests as they are built, and calls against a real server on this machine.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    http::{Method as HttpMethod, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use errand_domain::{
    ActionBody, ActionSpec, AgentSpec, ApiCall, ArgValue, BodyFormat, BuiltIns, ExecutionStatus, Header,
    HttpExchange, Method, Parameter, ParameterType, action::BasicAuth,
};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_secrets::{Raw, SecretText};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    Control, PythonRoom, RunFailure, RunInput, RunLimits, RunOutcome, RunnerEvent, Runners,
    request::BuiltRequest,
};

fn call(method: Method, url: &str) -> ApiCall {
    ApiCall {
        method,
        url: url.to_owned(),
        headers: Vec::new(),
        basic_auth: None,
        body: None,
        body_format: BodyFormat::Json,
        redirects_max: 5,
        retries_max: 0,
    }
}

fn posts(format: BodyFormat, body: &str) -> ApiCall {
    ApiCall { body: Some(body.to_owned()), body_format: format, ..call(Method::Post, "https://api.test/") }
}

fn with_header(name: &str, value: &str) -> ApiCall {
    let header = Header { name: name.to_owned(), value: value.to_owned() };
    ApiCall { headers: vec![header], ..call(Method::Get, "https://api.test/") }
}

/// Arguments `a`, `b`, … as given (null for an optional parameter that was not), the secret `API_KEY` and the built-ins
/// of a known user.
fn input(body: ActionBody, arguments: &Json) -> RunInput {
    let given = arguments.as_object().expect("an object");
    let parameters = given.keys().map(|name| Parameter {
        name: name.parse().expect("a name"),
        kind: ParameterType::String,
        description: "what it is".to_owned(),
        required: name == "needed",
        default: None,
        values: Vec::new(),
    });
    let values =
        given.iter().filter_map(|(name, value)| Some((name.parse().ok()?, ArgValue::from_json(value)?)));
    let guru = "acme".parse().expect("a slug");
    RunInput {
        action: Arc::new(ActionSpec {
            name: "order_lookup".parse().expect("a name"),
            trigger: "When the user asks about an order".to_owned(),
            examples: Vec::new(),
            parameters: parameters.collect(),
            body,
            usage: String::new(),
            answer: None,
            timeout_ms: None,
            runs_with: Vec::new(),
            allowed_hosts: Vec::new(),
        }),
        arguments: values.collect(),
        secrets: BTreeMap::from([(
            "API_KEY".parse().expect("a name"),
            Arc::new(SecretText::from("s3cret/+\"k".to_owned())),
        )]),
        built_ins: BuiltIns::of_user("ana@acme.test", "Ana", &[], &guru),
        timeout: Duration::from_secs(5),
        limits: RunLimits { response_bytes_max: 10_000 },
    }
}

fn runners(open: &[SocketAddr]) -> Runners {
    let texts: Vec<_> = open.iter().map(ToString::to_string).collect();
    let policy = EgressPolicy::from_texts(texts.iter().map(String::as_str)).expect("addresses");
    let egress = Egress::new(policy, &EgressLimits::default()).expect("TLS is set up");
    Runners::new(egress, PythonRoom::closed("there is no image.", "Build one."))
}

fn text(raw: &Raw) -> String {
    String::from_utf8_lossy(raw.expose()).into_owned()
}

fn build(call: ApiCall, arguments: &Json) -> Result<HttpExchange<String>, RunFailure> {
    Ok(build_request(call, arguments)?.exchange().map(|raw| text(&raw)))
}

fn build_request(call: ApiCall, arguments: &Json) -> Result<BuiltRequest, RunFailure> {
    let input = input(ActionBody::ApiCall(call), arguments);
    let ActionBody::ApiCall(call) = &input.action.body else { panic!("it was made so") };
    crate::request::build(call, &input)
}

fn check_url(template: &str, arguments: &Json, expect: Result<&str, RunFailure>) {
    let got = build(call(Method::Get, template), arguments).map(|exchange| exchange.url);
    assert_eq!(got, expect.map(str::to_owned), "{template} {arguments}");
}

#[test]
fn url_values_are_encoded_for_their_place() {
    let a = json!({"a": "x/y?z&w=1#ü %", "n": 12.5, "t": true, "none": null});
    check_url("https://api.test/o/{a}/i", &a, Ok("https://api.test/o/x%2Fy%3Fz%26w%3D1%23%C3%BC%20%25/i"));
    check_url("https://api.test/?q={a}", &a, Ok("https://api.test/?q=x%2Fy%3Fz%26w%3D1%23%C3%BC%20%25"));
    check_url("https://api.test/#{a}", &a, Ok("https://api.test/#x%2Fy%3Fz%26w%3D1%23%C3%BC%20%25"));
    check_url(
        "https://api.test/{n}/{t}?k={API_KEY}",
        &a,
        Ok("https://api.test/12.5/true?k=s3cret%2F%2B%22k"),
    );
    check_url("https://api.test/{GURUBASE_USER_EMAIL}", &a, Ok("https://api.test/ana%40acme.test"));
    check_url("https://api.test/{{a}}/{ a }", &a, Ok("https://api.test/{a}/{ a }"));
    check_url("https://api.test/?a={b}", &json!({"b": "{API_KEY}"}), Ok("https://api.test/?a=%7BAPI_KEY%7D"));
}

#[test]
fn query_pairs_of_absent_values_are_dropped() {
    let a = json!({"a": "1", "none": null, "empty": ""});
    check_url("https://api.test/?a={a}&b={none}", &a, Ok("https://api.test/?a=1"));
    check_url("https://api.test/?b={none}&a={a}", &a, Ok("https://api.test/?a=1"));
    check_url("https://api.test/?b={none}&c={none}&a={a}#f{none}", &a, Ok("https://api.test/?a=1#f"));
    check_url("https://api.test/?b={none}#f", &a, Ok("https://api.test/#f"));
    check_url("https://api.test/?b={none}", &a, Ok("https://api.test/"));
    check_url("https://api.test/?x=1&b={none}&y=2", &a, Ok("https://api.test/?x=1&y=2"));
    // Anything beside the placeholder, or an empty text that was given, keeps the pair.
    check_url("https://api.test/?b=p{none}&c={empty}", &a, Ok("https://api.test/?b=p&c="));
    check_url("https://api.test/?b={none}{a}&{none}=1&{none}", &a, Ok("https://api.test/?b=1&=1&"));
    check_url("https://api.test/x{none}/y", &a, Ok("https://api.test/x/y"));
}

#[test]
fn a_value_cannot_choose_another_place() {
    let segment = |name: &str, what| Err(RunFailure::BadPathSegment { name: name.to_owned(), what });
    let a = json!({"a": "..", "b": ".", "c": "", "d": "%2e%2e", "none": null});
    check_url("https://api.test/o/{a}", &a, segment("a", "`..`"));
    check_url("https://api.test/o/{a}/x?y", &a, segment("a", "`..`"));
    check_url("https://api.test/o/.{b}#x", &a, segment("b", "`..`"));
    check_url("https://api.test/o/%2E{b}", &a, segment("b", "`..`"));
    check_url("https://api.test/o/{b}{b}", &a, segment("b", "`..`"));
    check_url("https://api.test/{b}/o", &a, segment("b", "`.`"));
    check_url("https://api.test/o/{c}", &a, segment("c", "empty"));
    check_url("https://api.test/o/{none}/x", &a, segment("none", "empty"));
    check_url("https://api.test/o/{d}", &a, Ok("https://api.test/o/%252e%252e"));
    check_url("https://api.test/o/v{a}", &a, Ok("https://api.test/o/v.."));
}

#[test]
fn host_values_are_host_characters_only() {
    for (value, fits) in [
        ("acme", true),
        ("acme.eu-1", true),
        ("h.test:8443", true),
        ("a/b", false),
        ("a@b", false),
        ("", false),
        ("a:", false),
        ("a#", false),
        ("a?b", false),
        ("a\\b", false),
        ("a:1:2", false),
        ("a b", false),
        ("%2f", false),
        ("[::1]", false),
    ] {
        let url = format!("https://{value}/");
        let expect = if fits { Ok(url.as_str()) } else { Err(RunFailure::BadHost { name: "a".to_owned() }) };
        check_url("https://{a}/", &json!({"a": value}), expect);
    }
    check_url("https://h.test:{a}/", &json!({"a": 81}), Ok("https://h.test:81/"));
    check_url(
        "{a}://x/",
        &json!({"a": "http"}),
        Err(RunFailure::BadUrl { reason: "its scheme must be written out" }),
    );
}

#[test]
fn what_is_missing_is_named() {
    check_url(
        "https://api.test/{needed}",
        &json!({"needed": null}),
        Err(RunFailure::MissingArgument { name: "needed".to_owned() }),
    );
    check_url(
        "https://api.test/{OTHER}",
        &json!({}),
        Err(RunFailure::MissingSecret { name: "OTHER".to_owned() }),
    );
    let failure = RunFailure::MissingSecret { name: "OTHER".to_owned() };
    assert_eq!(
        failure.to_string(),
        "The secret `OTHER` is not there. Add it under Secrets, or remove `{OTHER}` from the action."
    );
}

fn header(exchange: &HttpExchange<String>, name: &str) -> Option<String> {
    exchange.request_headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[test]
fn headers_are_filled_and_have_defaults() -> Result<(), RunFailure> {
    let built = build(with_header("Authorization", "Bearer {API_KEY}"), &json!({}))?;
    assert_eq!(header(&built, "authorization").as_deref(), Some("Bearer s3cret/+\"k"));
    assert_eq!(header(&built, "accept").as_deref(), Some("application/json, text/*;q=0.9, */*;q=0.1"));
    assert!(header(&built, "user-agent").is_some_and(|value| value.starts_with("Errand/")));
    assert_eq!(header(&built, "content-type"), None);
    let own = build(with_header("accept", "text/csv"), &json!({}))?;
    assert_eq!(header(&own, "accept").as_deref(), Some("text/csv"));
    for (format, expect) in [
        (BodyFormat::Json, "application/json"),
        (BodyFormat::Form, "application/x-www-form-urlencoded"),
        (BodyFormat::Text, "text/plain; charset=utf-8"),
    ] {
        assert_eq!(header(&build(posts(format, "1"), &json!({}))?, "content-type").as_deref(), Some(expect));
    }
    let auth = BasicAuth { username: "{a}/token".to_owned(), password: "{API_KEY}".to_owned() };
    let basic = ApiCall { basic_auth: Some(auth), ..call(Method::Get, "https://api.test/") };
    let sent = build_request(basic.clone(), &json!({"a": "ana"}))?.headers;
    assert_eq!(
        sent.get("authorization").map(http::HeaderValue::as_bytes),
        Some(b"Basic YW5hL3Rva2VuOnMzY3JldC8rIms=".as_slice())
    );
    assert_eq!(build(basic, &json!({"a": "a:b"})), Err(RunFailure::BadUserName));
    Ok(())
}

#[test]
fn credentials_of_sessions_are_sent_and_not_recorded() -> Result<(), RunFailure> {
    for (name, value, shown) in [
        ("Cookie", "session=abc", "[not shown]"),
        ("Proxy-Authorization", "Basic YTpi", "[not shown]"),
        ("X-Token", "abc", "abc"),
    ] {
        let recorded = build(with_header(name, value), &json!({}))?;
        assert_eq!(header(&recorded, &name.to_lowercase()).as_deref(), Some(shown), "{name}");
        let sent = build_request(with_header(name, value), &json!({}))?.headers;
        assert_eq!(sent.get(name).map(http::HeaderValue::as_bytes), Some(value.as_bytes()), "{name}");
    }
    // A password so short that masking looks for no base64 of it.
    let short = BasicAuth { username: "a".to_owned(), password: "1234".to_owned() };
    let basic = ApiCall { basic_auth: Some(short), ..call(Method::Get, "https://api.test/") };
    let recorded = build(basic, &json!({}))?;
    assert_eq!(header(&recorded, "authorization").as_deref(), Some("Basic [not shown]"));

    let mut answered = http::HeaderMap::new();
    answered.append("set-cookie", http::HeaderValue::from_static("session=abc"));
    answered.append("set-cookie", http::HeaderValue::from_static("csrf=def"));
    let recorded = crate::request::raw_headers(&answered);
    let values: Vec<_> = recorded.iter().map(|(_, value)| text(value)).collect();
    assert_eq!(values, ["[not shown]", "[not shown]"]);
    Ok(())
}

#[test]
fn header_values_cannot_break_the_line() {
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\rb", "a\u{1b}b"] {
        let failure = build(with_header("X-Note", "n={a}"), &json!({ "a": value })).expect_err("refused");
        assert_eq!(failure, RunFailure::BadHeader { name: "a".to_owned(), header: "X-Note".to_owned() });
        assert!(!failure.to_string().contains("Evil"), "values are not repeated");
    }
}

fn check_body(format: BodyFormat, template: &str, arguments: &Json, expect: &str) {
    let built = build(posts(format, template), arguments).expect("built");
    assert_eq!(built.request_body.as_deref(), Some(expect), "{template}");
}

#[test]
fn bodies_are_filled_by_their_format() {
    let a = json!({"a": "say \"hi\"\n\\ {b}", "b": 3, "c": false, "none": null});
    check_body(BodyFormat::Json, r#"{"x": "{a}!", "n": {b}}"#, &a, r#"{"x": "say \"hi\"\n\\ {b}!", "n": 3}"#);
    check_body(
        BodyFormat::Json,
        r#"{"x": {a}, "n": "{b}{c}"}"#,
        &a,
        r#"{"x": "say \"hi\"\n\\ {b}", "n": "3false"}"#,
    );
    check_body(
        BodyFormat::Json,
        r#"[{none}, "{none}", {c}, {API_KEY}]"#,
        &a,
        r#"[null, "", false, "s3cret/+\"k"]"#,
    );
    check_body(BodyFormat::Json, r#"{"q\"{b}": "\\{b}", "{c}": {b}}"#, &a, r#"{"q\"3": "\\3", "false": 3}"#);
    check_body(BodyFormat::Form, "t={a}&n={b}&x={none}&k=", &a, "t=say%20%22hi%22%0A%5C%20%7Bb%7D&n=3&k=");
    check_body(BodyFormat::Form, "x={none}&n={b}", &a, "n=3");
    check_body(BodyFormat::Text, "{a}|{b}|{none}|{{a}}", &a, "say \"hi\"\n\\ {b}|3||{a}");
}

/// Texts that try to get out of where they are put, and any other.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[./\\\\%2eE?#&=+;:@ \"'{}<>\\r\\n\\t,\\[\\]a-c]{0,12}",
        Just("..".to_owned()),
        Just("{API_KEY}".to_owned()),
        Just("\",\"admin\":true,\"x\":\"".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_one_path_segment_and_one_query_value(a in nasty(), b in nasty()) {
        let template = "https://api.test/v1/{a}/p{b}s?q={a}&{b}=x&last=1#f{a}";
        let built = build(call(Method::Get, template), &json!({"a": a, "b": b}));
        if matches!(a.as_str(), "" | "." | "..") {
            let refused = matches!(built, Err(RunFailure::BadPathSegment { .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let url = url::Url::parse(&built.expect("built").url).expect("a URL");
        prop_assert_eq!(url.host_str(), Some("api.test"));
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
        let segments: Vec<_> = url.path_segments().expect("a path").map(decode).collect();
        prop_assert_eq!(segments, ["v1".to_owned(), a.clone(), format!("p{b}s")]);
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("q".to_owned(), a.clone()), (b, "x".to_owned()), ("last".to_owned(), "1".to_owned())]);
        prop_assert_eq!(url.fragment().map(decode), Some(format!("f{a}")));
    }

    #[test]
    fn any_text_is_one_json_string(a in nasty(), b in nasty(), n in any::<i32>(), t in any::<bool>()) {
        // Quarters: read back exactly by every JSON parser.
        let n = f64::from(n) / 4.0;
        let template = r#"{"a": "{a}", "list": ["x{b}y\"", {n}, {t}], "bare": {a}, "k{b}": {b}}"#;
        let built = build(posts(BodyFormat::Json, template), &json!({"a": a, "b": b, "n": n, "t": t})).expect("built");
        let body: Json = serde_json::from_str(&built.request_body.expect("a body")).expect("JSON");
        let key = format!("k{b}");
        prop_assert_eq!(body, json!({"a": a, "list": [format!("x{b}y\""), n, t], "bare": a, key: b}));
    }

    #[test]
    fn any_text_is_one_form_value(a in nasty(), b in nasty()) {
        let built = build(posts(BodyFormat::Form, "a={a}&x=1&b=-{b}"), &json!({"a": a, "b": b})).expect("built");
        let body = built.request_body.expect("a body");
        let url = url::Url::parse(&format!("https://api.test/?{body}")).expect("a URL");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("a".to_owned(), a), ("x".to_owned(), "1".to_owned()), ("b".to_owned(), format!("-{b}"))]);
    }

    #[test]
    fn any_text_is_one_header_value_or_refused(a in nasty()) {
        match build(with_header("x-note", "<{a}>"), &json!({ "a": a })) {
            Ok(built) => prop_assert_eq!(header(&built, "x-note"), Some(format!("<{a}>"))),
            Err(failure) => {
                prop_assert!(a.chars().any(|c| c.is_ascii_control() && c != '\t'));
                let names_header = matches!(failure, RunFailure::BadHeader { .. });
                prop_assert!(names_header);
            }
        }
    }

    #[test]
    fn any_text_is_refused_as_a_host_or_is_within_it(a in nasty()) {
        if let Ok(built) = build(call(Method::Get, "https://{a}.shop.test/"), &json!({ "a": a }))
            && let Ok(url) = url::Url::parse(&built.url)
        {
            let host = format!("{}.shop.test", a.to_ascii_lowercase());
            prop_assert_eq!(url.host_str(), Some(host.as_str()));
            prop_assert_eq!((url.path(), url.username(), url.query()), ("/", "", None));
        }
    }
}

struct Site {
    address: SocketAddr,
    _server: JoinSet<()>,
}

async fn answer(method: HttpMethod, uri: Uri, body: Bytes) -> Response {
    match uri.path() {
        "/echo" => format!("{method} {uri} {}", String::from_utf8_lossy(&body)).into_response(),
        "/json" => ([(header::CONTENT_TYPE, "application/json")], "{\"a\":[1,2]}").into_response(),
        "/image" => ([(header::CONTENT_TYPE, "image/png")], vec![0x89_u8; 4_200]).into_response(),
        "/zero" => "a\0b".into_response(),
        "/long" => "ü".repeat(20_000).into_response(),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            "late".into_response()
        }
        "/away" => (StatusCode::SEE_OTHER, [(header::LOCATION, "http://169.254.169.254/")]).into_response(),
        path => {
            let status =
                path.trim_start_matches('/').parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
            (status.unwrap_or(StatusCode::IM_A_TEAPOT), "the body").into_response()
        }
    }
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mut server = JoinSet::new();
        server.spawn(async move {
            axum::serve(listener, Router::new().fallback(answer)).await.expect("serves");
        });
        Self { address, _server: server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

struct Ran {
    outcome: RunOutcome,
    events: Vec<RunnerEvent>,
}

impl Ran {
    fn output(&self) -> String {
        self.outcome.output.as_ref().map(text).unwrap_or_default()
    }

    fn error(&self) -> String {
        self.outcome.error.as_ref().map(text).unwrap_or_default()
    }

    fn exchange(&self) -> &HttpExchange<Raw> {
        let found = self.events.iter().find_map(|event| match event {
            RunnerEvent::Exchange(exchange) => Some(exchange),
            _ => None,
        });
        found.expect("an exchange is always recorded")
    }

    fn phases(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for event in &self.events {
            if let RunnerEvent::Phase(phase) = event {
                names.push(phase.name.as_str());
            }
        }
        names
    }
}

async fn run(runners: &Runners, input: &RunInput) -> Ran {
    let (sink, mut events) = mpsc::channel(4);
    let collect = async {
        let mut all = Vec::new();
        while let Some(event) = events.recv().await {
            all.push(event);
        }
        all
    };
    let running = async {
        let outcome = runners.run(input, &sink, Control::at_once(&CancellationToken::new())).await;
        drop(sink);
        outcome
    };
    let (outcome, events) = tokio::join!(running, collect);
    Ran { outcome, events }
}

#[tokio::test]
async fn what_may_not_begin_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let body = ActionBody::ApiCall(call(Method::Post, &format!("http://{address}/")));
    let (sink, mut events) = mpsc::channel(4);
    let cancel = CancellationToken::new();
    let control = Control { cancel: &cancel, may_begin: Box::pin(std::future::ready(false)) };
    let outcome = runners(&[address]).run(&input(body, &json!({})), &sink, control).await;
    assert_eq!((outcome.status, outcome.output), (ExecutionStatus::Cancelled, None));
    drop(sink);
    assert_eq!(events.recv().await, None);
    let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(accepted.is_err(), "it was connected to");
}

async fn run_call(site: &Site, call: ApiCall) -> Ran {
    run(&runners(&[site.address]), &input(ActionBody::ApiCall(call), &json!({"a": "x y"}))).await
}

#[tokio::test]
async fn a_call_runs_and_is_recorded() {
    let site = Site::start().await;
    let body = Some(r#"{"a": {a}}"#.to_owned());
    let ran = run_call(&site, ApiCall { body, ..call(Method::Post, &site.url("/echo?a={a}")) }).await;
    assert_eq!(ran.outcome.status, ExecutionStatus::Succeeded);
    assert_eq!(ran.output(), "POST /echo?a=x%20y {\"a\": \"x y\"}");
    assert_eq!((ran.error().as_str(), ran.outcome.output_truncated), ("", false));
    assert_eq!(ran.phases(), ["prepare", "connect", "wait", "read"]);
    let exchange = ran.exchange();
    assert_eq!((exchange.method.as_str(), exchange.status), ("POST", Some(200)));
    assert_eq!(text(&exchange.url), site.url("/echo?a=x%20y"));
    assert_eq!(exchange.request_body.as_ref().map(text).as_deref(), Some("{\"a\": \"x y\"}"));
    assert_eq!(exchange.response_body, ran.outcome.output);
    let Some(RunnerEvent::Contact(contact)) = ran.events.first() else { panic!("{:?}", ran.events) };
    assert_eq!((contact.host.as_str(), contact.refused.as_deref()), ("127.0.0.1", None));
}

#[tokio::test]
async fn a_preview_is_the_request_that_is_sent() {
    let site = Site::start().await;
    let runners = runners(&[site.address]);
    let input = input(ActionBody::ApiCall(call(Method::Get, &site.url("/json?k={API_KEY}"))), &json!({}));
    let preview = runners.preview(&input).expect("built");
    let ran = run(&runners, &input).await;
    let sent = ran.exchange();
    assert_eq!((&preview.url, &preview.request_headers), (&sent.url, &sent.request_headers));
    assert_eq!(ran.output(), "{\"a\":[1,2]}");
}

#[tokio::test]
async fn statuses_become_outcomes_with_hints() {
    let site = Site::start().await;
    for (path, expect) in [
        ("/302", "`127.0.0.1` answered 302 Found. Call the address in its `Location` header directly"),
        ("/400", "`127.0.0.1` answered 400 Bad Request. Its answer says what it did not accept."),
        (
            "/401",
            "`127.0.0.1` answered 401 Unauthorized. Check the secret `API_KEY` and what it is allowed to do.",
        ),
        ("/404", "`127.0.0.1` answered 404 Not Found. Check the address"),
        ("/429", "`127.0.0.1` answered 429 Too Many Requests. It limits"),
        ("/503", "`127.0.0.1` answered 503 Service Unavailable. The fault is on its side"),
    ] {
        let ran = run_call(&site, call(Method::Get, &site.url(path))).await;
        assert_eq!(
            (ran.outcome.status, ran.output().as_str()),
            (ExecutionStatus::Failed, "the body"),
            "{path}"
        );
        assert!(ran.error().starts_with(expect), "{}", ran.error());
    }
}

#[tokio::test]
async fn answers_that_are_not_text_are_described() {
    let site = Site::start().await;
    for (path, expect) in
        [("/image", "(image/png, 4 kB; not text)"), ("/zero", "(text/plain, 3 B; not text)")]
    {
        let ran = run_call(&site, call(Method::Get, &site.url(path))).await;
        assert_eq!((ran.outcome.status, ran.output().as_str()), (ExecutionStatus::Succeeded, expect));
    }
}

#[tokio::test]
async fn an_answer_over_the_cap_fails_and_is_kept_so_far() {
    let site = Site::start().await;
    let mut input = input(ActionBody::ApiCall(call(Method::Get, &site.url("/long"))), &json!({}));
    input.limits.response_bytes_max = 9_999;
    let ran = run(&runners(&[site.address]), &input).await;
    assert_eq!((ran.outcome.status, ran.outcome.output_truncated), (ExecutionStatus::Failed, true));
    assert_eq!(ran.output(), "ü".repeat(4_999), "the character at the cut is left out");
    assert!(ran.error().starts_with("The answer is longer than 10 kB and was cut."), "{}", ran.error());
    assert!(ran.exchange().response_truncated);
}

#[tokio::test]
async fn not_started_is_told_from_failed() {
    let site = Site::start().await;
    let refused = run_call(&site, call(Method::Get, "http://10.0.0.1/x?k={API_KEY}")).await;
    assert_eq!(refused.outcome.status, ExecutionStatus::Refused);
    assert!(
        refused.error().contains("egress.open") && !refused.error().contains("s3cret"),
        "{}",
        refused.error()
    );
    assert!(
        matches!(refused.events.first(), Some(RunnerEvent::Contact(contact)) if contact.refused.is_some())
    );
    assert_eq!(refused.exchange().status, None);
    let missing = run_call(&site, call(Method::Get, "https://api.test/{OTHER}")).await;
    assert_eq!((missing.outcome.status, missing.events.len()), (ExecutionStatus::Refused, 0));
    let gone = run(
        &runners(&[SocketAddr::from(([127, 0, 0, 1], 9))]),
        &input(ActionBody::ApiCall(call(Method::Get, "http://127.0.0.1:9/")), &json!({})),
    )
    .await;
    assert_eq!(gone.outcome.status, ExecutionStatus::Failed);
    // The first host acted already; what came after can't make it "not started".
    let away = run_call(&site, call(Method::Post, &site.url("/away"))).await;
    assert_eq!(away.outcome.status, ExecutionStatus::Failed);
    assert!(away.error().contains("may have taken effect"), "{}", away.error());
}

#[tokio::test]
async fn a_timeout_says_whether_something_may_have_happened() {
    let site = Site::start().await;
    for (method, warns) in [(Method::Get, false), (Method::Post, true)] {
        let mut input = input(ActionBody::ApiCall(call(method, &site.url("/slow"))), &json!({}));
        input.timeout = Duration::from_millis(150);
        let ran = run(&runners(&[site.address]), &input).await;
        assert_eq!(ran.outcome.status, ExecutionStatus::TimedOut);
        assert_eq!(ran.error().contains("may have taken effect"), warns, "{}", ran.error());
    }
}

#[tokio::test]
async fn kinds_without_a_runner_are_refused() {
    let agent = AgentSpec {
        prompt: "p".to_owned(),
        tools: Vec::new(),
        output_schema: None,
        max_tool_calls: 1,
        max_depth: 1,
    };
    let input = input(ActionBody::Agent(agent), &json!({}));
    let ran = run(&runners(&[]), &input).await;
    assert_eq!(ran.outcome.status, ExecutionStatus::Refused);
    assert_eq!(
        ran.error(),
        "Actions of type `agent` can't run on this installation. Change the action's type or disable it."
    );
    assert!(runners(&[]).preview(&input).is_err());
}
