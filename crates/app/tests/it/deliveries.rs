//! Results of schedules reach who is to be told, once per run, and again when they did not.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use errand_domain::{
    Arguments, Delivery,
    DeliveryStatus::{Delivered, Failed, Pending},
    results::{Receiver, Results, When},
    schedule::{Missed, Overlap},
};
use errand_engine::{
    Engine, SecretText,
    manage::{schedules::WantedSchedule, secrets::NewSecret},
};
use errand_runners::deliver::{MailSecurity, MailServer, Sender};
use errand_testkit::{Reply, Upstream, databases};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    harness::{Server, get_action},
    schedules::{World, close, permit},
};

const KEY: &str = "a-key-to-sign-with";

/// A mail server that takes every mail but those to `nobody@`.
struct Mailbox {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mailbox {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen on loopback");
        let port = listener.local_addr().expect("an address").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away in the middle is no mail.
                let _ = converse(stream, &kept).await;
            }
        });
        Self { port, mails, server }
    }

    fn server(&self) -> MailServer {
        MailServer {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: MailSecurity::None,
            credentials: None,
            from: Sender::parse("Errand <errand@acme.test>").expect("a sender"),
        }
    }

    fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("mails").clone()
    }
}

async fn converse(stream: TcpStream, mails: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mail.acme.test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "RCPT" if line.contains("nobody@") => "550 no such mailbox",
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                mails.lock().expect("mails").push(mail);
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}

async fn store(engine: &Engine, name: &str, value: &str) {
    let new = NewSecret { value: SecretText::new(value.to_owned()), hosts: None };
    engine.set_secret(&permit(engine).await, name, new).await.expect("a secret");
}

fn every_minute(results: Results) -> WantedSchedule {
    WantedSchedule {
        cron: "* * * * *".to_owned(),
        time_zone: None,
        arguments: Arguments::new(),
        overlap: Overlap::Allow,
        missed: Missed::Skip,
        results: Some(results),
        enabled: true,
    }
}

async fn tell(engine: &Engine, when: When, to: Vec<Receiver>) {
    let wanted = every_minute(Results { when, to });
    engine.set_schedule(&permit(engine).await, "tick", wanted).await.expect("a schedule");
}

/// Fires what is due at that minute, waits for the run's end, and delivers.
async fn run_minute(world: &World, engine: &Engine, minute: i64) {
    world.set_minutes(minute);
    let runs = world.upstream.requests().len();
    engine.fire_what_is_due().await.expect("a look");
    world.upstream.wait_for_requests(runs + 1).await;
    let ended = async {
        while engine.list_firings(&permit(engine).await, "tick", 1).await.expect("firings")[0]
            .execution_id
            .is_none()
            || has_unfinished(engine).await
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(errand_testkit::upstream::PATIENCE, ended).await.expect("the run ends");
    engine.deliver_what_is_due().await.expect("deliveries");
}

async fn has_unfinished(engine: &Engine) -> bool {
    let query = errand_engine::manage::history::HistoryQuery {
        limit: 1,
        ..errand_engine::manage::history::HistoryQuery::default()
    };
    let (runs, _) = engine.list_executions(&permit(engine).await, query).await.expect("history");
    runs.iter().any(|run| !run.status.is_final())
}

async fn deliveries(engine: &Engine) -> Vec<Delivery> {
    let mut found = engine.list_deliveries(&permit(engine).await, "tick", 50).await.expect("deliveries");
    found.reverse();
    found
}

fn webhook() -> Receiver {
    Receiver::Webhook {
        url_secret: "HOOK_URL".parse().expect("a name"),
        signing_secret: "HOOK_KEY".parse().expect("a name"),
    }
}

#[tokio::test]
async fn a_run_is_told_to_slack_a_signed_webhook_and_by_mail_and_again_after_failures() {
    for database in databases().await {
        let failures = Arc::new(AtomicU32::new(2));
        let left = Arc::clone(&failures);
        let receiver = Upstream::start(move |request| {
            let fails = request.path_and_query.starts_with("/hook")
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
            if fails { Reply::text(503, "later") } else { Reply::text(200, "ok") }
        })
        .await;
        let mailbox = Mailbox::open().await;
        let mut world =
            World::on(database, || Reply::json(&json!({"count": 3, "hook": "/hook?token=t0ken-t0ken"})))
                .await;
        world.open = vec![receiver.address()];
        world.mail = Some(mailbox.server());
        let engine = world.node("one").await;
        world.scheduled(&engine, Overlap::Allow, Missed::Skip).await;
        store(&engine, "HOOK_URL", &receiver.url("/hook?token=t0ken-t0ken")).await;
        store(&engine, "HOOK_TOKEN", "t0ken-t0ken").await;
        store(&engine, "HOOK_KEY", KEY).await;
        store(&engine, "TEAM_URL", &receiver.url("/slack")).await;
        let to = vec![
            webhook(),
            Receiver::Slack { url_secret: "TEAM_URL".parse().expect("a name") },
            Receiver::Email { to: vec!["ana@acme.test".to_owned(), "bo@acme.test".to_owned()] },
        ];
        tell(&engine, When::Always, to).await;
        run_minute(&world, &engine, 1).await;

        let first = deliveries(&engine).await;
        let shown: Vec<_> = first.iter().map(|one| (one.receiver.channel(), one.status, one.tries)).collect();
        assert_eq!(shown, [("webhook", Pending, 1), ("slack", Delivered, 1), ("email", Delivered, 1)]);
        assert!(first[0].error.as_deref().is_some_and(|error| error.contains("503")), "{first:?}");
        assert_eq!(mailbox.mails().len(), 1);
        let mail = &mailbox.mails()[0];
        for line in [
            "To: ana@acme.test, bo@acme.test",
            "Subject: [G] tick succeeded",
            "From: \"Errand\" <errand@acme.test>",
            "Date: Sun, 29 Mar 2026 00:31:00 +0000",
        ] {
            assert!(mail.lines().any(|one| one == line), "`{line}` is not in:\n{mail}");
        }
        let body: String = mail.lines().skip_while(|line| !line.is_empty()).collect();
        let body = String::from_utf8(STANDARD.decode(body).expect("base64")).expect("UTF-8");
        assert!(body.contains("\"count\"") && !body.contains("t0ken-t0ken"), "{body}");
        let of_slack =
            receiver.requests().into_iter().find(|one| one.path_and_query == "/slack").expect("Slack");
        let text: Value = serde_json::from_str(&of_slack.body).expect("JSON");
        assert!(text["text"].as_str().expect("text").starts_with("*tick succeeded* (G)"), "{text}");

        // Nothing is tried before its time, and each try comes later than the one before.
        engine.deliver_what_is_due().await.expect("deliveries");
        assert_eq!(deliveries(&engine).await[0].tries, 1);
        world.set_minutes(2);
        engine.deliver_what_is_due().await.expect("deliveries");
        assert_eq!((deliveries(&engine).await[0].tries, deliveries(&engine).await[0].status), (2, Pending));
        world.set_minutes(10);
        engine.deliver_what_is_due().await.expect("deliveries");
        assert_eq!((deliveries(&engine).await[0].tries, deliveries(&engine).await[0].status), (3, Delivered));
        let hooks: Vec<_> =
            receiver.requests().into_iter().filter(|one| one.path_and_query.starts_with("/hook")).collect();
        assert_eq!(hooks.len(), 3);
        for hook in &hooks {
            let (id, at) =
                (hook.header("webhook-id").expect("id"), hook.header("webhook-timestamp").expect("time"));
            assert_eq!(id, first[0].id.to_string());
            let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("a key");
            mac.update(format!("{id}.{at}.{}", hook.body).as_bytes());
            let expect = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
            assert_eq!(hook.header("webhook-signature"), Some(expect.as_str()));
        }
        let told: Value = serde_json::from_str(&hooks[0].body).expect("JSON");
        assert_eq!(
            (&told["action"], &told["status"], &told["version"]),
            (&json!("tick"), &json!("succeeded"), &json!(1))
        );
        assert!(!hooks[0].body.contains("t0ken-t0ken"), "what is told is masked: {}", hooks[0].body);

        // A refusal for good is not tried again, and neither is a receiver whose secret is gone.
        tell(
            &engine,
            When::Always,
            vec![Receiver::Email { to: vec!["nobody@acme.test".to_owned()] }, webhook()],
        )
        .await;
        engine.delete_secret(&permit(&engine).await, "HOOK_KEY").await.expect("deleted");
        run_minute(&world, &engine, 11).await;
        let last: Vec<_> = deliveries(&engine).await.split_off(3);
        let shown: Vec<_> =
            last.iter().map(|one| (one.receiver.channel(), one.status, one.tries, one.next_at)).collect();
        assert_eq!(shown, [("email", Failed, 1, None), ("webhook", Failed, 1, None)], "{last:?}");
        assert!(
            last[1].error.as_deref().is_some_and(|error| error.contains("`HOOK_KEY` is not set")),
            "{last:?}"
        );
        close(&[&engine]).await;
    }
}

#[tokio::test]
async fn only_failures_or_changes_are_told_and_a_dead_node_s_runs_too() {
    for database in databases().await {
        let answers = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&answers);
        // The same twice, then another, then a failure.
        let world = World::on(database, move || match count.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Reply::json(&json!({"open": 1})),
            2 => Reply::json(&json!({"open": 2})),
            _ => Reply::text(500, "no"),
        })
        .await;
        let receiver = Upstream::start(|_| Reply::text(200, "ok")).await;
        let mut world = world;
        world.open = vec![receiver.address()];
        let engine = world.node("one").await;
        world.scheduled(&engine, Overlap::Allow, Missed::Skip).await;
        store(&engine, "TEAM_URL", &receiver.url("/slack")).await;
        let slack = || vec![Receiver::Slack { url_secret: "TEAM_URL".parse().expect("a name") }];
        tell(&engine, When::OnChange, slack()).await;
        let mut told = Vec::new();
        for minute in 1..=4 {
            run_minute(&world, &engine, minute).await;
            told.push(receiver.requests().len());
        }
        assert_eq!(told, [1, 1, 2, 3]);
        tell(&engine, When::OnFailure, slack()).await;
        answers.store(0, Ordering::Relaxed);
        run_minute(&world, &engine, 5).await;
        assert_eq!(receiver.requests().len(), 3, "a success is no failure");

        // A node that dies in the middle of a run: the next one settles it, and tells.
        world.set_minutes(6);
        engine.decide_what_is_due().await.expect("a decision");
        close(&[&engine]).await;
        let next = world.node("next").await;
        let mut tx = next.db().writer.begin().await.expect("begin");
        let waiting = errand_storage::schedules::waiting(&next.db().reader, 9).await.expect("waiting");
        let now = next.clock().now();
        errand_storage::executions::claim(&mut tx, &[waiting[0].execution_id], "dead", now)
            .await
            .expect("claimed");
        tx.commit().await.expect("commit");
        next.settle_interrupted().await.expect("settled");
        let (one, other) = tokio::join!(next.deliver_what_is_due(), next.deliver_what_is_due());
        one.expect("one looks");
        other.expect("the other looks");
        assert_eq!(receiver.requests().len(), 4, "told once");
        close(&[&next]).await;
    }
}

#[tokio::test]
async fn who_is_told_is_set_and_shown_through_the_door() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    let path = "/api/v1/g/actions/weather/schedule";
    let put = async |results: Value| api.put(path, json!({"cron": "0 9 * * *", "results": results})).await;
    let slack = json!({"type": "slack", "url_secret": "TEAM_URL"});
    put(json!({"when": "always", "to": [slack]})).await.refused(422, "no_such_secret", &["TEAM_URL"]);
    put(json!({"when": "hourly", "to": [slack]})).await.refused(400, "bad_when", &["hourly"]);
    put(json!({"when": "always", "to": []})).await.refused(422, "bad_receivers", &[]);
    let mail = json!({"type": "email", "to": ["ana@acme.test"]});
    put(json!({"when": "always", "to": [mail]})).await.refused(422, "no_mail", &["no way to send mail"]);
    api.new_secret("g", "TEAM_URL", &upstream.url("/slack")).await;
    let results = json!({"when": "on_failure", "to": [slack]});
    assert_eq!(put(results.clone()).await.ok(200)["results"], results);
    let secrets = api.get("/api/v1/g/secrets").await.ok(200);
    assert_eq!(secrets["items"][0]["used_elsewhere"], json!(["results of the schedule of weather"]));
    assert_eq!(api.get(&format!("{path}/deliveries")).await.ok(200)["items"], json!([]));
    assert_eq!(put(json!(null)).await.ok(200)["results"], json!(null));
}

#[tokio::test]
async fn a_receiver_is_tested_before_anything_is_saved() {
    let receiver = Upstream::start(|request| match request.path_and_query.as_str() {
        "/broken" => Reply::text(503, "later"),
        _ => Reply::text(200, "ok"),
    })
    .await;
    let server = Server::reaching(&receiver).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &receiver.url("/weather"))).await;
    for (name, value) in [
        ("TEAM_URL", receiver.url("/slack")),
        ("BROKEN_URL", receiver.url("/broken")),
        ("HOOK_URL", receiver.url("/hook")),
        ("HOOK_KEY", KEY.to_owned()),
    ] {
        api.new_secret("g", name, &value).await;
    }
    let path = "/api/v1/g/actions/weather/schedule/test-receiver";
    let tried = async |body: Value| api.post(path, body).await;
    let slack = |secret: &str| json!({"type": "slack", "url_secret": secret});
    let hook = json!({"type": "webhook", "url_secret": "HOOK_URL", "signing_secret": "HOOK_KEY"});
    for good in [slack("TEAM_URL"), hook] {
        assert_eq!(tried(good).await.ok(200), json!({"delivered": true, "error": null}));
    }
    let refused = tried(slack("BROKEN_URL")).await.ok(200);
    assert_eq!(refused["delivered"], false);
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("503")), "{refused}");
    tried(slack("NO_URL")).await.refused(422, "no_such_secret", &["NO_URL"]);
    let mail = json!({"type": "email", "to": ["ana@acme.test"]});
    tried(mail).await.refused(422, "no_mail", &["no way to send mail"]);
    let elsewhere = "/api/v1/g/actions/nothing/schedule/test-receiver";
    api.post(elsewhere, slack("TEAM_URL")).await.refused(404, "not_found", &["nothing"]);

    let requests = receiver.requests();
    let paths: Vec<_> = requests.iter().map(|one| one.path_and_query.as_str()).collect();
    assert_eq!(paths, ["/slack", "/hook", "/broken"], "once each, and no action ran");
    let slack_told: Value = serde_json::from_str(&requests[0].body).expect("JSON");
    assert!(
        slack_told["text"].as_str().is_some_and(|text| text.contains("Test: results of weather arrive here")),
        "{slack_told}"
    );
    let told: Value = serde_json::from_str(&requests[1].body).expect("JSON");
    assert_eq!((&told["type"], &told["execution_id"]), (&json!("schedule.test"), &json!(null)));
    let log = api.get("/api/v1/g/audit?verb=schedule.test_receiver").await.ok(200);
    assert_eq!(log["items"].as_array().map(Vec::len), Some(3), "{log}");
    assert_eq!(api.get("/api/v1/g/executions").await.ok(200)["items"], json!([]));
}
