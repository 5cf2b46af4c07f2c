//! Signing in by a real identity provider: the whole way there and back, and who tries to get in on the way.

use errand_testkit::identity::issuer;
use reqwest::Url;
use serde_json::{Value, json};

use crate::harness::{Api, Browser, Server, Setup};

const START: &str = "/api/v1/auth/oidc/start";
const CALLBACK: &str = "/api/v1/auth/oidc/callback";
const CLIENT_SECRET: &str = "a-secret-of-the-tests";

/// A server that knows the provider, with more settings of the section `[oidc]`.
async fn server(more: &str) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("client_secret");
    std::fs::write(&file, format!("{CLIENT_SECRET}\n")).expect("write the secret");
    let settings = format!(
        "[oidc]\nissuer = \"{}\"\nclient_id = \"errand\"\nclient_secret_file = \"{}\"\nbutton = \"Acme SSO\"\n{more}",
        issuer(),
        file.display()
    );
    // It is read at the start only, so the folder may go.
    Server::start(Setup { settings: settings.leak(), ..Setup::default() }).await
}

fn at(server: &Server, path: &str) -> Url {
    Url::parse(&format!("{}{path}", server.url())).expect("an address")
}

/// Signs in at the provider up to where it sends the browser back: that address is not visited yet.
async fn come_back(browser: &mut Browser, server: &Server, start: &str, login: &str) -> Url {
    let is_back = |url: &Url| url.path() == CALLBACK;
    let page = browser.follow(at(server, start), is_back).await;
    let page = browser.submit(&page, &[("login", login), ("password", "any")], is_back).await;
    let back = browser.submit(&page, &[], is_back).await;
    assert_eq!(back.url.path(), CALLBACK, "{back:?}");
    back.url
}

/// Where a browser ends that goes the whole way.
async fn sign_in(browser: &mut Browser, server: &Server, login: &str) -> String {
    let back = come_back(browser, server, START, login).await;
    arrive(browser, &back).await
}

/// Visits the address that the provider sent it to; where it is sent next.
async fn arrive(browser: &mut Browser, back: &Url) -> String {
    let reply = browser.get(back).await;
    assert_eq!(reply.status(), 303);
    reply.headers()["location"].to_str().expect("text").to_owned()
}

async fn problem_of(server: &Server, login: &str) -> String {
    let mut browser = Browser::new();
    let to = sign_in(&mut browser, server, login).await;
    assert_eq!(session(&browser, server), None, "{login} is signed in");
    to.strip_prefix("/sign-in?problem=").unwrap_or_else(|| panic!("{login} came to {to}")).to_owned()
}

fn session(browser: &Browser, server: &Server) -> Option<String> {
    browser.cookie(&at(server, "/"), "errand_session").map(|token| format!("errand_session={token}"))
}

fn signed_in(browser: &Browser, server: &Server) -> Api {
    server.anonymous().with_cookie(&session(browser, server).expect("a session"))
}

async fn verbs(server: &Server) -> Vec<String> {
    let log = server.api().get("/api/v1/system/audit?limit=50").await.ok(200);
    let items = log["items"].as_array().expect("a list").clone();
    items.iter().rev().map(|entry| format!("{} {}", text(&entry["verb"]), text(&entry["object"]))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn newcomers_get_an_account_and_what_their_groups_give() {
    let server = server(
        "create_users = true\nscopes = [\"email\", \"profile\", \"groups\"]\n\
         [[oidc.groups]]\ngroup = \"support\"\nguru = \"help\"\n\
         [[oidc.groups]]\ngroup = \"builders\"\nguru = \"help\"\nrole = \"guru_admin\"\ngroups = [\"Builders\"]\n\
         [[oidc.groups]]\ngroup = \"admins\"\nsuper_admin = true",
    )
    .await;
    server.api().new_guru("help").await;
    let methods = server.anonymous().get("/api/v1/auth/methods").await.ok(200);
    assert_eq!(methods, json!({"password": true, "provider": {"name": "Acme SSO", "path": START}}));

    let mut browser = Browser::new();
    let start = format!("{START}?return_to=/g/help/chat");
    let back = come_back(&mut browser, &server, &start, "ana").await;
    assert_eq!(arrive(&mut browser, &back).await, "/g/help/chat");
    assert_eq!(browser.cookie(&back, "errand_try"), None, "the try is over");
    let me = signed_in(&browser, &server).get("/api/v1/me").await.ok(200);
    assert_eq!((&me["email"], &me["name"]), (&json!("ana@example.test"), &json!("Ana Silva")));
    assert_eq!(me["role"], "viewer");
    let sessions = signed_in(&browser, &server).get("/api/v1/me/sessions").await.ok(200);
    assert_eq!(sessions["items"][0]["begun_with"], "provider");
    let made = verbs(&server).await;
    let ana = ["user.create user", "user.link user", "member.add member", "user.sign_in user"];
    assert_eq!(made[made.len() - 4..], ana.map(|entry| format!("{entry} ana@example.test")));

    sign_in(&mut Browser::new(), &server, "bo").await;
    let members = server.api().get("/api/v1/help/members").await.ok(200);
    let shown: Vec<_> = members["items"].as_array().expect("a list").iter().collect();
    assert_eq!((&shown[0]["role"], &shown[0]["groups"]), (&json!("viewer"), &json!(["support"])));
    assert_eq!(shown[1]["role"], "guru_admin");
    assert_eq!(shown[1]["groups"], json!(["support", "Builders"]));
    let mut chief = Browser::new();
    sign_in(&mut chief, &server, "chief").await;
    signed_in(&chief, &server).get("/api/v1/users").await.ok(200);

    // What was given by hand in a guru that the rules name lasts until the next sign-in.
    let path = format!("/api/v1/help/members/{}", text(&shown[0]["user_id"]));
    server.api().put(&path, json!({"role": "guru_admin"})).await.ok(200);
    assert_eq!(sign_in(&mut Browser::new(), &server, "ana").await, "/");
    let members = server.api().get("/api/v1/help/members").await.ok(200);
    assert_eq!(members["items"][0]["role"], "viewer");

    let log = server.log();
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    for secret in [code.as_str(), CLIENT_SECRET, &session(&browser, &server).expect("a session")[15..]] {
        assert!(!log.contains(secret), "the log holds a secret");
    }
}

/// An address leads to an account only when the provider verified it, and only to who was the first to come with it.
#[tokio::test]
async fn accounts_are_linked_by_a_verified_address_once() {
    let server = server("").await;
    assert_eq!(problem_of(&server, "ana").await, "no_account");
    assert_eq!(
        problem_of(&server, "mallory").await,
        "no_verified_email",
        "the admin's address, not verified"
    );
    assert_eq!(problem_of(&server, "nameless").await, "no_verified_email");
    let made = server.api().post("/api/v1/users", json!({"email": "Ana@Example.test"})).await.ok(201);
    let mut browser = Browser::new();
    assert_eq!(sign_in(&mut browser, &server, "ana").await, "/");
    assert_eq!(problem_of(&server, "new-ana").await, "other_person");

    // From now on it is the subject that counts.
    let path = format!("/api/v1/users/{}", text(&made["id"]));
    let renamed =
        server.api().request(reqwest::Method::PATCH, &path).json(&json!({"email": "a@example.test"}));
    Api::send(renamed).await.ok(200);
    assert_eq!(sign_in(&mut Browser::new(), &server, "ana").await, "/");
    let sessions = server.api().get(&format!("{path}/sessions")).await.ok(200);
    let ids: Vec<_> =
        sessions["items"].as_array().expect("a list").iter().map(|one| text(&one["id"])).collect();
    assert_eq!(ids.len(), 2);
    for id in &ids {
        server.api().delete(&format!("{path}/sessions/{id}")).await.ok(204);
    }
    signed_in(&browser, &server).get("/api/v1/me").await.refused(401, "unauthenticated", &[]);
    server.api().delete(&format!("{path}/sessions/{}", ids[0])).await.refused(404, "not_found", &["session"]);
    assert_eq!(server.api().delete(&format!("{path}/identities")).await.ok(200)["identities"], 1);
    assert_eq!(problem_of(&server, "ana").await, "no_account");
}

#[tokio::test]
async fn only_the_domains_that_are_named_come_in() {
    let server = server("create_users = true\nemail_domains = [\"Example.test\"]").await;
    assert_eq!(problem_of(&server, "stranger").await, "other_domain");
    assert_eq!(problem_of(&server, "mallory").await, "no_verified_email");
    assert_eq!(sign_in(&mut Browser::new(), &server, "somebody").await, "/");
}

#[tokio::test]
async fn a_way_back_is_good_for_its_own_browser_once() {
    let server = server("create_users = true").await;
    let expired = "/sign-in?problem=expired";
    let mut browser = Browser::new();
    let back = come_back(&mut browser, &server, START, "ana").await;
    // The victim of a foreign sign-in has no try under way, or another one.
    assert_eq!(arrive(&mut Browser::new(), &back).await, expired);
    let mut victim = Browser::new();
    victim.get(&at(&server, START)).await;
    assert_eq!(arrive(&mut victim, &back).await, expired);
    assert_eq!(session(&victim, &server), None);
    assert_eq!(arrive(&mut browser, &back).await, "/");
    assert_eq!(arrive(&mut browser, &back).await, expired, "the same way back again");

    let with = |back: &Url, name: &str, value: &str| {
        let mut url = back.clone();
        let pairs: Vec<_> = back.query_pairs().into_owned().filter(|(own, _)| own != name).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        url
    };
    let cases = [("state", "another", "expired"), ("iss", "https://evil.test", "not_trusted")];
    let more = [("code", "a-forged-code", "not_trusted"), ("error", "access_denied", "denied")];
    for (name, value, problem) in cases.into_iter().chain(more) {
        let mut browser = Browser::new();
        let back = come_back(&mut browser, &server, START, "ana").await;
        let to = arrive(&mut browser, &with(&back, name, value)).await;
        assert_eq!(to, format!("/sign-in?problem={problem}"), "{name}");
        assert_eq!(session(&browser, &server), None);
        // A try that failed is over.
        assert_eq!(arrive(&mut browser, &back).await, expired, "{name}");
    }

    // Nobody is sent elsewhere afterwards.
    for foreign in ["//evil.test", "https://evil.test", "/%5Cevil.test", "/api/v1/me"] {
        let mut browser = Browser::new();
        let back = come_back(&mut browser, &server, &format!("{START}?return_to={foreign}"), "ana").await;
        assert_eq!(arrive(&mut browser, &back).await, "/", "{foreign}");
    }
}

#[tokio::test]
async fn without_passwords_the_provider_and_links_are_the_only_ways() {
    let server = server("create_users = true\npasswords = false\nsign_out_everywhere = true").await;
    assert_eq!(server.anonymous().get("/api/v1/auth/methods").await.ok(200)["password"], false);
    let body = json!({"email": "admin@localhost", "password": "whatever it is"});
    server.anonymous().post("/api/v1/auth/sign-in", body).await.refused(403, "passwords_off", &["Acme SSO"]);
    // The operator's way in when the provider is away.
    let admin = server.admin_session().await;
    let body = json!({"new_password": "a long enough one"});
    admin.post("/api/v1/me/password", body).await.refused(403, "passwords_off", &[]);
    admin.post("/api/v1/auth/sign-out", json!({})).await.ok(204);

    let mut browser = Browser::new();
    sign_in(&mut browser, &server, "ana").await;
    let out = signed_in(&browser, &server).post("/api/v1/auth/sign-out", json!({})).await.ok(200);
    let url = Url::parse(text(&out["go_on_to"])).expect("an address");
    assert!(url.as_str().starts_with(&issuer()), "{url}");
    let asked: Vec<_> = url.query_pairs().into_owned().collect();
    assert!(asked.contains(&("client_id".to_owned(), "errand".to_owned())), "{url}");
    assert!(
        asked.contains(&("post_logout_redirect_uri".to_owned(), at(&server, "/sign-in").to_string())),
        "{url}"
    );
}

#[tokio::test]
async fn a_provider_that_is_away_stops_nobody_else() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let settings =
        format!("[oidc]\nissuer = \"http://{}\"\nclient_id = \"errand\"", gone.local_addr().expect("it"));
    drop(gone);
    let server = Server::start(Setup { settings: settings.leak(), ..Setup::default() }).await;
    let reply = Browser::new().get(&at(&server, START)).await;
    assert_eq!(reply.headers()["location"], "/sign-in?problem=unreachable");
    server.admin_session().await.get("/api/v1/me").await.ok(200);

    let without = Server::start(Setup::default()).await;
    without.anonymous().get(CALLBACK).await.refused(404, "not_found", &["identity provider"]);
    assert_eq!(without.anonymous().get("/api/v1/auth/methods").await.ok(200)["provider"], Value::Null);
}
