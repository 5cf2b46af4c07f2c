//! Schedules: each time fires once, whoever looks and whatever breaks. Time stands still until a test moves it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use errand_domain::{
    Arguments, GuruSettings, Role, UnixMillis, UserId,
    action_file::ActionFile,
    limits::Limits,
    schedule::{FiringOutcome, Missed, Overlap},
};
use errand_egress::{Egress, EgressLimits, EgressPolicy};
use errand_engine::{
    Engine, Parts,
    access::{Caller, Manage, Permit, UserCaller},
    clock::Clock,
    manage::{actions::UnknownNames, history::HistoryQuery, schedules::WantedSchedule},
};
use errand_planners::{Planner, embedded::EmbeddedPlanner};
use errand_runners::{PythonRoom, Runners, deliver::MailServer};
use errand_secrets::{Keyring, SecretText};
use errand_storage::{Db, PoolSizes};
use errand_testkit::{Reply, TestDatabase, Upstream, databases, upstream::PATIENCE};
use serde_json::json;

use crate::harness::{Server, actions::string_parameter, get_action, post_action};

/// 2026-03-29T00:30:00Z: in half an hour the clocks of Berlin jump.
const START: i64 = 1_774_744_200_000;
const MINUTE: i64 = 60_000;

/// A database, a clock and an upstream that several nodes share.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    now: Arc<AtomicI64>,
    pub(crate) upstream: Upstream,
    /// What nodes may reach besides the upstream.
    pub(crate) open: Vec<SocketAddr>,
    pub(crate) mail: Option<MailServer>,
}

impl World {
    pub(crate) async fn on(
        database: TestDatabase,
        reply: impl Fn() -> Reply + Send + Sync + 'static,
    ) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let upstream = Upstream::start(move |_| reply()).await;
        Self { database, now: Arc::new(AtomicI64::new(START)), upstream, open: Vec::new(), mail: None }
    }

    pub(crate) fn set_minutes(&self, minutes: i64) {
        self.now.store(START + minutes * MINUTE, Ordering::Relaxed);
    }

    /// One more process on the database.
    pub(crate) async fn node(&self, name: &str) -> Engine {
        let location = self.database.url.parse().expect("a database address");
        let open: Vec<_> =
            self.open.iter().chain([&self.upstream.address()]).map(ToString::to_string).collect();
        let open = EgressPolicy::from_texts(open.iter().map(String::as_str)).expect("addresses");
        Engine::new(Parts {
            db: Db::open(&location, PoolSizes::default(), UnixMillis(START))
                .await
                .expect("open the database"),
            keyring: Keyring::from_text(&SecretText::new(
                "9d3f61c2a87b05e4f1126c9ab83e57d04c2be9f76a1083d5e47c90b2f6185a3d".to_owned(),
            ))
            .expect("a key"),
            planner: Planner::Embedded(Arc::new(EmbeddedPlanner::new(None))),
            runners: Runners::new(
                Egress::new(open, &EgressLimits::default()).expect("a client"),
                PythonRoom::closed("This test runs no scripts.", ""),
            )
            .with_mail(self.mail.clone()),
            identity: None,
            clock: Clock::Fixed(Arc::clone(&self.now)),
            limits: Limits::default(),
            prices: errand_domain::model::Prices::default(),
            public_url: String::new(),
            backups: std::env::temp_dir().join("no-backups"),
            executions_at_once_max: 64,
            node: name.to_owned(),
        })
    }

    /// A guru `g` with an enabled action `tick` that runs every minute.
    pub(crate) async fn scheduled(
        &self,
        engine: &Engine,
        overlap: Overlap,
        missed: Missed,
    ) -> Permit<Manage> {
        let caller = admin();
        let instance = engine.instance_permit::<Manage>(&caller).expect("an admin");
        let settings = GuruSettings { name: "G".to_owned(), ..GuruSettings::default() };
        engine.create_guru(&instance, "g", settings).await.expect("a guru");
        let permit = permit(engine).await;
        let file = ActionFile::from_value(post_action("tick", &self.upstream.url("/tick"))).expect("a file");
        engine.create_action(&permit, &file, UnknownNames::Refuse).await.expect("an action");
        let built = errand_engine::Engine::permit::<Manage>(engine, &caller, "g").await.expect("the guru");
        engine.enable_action(&built, "tick").await.expect("enabled");
        let permit = self::permit(engine).await;
        let wanted = WantedSchedule {
            cron: "* * * * *".to_owned(),
            time_zone: Some("Europe/Berlin".to_owned()),
            arguments: Arguments::new(),
            overlap,
            missed,
            results: None,
            enabled: true,
        };
        let set = engine.set_schedule(&permit, "tick", wanted).await.expect("a schedule");
        assert_eq!(set.schedule.next_at, Some(UnixMillis(START + MINUTE)));
        permit
    }
}

fn admin() -> Arc<Caller> {
    Arc::new(Caller::User(UserCaller {
        id: UserId::from_uuid(uuid::Uuid::nil()),
        email: "admin@acme.test".to_owned(),
        name: "Admin".to_owned(),
        role: Role::SuperAdmin,
        groups: Vec::new(),
        gurus: Vec::new(),
    }))
}

pub(crate) async fn permit(engine: &Engine) -> Permit<Manage> {
    engine.permit(&admin(), "g").await.expect("the guru")
}

/// Time and outcome of every firing, in minutes after the start, oldest first.
async fn firings(engine: &Engine) -> Vec<(i64, FiringOutcome)> {
    let all = engine.list_firings(&permit(engine).await, "tick", 200).await.expect("the firings");
    all.iter().rev().map(|one| ((one.fire_at.0 - START) / MINUTE, one.outcome)).collect()
}

pub(crate) async fn close(engines: &[&Engine]) {
    for engine in engines {
        engine.shut_down().await;
        engine.db().close().await;
    }
}

#[tokio::test]
async fn two_nodes_on_one_database_fire_each_time_once_through_the_jump_of_the_clocks() {
    const MINUTES: i64 = 45;
    for database in databases().await {
        let world = World::on(database, || Reply::json(&json!({"ok": true}))).await;
        let (one, other) = (world.node("one").await, world.node("other").await);
        world.scheduled(&one, Overlap::Allow, Missed::Skip).await;
        for minute in 1..=MINUTES {
            world.set_minutes(minute);
            let (first, second) = tokio::join!(one.fire_what_is_due(), other.fire_what_is_due());
            first.expect("one looks");
            second.expect("the other looks");
        }
        let expect: Vec<_> = (1..=MINUTES).map(|minute| (minute, FiringOutcome::Fired)).collect();
        assert_eq!(firings(&one).await, expect, "{}", world.database.kind);
        world.upstream.wait_for_requests(usize::try_from(MINUTES).expect("few")).await;
        let query = HistoryQuery { limit: 200, ..HistoryQuery::default() };
        let (runs, _) = one.list_executions(&permit(&one).await, query).await.expect("history");
        assert_eq!(runs.len(), expect.len());
        assert!(runs.iter().all(|run| run.source == errand_domain::Source::Schedule));
        close(&[&one, &other]).await;
        assert_eq!(world.upstream.requests().len(), expect.len());
    }
}

#[tokio::test]
async fn what_was_decided_and_not_begun_runs_after_a_crash_once() {
    for database in databases().await {
        let world = World::on(database, || Reply::json(&json!({"ok": true}))).await;
        let dead = world.node("dead").await;
        world.scheduled(&dead, Overlap::Allow, Missed::Skip).await;
        world.set_minutes(1);
        dead.decide_what_is_due().await.expect("a decision");
        dead.db().close().await;
        assert!(world.upstream.requests().is_empty());

        // Half an hour later: the firing that was decided still counts, those missed since don't.
        world.set_minutes(30);
        let next = world.node("next").await;
        next.settle_interrupted().await.expect("settled");
        for _ in 0..3 {
            next.fire_what_is_due().await.expect("a look");
        }
        world.upstream.wait_for_requests(2).await;
        close(&[&next]).await;
        let again = world.node("again").await;
        again.settle_interrupted().await.expect("settled");
        again.fire_what_is_due().await.expect("a look");
        assert_eq!(
            world.upstream.requests().len(),
            2,
            "the firing of minute 30 is in time, and no other ran"
        );
        let found = firings(&again).await;
        assert_eq!(found[0], (1, FiringOutcome::Fired));
        close(&[&again]).await;
    }
}

#[tokio::test]
async fn after_an_absence_missed_times_are_left_out_or_made_up_for_once() {
    let check = async |missed: Missed, expect: &[(i64, FiringOutcome)]| {
        let world = World::on(errand_testkit::postgres::sqlite(), || Reply::json(&json!({"ok": true}))).await;
        let engine = world.node("one").await;
        let permit = world.scheduled(&engine, Overlap::Allow, missed).await;
        let hourly = WantedSchedule {
            cron: "0 * * * *".to_owned(),
            time_zone: Some("UTC".to_owned()),
            arguments: Arguments::new(),
            overlap: Overlap::Allow,
            missed,
            results: None,
            enabled: true,
        };
        engine.set_schedule(&permit, "tick", hourly).await.expect("a schedule");
        world.set_minutes(30 + 5 * 60 + 10);
        for _ in 0..3 {
            engine.fire_what_is_due().await.expect("a look");
        }
        assert_eq!(firings(&engine).await, expect, "{missed:?}");
        world.set_minutes(30 + 6 * 60);
        engine.fire_what_is_due().await.expect("a look");
        let all = firings(&engine).await;
        assert_eq!(all.last(), Some(&(30 + 6 * 60, FiringOutcome::Fired)));
        close(&[&engine]).await;
    };
    check(Missed::Skip, &[(30 + 5 * 60, FiringOutcome::Missed)]).await;
    check(Missed::CatchUpOnce, &[(30 + 5 * 60, FiringOutcome::Fired)]).await;
}

/// Looks until so many requests have come.
async fn look_until(engine: &Engine, upstream: &Upstream, requests: usize) {
    let look = async {
        while upstream.requests().len() < requests {
            engine.fire_what_is_due().await.expect("a look");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("the requests come");
}

#[tokio::test]
async fn a_run_that_goes_on_is_skipped_over_waited_for_or_joined() {
    use FiringOutcome::{Fired, Overlapped};
    let check = async |overlap: Overlap, expect: [FiringOutcome; 2], at_once: usize, in_the_end: usize| {
        let world =
            World::on(errand_testkit::postgres::sqlite(), || Reply::json(&json!({"ok": true})).held()).await;
        let engine = world.node("one").await;
        world.scheduled(&engine, overlap, Missed::Skip).await;
        world.set_minutes(1);
        engine.fire_what_is_due().await.expect("a look");
        world.upstream.wait_for_requests(1).await;
        world.set_minutes(2);
        engine.fire_what_is_due().await.expect("a look");
        world.upstream.wait_for_requests(at_once).await;
        let outcomes: Vec<_> = firings(&engine).await.into_iter().map(|(_, outcome)| outcome).collect();
        assert_eq!(outcomes, expect, "{overlap:?}");
        assert_eq!(world.upstream.requests().len(), at_once, "{overlap:?}");
        world.upstream.release();
        look_until(&engine, &world.upstream, in_the_end).await;
        world.upstream.release();
        close(&[&engine]).await;
        assert_eq!(world.upstream.requests().len(), in_the_end, "{overlap:?}");
    };
    check(Overlap::Skip, [Fired, Overlapped], 1, 1).await;
    check(Overlap::Queue, [Fired, Fired], 1, 2).await;
    check(Overlap::Allow, [Fired, Fired], 2, 2).await;
}

#[tokio::test]
async fn a_disabled_action_does_not_fire_and_a_deleted_one_leaves_nothing_behind() {
    let world = World::on(errand_testkit::postgres::sqlite(), || Reply::json(&json!({"ok": true}))).await;
    let engine = world.node("one").await;
    let permit = world.scheduled(&engine, Overlap::Skip, Missed::CatchUpOnce).await;
    engine.disable_action(&permit, "tick").await.expect("disabled");
    world.set_minutes(5);
    engine.fire_what_is_due().await.expect("a look");
    assert_eq!(firings(&engine).await, []);
    let permit = self::permit(&engine).await;
    engine.enable_action(&permit, "tick").await.expect("enabled");
    engine.fire_what_is_due().await.expect("a look");
    assert_eq!(firings(&engine).await, [], "what passed while it was disabled is no absence");
    world.set_minutes(6);
    engine.decide_what_is_due().await.expect("a decision");
    engine.delete_action(&self::permit(&engine).await, "tick").await.expect("deleted");
    engine.begin_what_waits().await.expect("a look");
    let query = HistoryQuery { limit: 10, ..HistoryQuery::default() };
    let (runs, _) = engine.list_executions(&self::permit(&engine).await, query).await.expect("history");
    let ends: Vec<_> = runs.iter().map(|run| run.status.as_str()).collect();
    assert_eq!(ends, ["cancelled"]);
    close(&[&engine]).await;
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn schedules_are_set_shown_and_taken_away_through_the_door() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let mut server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    let mut file = get_action("weather", &upstream.url("/weather?city={city}"));
    file["parameters"] = json!([string_parameter("city")]);
    api.new_action("g", &file).await;
    let outlook = json!({"cron": "0 9 * * 1-5", "time_zone": "America/New_York"});
    let outlook = api.post("/api/v1/g/schedules/preview", outlook).await.ok(200);
    assert_eq!(outlook["words"], "At 09:00, on Monday, Tuesday, Wednesday, Thursday, and Friday.");
    assert_eq!(outlook["next"].as_array().map(Vec::len), Some(5));
    assert!(outlook["next"][0].as_str().is_some_and(|next| next.contains("T09:00:00-0")), "{outlook}");

    let path = "/api/v1/g/actions/weather/schedule";
    let put = async |body: serde_json::Value| api.put(path, body).await;
    api.get(path).await.refused(404, "not_found", &["weather"]);
    put(json!({"cron": "0 9 * * *"})).await.refused(422, "missing_argument", &["city"]);
    let arguments = json!({"city": "Lisbon"});
    for (cron, code, words) in [
        ("0 0 9 * * *", "bad_cron", "six fields"),
        ("99 * * * *", "bad_cron", "no schedule"),
        ("0 0 31 2 *", "never_fires", "no such day"),
    ] {
        let words = words.replace("six", "6");
        put(json!({"cron": cron, "arguments": arguments})).await.refused(422, code, &[&words]);
    }
    let zone = json!({"cron": "0 9 * * *", "time_zone": "Mars/Olympus", "arguments": arguments});
    put(zone).await.refused(422, "bad_time_zone", &["Mars/Olympus"]);
    put(json!({"cron": "0 9 * * *", "overlap": "hope"})).await.refused(400, "bad_overlap", &["hope"]);

    let wanted = json!({"cron": "0  9 * * *", "arguments": arguments, "missed": "catch_up_once"});
    let set = put(wanted).await.ok(200);
    assert_eq!(
        (&set["cron"], &set["time_zone"], &set["last"]),
        (&json!("0 9 * * *"), &json!("UTC"), &json!(null))
    );
    server.kill_9();
    server.start_again().await;
    let api = server.api();
    assert_eq!(api.get("/api/v1/g/schedules").await.ok(200)["items"], json!([set]));
    assert_eq!(api.get(path).await.ok(200), set);
    assert_eq!(api.get(&format!("{path}/firings")).await.ok(200)["items"], json!([]));
    assert_eq!(api.delete(path).await.status, 204);
    api.delete(path).await.refused(404, "not_found", &["weather"]);
    assert!(upstream.requests().is_empty());
}
