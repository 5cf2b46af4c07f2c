//! Users, members, keys and sessions through the doors.

use errand_domain::Role;
use errand_engine::access::Scope;
use errand_testkit::Upstream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Server, Setup, actions::WEATHER_QUESTION, get_action};

async fn patch(api: &Api, path: &str, body: Value) -> crate::harness::Outcome {
    Api::send(api.request(Method::PATCH, path).json(&body)).await
}

fn token(reply: &Value) -> &str {
    let path = reply.pointer("/sign_in_link/path").or_else(|| reply.get("path")).and_then(Value::as_str);
    path.and_then(|path| path.strip_prefix("/claim?token=")).expect("a link")
}

#[tokio::test]
async fn somebody_is_let_in_changed_and_taken_out() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    let made = api.post("/api/v1/users", json!({"email": "ana@acme.test", "name": "Ana"})).await.ok(201);
    assert_eq!((&made["role"], &made["gurus"]), (&json!("viewer"), &json!([])));
    let id = made["id"].as_str().expect("an id");
    let ana = server.anonymous().claim(token(&made)).await;
    let me = ana.get("/api/v1/me").await.ok(200);
    assert_eq!((&me["email"], &me["may_manage_installation"]), (&json!("ana@acme.test"), &json!(false)));
    assert_eq!(ana.get("/api/v1/gurus").await.ok(200)["items"], json!([]), "no guru before a membership");

    let path = format!("/api/v1/users/{id}");
    let changed =
        patch(&api, &path, json!({"email": "ana.b@acme.test", "role": "super_admin"})).await.ok(200);
    assert_eq!((&changed["email"], &changed["name"]), (&json!("ana.b@acme.test"), &json!("Ana")));
    assert_eq!(ana.get("/api/v1/me").await.ok(200)["may_manage_installation"], true);
    patch(&api, &path, json!({"role": "viewer"})).await.ok(200);
    ana.get("/api/v1/users").await.refused(403, "forbidden", &["installation"]);

    let link = api.post(&format!("{path}/link"), json!({})).await.ok(201);
    let second = server.anonymous().claim(token(&link)).await;
    assert_eq!(api.post(&format!("{path}/sign-out"), json!({})).await.ok(200)["sessions"], 2);
    for session in [&ana, &second] {
        session.get("/api/v1/me").await.refused(401, "unauthenticated", &[]);
    }
    assert_eq!(api.delete(&path).await.status, 204);
    api.get(&path).await.refused(404, "not_found", &[id]);
    assert!(!server.log().contains(token(&made)), "the link's token is in the log");
}

#[tokio::test]
async fn what_would_lock_everybody_out_or_makes_no_sense_is_refused() {
    let server = Server::start(Setup::default()).await;
    let admin = server.admin_session().await;
    let users = admin.get("/api/v1/users").await.ok(200);
    let own = format!("/api/v1/users/{}", users["items"][0]["id"].as_str().expect("an id"));
    admin.delete(&own).await.refused(409, "own_account", &["your own"]);
    server.api().delete(&own).await.refused(409, "last_admin", &["Nobody would be left"]);
    patch(&admin, &own, json!({"role": "viewer"})).await.refused(
        409,
        "last_admin",
        &["Nobody would be left"],
    );
    let create = async |body: Value| admin.post("/api/v1/users", body).await;
    for email in ["", "ana", "a b@acme.test", "<ana@acme.test>", "@acme.test"] {
        create(json!({"email": email})).await.refused(422, "bad_email", &["e-mail"]);
    }
    create(json!({"email": "ana@acme.test", "role": "guru_admin"})).await.refused(
        422,
        "bad_role",
        &["members"],
    );
    create(json!({"email": "ana@acme.test", "role": "king"})).await.refused(400, "bad_role", &["king"]);
    create(json!({"email": "ana@acme.test"})).await.ok(201);
    create(json!({"email": "ANA@acme.test"})).await.refused(409, "email_taken", &["ANA@acme.test"]);
}

/// A role in one guru says nothing about another.
#[tokio::test]
async fn roles_and_groups_belong_to_a_guru() {
    let upstream = Upstream::saying(json!({"ok": true})).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    let made = api.post("/api/v1/users", json!({"email": "ana@acme.test"})).await.ok(201);
    let id = made["id"].as_str().expect("an id");
    for guru in ["built", "asked", "closed"] {
        api.new_guru(guru).await;
        let url = upstream.url("/who?groups={GURUBASE_USER_GROUPS}");
        api.new_action(guru, &get_action("who", &url)).await;
    }
    let add = async |guru: &str, role: &str, groups: Value| {
        let body = json!({"email": "ana@acme.test", "role": role, "groups": groups});
        api.post(&format!("/api/v1/{guru}/members"), body).await.ok(201)
    };
    add("built", "guru_admin", json!(["Support", "Everyone", "Support"])).await;
    let member = add("asked", "viewer", json!([])).await;
    assert_eq!((&member["role"], &member["groups"]), (&json!("viewer"), &json!([])));
    let ana = server.anonymous().claim(token(&made)).await;

    let gurus = ana.get("/api/v1/gurus").await.ok(200);
    let may: Vec<_> =
        gurus["items"].as_array().expect("a list").iter().map(|one| (&one["slug"], &one["scopes"])).collect();
    assert_eq!(
        may,
        [(&json!("asked"), &json!(["ask"])), (&json!("built"), &json!(["ask", "run", "manage"]))]
    );
    ana.get("/api/v1/built/actions").await.ok(200);
    ana.get("/api/v1/asked/actions").await.refused(403, "forbidden", &["asked"]);
    ana.get("/api/v1/closed/actions").await.refused(404, "not_found", &["closed"]);
    ana.get("/api/v1/users").await.refused(403, "forbidden", &[]);

    let asked = async |guru: &str| {
        ana.ask(guru, WEATHER_QUESTION).await;
        upstream.requests().last().expect("a request").path_and_query.clone()
    };
    assert_eq!(asked("built").await, "/who?groups=Support");
    assert_eq!(asked("asked").await, "/who?groups=Everyone");
    let groups = json!({"role": "viewer", "groups": ["Night shift"]});
    api.put(&format!("/api/v1/asked/members/{id}"), groups).await.ok(200);
    assert_eq!(asked("asked").await, "/who?groups=Night%20shift");

    let user = api.get(&format!("/api/v1/users/{id}")).await.ok(200);
    let roles: Vec<_> =
        user["gurus"].as_array().expect("a list").iter().map(|one| (&one["guru"], &one["role"])).collect();
    assert_eq!(roles, [(&json!("asked"), &json!("viewer")), (&json!("built"), &json!("guru_admin"))]);
    assert_eq!(api.delete(&format!("/api/v1/built/members/{id}")).await.status, 204);
    ana.get("/api/v1/built/actions").await.refused(404, "not_found", &["built"]);
    api.delete(&format!("/api/v1/built/members/{id}")).await.refused(404, "not_found", &[id]);

    let put = async |body: Value| api.put(&format!("/api/v1/asked/members/{id}"), body).await;
    put(json!({"role": "super_admin"})).await.refused(422, "bad_role", &["whole installation"]);
    put(json!({"role": "viewer", "groups": ["a,b"]})).await.refused(422, "bad_group", &["a,b"]);
    let nobody = json!({"email": "nobody@acme.test"});
    api.post("/api/v1/asked/members", nobody).await.refused(404, "not_found", &["nobody@acme.test"]);
}

#[tokio::test]
async fn keys_are_shown_once_and_never_do_more_than_their_maker() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    for guru in ["g", "other"] {
        api.new_guru(guru).await;
    }
    let builder = server.new_session("bo@acme.test", "g", Role::GuruAdmin).await;
    let made = builder
        .post("/api/v1/g/keys", json!({"name": "help desk", "scopes": ["ask", "manage"]}))
        .await
        .ok(201);
    let (id, text) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let key = server.with_key(text);
    key.get("/api/v1/g/actions").await.ok(200);
    key.get("/api/v1/other/actions").await.refused(404, "not_found", &["other"]);
    let listed = builder.get("/api/v1/g/keys").await;
    assert!(!listed.text.contains(text), "{}", listed.text);
    assert_eq!(listed.ok(200)["items"][0]["scopes"], json!(["ask", "manage"]));

    let more = json!({"name": "more", "scopes": ["run"]});
    key.post("/api/v1/g/keys", more.clone()).await.refused(403, "forbidden", &["`run`"]);
    builder.post("/api/v1/keys", more).await.refused(403, "forbidden", &[]);
    builder.post("/api/v1/g/keys", json!({"name": "x", "scopes": []})).await.refused(422, "no_scopes", &[]);
    builder.post("/api/v1/g/keys", json!({"name": " ", "scopes": ["ask"]})).await.refused(
        422,
        "bad_name",
        &[],
    );
    builder.post("/api/v1/g/keys", json!({"name": "x", "scopes": ["fly"]})).await.refused(
        400,
        "bad_scope",
        &["fly"],
    );

    let everywhere = api.post("/api/v1/keys", json!({"name": "backup", "scopes": ["manage"]})).await.ok(201);
    let for_all = server.with_key(everywhere["key"].as_str().expect("a key"));
    for_all.get("/api/v1/other/actions").await.ok(200);
    let all = api.get("/api/v1/keys").await.ok(200);
    assert_eq!(all["items"].as_array().map(Vec::len), Some(3), "{all}");
    let everywhere_id = everywhere["id"].as_str().expect("an id");
    builder.delete(&format!("/api/v1/g/keys/{everywhere_id}")).await.refused(
        404,
        "not_found",
        &[everywhere_id],
    );

    assert_eq!(builder.delete(&format!("/api/v1/g/keys/{id}")).await.status, 204);
    key.get("/api/v1/g/actions").await.refused(401, "unauthenticated", &[]);
    assert_eq!(api.delete(&format!("/api/v1/keys/{everywhere_id}")).await.status, 204);
    for_all.get("/api/v1/other/actions").await.refused(401, "unauthenticated", &[]);
    assert!(!server.log().contains(text));
}

#[tokio::test]
async fn people_see_and_end_their_own_sessions() {
    let server = Server::start(Setup::default()).await;
    server.api().new_guru("g").await;
    let first = server.new_session("ana@acme.test", "g", Role::Viewer).await;
    first.post("/api/v1/me/password", json!({"new_password": "correct horse battery"})).await.ok(204);
    let sign_in = json!({"email": "ana@acme.test", "password": "correct horse battery"});
    let request =
        server.anonymous().request(Method::POST, "/api/v1/auth/sign-in").header("user-agent", "Netscape 4");
    let reply = Api::send(request.json(&sign_in)).await;
    let cookie =
        reply.headers["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let second = server.anonymous().with_cookie(&cookie);

    let sessions = second.get("/api/v1/me/sessions").await;
    assert!(!sessions.text.contains(cookie.split_once('=').expect("a pair").1));
    let sessions = sessions.ok(200)["items"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 2);
    let own = sessions.iter().find(|one| one["current"] == true).expect("the session that asks");
    assert_eq!(own["user_agent"], "Netscape 4");
    let other = sessions.iter().find(|one| one["current"] == false).expect("the other one");
    let path = format!("/api/v1/me/sessions/{}", other["id"].as_str().expect("an id"));
    assert_eq!(second.delete(&path).await.status, 204);
    second.delete(&path).await.refused(404, "not_found", &["session"]);
    first.get("/api/v1/me").await.refused(401, "unauthenticated", &[]);

    let change = async |current: &str, new: &str| {
        second.post("/api/v1/me/password", json!({"current_password": current, "new_password": new})).await
    };
    change("a wrong guess", "battery horse correct").await.refused(
        422,
        "wrong_password",
        &["present password"],
    );
    change("correct horse battery", "short").await.refused(422, "bad_password", &["too short"]);
    change("correct horse battery", "battery horse correct").await.ok(204);
    second.get("/api/v1/me").await.ok(200);
    let key = server.with_key(&server.new_key(&[Scope::Ask]).await);
    key.get("/api/v1/me/sessions").await.refused(403, "forbidden", &["people"]);
}
