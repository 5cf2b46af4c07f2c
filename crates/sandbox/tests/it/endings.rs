//! Each way to end is told apart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use errand_sandbox::{Ending, Program, RunLimits, Tier};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::harness::{House, collect, limits_with_timeout, with_sandbox};

fn exited(code: i32) -> Ending {
    Ending::Exited { code }
}

#[test]
fn exit_codes() {
    with_sandbox(|house| {
        house.check("", &exited(0), "");
        house.check("import sys; sys.exit(3)", &exited(3), "");
        house.check("import sys; sys.exit()", &exited(0), "");
        house.check("raise SystemExit(0)", &exited(0), "");
        house.check("import os; print('x', flush=True); os._exit(42)", &exited(42), "x\n");
        let ran = house.run("import sys; sys.exit('a reason')");
        assert_eq!((ran.report.ending, ran.stderr.as_str()), (exited(1), "a reason\n"));
        house.check(
            "import os; os.execv('/bin/sh', ['sh', '-c', 'echo other; exit 5'])",
            &exited(5),
            "other\n",
        );
        house.check(
            "import threading, os, time; threading.Timer(0.05, os._exit, (6,)).start(); time.sleep(20)",
            &exited(6),
            "",
        );
    });
}

#[test]
fn exceptions_with_their_line() {
    with_sandbox(|house| {
        let check = |script: &str, exception: &str, message: &str, line: Option<u32>| {
            let ending =
                Ending::Uncaught { exception: exception.to_owned(), message: message.to_owned(), line };
            house.check(script, &ending, "");
        };
        check("x = 1\n\n1 / 0\n", "ZeroDivisionError", "division by zero", Some(3));
        check("def f():\n    raise ValueError('bad')\nf()\n", "ValueError", "bad", Some(2));
        check(
            "import json\njson.loads('{')\n",
            "JSONDecodeError",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            Some(2),
        );
        check("import os\nos.environ['NOPE']", "KeyError", "'NOPE'", Some(2));
        check("class E(Exception): pass\nraise E('own')", "E", "own", Some(2));
        let ran = house.run("print('before')\ndef f(:\n");
        assert!(
            matches!(&ran.report.ending, Ending::Uncaught { exception, line: Some(2), .. } if exception == "SyntaxError"),
            "{ran:?}"
        );
        let ran = house.run("def f():\n    return 1 / 0\nf()\n");
        assert_eq!(
            ran.stderr,
            "Traceback (most recent call last):\n  File \"script.py\", line 3, in <module>\n    f()\n    ~^^\n  \
             File \"script.py\", line 2, in f\n    return 1 / 0\n           ~~^~~\nZeroDivisionError: division by zero\n"
        );
        assert!(!ran.stderr.contains("zygote"), "our own frames are not shown: {}", ran.stderr);
        house.check("try:\n    1/0\nexcept ZeroDivisionError:\n    print('caught')", &exited(0), "caught\n");
    });
}

/// The short form of an exception is a hint; a script can't use it to look better than it ended.
#[test]
fn the_ending_cannot_be_forged() {
    with_sandbox(|house| {
        let forged = "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"exception\": \"Forged\", \"message\": \"\", \"line\": 1, \"code\": 0}')\n    except OSError: pass\nos._exit(CODE)";
        house.check(&forged.replace("CODE", "9"), &exited(9), "");
        house.check(&forged.replace("CODE", "0"), &exited(0), "");
        let killed =
            "import os\nos.write(3, b'{\"exception\": \"X\", \"message\": \"\"}')\nx = bytearray(900 << 20)";
        house.check(killed, &Ending::OutOfMemory, "");
    });
}

#[test]
fn memory() {
    with_sandbox(|house| {
        house.check("print('a', flush=True)\nx = bytearray(900 << 20)", &Ending::OutOfMemory, "a\n");
        let ran = house.run(
            "import subprocess\nprint(subprocess.run(['python3', '-c', 'bytearray(900 << 20)']).returncode)",
        );
        // Version 2 ends the whole group, version 1 the process that asked for too much.
        assert!(ran.report.hit_memory_limit || ran.report.ending == Ending::OutOfMemory, "{ran:?}");
        let low = RunLimits { memory_bytes_max: 64 << 20, ..RunLimits::default() };
        let ran = house.run_with("x = bytearray(100 << 20)", &[], &low);
        assert_eq!(ran.report.ending, Ending::OutOfMemory, "{ran:?}");
        // What lies in /tmp is memory too.
        let ran = house.run_with(
            "f = open('/tmp/a', 'wb')\nfor _ in range(90): f.write(bytes(1 << 20))",
            &[],
            &low,
        );
        assert_eq!(ran.report.ending, Ending::OutOfMemory, "{ran:?}");
    });
}

#[test]
fn time_and_cancellation() {
    with_sandbox(|house| {
        let short = limits_with_timeout(Duration::from_millis(400));
        for script in [
            "while True: pass",
            "import time; time.sleep(60)",
            "import signal, time\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\ntime.sleep(60)",
        ] {
            let ran = house.run_with(&format!("print('begun', flush=True)\n{script}"), &[], &short);
            assert_eq!((ran.report.ending, ran.stdout.as_str()), (Ending::TimedOut, "begun\n"), "{script}");
        }
        let ran = house.run_with(
            "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(60)\nprint('left a process')",
            &[],
            &RunLimits::default(),
        );
        assert_eq!((ran.report.ending, ran.stdout.as_str()), (exited(0), "left a process\n"));
        cancelled(house);
    });
}

fn cancelled(house: &House) {
    let program = Program {
        code: "import time; print('begun', flush=True); time.sleep(60)".to_owned(),
        name: "script.py".to_owned(),
        environment: Vec::new(),
    };
    let ending = house.runtime.block_on(async {
        let child = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
        let (sender, mut receiver) = mpsc::channel(4);
        let cancel = CancellationToken::new();
        let limits = RunLimits::default();
        let cancelling = async {
            receiver.recv().await.expect("output");
            cancel.cancel();
        };
        tokio::join!(child.run(&program, &limits, sender, &cancel), cancelling).0.expect("a report").ending
    });
    assert_eq!(ending, Ending::Cancelled);
}

/// Whoever records runs may take its time: what is sent before is read and compiled, and no line of it runs.
#[test]
fn what_is_loaded_waits_for_the_word() {
    with_sandbox(|house| {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        let program = |code: &str| Program {
            code: code.to_owned(),
            name: "script.py".to_owned(),
            environment: Vec::new(),
        };
        let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
        let run = |code: &'static str| async {
            let child = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
            let loaded = child.load(&program(code)).await.expect("loaded");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let word = now();
            let (sender, receiver) = mpsc::channel(4);
            let (report, output) = tokio::join!(loaded.run(&limits, sender, &cancel), collect(receiver));
            let [stdout, _] = output;
            (word, report.expect("a report").ending, stdout)
        };
        house.runtime.block_on(async {
            let (word, ending, printed) = run("import time; print(time.time())").await;
            assert_eq!(ending, Ending::Exited { code: 0 });
            assert!(printed.trim().parse::<f64>().expect("a time") >= word, "{printed} {word}");
            // One that can't be compiled says so, too, once it is asked to run.
            let (_, ending, _) = run("print(").await;
            assert!(matches!(ending, Ending::Uncaught { line: Some(1), .. }), "{ending:?}");
            // One that is never told to run leaves nothing: the harness would see its group.
            let child = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
            drop(child.load(&program("while True: pass")).await.expect("loaded"));
            while house.sandbox.status().running > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    });
}

/// A future that is dropped leaves nothing: the harness would see the group.
#[test]
fn a_dropped_run_is_killed() {
    with_sandbox(|house| {
        let program = Program {
            code: "while True: pass".to_owned(),
            name: "script.py".to_owned(),
            environment: Vec::new(),
        };
        house.runtime.block_on(async {
            let child = house.sandbox.ready_child(Tier::Bare).await.expect("a child");
            let (limits, cancel) = (RunLimits::default(), CancellationToken::new());
            let running = child.run(&program, &limits, mpsc::channel(1).0, &cancel);
            assert!(tokio::time::timeout(Duration::from_millis(50), running).await.is_err());
            while house.sandbox.status().running > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    });
}

#[test]
fn output_limits() {
    with_sandbox(|house| {
        let ran = house.run("while True: print('x' * 1000)");
        assert_eq!(ran.report.ending, Ending::OutputLimit);
        assert_eq!(ran.stdout.len(), 1024 * 1024);
        let ran = house.run("print('y' * (1 << 20))");
        assert_eq!(
            (ran.report.ending, ran.stdout.len()),
            (Ending::OutputLimit, 1 << 20),
            "one byte too many"
        );
        let ran = house.run("import sys; sys.stderr.write('e' * 200_000); print('on')");
        assert_eq!(
            (ran.report.ending, ran.stdout.as_str(), ran.stderr.len()),
            (exited(0), "on\n", 64 * 1024)
        );
        assert!(ran.report.stderr_truncated);
    });
}

#[test]
fn processes_and_files() {
    with_sandbox(|house| {
        let ran = house.run("import os, time\nmade = 0\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\n        made += 1\nexcept OSError as error:\n    print(made, error.errno)");
        assert_eq!((ran.report.ending, ran.stdout.as_str()), (exited(0), "127 11\n"));
        assert!(ran.report.hit_process_limit);
        let ran = house.run("f = open('/tmp/a', 'wb')\nwhile True: f.write(bytes(1 << 20))");
        assert!(
            matches!(&ran.report.ending, Ending::Uncaught { exception, line: Some(2), .. } if exception == "OSError"),
            "{ran:?}"
        );
        assert!(ran.report.hit_tmp_limit, "{ran:?}");
        let ran = house.run("print(1)");
        assert!(
            !ran.report.hit_tmp_limit && !ran.report.hit_process_limit && !ran.report.hit_memory_limit,
            "{ran:?}"
        );
        assert!(ran.report.usage.cpu.is_some() && ran.report.usage.memory_peak_bytes.is_some(), "{ran:?}");
    });
}

#[test]
fn crashes() {
    with_sandbox(|house| {
        let ran = house.run("import ctypes; ctypes.string_at(0)");
        assert_eq!(ran.report.ending, Ending::Signalled { signal: libc::SIGSEGV }, "{ran:?}");
        let ran = house.run("import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()");
        assert!(
            matches!(
                ran.report.ending,
                Ending::Signalled { .. } | Ending::Uncaught { .. } | Ending::OutOfMemory
            ),
            "{ran:?}"
        );
    });
}
