//! When nobody waits any more: what only reads is dropped, what writes is finished and recorded.

use std::time::Duration;

use errand_testkit::{Reply, Upstream, upstream::PATIENCE};
use serde_json::{Value, json};

use crate::harness::{
    Api, Server,
    actions::{PARCEL_QUESTION, WEATHER_QUESTION},
    get_action, post_action, sse,
};

/// A server with a slow read and a slow write; both wait for the upstream's release.
async fn slow_server() -> (Upstream, Server) {
    let upstream = Upstream::start(|_| Reply::json(&json!({"done": true})).held()).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    api.new_action("g", &post_action("parcel", &upstream.url("/parcels"))).await;
    (upstream, server)
}

/// Asks, waits until the upstream has the request, and gives the turn's open stream and the execution's id.
async fn ask_and_wait(api: &Api, upstream: &Upstream, question: &str) -> (sse::Reader, String) {
    let response = api.ask_streaming("g", json!({"question": question, "stream": true})).await;
    let mut events = sse::Reader::new(response);
    let started = events.until("action_started").await;
    upstream.wait_for_requests(1).await;
    (events, started.data["execution_id"].as_str().expect("an id").to_owned())
}

async fn wait_for_status(api: &Api, execution: &str, expect: &str) -> Value {
    let looking = async {
        loop {
            let run = api.execution("g", execution).await;
            if run["status"] == expect {
                return run;
            }
            assert_eq!(run["status"], "running", "{run}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("{execution} never became {expect}"))
}

#[tokio::test]
async fn leaving_a_streamed_answer_drops_a_read() {
    let (upstream, server) = slow_server().await;
    let api = server.api();
    let (events, execution) = ask_and_wait(&api, &upstream, WEATHER_QUESTION).await;
    drop(events);
    upstream.wait_for_hang_up().await;
    let run = wait_for_status(&api, &execution, "cancelled").await;
    let turn = run["turn_id"].as_str().expect("an id");
    let events = api.events("g", turn).await;
    assert_eq!(events.last().expect("events").data["status"], "cancelled");
    assert_eq!(api.get(&format!("/api/v1/g/turns/{turn}")).await.ok(200)["status"], "cancelled");
}

#[tokio::test]
async fn leaving_a_whole_answer_or_a_direct_run_drops_a_read_too() {
    let (upstream, server) = slow_server().await;
    let api = server.api();
    for (number, path, body) in [
        (1, "/api/v1/g/answer/", json!({"question": WEATHER_QUESTION})),
        (2, "/api/v1/g/actions/weather/run", json!({})),
    ] {
        let request = api.request(reqwest::Method::POST, path).json(&body).send();
        let waiting = tokio::spawn(request);
        upstream.wait_for_requests(number).await;
        waiting.abort();
        errand_testkit::eventually("the read is dropped", || upstream.hung_up() == number).await;
        // A read's beginning is recorded beside its request, perhaps a moment later.
        let recorded = async {
            loop {
                let runs = api.history("g", "").await;
                if runs.len() == number {
                    return runs[0]["id"].as_str().expect("an id").to_owned();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let newest = tokio::time::timeout(PATIENCE, recorded).await.expect("both runs are recorded");
        wait_for_status(&api, &newest, "cancelled").await;
    }
}

#[tokio::test]
async fn leaving_does_not_stop_a_write() {
    let (upstream, server) = slow_server().await;
    let api = server.api();
    let (events, execution) = ask_and_wait(&api, &upstream, PARCEL_QUESTION).await;
    drop(events);
    // Only now may the write end: that nobody waits must not have stopped it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(api.execution("g", &execution).await["status"], "running");
    upstream.release();
    let run = wait_for_status(&api, &execution, "succeeded").await;
    assert_eq!(run["output"], "{\"done\":true}");
    assert_eq!((upstream.requests().len(), upstream.hung_up()), (1, 0));
}

#[tokio::test]
async fn cancelling_a_turn_of_the_chat_stops_its_read() {
    let (upstream, server) = slow_server().await;
    let api = server.api();
    let conversation = api.post("/api/v1/g/conversations", json!({})).await.ok(201);
    let path = format!("/api/v1/g/conversations/{}/turns", conversation["id"].as_str().expect("an id"));
    let started = api.post(&path, json!({"question": WEATHER_QUESTION})).await.ok(202);
    assert_eq!(started["conversation_id"], conversation["id"]);
    let turn = started["turn_id"].as_str().expect("an id");
    upstream.wait_for_requests(1).await;

    let following = tokio::spawn({
        let (api, turn) = (api.clone(), turn.to_owned());
        async move { api.events("g", &turn).await }
    });
    api.post(&format!("/api/v1/g/turns/{turn}/cancel"), json!({})).await.ok(202);
    upstream.wait_for_hang_up().await;
    let events = following.await.expect("the follower's task");
    let finished = events.iter().find(|event| event.name == "action_finished").expect("the action's end");
    assert_eq!(finished.data["status"], "cancelled");
    assert_eq!(events.last().expect("events").data["status"], "cancelled");
    api.post(&format!("/api/v1/g/turns/{turn}/cancel"), json!({})).await.ok(202);
    let unknown = "turn_01a2067cfaec775f88621a835f23edb5";
    api.post(&format!("/api/v1/g/turns/{unknown}/cancel"), json!({})).await.refused(
        404,
        "not_found",
        &["turn"],
    );
}

#[tokio::test]
async fn a_told_stop_finishes_what_is_under_way() {
    let (upstream, mut server) = slow_server().await;
    let api = server.api();
    let asking = tokio::spawn({
        let api = api.clone();
        async move { api.ask("g", PARCEL_QUESTION).await }
    });
    upstream.wait_for_requests(1).await;
    server.tell_to_stop();
    let address = server.address();
    errand_testkit::eventually("no new connection is taken", || {
        std::net::TcpStream::connect(address).is_err()
    })
    .await;
    upstream.release();
    let answer = asking.await.expect("the asker's task");
    assert_eq!(answer["references"][0]["status"], "succeeded", "{answer}");
    let status = server.wait_for_exit().await;
    assert!(status.success(), "{status}");

    server.start_again().await;
    let kept = server.api().history("g", "").await;
    assert_eq!((kept.len(), &kept[0]["status"]), (1, &json!("succeeded")));
    assert_eq!(upstream.requests().len(), 1);
}
