//! A secret that an upstream sends back is masked everywhere, in whatever way it is written.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use errand_testkit::{Reply, Upstream};
use serde_json::{Value, json};

use crate::harness::{Server, Setup, actions::WEATHER_QUESTION, get_action, sse};

/// Characters in it are written differently in URLs and in JSON.
const SECRET: &str = "s3cr3t/\"quoted\"\\and+more&é-0123456789";

#[tokio::test]
async fn an_echoed_secret_is_masked_wherever_it_could_be_read() {
    let upstream = Upstream::start(|_| echo()).await;
    let server = Server::start(Setup {
        open: vec![upstream.address()],
        settings: "log = { filter = \"debug\" }",
        ..Setup::default()
    })
    .await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", SECRET).await;
    let mut file = get_action("echo", &upstream.url("/echo?key={SHOP_KEY}"));
    file["run"]["headers"] = json!([{"name": "X-Key", "value": "{SHOP_KEY}"}]);
    file["run"]["basic_auth"] = json!({"username": "me", "password": "{SHOP_KEY}"});
    api.new_action("g", &file).await;

    let mut seen = Vec::new();
    let run = api.post("/api/v1/g/actions/echo/run", json!({})).await;
    let id = run.json["id"].as_str().expect("an id").to_owned();
    seen.push(("the run's reply", run.text));
    let page = api.get(&format!("/api/v1/g/executions/{id}")).await;
    assert!(page.json["masked_count"].as_u64().is_some_and(|count| count >= 6), "{}", page.text);
    assert_eq!(page.json["exchanges"][0]["status"], 200);
    seen.push(("the execution's page", page.text));
    seen.push(("the history", api.get("/api/v1/g/executions").await.text));

    let answer = api
        .post("/api/v1/g/answer/", json!({"question": format!("{WEATHER_QUESTION} My key is {SECRET}")}))
        .await;
    assert_eq!(answer.json["references"][0]["status"], "succeeded", "{}", answer.text);
    assert!(
        answer.json["content"].as_str().is_some_and(|content| content.contains("secret:SHOP")),
        "{}",
        answer.text
    );
    let turn = answer.json["turn_id"].as_str().expect("an id").to_owned();
    let session = answer.json["session_id"].as_str().expect("an id").to_owned();
    seen.push(("the answer", answer.text));
    let events: Vec<_> =
        api.events("g", &turn).await.into_iter().map(|event| event.data.to_string()).collect();
    seen.push(("the turn's events", events.join("\n")));
    seen.push(("the turn", api.get(&format!("/api/v1/g/turns/{turn}")).await.text));
    seen.push(("the conversation", api.get(&format!("/api/v1/g/conversations/{session}")).await.text));
    seen.push(("the conversations", api.get("/api/v1/g/conversations").await.text));
    let live = api.ask_streaming("g", json!({"question": WEATHER_QUESTION, "stream": true})).await;
    let live: Vec<_> = sse::read_all(live).await.into_iter().map(|event| event.data.to_string()).collect();
    seen.push(("the live events", live.join("\n")));
    seen.push((
        "the dry run",
        api.post("/api/v1/g/plan", json!({"question": format!("Weather? {SECRET}")})).await.text,
    ));
    seen.push(("the secrets", api.get("/api/v1/g/secrets").await.text));
    seen.push(("the export", api.get("/api/v1/g/actions/echo/export").await.text));
    for (where_it_is, text) in &seen {
        assert!(!text.is_empty(), "{where_it_is} is empty");
        assert_hidden(where_it_is, text.as_bytes());
    }

    assert_hidden("the log", server.log().as_bytes());

    // It really was sent: what is hidden is what was there.
    let received = upstream.requests();
    assert!(received[0].path_and_query.contains("s3cr3t%2F"), "{received:?}");
    let basic = format!("Basic {}", STANDARD.encode(format!("me:{SECRET}")));
    assert!(received.iter().all(|request| request.header("authorization") == Some(basic.as_str())));
    assert_hidden_in_files(&server.data_dir());
}

fn echo() -> Reply {
    let base64 = [0, 1, 2].map(|shift| STANDARD.encode(format!("{}{SECRET}", "u".repeat(shift))));
    let body = json!({
        "plain": SECRET,
        "within": format!("before {SECRET} after"),
        "base64": base64,
        "hex": hex(SECRET),
        "HEX": hex(SECRET).to_uppercase(),
        "url": url_encoded(SECRET),
        "twice": json!({"key": SECRET}).to_string(),
    });
    Reply::json(&body).header("x-echo", url_encoded(SECRET)).header("x-echo-hex", hex(SECRET))
}

/// The spellings that must not be anywhere; of base64, the part that the secret alone determines.
fn spellings() -> Vec<String> {
    let json_escaped = json!(SECRET).to_string();
    let twice_escaped = json!(json_escaped).to_string();
    let mut all = vec![
        SECRET.to_owned(),
        json_escaped.trim_matches('"').to_owned(),
        twice_escaped.trim_matches(['"', '\\']).to_owned(),
        hex(SECRET),
        hex(SECRET).to_uppercase(),
        url_encoded(SECRET),
        "0123456789".to_owned(),
    ];
    for shift in 0..3 {
        let encoded = STANDARD.encode(format!("{}{SECRET}", "u".repeat(shift)));
        all.push(encoded[4..encoded.len() - 4].to_owned());
    }
    all
}

fn assert_hidden(where_it_is: &str, bytes: &[u8]) {
    for spelling in spellings() {
        let found = bytes.windows(spelling.len()).position(|window| window == spelling.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(80)..(at + spelling.len()).min(bytes.len())];
            panic!("{where_it_is} shows the secret as `{spelling}`: …{}", String::from_utf8_lossy(around));
        }
    }
}

/// Neither the database nor anything beside it has the secret in the clear.
fn assert_hidden_in_files(folder: &Path) {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("read the data directory") {
        let path = entry.expect("read the data directory").path();
        if path.is_file() {
            assert_hidden(&path.display().to_string(), &std::fs::read(&path).expect("read a file"));
            files += 1;
        }
    }
    assert!(files >= 3, "there are a database and keys, not {files} files");
}

fn hex(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn url_encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[tokio::test]
async fn a_secret_split_over_chunks_of_the_answer_is_masked() {
    let body = format!("{}{SECRET}{}", "x".repeat(65_500), "y".repeat(70_000));
    let upstream = Upstream::start(move |_| Reply::text(200, body.clone())).await;
    let server = Server::reaching(&upstream).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", SECRET).await;
    let mut file = get_action("echo", &upstream.url("/"));
    file["run"]["headers"] = json!([{"name": "X-Key", "value": "{SHOP_KEY}"}]);
    api.new_action("g", &file).await;
    let run: Value = api.run("g", "echo", json!({})).await;
    assert_hidden("the output", run["output"].as_str().expect("output").as_bytes());
    assert!(run["output"].as_str().is_some_and(|output| output.contains("x[secret:SHOP_KEY]y")));
}
