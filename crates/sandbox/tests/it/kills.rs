//! Parts of the sandbox, and the supervisor itself, are killed at random moments while scripts run.
//!
//! Whatever happens, a run succeeds or says that it was interrupted, none hangs, what runs next runs, and nothing is
//! left behind. The moments are drawn from a seed, so that a round that failed can be tried again.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use errand_sandbox::{Ending, Program, RunLimits, Sandbox, SandboxError, SandboxSettings, Tier};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{self, House, settings, with_settings},
    pool::{groups_of, has_process},
    processes::{family, try_kill},
};

const SEED: u64 = 0x5EED_0E44;
const ROUNDS: u64 = 20;
const ROUNDS_WITH_READY_ONES: u64 = 4;
const ROUNDS_OF_SUPERVISORS: u64 = 6;
const RUNS_AT_ONCE: u64 = 5;
/// The zygote, the launcher, and the launcher's first stage.
const PARTS: [&str; 3] = ["zygote.py", "furnish", "begin"];
/// Longer than any of it takes on a busy machine; a run that is lost would wait for ever.
const PATIENCE: Duration = Duration::from_secs(90);
/// From the end of a part to no child of it being handed out; milliseconds, but for a busy machine.
const NOTICED_MAX: Duration = Duration::from_secs(5);

#[test]
fn parts_are_killed_while_scripts_run() {
    check_rounds(settings(), ROUNDS);
}

/// Some of the children that die have been waiting, and may just be handed out.
#[test]
fn parts_are_killed_while_children_stand_ready() {
    check_rounds(SandboxSettings { ready_children: 2, ..settings() }, ROUNDS_WITH_READY_ONES);
}

fn check_rounds(settings: SandboxSettings, rounds: u64) {
    with_settings(settings, |house| {
        let mut random = Random(SEED);
        let mut endings = (0, 0);
        for round in 0..rounds {
            let scripts: Vec<String> = (0..RUNS_AT_ONCE).map(|_| script(random.below(120))).collect();
            let part = PARTS[usize::try_from(random.below(3)).expect("small")];
            let moment = Duration::from_millis(random.below(160));
            let (succeeded, interrupted) = house.runtime.block_on(round_of(house, scripts, part, moment));
            assert_eq!(succeeded + interrupted, RUNS_AT_ONCE, "round {round}: {part} after {moment:?}");
            endings = (endings.0 + succeeded, endings.1 + interrupted);
            house.runtime.block_on(next_runs(house));
        }
        assert!(endings.0 > 0, "no run succeeded beside a kill: {endings:?}");
        assert!(rounds < ROUNDS || endings.1 > 0, "no kill met a run: {endings:?}");
    });
}

/// Starts the runs, kills the part at its moment, and counts how they ended.
async fn round_of(house: &House, scripts: Vec<String>, part: &str, moment: Duration) -> (u64, u64) {
    let runs: Vec<_> = scripts
        .into_iter()
        .map(|code| {
            let sandbox = house.sandbox.clone();
            tokio::spawn(async move { tokio::time::timeout(PATIENCE, run(&sandbox, code)).await })
        })
        .collect();
    tokio::time::sleep(moment).await;
    let begun = Instant::now();
    // It may be on its way up.
    while !try_kill(part) {
        assert!(begun.elapsed() < PATIENCE, "there is no {part} any more");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (mut succeeded, mut interrupted) = (0, 0);
    for run in runs {
        match run.await.expect("a task").expect("a run hangs") {
            Ok(()) => succeeded += 1,
            Err(error) => {
                assert!(error.contains("The sandbox was interrupted while the script ran"), "{error}");
                interrupted += 1;
            }
        }
    }
    (succeeded, interrupted)
}

/// A child may be handed out in the moment in which it dies: such a run says that it was interrupted, too.
async fn next_runs(house: &House) {
    let begun = Instant::now();
    while let Err(error) = run(&house.sandbox, script(0)).await {
        assert!(error.contains("The sandbox was interrupted while the script ran"), "{error}");
        assert!(begun.elapsed() < NOTICED_MAX, "the loss is not noticed");
    }
}

fn script(milliseconds: u64) -> String {
    format!("import time\nprint('begun', flush=True)\ntime.sleep({milliseconds} / 1000)\nprint('done')")
}

/// A run that came to its end came there whole; else why not.
async fn run(sandbox: &Sandbox, code: String) -> Result<(), String> {
    let said = |error: SandboxError| error.to_string();
    let child = sandbox.ready_child(Tier::Bare).await.map_err(said)?;
    let program = Program { code, name: "script.py".to_owned(), environment: Vec::new() };
    let (sender, receiver) = mpsc::channel(16);
    let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
    let (report, [stdout, _]) =
        tokio::join!(child.run(&program, &limits, sender, &cancel), harness::collect(receiver));
    let ending = report.map_err(said)?.ending;
    if matches!(ending, Ending::Exited { code: 0 }) && stdout == "begun\ndone\n" {
        return Ok(());
    }
    Err(format!("it ended as {ending:?} and wrote {stdout:?}"))
}

#[test]
fn supervisors_are_killed_while_scripts_run() {
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let (before, mut random) = (mounts(), Random(SEED));
    let victims: Vec<String> = (0..ROUNDS_OF_SUPERVISORS).map(|_| kill_a_supervisor(&mut random)).collect();
    with_settings(settings(), |house| {
        let left: Vec<PathBuf> = victims.iter().flat_map(|victim| groups_of(victim)).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "the next start sweeps control groups");
        house.prints("print('the next')", "the next\n");
    });
    assert_eq!(before, mounts());
}

/// Returns what the names of its control groups begin with, once no process of it is left.
fn kill_a_supervisor(random: &mut Random) -> String {
    let mut victim = Command::new(std::env::current_exe().expect("this test"))
        .args(["kills::a_supervisor_that_is_killed", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second supervisor");
    let mut said = BufReader::new(victim.stdout.take().expect("its output")).lines().map_while(Result::ok);
    // Also in the middle of its start.
    if random.below(3) > 0 {
        assert!(said.any(|line| line.contains("runs begin")), "the second supervisor did not get to run");
    }
    std::thread::sleep(Duration::from_millis(random.below(400)));
    let kin = family(victim.id());
    victim.kill().expect("killed");
    victim.wait().expect("reaped");

    let groups = format!("{}-", victim.id());
    let is_there = |pid: &u32| PathBuf::from(format!("/proc/{pid}/exe")).read_link().is_ok();
    let begun = Instant::now();
    while kin.iter().any(is_there) || groups_of(&groups).iter().any(|group| has_process(group)) {
        assert!(begun.elapsed() < PATIENCE, "processes outlive their supervisor: {kin:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    groups
}

#[test]
#[ignore = "a part of `supervisors_are_killed_while_scripts_run`"]
fn a_supervisor_that_is_killed() {
    with_settings(settings(), |house| {
        println!("runs begin");
        house.runtime.block_on(async {
            let begun = Instant::now();
            while begun.elapsed() < PATIENCE {
                let runs = (0..RUNS_AT_ONCE).map(|number| {
                    let sandbox = house.sandbox.clone();
                    tokio::spawn(async move { run(&sandbox, script(number * 20)).await })
                });
                for run in runs.collect::<Vec<_>>() {
                    run.await.expect("a task").expect("a run");
                }
            }
        });
    });
}

/// `SplitMix64`: enough to draw moments, and the same ones each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (drawn ^ (drawn >> 31)) % limit
    }
}
