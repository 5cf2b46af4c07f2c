//! What becomes of runs when the database does not take what is to be recorded of them.

use std::time::Duration;

use errand_testkit::{Reply, TestDatabase, Upstream, databases, upstream::PATIENCE};
use serde_json::{Value, json};

use crate::harness::{Api, Server, Setup, actions::PARCEL_QUESTION, get_action, post_action};

async fn server_on(database: &TestDatabase) -> (Upstream, Server) {
    let upstream = Upstream::start(|_| Reply::json(&json!({"done": true}))).await;
    let database_url = Some(database.url.clone());
    let setup = Setup { open: vec![upstream.address()], database_url, ..Setup::default() };
    let server = Server::start(setup).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("parcel", &upstream.url("/parcels"))).await;
    (upstream, server)
}

/// Its beginning is in the ledger by then, so it needs an end.
#[tokio::test]
async fn a_write_that_can_not_be_made_safe_is_not_begun_and_does_not_stand_open() {
    for database in databases().await {
        let (upstream, server) = server_on(&database).await;
        let api = server.api();
        database.execute("ALTER TABLE write_keys RENAME TO write_keys_away").await;
        api.post("/api/v1/g/answer/", json!({"question": PARCEL_QUESTION})).await;
        let run = the_ended_run(&api).await;
        assert_eq!(run["status"], "refused", "on {}: {run}", database.kind);
        assert!(run["error"].as_str().is_some_and(|error| error.contains("could not be recorded")), "{run}");
        assert_eq!(upstream.requests().len(), 0, "on {}: it was sent all the same", database.kind);

        database.execute("ALTER TABLE write_keys_away RENAME TO write_keys").await;
        let answer = api.ask("g", PARCEL_QUESTION).await;
        assert_eq!(answer["references"][0]["status"], "succeeded", "on {}", database.kind);
        assert_eq!(upstream.requests().len(), 1);
    }
}

/// The end is written without anybody waiting for it.
async fn the_ended_run(api: &Api) -> Value {
    let looking = async {
        loop {
            let runs = api.history("g", "").await;
            if let [run] = runs.as_slice()
                && run["status"] != "running"
            {
                return api.execution("g", run["id"].as_str().expect("an id")).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the run stands open")
}

/// Whoever asks for the same within the turn may do it.
#[tokio::test]
async fn a_write_that_never_began_gives_its_key_back() {
    for database in databases().await {
        let (upstream, server) = server_on(&database).await;
        let api = server.api();
        let ask = async |expect: &str| {
            let answer = api.ask("g", PARCEL_QUESTION).await;
            assert_eq!(answer["references"][0]["status"], expect, "on {}: {answer}", database.kind);
            (upstream.requests().len(), database.number("SELECT count(*) FROM write_keys").await)
        };
        assert_eq!(ask("succeeded").await, (1, 1));
        // No header can have two lines, which shows only once the request is put together.
        api.new_secret("g", "TWO_LINES", "first line\nsecond line").await;
        let mut parcel = post_action("parcel", &upstream.url("/parcels"));
        parcel["run"]["headers"] = json!([{"name": "x-token", "value": "{TWO_LINES}"}]);
        api.put("/api/v1/g/actions/parcel", parcel).await.ok(200);
        assert_eq!(ask("refused").await, (1, 1));
    }
}

/// It ends as if nothing had been, and who sends requests here may know of it meanwhile.
#[tokio::test]
async fn an_outage_of_a_moment_is_sat_out_and_told_of() {
    for database in databases().await {
        let (_upstream, server) = server_on(&database).await;
        let api = server.api();
        assert_eq!(api.get("/readyz").await.status, 200);
        let (shut, open) = match database.kind {
            "sqlite" => (
                "CREATE TRIGGER shut BEFORE INSERT ON settings BEGIN SELECT RAISE(ABORT, 'shut'); END",
                "DROP TRIGGER shut",
            ),
            _ => (
                "ALTER TABLE settings ADD CONSTRAINT shut CHECK (name <> 'readiness')",
                "ALTER TABLE settings DROP CONSTRAINT shut",
            ),
        };
        database.execute(shut).await;
        database.execute("ALTER TABLE events RENAME TO events_away").await;
        let run = tokio::spawn({
            let api = api.clone();
            async move { api.post("/api/v1/g/actions/weather/run", json!({})).await }
        });
        wait_for_readiness(&api, 503).await;
        database.execute("ALTER TABLE events_away RENAME TO events").await;
        database.execute(open).await;
        let run = run.await.expect("it ended").ok(200);
        assert_eq!(run["status"], "succeeded", "on {}", database.kind);
        wait_for_readiness(&api, 200).await;
        assert_eq!(the_ended_run(&api).await["status"], "succeeded", "on {}", database.kind);
        let log = server.log();
        assert!(log.contains("history could not be written") && log.contains("events"), "no cause: {log}");
    }
}

async fn wait_for_readiness(api: &Api, status: u16) {
    let looking = async {
        while api.get("/readyz").await.status != status {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("readiness never became {status}"));
}

/// They may be written in one transaction with it.
#[tokio::test]
async fn a_run_that_the_database_refuses_takes_no_other_along() {
    const ROUNDS: usize = 20;
    for database in databases().await {
        let (upstream, server) = server_on(&database).await;
        let api = server.api();
        database
            .execute(match database.kind {
                "sqlite" => {
                    "CREATE TRIGGER no_parcels BEFORE INSERT ON executions WHEN NEW.action_name = 'parcel'
                     BEGIN SELECT RAISE(ABORT, 'no parcels'); END"
                }
                _ => "ALTER TABLE executions ADD CONSTRAINT no_parcels CHECK (action_name <> 'parcel')",
            })
            .await;
        let runs = (0..ROUNDS).map(|_| tokio::spawn(both(api.clone())));
        for run in runs.collect::<Vec<_>>() {
            let (weather, parcel) = run.await.expect("both ended");
            assert_eq!(weather["status"], "succeeded", "on {}: {weather}", database.kind);
            assert_eq!(parcel, 500, "on {}", database.kind);
        }
        let recorded = api.history("g", "?limit=100").await;
        assert_eq!(recorded.len(), ROUNDS, "on {}", database.kind);
        assert!(
            upstream.requests().iter().all(|request| request.method == "GET"),
            "an unrecorded write was sent"
        );
    }
}

async fn both(api: Api) -> (Value, u16) {
    let weather = api.post("/api/v1/g/actions/weather/run", json!({}));
    let parcel = api.post("/api/v1/g/actions/parcel/run", json!({}));
    let (weather, parcel) = tokio::join!(weather, parcel);
    (weather.ok(200), parcel.status)
}
