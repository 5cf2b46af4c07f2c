//! How long a run takes, and what it costs: `cargo run --release -p errand-sandbox --example runs -- IMAGE`.
//!
//! Prints JSON: per script, minimum, p50 and p99 of runs one after the other from a ready child; runs per second with
//! eight clients, and the processor time that each of those took; and the same script in a cold bubblewrap on the same
//! image, in the same process. Options, each with a value: `--launcher FILE`, `--script print|imports|groupby`,
//! `--single RUNS`, `--seconds S`, `--cold RUNS`, `--ready CHILDREN`; zero leaves a part out.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "prints figures to whoever measures")]

use std::{
    collections::HashMap,
    error::Error,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use errand_sandbox::{CgroupLayout, Program, RunLimits, Sandbox, SandboxSettings, Tier};
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
const CLIENTS: usize = 8;
const OPTIONS: [&str; 6] = ["--launcher", "--script", "--single", "--seconds", "--cold", "--ready"];
/// The pool fills up again, as it does between the questions of people.
const PAUSE: Duration = Duration::from_millis(30);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Before there is any thread.
    if let Some(code) = errand_sandbox::launcher_main() {
        return Ok(code);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure_all()).map(|()| ExitCode::SUCCESS)
}

struct Wanted {
    image: PathBuf,
    launcher: Option<PathBuf>,
    script: Option<String>,
    single: u64,
    seconds: u64,
    cold: u64,
    ready: u64,
}

impl Wanted {
    fn of_arguments() -> Result<Self, Box<dyn Error>> {
        let mut words = std::env::args().skip(1);
        let image = words.next().ok_or("name the image's root directory")?.into();
        let mut given = HashMap::new();
        while let (Some(name), value) = (words.next(), words.next()) {
            if !OPTIONS.contains(&name.as_str()) {
                return Err(format!("`{name}` is no option; there are {}", OPTIONS.join(", ")).into());
            }
            given.insert(name, value.ok_or("each option has a value")?);
        }
        let number = |name: &str, default| given.get(name).map_or(Ok(default), |text| text.parse::<u64>());
        Ok(Self {
            image,
            single: number("--single", 300)?,
            seconds: number("--seconds", 10)?,
            cold: number("--cold", 7)?,
            ready: number("--ready", 16)?,
            launcher: given.get("--launcher").map(PathBuf::from),
            script: given.get("--script").cloned(),
        })
    }
}

async fn measure_all() -> Result<(), Box<dyn Error>> {
    let wanted = Wanted::of_arguments()?;
    let mut settings = SandboxSettings {
        image: wanted.image.clone(),
        ready_children: usize::try_from(wanted.ready)?,
        ..SandboxSettings::default()
    };
    if let Some(launcher) = &wanted.launcher {
        settings.launcher.clone_from(launcher);
    }
    let mut figures = Vec::new();
    let sandbox = Sandbox::start(settings).await?;
    for (name, script) in SCRIPTS {
        if wanted.script.as_deref().is_none_or(|wanted| wanted == name) {
            let mut figure = measure(&sandbox, script, &wanted).await?;
            figure["script"] = json!(name);
            figures.push(figure);
        }
    }
    sandbox.stop().await;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(())
}

async fn measure(sandbox: &Sandbox, script: &str, wanted: &Wanted) -> Result<Value, Box<dyn Error>> {
    // The first waits for a warm interpreter.
    run(sandbox, script).await?;
    settle(sandbox, wanted).await;
    let mut one_by_one = Vec::new();
    for _ in 0..wanted.single {
        let begun = Instant::now();
        run(sandbox, script).await?;
        one_by_one.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    let sustained =
        if wanted.seconds > 0 { sustain(sandbox, script, wanted.seconds).await? } else { Value::Null };
    let cold = (0..wanted.cold).map(|_| cold(&wanted.image, script)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "ready_ms": spread(one_by_one), "sustained": sustained, "bubblewrap_cold_ms": spread(cold) }))
}

/// Until both pools are full, so that no refill or warming interpreter is measured beside the runs.
async fn settle(sandbox: &Sandbox, wanted: &Wanted) {
    while sandbox.status().ready.iter().any(|(_, ready)| (*ready as u64) < wanted.ready) {
        tokio::time::sleep(PAUSE).await;
    }
}

async fn sustain(sandbox: &Sandbox, script: &str, seconds: u64) -> Result<Value, Box<dyn Error>> {
    let before = processor_time()?;
    let (begun, wanted) = (Instant::now(), Duration::from_secs(seconds));
    let clients = (0..CLIENTS).map(|_| {
        let (sandbox, script) = (sandbox.clone(), script.to_owned());
        tokio::spawn(async move {
            let mut served = 0;
            while begun.elapsed() < wanted && run(&sandbox, &script).await.is_ok() {
                served += 1;
            }
            served
        })
    });
    let mut served = 0;
    for client in clients.collect::<Vec<_>>() {
        served += client.await?;
    }
    let (served, took) = (f64::from(served), begun.elapsed().as_secs_f64());
    let after = processor_time()?;
    let [supervisor, inside] = [0, 1].map(|part| (after[part] - before[part]).as_secs_f64() * 1e3 / served);
    Ok(json!({ "runs_per_second": served / took, "supervisor_cpu_ms": supervisor, "inside_cpu_ms": inside }))
}

/// Of this process, and of everything in its control groups. What the kernel does on its own behalf is in neither.
fn processor_time() -> Result<[Duration; 2], Box<dyn Error>> {
    let own = threads_time();
    let layout = CgroupLayout::find(None)?;
    let prefix = format!("{}-", std::process::id());
    let mut inside = Duration::ZERO;
    for base in layout.bases() {
        for entry in std::fs::read_dir(base)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix)
                && let Ok(text) = std::fs::read_to_string(entry.path().join("cpuacct.usage"))
            {
                inside = inside.max(Duration::from_nanos(text.trim().parse()?));
            }
        }
    }
    Ok([own, inside])
}

fn threads_time() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
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
    if times.is_empty() {
        return Value::Null;
    }
    times.sort_unstable();
    let at = |part: usize| {
        times.get((times.len() * part / 100).min(times.len() - 1)).map(|time| time.as_secs_f64() * 1e3)
    };
    json!({ "min": at(0), "p50": at(50), "p99": at(99) })
}
