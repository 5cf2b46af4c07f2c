//! Python actions through the doors: what a script is given, what is seen of it, and how each end is told.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
    time::Duration,
};

use errand_testkit::{Reply, Upstream, upstream::PATIENCE};
use serde_json::{Value, json};

use crate::harness::{Api, Server, actions::REPORT_QUESTION, python_action, server::binary, sse};

/// A server whose guru `g` has one script.
async fn server_with(file: &Value) -> (Server, Api) {
    let server = Server::with_python(Vec::new()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_action("g", file).await;
    (server, api)
}

/// Replaces the script of the action `script`, and runs it.
async fn run_code(api: &Api, change: &Value) -> Value {
    let mut file = python_action("script", "");
    for (key, value) in change.as_object().expect("an object") {
        match key.as_str() {
            "code" | "secrets" => file["run"][key] = value.clone(),
            _ => file[key] = value.clone(),
        }
    }
    api.put("/api/v1/g/actions/script", file).await.ok(200);
    api.run("g", "script", json!({})).await
}

#[tokio::test]
async fn a_script_finds_its_values_in_the_environment() {
    let code = "import json, os\nnames = ('text', 'count', 'ratio', 'urgent', 'absent', 'GURUBASE_GURU_SLUG', \
        'GURUBASE_USER_EMAIL', 'GURUBASE_USER_GROUPS', 'OTHER_KEY', 'ERRAND_LISTEN')\n\
        print(json.dumps({name: os.environ.get(name) for name in names}))";
    let parameter = |name: &str, kind: &str| json!({"name": name, "type": kind, "description": "A value as the user writes it", "required": false});
    let mut file = python_action("script", code);
    file["parameters"] = json!([
        parameter("text", "string"),
        parameter("count", "number"),
        parameter("ratio", "number"),
        parameter("urgent", "boolean"),
        parameter("absent", "string"),
    ]);
    let (_server, api) = server_with(&file).await;
    api.new_secret("g", "OTHER_KEY", "never to be seen").await;
    let given = json!({"text": "Zürich \"1\"", "count": 3.0, "ratio": 12.5, "urgent": true});
    let run = api.run("g", "script", given.clone()).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let seen: Value = serde_json::from_str(run["output"].as_str().expect("output")).expect("JSON");
    assert_eq!(
        seen,
        json!({"text": "Zürich \"1\"", "count": "3", "ratio": "12.5", "urgent": "true", "absent": null,
            "GURUBASE_GURU_SLUG": "g", "GURUBASE_USER_EMAIL": "", "GURUBASE_USER_GROUPS": "Everyone",
            "OTHER_KEY": null, "ERRAND_LISTEN": null})
    );

    // The dry run names the same variables and runs nothing.
    let runs = api.history("g", "").await.len();
    let preview = api.post("/api/v1/g/actions/script/preview", json!({"arguments": given})).await.ok(200);
    let environment = &preview["script"]["environment"];
    assert_eq!((&environment["count"], &environment["urgent"]), (&json!("3"), &json!("true")), "{preview}");
    assert!(environment.get("absent").is_none() && preview["kind"] == "python", "{preview}");
    assert_eq!(api.history("g", "").await.len(), runs);
}

#[tokio::test]
async fn a_secret_is_masked_in_all_that_a_script_says() {
    const SECRET: &str = "s3cr3t-of-the-warehouse-42";
    let code = "import os, sys, time\nkey = os.environ['SHOP_KEY']\nsys.stdout.write('all ' + key + ' half ' + key[:13])\n\
        sys.stdout.flush()\ntime.sleep(0.2)\nsys.stdout.write(key[13:] + ' end')\nsys.stdout.flush()\n\
        sys.stderr.write('log ' + key)\nraise ValueError('with ' + key)";
    let mut file = python_action("script", code);
    file["run"]["secrets"] = json!(["SHOP_KEY"]);
    let server = Server::with_python(Vec::new()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_KEY", SECRET).await;
    api.new_action("g", &file).await;
    let live = api.ask_streaming("g", json!({"question": REPORT_QUESTION, "stream": true})).await;
    let events = sse::read_all(live).await;
    let text: Vec<_> = events.iter().map(|event| event.data.to_string()).collect();
    assert!(!text.join("\n").contains("s3cr3t-of"), "{text:#?}");
    let printed: String = events
        .iter()
        .filter(|event| event.name == "action_output" && event.data["stream"] == "result")
        .map(|event| event.data["text"].as_str().expect("text"))
        .collect();
    assert_eq!(printed, "all [secret:SHOP_KEY] half [secret:SHOP_KEY] end");

    let newest = api.history("g", "?limit=1").await[0]["id"].as_str().expect("an id").to_owned();
    let page = api.get(&format!("/api/v1/g/executions/{newest}")).await;
    assert!(!page.text.contains("s3cr3t-of"), "{}", page.text);
    let run = page.json;
    assert!(
        run["stderr"].as_str().is_some_and(|stderr| stderr.starts_with("log [secret:SHOP_KEY]")),
        "{run}"
    );
    assert!(run["error"].as_str().is_some_and(|error| error.contains("with [secret:SHOP_KEY]")), "{run}");
    assert_eq!(run["ending"], json!({"reason": "exception", "exit_code": 1, "line": 9}));
    assert!(run["usage"]["memory_peak_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{run}");
    let phases: Vec<_> =
        run["phases"].as_array().expect("phases").iter().map(|phase| &phase["name"]).collect();
    assert_eq!(phases, ["wait", "run"]);
    assert!(!server.log().contains("s3cr3t-of"));
}

#[tokio::test]
async fn every_end_is_told_apart() {
    let (_server, api) = server_with(&python_action("script", "print(1)")).await;
    // What is changed, status, reason, words of the error.
    let cases = [
        (json!({"code": "print('ü' * 3)"}), "succeeded", None, ""),
        (
            json!({"code": "import sys\nprint('so far')\nsys.exit(3)"}),
            "failed",
            Some("exit_code"),
            "exit code 3",
        ),
        (json!({"code": "x = 1\nx / 0"}), "failed", Some("exception"), "at line 2 with `ZeroDivisionError`"),
        (json!({"code": "import os\nos.environ['nothing']"}), "failed", Some("exception"), "os.environ.get"),
        (json!({"code": "import ctypes\nctypes.string_at(0)"}), "failed", Some("signal"), "SIGSEGV"),
        (
            json!({"code": "x = bytearray(900 * 1024 * 1024)\nprint(len(x))"}),
            "failed",
            Some("out_of_memory"),
            "512 MiB",
        ),
        (
            json!({"code": "import time\nprint('so far', flush=True)\ntime.sleep(60)", "timeout_ms": 700}),
            "timed_out",
            Some("timeout"),
            "longer than 0.7 s",
        ),
        (
            json!({"code": "import subprocess\nall = [subprocess.Popen(['sleep', '9']) for _ in range(300)]"}),
            "failed",
            Some("process_limit"),
            "128 processes",
        ),
        (
            json!({"code": "with open('/tmp/x', 'wb') as file:\n    for _ in range(200):\n        file.write(bytes(1 << 20))"}),
            "failed",
            Some("disk_full"),
            "100 MiB",
        ),
        (json!({"code": "while True:\n    print('x' * 1000)"}), "failed", Some("output_limit"), "1 MiB"),
        (
            json!({"code": "import urllib.request\nurllib.request.urlopen('http://10.0.0.1/x', timeout=5)"}),
            "failed",
            Some("denied_connection"),
            "10.0.0.1",
        ),
        (
            json!({
                "code": "import urllib.request\nurllib.request.urlopen('http://evil.example/', timeout=5)",
                "allowed_hosts": ["shop.example"],
            }),
            "failed",
            Some("denied_connection"),
            "evil.example",
        ),
    ];
    for (change, status, reason, words) in cases {
        let run = run_code(&api, &change).await;
        let error = run["error"].as_str().unwrap_or_default();
        assert_eq!(
            (&run["status"], &run["ending"]["reason"]),
            (&json!(status), &json!(reason)),
            "{change}\n{run}"
        );
        assert!(error.contains(words), "{change}: {error}");
        assert_eq!(error.is_empty(), reason.is_none(), "{error}");
        let story = api.execution("g", run["id"].as_str().expect("an id")).await;
        assert_eq!((&story["ending"], &story["error"]), (&run["ending"], &run["error"]));
    }
    let printed = run_code(&api, &json!({"code": "import sys\nprint('so far')\nsys.exit(3)"})).await;
    assert_eq!((&printed["output"], &printed["ending"]["exit_code"]), (&json!("so far\n"), &json!(3)));
}

#[tokio::test]
async fn a_script_reaches_what_is_open_and_its_refusals_are_recorded() {
    let upstream = Upstream::start(|_| Reply::json(&json!({"parcels": 7}))).await;
    let server = Server::with_python(vec![upstream.address()]).await;
    let api = server.api();
    api.new_guru("g").await;
    let code = format!(
        "import urllib.request\ntry:\n    urllib.request.urlopen('http://192.168.7.7:81/', timeout=5)\n\
         except OSError as error:\n    print('refused', error)\n\
         print(urllib.request.urlopen('{}').read().decode())",
        upstream.url("/stock")
    );
    api.new_action("g", &python_action("script", &code)).await;
    let run = api.run("g", "script", json!({})).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(run["output"].as_str().is_some_and(|output| output.contains("\"parcels\":7")), "{run}");
    assert_eq!(upstream.requests().len(), 1);
    let story = api.execution("g", run["id"].as_str().expect("an id")).await;
    let contacts = story["contacts"].as_array().expect("contacts");
    let of = |host: &str| contacts.iter().find(|contact| contact["host"] == host).expect("a contact");
    assert!(of("127.0.0.1")["bytes_received"].as_u64().is_some_and(|bytes| bytes > 0), "{contacts:?}");
    assert!(
        of("192.168.7.7")["refused"].as_str().is_some_and(|why| why.contains("egress.open")),
        "{contacts:?}"
    );
}

/// Asks for the report and waits until its script has printed that it runs.
async fn ask_and_wait(api: &Api) -> (sse::Reader, String) {
    let response = api.ask_streaming("g", json!({"question": REPORT_QUESTION, "stream": true})).await;
    let mut events = sse::Reader::new(response);
    let printed = events.until("action_output").await;
    assert_eq!(printed.data["text"], "running\n");
    (events, printed.data["execution_id"].as_str().expect("an id").to_owned())
}

const SLOW: &str = "import time\nprint('running', flush=True)\ntime.sleep(3)\nprint('done')";

#[tokio::test]
async fn an_order_to_stop_kills_a_script_at_once() {
    let forever = "import time\nprint('running', flush=True)\nwhile True:\n    time.sleep(1)";
    let mut file = python_action("script", forever);
    file["timeout_ms"] = json!(60_000);
    let (_server, api) = server_with(&file).await;

    // The turn as a whole.
    let (mut events, execution) = ask_and_wait(&api).await;
    let turn = api.execution("g", &execution).await["turn_id"].as_str().expect("an id").to_owned();
    api.post(&format!("/api/v1/g/turns/{turn}/cancel"), json!({})).await.ok(202);
    let finished = events.until("action_finished").await;
    assert_eq!(
        (&finished.data["status"], &finished.data["ending"]["reason"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(finished.data["output"], "running\n");

    // One execution of it.
    let (mut events, execution) = ask_and_wait(&api).await;
    api.post(&format!("/api/v1/g/executions/{execution}/cancel"), json!({})).await.ok(202);
    assert_eq!(events.until("action_finished").await.data["status"], "cancelled");
    assert_eq!(events.until("turn_finished").await.data["status"], "done");
    api.post(&format!("/api/v1/g/executions/{execution}/cancel"), json!({})).await.ok(202);
    let unknown = "run_01a2067cfaec775f88621a835f23edb5";
    api.post(&format!("/api/v1/g/executions/{unknown}/cancel"), json!({})).await.refused(
        404,
        "not_found",
        &["execution"],
    );
}

#[tokio::test]
async fn going_away_does_not_leave_a_script_half_done() {
    let (_server, api) = server_with(&python_action("script", SLOW)).await;
    let (events, execution) = ask_and_wait(&api).await;
    drop(events);
    let looking = async {
        loop {
            let run = api.execution("g", &execution).await;
            if run["status"] != "running" {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let run = tokio::time::timeout(PATIENCE, looking).await.expect("the script ends");
    assert_eq!((&run["status"], &run["output"]), (&json!("succeeded"), &json!("running\ndone\n")));
}

#[tokio::test]
async fn runs_beside_each_other_don_t_see_each_other() {
    let code = "import os, pathlib, time\nmine = pathlib.Path('/tmp/mine')\nassert not mine.exists()\n\
        mine.write_text(os.environ['number'])\ntime.sleep(0.3)\nprint(mine.read_text(), len(os.listdir('/tmp')))";
    let mut file = python_action("script", code);
    file["parameters"] = json!([{"name": "number", "type": "number", "description": "The number of the run, such as 3", "required": true}]);
    let (_server, api) = server_with(&file).await;
    let runs = (0..12).map(|number| {
        let api = api.clone();
        tokio::spawn(async move { (number, api.run("g", "script", json!({"number": number})).await) })
    });
    for run in runs.collect::<Vec<_>>() {
        let (number, run) = run.await.expect("a run's task");
        assert_eq!(
            (&run["status"], &run["output"]),
            (&json!("succeeded"), &json!(format!("{number} 1\n"))),
            "{run}"
        );
    }
}

#[tokio::test]
async fn a_script_that_can_t_be_compiled_is_not_saved() {
    let (_server, api) = server_with(&python_action("script", "print(1)")).await;
    // The first run waits for the warm interpreter; from then on checking takes milliseconds.
    assert_eq!(api.run("g", "script", json!({})).await["output"], "1\n");
    let broken = python_action("broken", "x = 1\nprint((x)\n");
    let refused = api.post("/api/v1/g/actions", broken.clone()).await.refused(
        422,
        "syntax_error",
        &["line 2", "column 6"],
    );
    let problem = &refused["problems"][0];
    assert_eq!(
        (&problem["field"], &problem["position"]),
        (&json!("run.code"), &json!({"line": 2, "column": 6}))
    );
    api.post("/api/v1/g/actions/lint", broken).await.refused(422, "syntax_error", &["line 2"]);
    let changed = python_action("script", "def f(:\n    pass");
    api.put("/api/v1/g/actions/script", changed).await.refused(422, "syntax_error", &["line 1"]);
    assert_eq!(api.run("g", "script", json!({})).await["output"], "1\n");
}

#[tokio::test]
async fn without_a_sandbox_scripts_are_kept_and_refused_with_the_reason() {
    let server = Server::start(crate::harness::Setup::default()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.post("/api/v1/g/actions", python_action("script", "print((")).await.ok(201);
    let system = api.get("/api/v1/system").await.ok(200);
    assert_eq!(system["python"]["state"], "unavailable", "{system}");
    api.post("/api/v1/g/actions/script/enable", json!({})).await.refused(
        409,
        "python_unavailable",
        &["switched off", "sandbox.enabled"],
    );
    let run = api.post("/api/v1/g/actions/script/test", json!({})).await.ok(200);
    assert_eq!(
        (&run["status"], &run["ending"]["reason"]),
        (&json!("refused"), &json!("unavailable")),
        "{run}"
    );
    assert!(run["error"].as_str().is_some_and(|error| error.contains("sandbox.enabled")), "{run}");
}

/// The script waits for ever after its first lines: whoever reads them reads them while it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_at_the_command_line_shows_what_is_printed_while_it_runs() {
    let code =
        "import os, sys, time\nprint('begun with', os.environ['SHOP_API_KEY'], flush=True)\ntime.sleep(600)";
    let mut file = python_action("script", code);
    file["timeout_ms"] = json!(60_000);
    file["run"]["secrets"] = json!(["SHOP_API_KEY"]);
    let server = Server::with_python(Vec::new()).await;
    let api = server.api();
    api.new_guru("g").await;
    api.new_secret("g", "SHOP_API_KEY", "sk_live_51HxQ2eL9vKp").await;
    api.new_action("g", &file).await;

    let mut command = Command::new(binary());
    command.env_clear().arg("--data-dir").arg(server.data_dir()).env("ERRAND_SERVER", server.url());
    command.args(["--guru", "g", "action", "test", "script"]);
    let mut errand = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run errand");
    let mut printed = BufReader::new(errand.stdout.take().expect("its output"));
    let mut line = String::new();
    printed.read_line(&mut line).expect("a line");
    assert!(line.starts_with("begun with ") && !line.contains("sk_live"), "{line}");

    let runs = api.history("g", "").await;
    let execution = runs[0]["id"].as_str().expect("an id");
    assert_eq!(api.execution("g", execution).await["status"], "running");
    api.post(&format!("/api/v1/g/executions/{execution}/cancel"), json!({})).await.ok(202);
    let mut told = String::new();
    errand.stderr.take().expect("its errors").read_to_string(&mut told).expect("text");
    assert_eq!(errand.wait().expect("its end").code(), Some(1), "{told}");
    assert!(told.contains("cancelled"), "{told}");
    line.clear();
    printed.read_to_string(&mut line).expect("text");
    assert_eq!(line, "", "the line is shown once");
}
