//! What scripts are given and how their ends are worded; running them is tested with the real sandbox, through the
//! doors.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use errand_domain::{
    ActionBody, ActionSpec, ArgValue, BuiltIns, EndReason, ExecutionStatus, HostContact, Parameter,
    ParameterType, PythonScript, event::OutputStream,
};
use errand_sandbox::{Ending, OutputChunk, RunLimits, RunReport, SandboxError, Stream, Usage};
use errand_secrets::SecretText;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Ran, environment, relay, wording};
use crate::{RunFailure, RunInput, RunnerEvent};

fn script() -> PythonScript {
    PythonScript { code: "print(1)".to_owned(), secrets: vec!["API_KEY".parse().expect("a name")] }
}

/// Parameters `a`, `b`, … with these values; null for an optional one that was not given.
fn input(arguments: &Value) -> RunInput {
    let given = arguments.as_object().expect("an object");
    let parameter = |name: &String| Parameter {
        name: name.parse().expect("a name"),
        kind: ParameterType::String,
        description: "what it is".to_owned(),
        required: false,
        default: None,
        values: Vec::new(),
    };
    let guru = "acme".parse().expect("a slug");
    RunInput {
        action: Arc::new(ActionSpec {
            name: "report".parse().expect("a name"),
            trigger: "When the user wants a report".to_owned(),
            examples: Vec::new(),
            parameters: given.keys().map(parameter).collect(),
            body: ActionBody::Python(script()),
            usage: String::new(),
            answer: None,
            timeout_ms: None,
            runs_with: Vec::new(),
            allowed_hosts: Vec::new(),
        }),
        arguments: given
            .iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, ArgValue::from_json(value)?)))
            .collect(),
        secrets: BTreeMap::from([(
            "API_KEY".parse().expect("a name"),
            Arc::new(SecretText::from("s3cret".to_owned())),
        )]),
        built_ins: BuiltIns::anonymous(&guru),
        timeout: Duration::from_secs(5),
        limits: crate::RunLimits::default(),
    }
}

fn check_variable(value: &Value, expect: Option<&str>) {
    let environment = environment::of(&script(), &input(&json!({"a": value}))).expect("an environment");
    let got = environment.iter().find(|(name, _)| name == "a").map(|(_, text)| text.as_str());
    assert_eq!(got, expect, "{value}");
}

#[test]
fn values_are_written_in_one_way() {
    check_variable(&json!("a \"b\"\nc"), Some("a \"b\"\nc"));
    check_variable(&json!(""), Some(""));
    check_variable(&json!(3), Some("3"));
    check_variable(&json!(3.0), Some("3"));
    check_variable(&json!(-12.5), Some("-12.5"));
    check_variable(&json!(0.001), Some("0.001"));
    check_variable(&json!(9_007_199_254_740_993_u64), Some("9007199254740993"));
    check_variable(&json!(true), Some("true"));
    check_variable(&json!(false), Some("false"));
    check_variable(&Value::Null, None);
}

#[test]
fn a_script_is_given_its_own_secrets_and_the_built_ins() {
    let environment = environment::of(&script(), &input(&json!({}))).expect("an environment");
    let names: Vec<_> = environment.iter().map(|(name, _)| name.as_str()).collect();
    let expect = [
        "API_KEY",
        "GURUBASE_USER_EMAIL",
        "GURUBASE_USER_NAME",
        "GURUBASE_USER_GROUPS",
        "GURUBASE_GURU_SLUG",
    ];
    assert_eq!(names, expect);
    assert_eq!(environment[0].1, "s3cret");
    let refused = environment::of(&script(), &input(&json!({"a": "x\0y"})));
    assert_eq!(refused, Err(RunFailure::BadVariable { name: "a".to_owned() }));
    let other = PythonScript { secrets: vec!["OTHER".parse().expect("a name")], ..script() };
    assert_eq!(
        environment::of(&other, &input(&json!({}))),
        Err(RunFailure::MissingSecret { name: "OTHER".to_owned() })
    );
}

fn report(ending: Ending) -> RunReport {
    RunReport {
        ending,
        usage: Usage::default(),
        hit_process_limit: false,
        hit_tmp_limit: false,
        hit_memory_limit: false,
        stderr_truncated: false,
    }
}

fn raised(exception: &str, message: &str) -> RunReport {
    report(Ending::Uncaught { exception: exception.to_owned(), message: message.to_owned(), line: Some(7) })
}

fn refusal() -> HostContact {
    HostContact {
        host: "evil.example".to_owned(),
        port: 443,
        address: None,
        bytes_sent: 0,
        bytes_received: 0,
        refused: Some("It is not among the action's allowed hosts.".to_owned()),
    }
}

/// Status, reason and words.
fn check(report: RunReport, contacts: Vec<HostContact>, expect: (ExecutionStatus, Option<EndReason>, &str)) {
    let shown = format!("{report:?}");
    let ran = Ran { report, output: relay::Relayed::default(), contacts };
    let outcome = wording::outcome(&ran, &RunLimits::default());
    let error = outcome.error.map(|error| String::from_utf8_lossy(error.expose()).into_owned());
    let error = error.unwrap_or_default();
    let (status, reason, words) = expect;
    assert_eq!(
        (outcome.status, outcome.ending.map(|ending| ending.reason)),
        (status, reason),
        "{shown}: {error}"
    );
    assert!(error.contains(words), "{shown}: {error}");
    assert_eq!(error.is_empty(), reason.is_none());
}

#[test]
fn each_end_has_its_reason() {
    use EndReason as R;
    use ExecutionStatus::{Cancelled, Failed, Succeeded, TimedOut};
    let exited = |code| report(Ending::Exited { code });
    check(exited(0), vec![refusal()], (Succeeded, None, ""));
    check(exited(3), vec![], (Failed, Some(R::ExitCode), "exit code 3"));
    check(exited(137), vec![], (Failed, Some(R::ExitCode), "was killed"));
    check(exited(1), vec![refusal()], (Failed, Some(R::DeniedConnection), "`evil.example:443`"));
    check(RunReport { hit_process_limit: true, ..exited(1) }, vec![], (Failed, Some(R::ProcessLimit), "128"));
    check(RunReport { hit_tmp_limit: true, ..exited(1) }, vec![], (Failed, Some(R::DiskFull), "100 MiB"));
    check(
        RunReport { hit_memory_limit: true, ..exited(1) },
        vec![],
        (Failed, Some(R::OutOfMemory), "512 MiB"),
    );
    check(raised("KeyError", "'x'"), vec![], (Failed, Some(R::Exception), "at line 7 with `KeyError`: 'x'."));
    check(raised("ValueError", ""), vec![], (Failed, Some(R::Exception), "with `ValueError`. The traceback"));
    check(raised("MemoryError", ""), vec![], (Failed, Some(R::OutOfMemory), "At line 7"));
    check(raised("ValueError", "no"), vec![refusal()], (Failed, Some(R::Exception), "ValueError"));
    check(
        raised("requests.exceptions.ConnectionError", "x"),
        vec![refusal()],
        (Failed, Some(R::DeniedConnection), "allowed hosts"),
    );
    check(
        raised("ConnectionRefusedError", "[Errno 111]"),
        vec![],
        (Failed, Some(R::Exception), "[Errno 111]"),
    );
    let full = RunReport { hit_tmp_limit: true, ..raised("OSError", "[Errno 28] No space left on device") };
    check(full, vec![], (Failed, Some(R::DiskFull), "/tmp"));
    check(raised("OSError", "[Errno 27] File too large"), vec![], (Failed, Some(R::DiskFull), "/tmp"));
    let forked = RunReport { hit_process_limit: true, ..raised("BlockingIOError", "[Errno 11]") };
    check(forked, vec![], (Failed, Some(R::ProcessLimit), "128 processes"));
    check(report(Ending::Signalled { signal: 11 }), vec![], (Failed, Some(R::Signal), "SIGSEGV"));
    check(report(Ending::OutOfMemory), vec![], (Failed, Some(R::OutOfMemory), "sandbox.memory_bytes_max"));
    check(report(Ending::TimedOut), vec![], (TimedOut, Some(R::Timeout), "30 s"));
    check(report(Ending::OutputLimit), vec![], (Failed, Some(R::OutputLimit), "1 MiB"));
    check(report(Ending::Cancelled), vec![], (Cancelled, Some(R::Cancelled), "may have taken effect"));
}

#[test]
fn a_long_message_is_not_cut_but_left_out() {
    let ran = Ran {
        report: raised("ValueError", &"s3cret ".repeat(100)),
        output: relay::Relayed::default(),
        contacts: vec![],
    };
    let error = wording::outcome(&ran, &RunLimits::default()).error.expect("an error");
    assert!(!String::from_utf8_lossy(error.expose()).contains("s3cret"));
}

#[test]
fn what_did_not_run_is_told_from_what_broke() {
    let check = |error: SandboxError, status, reason| {
        let outcome = wording::not_run(&error);
        assert_eq!(
            (outcome.status, outcome.ending.map(|ending| ending.reason)),
            (status, Some(reason)),
            "{error}"
        );
    };
    let (what, remedy) = ("there is no image.".to_owned(), "Build one.".to_owned());
    check(
        SandboxError::Overloaded { running: 64, waiting: 512 },
        ExecutionStatus::Refused,
        EndReason::Overloaded,
    );
    check(SandboxError::Unavailable { what, remedy }, ExecutionStatus::Refused, EndReason::Unavailable);
    let source = std::io::Error::other("gone");
    check(SandboxError::Broken { step: "running", source }, ExecutionStatus::Failed, EndReason::Broken);
}

#[tokio::test(start_paused = true)]
async fn small_pieces_are_gathered_and_nothing_is_lost() {
    let (chunks, printed) = mpsc::channel(4);
    let (sink, mut events) = mpsc::channel(1_000);
    let printing = async move {
        for number in 0..500 {
            let stream = if number == 250 { Stream::Stderr } else { Stream::Stdout };
            let bytes = format!("{number}\n").into_bytes();
            chunks.send(OutputChunk { stream, bytes }).await.expect("somebody reads");
        }
    };
    let (all, ()) = tokio::join!(relay::relay(printed, &sink), printing);
    drop(sink);
    let (mut pieces, mut stdout, mut stderr) = (0, Vec::new(), Vec::new());
    while let Some(event) = events.recv().await {
        let RunnerEvent::Output { stream, text } = event else { panic!("{event:?}") };
        let of = if stream == OutputStream::Stderr { &mut stderr } else { &mut stdout };
        of.extend_from_slice(text.expose());
        pieces += 1;
    }
    assert!((3..=10).contains(&pieces), "{pieces} pieces");
    assert_eq!((&stdout, &stderr), (&all.stdout, &all.stderr));
    assert_eq!(stderr, b"250\n");
}
