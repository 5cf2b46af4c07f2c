//! Who may not, does not: every operation of the served document, for every kind of caller who lacks the right.

use errand_domain::Role;
use errand_engine::access::Scope;
use errand_testkit::Upstream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Server, Setup, actions::WEATHER_QUESTION, get_action};

/// What anybody may call: health, the ways to sign in, and what a link shows. This list may only shrink.
const OPEN: [&str; 8] = [
    "GET /healthz",
    "GET /readyz",
    "GET /api/v1/auth/methods",
    "GET /api/v1/auth/oidc/start",
    "GET /api/v1/auth/oidc/callback",
    "POST /api/v1/auth/sign-in",
    "POST /api/v1/auth/claim",
    // The link itself is the credential; whom it lets in besides is tested with shared links.
    "POST /api/v1/shared",
];

/// What the scope `ask` is enough for.
const FOR_ASKERS: [&str; 20] = [
    "POST /api/v1/auth/sign-out",
    "GET /api/v1/me",
    "GET /api/v1/gurus",
    "GET /api/v1/gurus/{guru}",
    "GET /api/v1/templates",
    "POST /api/v1/{guru}/answer",
    "POST /api/v1/{guru}/plan",
    "GET /api/v1/{guru}/conversations",
    "POST /api/v1/{guru}/conversations",
    "GET /api/v1/{guru}/conversations/{id}",
    "DELETE /api/v1/{guru}/conversations/{id}",
    "POST /api/v1/{guru}/conversations/{id}/turns",
    "GET /api/v1/{guru}/turns/{id}",
    "GET /api/v1/{guru}/turns/{id}/events",
    "POST /api/v1/{guru}/turns/{id}/cancel",
    "PUT /api/v1/{guru}/turns/{id}/feedback",
    "DELETE /api/v1/{guru}/turns/{id}/feedback",
    "GET /api/v1/{guru}/conversations/{id}/shares",
    "POST /api/v1/{guru}/conversations/{id}/shares",
    "DELETE /api/v1/{guru}/shares/{id}",
];

/// What people may do with their own account, and keys not.
const FOR_PEOPLE: [&str; 3] =
    ["GET /api/v1/me/sessions", "DELETE /api/v1/me/sessions/{id}", "POST /api/v1/me/password"];

const FOR_RUNNERS: [&str; 1] = ["POST /api/v1/{guru}/actions/{name}/run"];

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    open: bool,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Calls it on things that are there, with a body that could be read.
    async fn call(&self, api: &Api) -> (String, u16, Value) {
        let path = filled(&self.path);
        let outcome =
            Api::send(api.request(self.method.clone(), &path).json(&json!({"question": "Hello"}))).await;
        (self.name(), outcome.status, outcome.json)
    }
}

/// An address of things that are there.
fn filled(path: &str) -> String {
    [("{guru}", "g"), ("{name}", "weather"), ("{id}", "unknown"), ("{version}", "1")]
        .iter()
        .fold(path.to_owned(), |path, (field, value)| path.replace(field, value))
}

async fn operations(api: &Api) -> Vec<Operation> {
    let document = api.get("/api/openapi.json").await.ok(200);
    let paths = document["paths"].as_object().expect("paths").iter();
    let found: Vec<_> = paths.flat_map(|(path, item)| operations_of(path, item)).collect();
    assert!(found.len() >= 40, "only {} operations", found.len());
    found
}

fn operations_of(path: &str, item: &Value) -> Vec<Operation> {
    let methods = item.as_object().expect("operations").iter();
    methods
        .filter_map(|(method, operation)| {
            let method =
                method.to_uppercase().parse().ok().filter(|_| operation.get("responses").is_some())?;
            Some(Operation { method, path: path.to_owned(), open: operation["security"] == json!([{}]) })
        })
        .collect()
}

async fn server_with_an_action() -> (Upstream, Server) {
    let upstream = Upstream::saying(json!({"temperature": 21})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    (upstream, server)
}

#[tokio::test]
async fn nothing_answers_without_credentials_beyond_the_fixed_list() {
    let (upstream, server) = server_with_an_action().await;
    let wrong_session = server.anonymous().with_cookie("errand_session=nonsense");
    for operation in operations(&server.anonymous()).await {
        let expected_open = OPEN.contains(&operation.name().as_str());
        assert_eq!(operation.open, expected_open, "{} is documented otherwise", operation.name());
        if expected_open {
            continue;
        }
        for api in
            [&server.anonymous(), &server.with_key("errand_nonsense"), &server.with_key(""), &wrong_session]
        {
            let (name, status, body) = operation.call(api).await;
            assert_eq!(status, 401, "{name}: {body}");
            assert_eq!(body["code"], "unauthenticated", "{name}: {body}");
            assert!(body["msg"].is_string(), "{name}: {body}");
        }
    }
    assert!(upstream.requests().is_empty());
    assert_eq!(server.api().get("/api/v1/g/actions").await.ok(200)["used"], 1, "something was deleted");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let (upstream, server) = server_with_an_action().await;
    let asker = server.with_key(&server.new_key(&[Scope::Ask]).await);
    let runner = server.with_key(&server.new_key(&[Scope::Run]).await);
    let none = server.with_key(&server.new_key(&[]).await);
    for operation in operations(&asker).await.iter().filter(|operation| !operation.open) {
        let name = operation.name();
        // Every caller with credentials may know who it is.
        let for_anybody = matches!(
            name.as_str(),
            "GET /api/v1/me" | "GET /api/v1/gurus" | "GET /api/v1/templates" | "POST /api/v1/auth/sign-out"
        );
        let for_askers = FOR_ASKERS.contains(&name.as_str());
        assert_refusal(operation.call(&asker).await, for_askers, 403);
        assert_refusal(
            operation.call(&runner).await,
            for_anybody || FOR_RUNNERS.contains(&name.as_str()),
            403,
        );
        let hidden = if name.contains("{guru}") { 404 } else { 403 };
        assert_refusal(operation.call(&none).await, for_anybody, hidden);
    }
    assert!(upstream.requests().len() <= 1, "more than the runner's own run went out");
    assert_eq!(asker.get("/api/v1/me").await.ok(200)["scopes"], json!(["ask"]));
    assert_eq!(none.get("/api/v1/gurus").await.ok(200)["items"], json!([]));
}

#[track_caller]
fn assert_refusal((name, status, body): (String, u16, Value), may: bool, refusal: u16) {
    if may {
        assert!(status != 401 && status != 403, "{name} is refused: {status} {body}");
    } else {
        assert_eq!(status, refusal, "{name}: {body}");
    }
}

#[tokio::test]
async fn a_viewer_asks_and_sees_nothing_of_others() {
    let (_upstream, server) = server_with_an_action().await;
    server.api().new_guru("other").await;
    let ana = server.new_session("ana@acme.test", "g", Role::Viewer).await;
    let bo = server.new_session("bo@acme.test", "g", Role::Viewer).await;
    for operation in operations(&ana)
        .await
        .iter()
        .filter(|operation| !operation.open && operation.path != "/api/v1/auth/sign-out")
    {
        let name = operation.name();
        let may = FOR_ASKERS.contains(&name.as_str()) || FOR_PEOPLE.contains(&name.as_str());
        assert_refusal(operation.call(&ana).await, may, 403);
    }

    let answer = ana.ask("g", WEATHER_QUESTION).await;
    let (session, turn) =
        (answer["session_id"].as_str().expect("an id"), answer["turn_id"].as_str().expect("an id"));
    ana.get(&format!("/api/v1/g/conversations/{session}")).await.ok(200);
    for stranger in [&bo, &server.api()] {
        let conversation = format!("/api/v1/g/conversations/{session}");
        stranger.get(&conversation).await.refused(404, "not_found", &[session]);
        stranger.delete(&conversation).await.refused(404, "not_found", &[session]);
        stranger.post(&format!("{conversation}/turns"), json!({"question": "Hello"})).await.refused(
            404,
            "not_found",
            &[session],
        );
        stranger.get(&format!("/api/v1/g/turns/{turn}")).await.refused(404, "not_found", &[turn]);
        stranger.get(&format!("/api/v1/g/turns/{turn}/events")).await.refused(404, "not_found", &[turn]);
        stranger.post(&format!("/api/v1/g/turns/{turn}/cancel"), json!({})).await.refused(
            404,
            "not_found",
            &[turn],
        );
        let going_on = json!({"question": "Hello", "session_id": session});
        stranger.post("/api/v1/g/answer", going_on.clone()).await.refused(404, "not_found", &[session]);
        stranger.post("/api/v1/g/plan", going_on.clone()).await.refused(404, "not_found", &[session]);
        let mut existing = going_on;
        existing["question"] = json!(WEATHER_QUESTION);
        existing["fetch_existing"] = json!(true);
        stranger.post("/api/v1/g/answer", existing).await.refused(404, "not_found", &[session]);
        let own = stranger.get("/api/v1/g/conversations").await.ok(200);
        assert!(own["items"].as_array().expect("a list").iter().all(|one| one["id"] != session), "{own}");
    }
    ana.get(&format!("/api/v1/g/conversations/{session}")).await.ok(200);

    ana.post("/api/v1/other/answer", json!({"question": "Hello"})).await.refused(
        404,
        "not_found",
        &["other"],
    );
    let gurus = ana.get("/api/v1/gurus").await.ok(200);
    let slugs: Vec<_> =
        gurus["items"].as_array().expect("a list").iter().map(|guru| guru["slug"].clone()).collect();
    assert_eq!(slugs, ["g"]);
}

#[tokio::test]
async fn a_browser_s_change_needs_the_protection_header() {
    let (_upstream, server) = server_with_an_action().await;
    let admin = server.admin_session().await;
    admin.get("/api/v1/g/actions").await.ok(200);
    for operation in
        operations(&admin).await.iter().filter(|operation| !operation.open && operation.method != Method::GET)
    {
        let path = filled(&operation.path);
        let bare = admin
            .bare_request(operation.method.clone(), &path)
            .json(&json!({"slug": "forged", "question": "Hello"}));
        Api::send(bare).await.refused(403, "csrf", &["x-errand-csrf"]);
    }
    assert_eq!(admin.get("/api/v1/gurus").await.ok(200)["items"].as_array().map(Vec::len), Some(1));
    let reply =
        Api::send(admin.bare_request(Method::GET, "/api/v1/me").header("origin", "https://evil.test")).await;
    assert!(reply.headers.get("access-control-allow-origin").is_none(), "no other origin may read answers");
}

#[tokio::test]
async fn links_work_once_and_sessions_end() {
    let server = Server::start(Setup::default()).await;
    let token = server.sign_in_token();
    let claim = json!({"token": token, "password": "correct horse battery"});
    let anonymous = server.anonymous();
    let too_short = json!({"token": token, "password": "short"});
    anonymous.post("/api/v1/auth/claim", too_short).await.refused(422, "bad_password", &["too short"]);
    let claimed = anonymous.post("/api/v1/auth/claim", claim.clone()).await;
    let cookie = claimed.headers["set-cookie"].to_str().expect("text").to_owned();
    for part in ["errand_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "`{part}` is not in: {cookie}");
    }
    let email = claimed.ok(200)["email"].as_str().expect("an address").to_owned();
    anonymous.post("/api/v1/auth/claim", claim).await.refused(401, "link_used", &["used already"]);

    let sign_in = async |email: &str, password: &str| {
        anonymous.post("/api/v1/auth/sign-in", json!({"email": email, "password": password})).await
    };
    let wrong =
        sign_in(&email, "wrong horse battery").await.refused(401, "wrong_password", &["do not go together"]);
    let nobody =
        sign_in("nobody@acme.test", "correct horse battery").await.refused(401, "wrong_password", &[]);
    assert_eq!(wrong, nobody, "an answer must not tell whether an address is known");
    let signed_in = sign_in(&email, "correct horse battery").await;
    let cookie =
        signed_in.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let session = anonymous.with_cookie(&cookie);
    assert_eq!(session.get("/api/v1/me").await.ok(200)["role"], "super_admin");
    session.post("/api/v1/auth/sign-out", json!({})).await.ok(204);
    session.get("/api/v1/me").await.refused(401, "unauthenticated", &[]);

    for _ in 0..10 {
        assert_eq!(sign_in("guessed@acme.test", "a wrong guess").await.status, 401);
    }
    sign_in("guessed@acme.test", "a wrong guess").await.refused(429, "too_many_tries", &["Wait"]);
    assert!(!server.log().contains(&token), "the link's token is in the log");
}

#[tokio::test]
async fn too_many_requests_of_one_caller_are_told_to_wait() {
    let server = Server::start(Setup { settings: "requests_per_minute_max = 5", ..Setup::default() }).await;
    let api = server.api();
    let mut last = api.get("/api/v1/me").await;
    for _ in 0..10 {
        last = api.get("/api/v1/me").await;
    }
    assert!(last.headers.get("retry-after").is_some(), "{last:?}");
    last.refused(429, "rate_limit", &["too often"]);
    let other = server.with_key(&server.new_key(&[Scope::Ask]).await);
    other.get("/api/v1/me").await.ok(200);
}
