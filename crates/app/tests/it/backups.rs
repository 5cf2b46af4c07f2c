//! Backups: made while the server works, fetched, put back, deleted; by API and command line.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use errand_storage::{Db, Location, PoolSizes, gurus};
use errand_testkit::{databases, upstream::PATIENCE};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, Server, Setup, server::binary};

const PATH: &str = "/api/v1/system/backups";

/// The list once nothing is under way.
async fn made(api: &Api) -> Value {
    let look = async {
        loop {
            let list = api.get(PATH).await.ok(200);
            if list["making"].is_null() {
                return list;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("it comes to an end")
}

async fn names_in(path: &Path) -> Vec<String> {
    let db = Db::open(&Location::Sqlite(path.to_owned()), PoolSizes::default(), errand_domain::UnixMillis(0))
        .await;
    let db = db.expect("a database");
    let list = gurus::list(&db.reader).await.expect("gurus");
    db.close().await;
    list.into_iter().map(|guru| guru.slug.to_string()).collect()
}

/// A command of the server's own machine; what it printed as JSON, and whether it came out well.
fn errand(server: &Server, words: &[&str]) -> (Value, bool) {
    let ran = Command::new(binary())
        .arg("--json")
        .args(words)
        .current_dir(server.folder())
        .env("ERRAND_DATA_DIR", server.data_dir())
        .env("ERRAND_SERVER", server.url())
        .env("ERRAND_LISTEN", server.address().to_string())
        .env_remove("ERRAND_API_KEY")
        .env_remove("ERRAND_DATABASE_URL")
        .output()
        .expect("run errand");
    let text = if ran.status.success() { &ran.stdout } else { &ran.stderr };
    let json = serde_json::from_slice(text);
    (json.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text))), ran.status.success())
}

#[tokio::test]
async fn a_backup_is_made_fetched_and_deleted_and_each_is_on_record() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", "shop-key-0123456789").await;
    let none = api.get(PATH).await.ok(200);
    assert_eq!((&none["supported"], &none["items"]), (&json!(true), &json!([])));
    assert_eq!(none["folder"], json!(server.data_dir().join("backups")));

    api.post(PATH, json!({})).await.ok(202);
    let list = made(&api).await;
    assert_eq!(list["failed"], json!(null), "{list}");
    let name = list["items"][0]["name"].as_str().expect("a name").to_owned();
    let file = server.data_dir().join("backups").join(&name);
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let reply = api.request(Method::GET, &format!("{PATH}/{name}")).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-disposition"], format!("attachment; filename=\"{name}\""));
    let bytes = reply.bytes().await.expect("the file");
    assert_eq!(bytes.len() as u64, list["items"][0]["bytes"].as_u64().expect("bytes"));
    assert!(bytes.starts_with(b"SQLite format 3\0"));
    assert!(!bytes.windows(19).any(|part| part == b"shop-key-0123456789"), "secrets stay sealed");
    let copy = server.folder().join("fetched.db");
    std::fs::write(&copy, &bytes).expect("write the copy");
    assert_eq!(names_in(&copy).await, ["g"]);

    for odd in ["errand.db", "..%2Ferrand.db", "errand-2026-01-01T00-00-00.000Z.db"] {
        api.get(&format!("{PATH}/{odd}")).await.refused(404, "not_found", &["backup"]);
        api.delete(&format!("{PATH}/{odd}")).await.refused(404, "not_found", &["backup"]);
    }
    assert_eq!(api.delete(&format!("{PATH}/{name}")).await.status, 204);
    assert!(!file.exists());
    let log = api.get("/api/v1/system/audit?verb=backup").await.ok(200);
    let verbs: Vec<_> = log["items"].as_array().expect("entries").iter().map(|one| &one["verb"]).collect();
    assert_eq!(verbs, ["backup.delete", "backup.download", "backup.create"]);
    assert!(log["items"].as_array().expect("entries").iter().all(|one| one["object"] == json!(name)));
}

#[tokio::test]
async fn what_a_dead_server_left_unfinished_is_no_backup_and_goes() {
    let server = Server::start(Setup::default()).await;
    let api = server.api();
    let folder = server.data_dir().join("backups");
    std::fs::create_dir(&folder).expect("a folder");
    let part = folder.join("errand-2026-01-01T00-00-00.000Z.db.part");
    std::fs::write(&part, "half of it").expect("write a part");
    assert_eq!(api.get(PATH).await.ok(200)["items"], json!([]));
    api.post(PATH, json!({})).await.ok(202);
    assert_eq!(made(&api).await["items"].as_array().map(Vec::len), Some(1));
    assert!(!part.exists());

    // Where nothing can be written, it says so and tries again when asked.
    std::fs::remove_dir_all(&folder).expect("remove");
    std::fs::write(&folder, "in the way").expect("write");
    api.post(PATH, json!({})).await.ok(202);
    let failed = made(&api).await["failed"].clone();
    assert!(failed["reason"].as_str().is_some_and(|reason| reason.contains("backups")), "{failed}");
    std::fs::remove_file(&folder).expect("out of the way");
    api.post(PATH, json!({})).await.ok(202);
    assert_eq!(made(&api).await["failed"], json!(null));
}

#[tokio::test]
async fn the_command_line_makes_lists_fetches_and_restores() {
    let mut server = Server::start(Setup::default()).await;
    server.api().new_guru("before").await;
    let (made, _) = errand(&server, &["backups", "make"]);
    let name = made["name"].as_str().expect("a name").to_owned();
    server.api().new_guru("after").await;
    let (list, _) = errand(&server, &["backups", "list"]);
    assert_eq!(list["items"][0]["name"], json!(name));
    let (fetched, _) = errand(&server, &["backups", "download", &name, "copy.db"]);
    assert_eq!(fetched["bytes"], made["bytes"]);
    let (again, is_ok) = errand(&server, &["backups", "download", &name, "copy.db"]);
    assert!(!is_ok && again["msg"].as_str().is_some_and(|msg| msg.contains("there already")), "{again}");
    assert_eq!(names_in(&server.folder().join("copy.db")).await, ["before"]);

    server.tell_to_stop();
    server.wait_for_exit().await;
    let (_, is_ok) = errand(&server, &["restore", "copy.db", "--yes"]);
    assert!(is_ok);
    server.start_again().await;
    let gurus = server.api().get("/api/v1/gurus").await.ok(200);
    let slugs: Vec<_> = gurus["items"].as_array().expect("gurus").iter().map(|guru| &guru["slug"]).collect();
    assert_eq!(slugs, ["before"]);
    let (_, is_ok) = errand(&server, &["backups", "rm", &name]);
    assert!(is_ok);
}

#[tokio::test]
async fn a_postgresql_is_left_to_its_own_tools() {
    let postgres = databases()
        .await
        .into_iter()
        .find(|database| database.url.starts_with("postgres"))
        .expect("a PostgreSQL");
    let setup = Setup { database_url: Some(postgres.url.clone()), ..Setup::default() };
    let server = Server::start(setup).await;
    let api = server.api();
    assert_eq!(api.get(PATH).await.ok(200)["supported"], json!(false));
    api.post(PATH, json!({})).await.refused(409, "postgres", &["pg_dump", "pg_restore"]);
}
