//! Many runs, too many runs, and what happens when a part of the sandbox is killed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use errand_sandbox::{CgroupLayout, RunLimits, SandboxError, SandboxSettings, Tier};

use crate::{
    harness::{self, House, settings, with_settings},
    processes::{any_in_own_session, kill, ticks_of},
};

#[test]
fn a_hundred_at_once() {
    with_settings(SandboxSettings { runs_at_once_max: 16, ..settings() }, |house| {
        let runs = (0..100).map(|number| {
            let sandbox = house.sandbox.clone();
            house.runtime.spawn(async move {
                let ran =
                    harness::run(&sandbox, &format!("print({number})"), &[], &RunLimits::default()).await;
                assert_eq!(ran.stdout, format!("{number}\n"), "{ran:?}");
            })
        });
        for run in runs.collect::<Vec<_>>() {
            house.runtime.block_on(run).expect("a run");
        }
        assert_eq!(house.sandbox.status().runs_served, 100);
    });
}

/// Memory of this process, which is the supervisor.
fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the own status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("resident memory");
    line.trim().trim_end_matches(" kB").parse().expect("kilobytes")
}

/// Descriptors, control groups and memory of ended runs are given back.
#[test]
fn runs_in_a_row_leave_nothing() {
    let settings = SandboxSettings { ready_children: 2, zygote_children_max: 200, ..settings() };
    with_settings(settings, |house| {
        let (mut descriptors, mut kilobytes) = (Vec::new(), Vec::new());
        for number in 0..1000 {
            house.prints(&format!("print({number})"), &format!("{number}\n"));
            if number % 250 == 249 {
                settle(house);
                descriptors.push(std::fs::read_dir("/proc/self/fd").expect("descriptors").count());
                kilobytes.push(resident_kilobytes());
            }
        }
        let [first, .., last] = kilobytes.as_slice() else { panic!("{kilobytes:?}") };
        assert!(last <= &(first + 8 * 1024), "the supervisor's memory grows: {kilobytes:?} kB");
        let [first, .., last] = descriptors.as_slice() else { panic!("{descriptors:?}") };
        assert!(last <= &(first + 8), "descriptors grow: {descriptors:?}");
        assert!(groups().len() <= 6, "two ready of each tier and the zygotes: {:?}", groups());
    });
}

#[test]
fn overload_is_refused() {
    let settings = SandboxSettings {
        runs_at_once_max: 1,
        waiting_max: 1,
        wait_max: Duration::from_millis(300),
        ..settings()
    };
    with_settings(SandboxSettings { wait_max: Duration::from_mins(1), ..settings.clone() }, |house| {
        house.runtime.block_on(async {
            let first = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
            let waiting = tokio::spawn({
                let sandbox = house.sandbox.clone();
                async move { sandbox.ready_child(Tier::Bare).await }
            });
            while house.sandbox.status().waiting == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let third = house.sandbox.ready_child(Tier::Bare).await;
            assert!(matches!(third, Err(SandboxError::Overloaded { running: 1, waiting: 1 })), "{third:?}");
            drop(first);
            waiting.await.expect("a task").expect("the place that became free");
        });
    });
    with_settings(
        SandboxSettings { ready_children: 1, wait_max: Duration::from_secs(3), ..settings },
        |house| {
            house.runtime.block_on(async {
                while house.sandbox.status().ready[0].1 == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                let _first = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
                let second = house.sandbox.ready_child(Tier::Bare).await;
                assert!(matches!(second, Err(SandboxError::WaitedTooLong { .. })), "{second:?}");
            });
        },
    );
}

/// Each part is killed in turn; what runs next runs.
#[test]
fn a_killed_part_is_replaced() {
    with_settings(SandboxSettings { ready_children: 1, ..settings() }, |house| {
        house.prints("print('at first')", "at first\n");
        for round in 0..2 {
            for part in ["zygote.py", "furnish", "begin"] {
                kill(part);
                let done = house.runtime.block_on(async {
                    // A child of the killed part may be handed out just before it is missed.
                    for _ in 0..20 {
                        let Ok(child) = house.sandbox.ready_child(Tier::Bare).await else { continue };
                        let program = errand_sandbox::Program {
                            code: "print(1)".into(),
                            name: "a.py".into(),
                            environment: vec![],
                        };
                        let (sender, receiver) = tokio::sync::mpsc::channel(4);
                        let (limits, cancel) =
                            (RunLimits::default(), tokio_util::sync::CancellationToken::new());
                        let (report, [stdout, _]) = tokio::join!(
                            child.run(&program, &limits, sender, &cancel),
                            harness::collect(receiver)
                        );
                        if report.is_ok() && stdout == "1\n" {
                            return true;
                        }
                    }
                    false
                });
                assert!(done, "after {part} was killed in round {round}");
            }
        }
        assert!(house.sandbox.status().restarts >= 4, "{:?}", house.sandbox.status());
    });
}

#[test]
fn a_broken_image_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SandboxSettings { image: folder.path().join("rootfs"), ..settings() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let started = runtime.block_on(errand_sandbox::Sandbox::start(settings));
    let Err(SandboxError::Unavailable { what, remedy }) = started else { panic!("{started:?}") };
    assert!(what.contains("image") && remedy.contains("errand"), "{what} {remedy}");
    assert_eq!(groups(), Vec::<PathBuf>::new());
}

#[test]
fn an_image_may_be_reached_by_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(settings().image, &link).expect("a link");
    with_settings(SandboxSettings { image: link, ..settings() }, |house| house.prints("print(1)", "1\n"));
}

/// Its processes go with it, and its groups with the next start.
#[test]
fn a_killed_supervisor_leaves_nothing() {
    let mut victim = Command::new(std::env::current_exe().expect("this test"))
        .args(["pool::a_supervisor_to_be_killed", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a second supervisor");
    let said = BufReader::new(victim.stdout.take().expect("its output")).lines();
    assert!(
        said.map_while(Result::ok).any(|line| line.contains("it runs")),
        "the second supervisor did not get to run"
    );
    victim.kill().expect("killed");
    victim.wait().expect("reaped");
    let of_victim = format!("{}-", victim.id());
    while groups_of(&of_victim).iter().any(|group| has_process(group)) {
        std::thread::sleep(Duration::from_millis(5));
    }
    with_settings(settings(), |_| assert_eq!(groups_of(&of_victim), Vec::<PathBuf>::new()));
}

#[test]
#[ignore = "a part of `a_killed_supervisor_leaves_nothing`"]
fn a_supervisor_to_be_killed() {
    with_settings(SandboxSettings { ready_children: 1, ..settings() }, |house| {
        settle(house);
        house.runtime.block_on(async {
            let child = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
            let code = "import time; print('it runs', flush=True); time.sleep(600)".to_owned();
            let program = errand_sandbox::Program { code, name: "a.py".into(), environment: vec![] };
            let (sender, mut receiver) = tokio::sync::mpsc::channel::<errand_sandbox::OutputChunk>(4);
            let (limits, cancel) = (RunLimits::default(), tokio_util::sync::CancellationToken::new());
            let heard = async {
                while let Some(chunk) = receiver.recv().await {
                    println!("{}", String::from_utf8_lossy(&chunk.bytes));
                }
            };
            tokio::join!(child.run(&program, &limits, sender, &cancel), heard).0.expect("a report");
        });
    });
}

/// Waits until the pool is as full as it gets.
fn settle(house: &House) {
    house.runtime.block_on(async {
        let target = house.settings.ready_children;
        while house.sandbox.status().running > 0
            || house.sandbox.status().ready.iter().any(|(_, ready)| *ready < target)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

fn groups() -> Vec<PathBuf> {
    groups_of(&format!("{}-", std::process::id()))
}

pub fn has_process(group: &Path) -> bool {
    std::fs::read_to_string(group.join("cgroup.procs")).is_ok_and(|list| !list.trim().is_empty())
}

/// The groups of a supervisor's zygotes and runs.
pub fn groups_of(prefix: &str) -> Vec<PathBuf> {
    let layout = CgroupLayout::find(None).expect("control groups");
    let base = layout.bases()[0].to_path_buf();
    let own = std::fs::read_dir(base).expect("a base").flatten().map(|entry| entry.path());
    let own = own.filter(|path| name(path).starts_with(prefix));
    own.flat_map(|path| std::fs::read_dir(path).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A signal to the supervisor's group, such as Ctrl-C in its terminal, reaches none of it.
#[test]
fn all_of_it_is_in_sessions_of_its_own() {
    with_settings(SandboxSettings { ready_children: 1, ..settings() }, |house| {
        house.prints("print(1)", "1\n");
        assert!(!any_in_own_session());
    });
}

/// While a child is followed, each signal it gets stops it for the launcher, which serves all runs.
#[test]
fn signals_do_not_keep_the_launcher_busy() {
    with_settings(settings(), |house| {
        let before = ticks_of("furnish");
        house.prints(
            "import os, signal\nheard = []\nsignal.signal(signal.SIGUSR1, lambda *_: heard.append(1))\n\
             for _ in range(100_000): os.kill(os.getpid(), signal.SIGUSR1)\nprint(len(heard))",
            "100000\n",
        );
        let ticks = ticks_of("furnish") - before;
        assert!(ticks < 20, "{ticks} hundredths of a second");
    });
}
