//! How long a run takes: `cargo run --release -p errand-sandbox --example runs -- IMAGE [LAUNCHER]`.
//!
//! Prints JSON: per script, minimum, p50 and p99 of runs one after the other from a ready child; runs per second with
//! eight clients; and the same script in a cold bubblewrap on the same image, in the same process.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "prints figures to whoever measures")]

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use errand_sandbox::{Program, RunLimits, Sandbox, SandboxSettings, Tier};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SCRIPTS: [(&str, &str); 3] = [
    ("print", "print(1)"),
    ("imports", "import pandas, numpy, requests, openai; print(1)"),
    (
        "groupby",
        "import pandas as pd; d = pd.DataFrame({'a': [1, 2, 1], 'b': [3, 4, 5]}); print(d.groupby('a').b.sum().to_dict())",
    ),
];
const RUNS: usize = 300;
const COLD_RUNS: usize = 7;
const CLIENTS: usize = 8;
const SUSTAINED: Duration = Duration::from_secs(10);

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    // Before there is any thread.
    if let Some(code) = errand_sandbox::launcher_main() {
        return Ok(code);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure_all()).map(|()| ExitCode::SUCCESS)
}

async fn measure_all() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [image, launcher @ ..] = arguments.as_slice() else {
        return Err("name the image's root directory".into());
    };
    let mut settings =
        SandboxSettings { image: image.clone(), ready_children: 16, ..SandboxSettings::default() };
    if let Some(launcher) = launcher.first() {
        settings.launcher.clone_from(launcher);
    }
    let sandbox = Sandbox::start(settings).await?;
    let mut figures = Vec::new();
    for (name, script) in SCRIPTS {
        figures.push(measure(&sandbox, name, script, image).await?);
    }
    sandbox.stop().await;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

async fn measure(
    sandbox: &Sandbox,
    name: &str,
    script: &str,
    image: &Path,
) -> Result<Value, Box<dyn std::error::Error>> {
    let mut one_by_one = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        run(sandbox, script).await?;
        one_by_one.push(begun.elapsed());
        // The pool fills up again, as it does between the questions of people.
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|_| {
        let (sandbox, script) = (sandbox.clone(), script.to_owned());
        tokio::spawn(async move {
            let mut served = 0;
            while begun.elapsed() < SUSTAINED && run(&sandbox, &script).await.is_ok() {
                served += 1;
            }
            served
        })
    });
    let mut served = 0;
    for client in clients.collect::<Vec<_>>() {
        served += client.await?;
    }
    let per_second = f64::from(served) / begun.elapsed().as_secs_f64();
    let cold = (0..COLD_RUNS).map(|_| cold(image, script)).collect::<Result<Vec<_>, _>>()?;
    Ok(
        json!({ "script": name, "ready_ms": spread(one_by_one), "runs_per_second": per_second, "bubblewrap_cold_ms": spread(cold) }),
    )
}

async fn run(sandbox: &Sandbox, script: &str) -> Result<(), errand_sandbox::SandboxError> {
    let program = Program { code: script.to_owned(), name: "script.py".to_owned(), environment: Vec::new() };
    let child = sandbox.ready_child(Tier::for_script(script)).await?;
    let (sender, mut receiver) = mpsc::channel(16);
    let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
    let heard = async { while receiver.recv().await.is_some() {} };
    tokio::join!(child.run(&program, &limits, sender, &cancel), heard).0.map(drop)
}

/// What a run costs without anything kept ready.
fn cold(image: &Path, script: &str) -> std::io::Result<Duration> {
    let begun = Instant::now();
    let mut command = Command::new("bwrap");
    command.args(["--unshare-all", "--clearenv", "--ro-bind"]).arg(image).arg("/");
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/usr/bin/python3", "-c", script]);
    command.stdout(Stdio::null()).status()?;
    Ok(begun.elapsed())
}

fn spread(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let at = |part: usize| {
        times.get((times.len() * part / 100).min(times.len() - 1)).map(|time| time.as_secs_f64() * 1e3)
    };
    json!({ "min": at(0), "p50": at(50), "p99": at(99) })
}
