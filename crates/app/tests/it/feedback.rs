//! Votes on answers, and links that show a conversation to others.

use errand_domain::Role;
use errand_testkit::Upstream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Server, actions::WEATHER_QUESTION, get_action};

async fn server() -> (Upstream, Server) {
    let upstream = Upstream::saying(json!({"temperature": 21, "key": "a-long-enough-key"})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", &get_action("weather", &upstream.url("/weather"))).await;
    (upstream, server)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no `{field}`: {value}"))
}

#[tokio::test]
async fn an_answer_is_voted_on_and_the_vote_is_found_again() {
    let (_upstream, server) = server().await;
    let (ana, bo) = (
        server.new_session("ana@acme.test", "g", Role::Viewer).await,
        server.new_session("bo@acme.test", "g", Role::Viewer).await,
    );
    server.api().new_secret("g", "WEATHER_KEY", "a-long-enough-key").await;
    let answer = ana.ask("g", WEATHER_QUESTION).await;
    let joke = ana.ask("g", "Tell me a joke about penguins").await;
    let path = format!("/api/v1/g/turns/{}/feedback", text(&answer, "turn_id"));
    ana.put(&path, json!({"vote": "sideways"})).await.refused(400, "bad_vote", &["sideways"]);
    ana.put(&path, json!({"vote": "up", "comment": "x".repeat(2_001)})).await.refused(
        422,
        "too_long",
        &["2001"],
    );
    bo.put(&path, json!({"vote": "down"})).await.refused(404, "not_found", &[]);
    let first = ana.put(&path, json!({"vote": "up"})).await.ok(200);
    let kept =
        ana.put(&path, json!({"vote": "down", "comment": " it said a-long-enough-key "})).await.ok(200);
    assert_eq!((&kept["vote"], &kept["created_at"]), (&json!("down"), &first["created_at"]));
    assert!(!kept.to_string().contains("a-long-enough-key"), "{kept}");
    let joke_path = format!("/api/v1/g/turns/{}/feedback", text(&joke, "turn_id"));
    ana.put(&joke_path, json!({"vote": "up"})).await.ok(200);

    let story = ana.get(&format!("/api/v1/g/conversations/{}", text(&answer, "session_id"))).await.ok(200);
    assert_eq!(story["turns"][0]["feedback"]["vote"], "down");
    let admin = server.api();
    assert_eq!(admin.history("g", "?vote=down").await.len(), 1);
    assert_eq!(admin.history("g", "?vote=up").await.len(), 0, "no action ran for the joke");
    admin.get("/api/v1/g/executions?vote=loud").await.refused(400, "bad_vote", &["loud"]);
    let run = admin.history("g", "").await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(admin.execution("g", &run).await["feedback"][0]["vote"], "down");
    let csv = admin.get("/api/v1/g/executions/export?vote=down").await;
    assert_eq!(csv.text.lines().count(), 2, "{}", csv.text);

    let votes = admin.get("/api/v1/g/feedback?limit=1").await.ok(200);
    assert_eq!(votes["items"][0]["question"], "Tell me a joke about penguins");
    let cursor = text(&votes, "next_cursor");
    let rest = admin.get(&format!("/api/v1/g/feedback?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!(rest["items"][0]["vote"], "down");
    ana.get("/api/v1/g/feedback").await.refused(403, "forbidden", &[]);
    let sums = admin.get("/api/v1/g/analytics").await.ok(200)["questions"].clone();
    assert_eq!((&sums["voted_up"], &sums["voted_down"]), (&json!(1), &json!(1)));

    assert_eq!(ana.delete(&path).await.status, 204);
    assert_eq!(ana.delete(&path).await.status, 204);
    assert_eq!(admin.history("g", "?vote=down").await.len(), 0);
}

struct Shared {
    conversation: String,
    token: String,
    id: String,
}

async fn share(api: &Api, conversation: &str, body: Value) -> Shared {
    let made = api.post(&format!("/api/v1/g/conversations/{conversation}/shares"), body).await.ok(201);
    let token = text(&made, "token").to_owned();
    assert_eq!(text(&made, "path"), format!("/shared#{token}"));
    Shared { conversation: conversation.to_owned(), token, id: text(&made, "id").to_owned() }
}

async fn open(api: &Api, token: &str) -> crate::harness::Outcome {
    api.post("/api/v1/shared", json!({ "token": token })).await
}

async fn allow_public_links(api: &Api, allowed: bool) {
    let change = api.request(Method::PATCH, "/api/v1/gurus/g").json(&json!({ "public_links": allowed }));
    assert_eq!(Api::send(change).await.ok(200)["public_links"], allowed);
}

#[tokio::test]
async fn a_link_shows_members_what_was_said_before_it_was_made() {
    let (_upstream, server) = server().await;
    let admin = server.api();
    let ana = server.new_session("ana@acme.test", "g", Role::Viewer).await;
    let bo = server.new_session("bo@acme.test", "g", Role::Viewer).await;
    admin.new_guru("other").await;
    let stranger = server.new_session("cy@acme.test", "other", Role::GuruAdmin).await;
    let answer = ana.ask("g", WEATHER_QUESTION).await;
    let conversation = text(&answer, "session_id");
    let of_bo = format!("/api/v1/g/conversations/{conversation}/shares");
    bo.post(&of_bo, json!({})).await.refused(404, "not_found", &[]);
    ana.post(&of_bo, json!({"expires_in_days": 0})).await.refused(422, "out_of_range", &["0 days"]);
    ana.post(&of_bo, json!({"audience": "world"})).await.refused(400, "bad_audience", &["world"]);
    ana.post(&of_bo, json!({"audience": "anyone"})).await.refused(403, "no_public_links", &[]);
    let link = share(&ana, conversation, json!({})).await;
    ana.ask_with("g", json!({"question": "And tomorrow?", "session_id": conversation})).await;
    // A secret that is stored only now is masked in what was said before.
    admin.new_secret("g", "LATE_KEY", "a-long-enough-key").await;

    for reader in [&bo, &ana, &admin] {
        let shown = open(reader, &link.token).await.ok(200);
        let turns = shown["turns"].as_array().expect("turns");
        assert_eq!(turns.len(), 1, "{shown}");
        assert_eq!(
            (&turns[0]["question"], &turns[0]["actions"][0]["name"]),
            (&json!(WEATHER_QUESTION), &json!("weather"))
        );
        assert!(text(&turns[0], "answer").contains("21"), "{shown}");
        assert!(!shown.to_string().contains("a-long-enough-key"), "{shown}");
    }
    open(&server.anonymous(), &link.token).await.refused(401, "unauthenticated", &[]);
    for (reader, token) in
        [(&stranger, link.token.as_str()), (&bo, "nonsense"), (&server.anonymous(), "nonsense")]
    {
        open(reader, token).await.refused(404, "link_ended", &["new one"]);
    }
    let log = admin.get("/api/v1/g/audit?verb=share").await.ok(200);
    assert_eq!(log["items"][0]["verb"], "share.create");
    assert!(!log.to_string().contains(&link.token));
    assert!(!server.log().contains(&link.token));

    // The owner ends it, and it shows nothing any more; a stranger could not.
    let path = format!("/api/v1/g/shares/{}", link.id);
    bo.delete(&path).await.refused(404, "not_found", &[]);
    assert_eq!(ana.delete(&path).await.status, 204);
    open(&bo, &link.token).await.refused(404, "link_ended", &[]);
    let own = ana.get(&format!("/api/v1/g/conversations/{}/shares", link.conversation)).await.ok(200);
    assert_eq!(own["items"], json!([]));
    assert_eq!(admin.get("/api/v1/g/audit?verb=share").await.ok(200)["items"][0]["verb"], "share.revoke");
}

#[tokio::test]
async fn a_public_link_works_as_long_as_the_guru_allows_it() {
    let (_upstream, server) = server().await;
    let admin = server.api();
    allow_public_links(&admin, true).await;
    let ana = server.new_session("ana@acme.test", "g", Role::Viewer).await;
    let answer = ana.ask("g", WEATHER_QUESTION).await;
    let conversation = text(&answer, "session_id");
    let link = share(&ana, conversation, json!({"audience": "anyone", "expires_in_days": 1})).await;
    let members = share(&ana, conversation, json!({})).await;
    let anonymous = server.anonymous();
    assert_eq!(open(&anonymous, &link.token).await.ok(200)["turns"][0]["question"], WEATHER_QUESTION);
    let expired = anonymous.with_cookie("errand_session=nonsense");
    open(&expired, &link.token).await.ok(200);
    open(&anonymous, &members.token).await.refused(401, "unauthenticated", &[]);
    let all = admin.get("/api/v1/g/shares").await.ok(200);
    assert_eq!(
        (all["items"].as_array().map(Vec::len), &all["items"][1]["audience"]),
        (Some(2), &json!("anyone"))
    );
    assert!(!all.to_string().contains(&link.token));

    allow_public_links(&admin, false).await;
    open(&anonymous, &link.token).await.refused(401, "unauthenticated", &[]);
    open(&ana, &link.token).await.ok(200);
    // Who manages the guru ends any link; deleting the conversation ends the rest.
    assert_eq!(admin.delete(&format!("/api/v1/g/shares/{}", link.id)).await.status, 204);
    open(&ana, &link.token).await.refused(404, "link_ended", &[]);
    assert_eq!(ana.delete(&format!("/api/v1/g/conversations/{conversation}")).await.status, 204);
    open(&ana, &members.token).await.refused(404, "link_ended", &[]);
}
