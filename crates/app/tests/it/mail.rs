//! Results by e-mail, through real mail servers: over TLS, with passwords, and when something is wrong on the way.

use errand_testkit::{Upstream, smtp::desk};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{Server, Setup, get_action};

/// What the mail servers of the tests say of themselves.
#[derive(Deserialize)]
struct About {
    host: String,
    user: String,
    password: String,
    authority: String,
    ports: Value,
}

/// How the operator set mail.
#[derive(Clone, Copy)]
struct Mail {
    /// Which of the servers.
    server: &'static str,
    security: &'static str,
    password: Password,
    /// Whether the machine trusts who signed the server's certificate.
    trusted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Password {
    Right,
    Wrong,
    None,
}

const RIGHT: Mail = Mail { server: "tls", security: "tls", password: Password::Right, trusted: true };
const WRONG_PASSWORD: &str = "hunter2-hunter2";

async fn ask_desk(path: &str) -> Value {
    // Fails when it is there already, which is fine: tests may share a process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let reply = reqwest::get(format!("{}{path}", desk())).await.expect("the desk answers");
    reply.json().await.expect("JSON")
}

/// Sends a test to somebody new; an error is what people are told, in part.
async fn check(mail: Mail, expect: Result<(), &str>) {
    let about: About = serde_json::from_value(ask_desk("/about").await).expect("about");
    let port = &about.ports[mail.server];
    let user =
        if mail.password == Password::None { String::new() } else { format!("user = \"{}\"\n", about.user) };
    let settings = format!(
        "[mail]\nhost = \"{}\"\nport = {port}\nsecurity = \"{}\"\nfrom = \"Errand <errand@acme.test>\"\n{user}",
        about.host, mail.security
    );
    let mut variables = Vec::new();
    if mail.trusted {
        variables.push(("SSL_CERT_FILE", about.authority.clone()));
    }
    let password = match mail.password {
        Password::Right => about.password.as_str(),
        Password::Wrong => WRONG_PASSWORD,
        Password::None => "",
    };
    if !password.is_empty() {
        variables.push(("ERRAND_MAIL_PASSWORD", password.to_owned()));
    }
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let setup =
        Setup { settings: settings.leak(), variables, open: vec![upstream.address()], ..Setup::default() };
    let server = Server::start(setup).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;

    let somebody = format!("{}@acme.test", uuid::Uuid::now_v7().as_simple());
    let path = "/api/v1/g/actions/weather/schedule/test-receiver";
    let told = api.post(path, json!({"type": "email", "to": [somebody]})).await.ok(200);
    let mails = ask_desk(&format!("/mails?to={somebody}")).await;
    match expect {
        Ok(()) => {
            assert_eq!(told, json!({"delivered": true, "error": null}), "{}", mail.server);
            assert_eq!(mails[0]["server"], mail.server);
            let content = mails[0]["content"].as_str().expect("a mail");
            assert!(
                content.contains("Subject: [A test's guru] Test: results of weather arrive here\r\n"),
                "{content}"
            );
        }
        Err(words) => {
            assert_eq!(told["delivered"], false, "{}", mail.server);
            let error = told["error"].as_str().expect("a reason");
            assert!(error.contains(words), "{error}");
            assert_eq!(mails, json!([]));
        }
    }
    let audit = api.get("/api/v1/g/audit").await.ok(200).to_string();
    assert!(audit.contains("schedule.test_receiver") && audit.contains(&somebody), "{audit}");
    for text in [told.to_string(), audit, server.log()] {
        assert!(password.is_empty() || !text.contains(password), "the password is told: {text}");
    }
    assert!(upstream.requests().is_empty(), "nothing runs for a test");
}

#[tokio::test]
async fn mail_goes_over_tls_from_the_first_byte_or_after_a_greeting() {
    check(RIGHT, Ok(())).await;
    check(Mail { server: "start_tls", security: "start_tls", ..RIGHT }, Ok(())).await;
    // One that knows nothing newer than AUTH LOGIN.
    check(Mail { server: "login_only", security: "start_tls", ..RIGHT }, Ok(())).await;
    check(Mail { server: "plain", security: "none", password: Password::None, ..RIGHT }, Ok(())).await;
}

#[tokio::test]
async fn a_wrong_password_or_none_is_told_and_never_shown() {
    let refused = "refused the user name or password: 535";
    check(Mail { password: Password::Wrong, ..RIGHT }, Err(refused)).await;
    for server in ["start_tls", "login_only"] {
        let wrong = Mail { server, security: "start_tls", password: Password::Wrong, ..RIGHT };
        check(wrong, Err(refused)).await;
    }
    check(Mail { password: Password::None, ..RIGHT }, Err("refused the sender: 530")).await;
}

#[tokio::test]
async fn a_connection_that_is_not_secure_or_breaks_off_is_told() {
    check(Mail { trusted: false, ..RIGHT }, Err("No secure connection")).await;
    check(Mail { server: "plain", security: "start_tls", ..RIGHT }, Err("the change to TLS (STARTTLS)"))
        .await;
    check(Mail { server: "plain", ..RIGHT }, Err("No secure connection")).await;
    check(Mail { server: "hangs_up", ..RIGHT }, Err("the connection was closed")).await;
}
