//! The README's commands do what it says, word for word.

use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{Server, server};

const README: &str = include_str!("../../../../README.md");

/// The `sh` blocks, in order; `console` blocks are for people.
fn commands() -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if line == "```sh" {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push(block.join("\n"));
        }
    }
    found
}

/// The lines of the `console` blocks that call the command line.
fn errand_lines() -> Vec<&'static str> {
    README
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .filter(|line| line.starts_with("errand "))
        .collect()
}

/// The action file that the README pipes into `curl`.
fn action_file() -> &'static str {
    let (_, rest) = README.split_once("<<'JSON'\n").expect("the README has an action file");
    rest.split_once("\nJSON").expect("which ends").0
}

fn run(server: &Server, key: &str, command: &str) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-euc", command]).env("ERRAND_URL", server.url()).env("ERRAND_API_KEY", key);
    shell.output().expect("run sh")
}

#[tokio::test]
async fn every_command_works_as_written() {
    let server = Server::demo().await;
    let key = std::fs::read_to_string(server.data_dir().join("local.key")).expect("read local.key");
    let commands = commands();
    assert!(commands.len() >= 8, "only {} commands", commands.len());
    let mut told = String::new();
    for command in &commands {
        let output = run(&server, &key, command);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!out.contains("\"msg\""), "{command}\n{out}");
        told.push_str(&out);
        told.push('\n');
    }
    for promise in [
        "\"order_id\":\"12345\"",
        "event: turn_finished",
        "\"double_charge\"",
        "\"WAREHOUSE_API_KEY\"",
        "\"never_tested\"",
        "\"return_label\"",
    ] {
        assert!(told.contains(promise), "the README's commands never showed {promise}:\n{told}");
    }
    assert!(!told.contains("a-key-that-stays-here"), "the secret came back");
    what_they_left(&server).await;
    the_command_line_works_as_written(&server, &key);
}

fn the_command_line_works_as_written(server: &Server, key: &str) {
    let lines = errand_lines();
    assert!(lines.len() >= 5, "only {lines:?}");
    std::fs::write(server.folder().join("return_label.json"), action_file()).expect("write the action file");
    let binary = server::binary();
    let path = std::env::join_paths(
        [binary.parent().expect("a folder").to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))),
    );
    let path = path.expect("a PATH");
    let mut told = String::new();
    for line in lines {
        let mut shell = Command::new("sh");
        // What a person would type when asked.
        shell.args(["-euc", &format!("printf 'a-key-that-stays-here\\n' | {line}")]);
        shell
            .env("PATH", &path)
            .env("ERRAND_SERVER", server.url())
            .env("ERRAND_API_KEY", key)
            .env("NO_COLOR", "1");
        let output = shell.current_dir(server.folder()).output().expect("run sh");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{line}\n{out}{}", String::from_utf8_lossy(&output.stderr));
        told.extend(["$ ", line, "\n", &out]);
    }
    for promise in ["12391", "\"name\": \"return_label\"", "refund_lookup", "order_status"] {
        assert!(told.contains(promise), "the README's commands never showed {promise}:\n{told}");
    }
    assert!(!told.contains("a-key-that-stays-here"), "the secret came back:\n{told}");
}

/// What the README says the commands did, seen from the API.
async fn what_they_left(server: &Server) {
    let api = server.api();
    let label = api.get("/api/v1/demo/actions/return_label").await.ok(200);
    assert_eq!((&label["enabled"], &label["tested_version"]), (&Value::Bool(true), &Value::Null));
    let actions: Vec<_> = api.history("demo", "").await.iter().map(|run| run["action"].clone()).collect();
    assert_eq!(actions, ["order_status", "refund_lookup"], "only the two questions ran something");
    let plan = api.post(
        "/api/v1/demo/plan",
        serde_json::json!({"question": "Please send me a return label for order 12345"}),
    );
    assert_eq!(plan.await.ok(200)["steps"][0]["action"], "return_label");
}
