//! A sandbox for a test: started, asked, stopped, and seen to leave nothing behind.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use errand_sandbox::{
    Ending, OutputChunk, Program, RunLimits, RunReport, Sandbox, SandboxSettings, Stream, Tier,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::shared::{image, launcher};

/// What a script left.
#[derive(Debug)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub report: RunReport,
}

/// A running sandbox with the runtime that drives it.
pub struct House {
    pub runtime: tokio::runtime::Runtime,
    pub sandbox: Sandbox,
    pub settings: SandboxSettings,
}

/// No children stand ready, so that a test warms only the tiers that it uses.
pub fn settings() -> SandboxSettings {
    SandboxSettings { image: image(), ready_children: 0, launcher: launcher(), ..SandboxSettings::default() }
}

pub fn with_sandbox(test: impl FnOnce(&House)) {
    with_settings(settings(), test);
}

/// Runs the test, stops the sandbox, also after a failure, and looks for what it may have left.
pub fn with_settings(settings: SandboxSettings, test: impl FnOnce(&House)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = runtime.block_on(Sandbox::start(settings.clone())).expect("a sandbox");
    let house = House { runtime, sandbox, settings };
    let outcome = catch_unwind(AssertUnwindSafe(|| test(&house)));
    house.runtime.block_on(house.sandbox.stop());
    outcome.unwrap_or_else(|failure| resume_unwind(failure));
    assert_clean();
}

/// No control group of this process is left; with the groups, no process can be.
fn assert_clean() {
    let layout = errand_sandbox::CgroupLayout::find(None).expect("control groups");
    let prefix = format!("{}-", std::process::id());
    for base in layout.bases() {
        let left: Vec<_> = std::fs::read_dir(base)
            .expect("a base group")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

impl House {
    /// Runs a script with the default limits.
    pub fn run(&self, script: &str) -> Ran {
        self.run_with(script, &[], &RunLimits::default())
    }

    pub fn run_with(&self, script: &str, environment: &[(&str, &str)], limits: &RunLimits) -> Ran {
        self.runtime.block_on(run(&self.sandbox, script, environment, limits))
    }

    /// Runs a script that has to end like this, having written exactly this.
    pub fn check(&self, script: &str, ending: &Ending, stdout: &str) {
        let ran = self.run(script);
        assert_eq!(
            (&ran.report.ending, ran.stdout.as_str()),
            (ending, stdout),
            "script:\n{script}\nstderr:\n{}",
            ran.stderr
        );
    }

    /// Runs a script that has to succeed and write exactly this.
    pub fn prints(&self, script: &str, stdout: &str) {
        self.check(script, &Ending::Exited { code: 0 }, stdout);
    }
}

pub async fn run(sandbox: &Sandbox, script: &str, environment: &[(&str, &str)], limits: &RunLimits) -> Ran {
    let own = |text: &str| text.to_owned();
    let program = Program {
        code: own(script),
        name: own("script.py"),
        environment: environment.iter().map(|(name, value)| (own(name), own(value))).collect(),
    };
    let child = sandbox.ready_child(Tier::for_script(script)).await.expect("a child");
    let (sender, receiver) = mpsc::channel(16);
    let cancel = CancellationToken::new();
    let (report, [stdout, stderr]) =
        tokio::join!(child.run(&program, limits, sender, &cancel), collect(receiver));
    Ran { stdout, stderr, report: report.expect("a report") }
}

pub async fn collect(mut receiver: mpsc::Receiver<OutputChunk>) -> [String; 2] {
    let mut all = [Vec::new(), Vec::new()];
    while let Some(chunk) = receiver.recv().await {
        all[usize::from(chunk.stream == Stream::Stderr)].extend(chunk.bytes);
    }
    all.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// For limits of time in tests that have to reach them.
pub fn limits_with_timeout(timeout: Duration) -> RunLimits {
    RunLimits { timeout, ..RunLimits::default() }
}
