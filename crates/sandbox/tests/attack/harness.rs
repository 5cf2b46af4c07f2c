//! Runs an attack as a real script would run: in the image, with the default limits but a short time, with the network
//! served under the default policy, which opens nothing.

use std::{collections::BTreeSet, fs, time::Duration};

use errand_egress::{Egress, EgressLimits, EgressPolicy, SandboxRules};
use errand_sandbox::{
    CgroupLayout, Ending, OutputChunk, Program, RunLimits, Sandbox, SandboxSettings, Stream, Tier,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    host::{self, Host, MARK},
    shared::{image, launcher},
};

const PRELUDE: &str = include_str!("scripts/prelude.py");
/// Long enough for every attack that ends by itself, on a busy machine too; those that don't are to be ended by it.
const TIME: Duration = Duration::from_secs(20);
const TIME_OF_THOSE_THAT_STAY: Duration = Duration::from_secs(3);
/// The only host that an attack may name; it doesn't exist.
const ALLOWED_HOST: &str = "allowed.example";

pub struct Attack {
    pub script: &'static str,
    /// The function of the script that is called.
    pub name: &'static str,
    pub ending: fn(&Ending) -> bool,
}

/// What a run let see.
#[derive(Debug)]
pub struct Seen {
    pub stdout: String,
    pub stderr: String,
    pub ending: Ending,
}

/// Runs one attack and looks at what it says, at how it ended, and at what it left.
pub async fn attack(attack: Attack) {
    let before = Traces::now();
    let sandbox = start().await;
    let script = format!("{PRELUDE}\n{}\n{}()\n", attack.script, attack.name);
    let time = if (attack.ending)(&Ending::TimedOut) { TIME_OF_THOSE_THAT_STAY } else { TIME };
    let seen = run_in(&sandbox, &script, time).await;
    // The machine must be in order for the next, at once and not only after a restart.
    let next = run_in(&sandbox, "print('in order')", TIME).await;
    sandbox.stop().await;

    assert!((attack.ending)(&seen.ending), "{} ended as {seen:#?}", attack.name);
    let escapes: Vec<_> = seen.stdout.lines().filter(|line| line.starts_with("ESCAPED")).collect();
    assert!(escapes.is_empty(), "{}: {escapes:#?}", attack.name);
    assert!(!seen.stdout.contains(MARK), "{} read the host's mark: {seen:#?}", attack.name);
    if matches!(seen.ending, Ending::Exited { code: 0 }) {
        let held = seen.stdout.lines().filter(|line| line.starts_with("held")).count();
        assert!(held > 0, "{} tried nothing: {seen:#?}", attack.name);
    }
    assert_eq!(next.stdout, "in order\n", "after {}: {next:?}", attack.name);
    before.assert_nothing_new();
}

/// A run in a sandbox that serves this process's runs one after the other.
pub async fn run_all<const N: usize>(scripts: [&str; N]) -> [Seen; N] {
    run_all_with(settings(), scripts).await
}

pub async fn run_all_with<const N: usize>(settings: SandboxSettings, scripts: [&str; N]) -> [Seen; N] {
    let before = Traces::now();
    let sandbox = Sandbox::start(settings).await.expect("a sandbox");
    let mut all = Vec::new();
    for script in scripts {
        all.push(run_in(&sandbox, script, TIME).await);
    }
    sandbox.stop().await;
    before.assert_nothing_new();
    all.try_into().expect("as many as were given")
}

pub async fn run_together(scripts: [&str; 2]) -> [Seen; 2] {
    let before = Traces::now();
    let sandbox = start().await;
    let (first, second) =
        tokio::join!(run_in(&sandbox, scripts[0], TIME), run_in(&sandbox, scripts[1], TIME));
    sandbox.stop().await;
    before.assert_nothing_new();
    [first, second]
}

/// The second's child is made half a second after the first script has begun.
pub async fn run_one_while_another(settings: SandboxSettings, scripts: [&str; 2]) -> [Seen; 2] {
    let before = Traces::now();
    let sandbox = Sandbox::start(settings).await.expect("a sandbox");
    // The interpreter is warm from here on.
    run_in(&sandbox, "print()", TIME).await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        run_in(&sandbox, scripts[1], TIME).await
    };
    let (first, second) = tokio::join!(run_in(&sandbox, scripts[0], TIME), later);
    sandbox.stop().await;
    before.assert_nothing_new();
    [first, second]
}

async fn start() -> Sandbox {
    Sandbox::start(settings()).await.expect("a sandbox")
}

pub fn settings() -> SandboxSettings {
    SandboxSettings { image: image(), ready_children: 2, launcher: launcher(), ..SandboxSettings::default() }
}

async fn run_in(sandbox: &Sandbox, script: &str, timeout: Duration) -> Seen {
    let egress = Egress::new(EgressPolicy::default(), &EgressLimits::default()).expect("egress");
    let mut child = sandbox.ready_child(Tier::for_script(script)).await.expect("a child");
    let rules = SandboxRules { allowed_hosts: allowed_hosts(script), ..SandboxRules::default() };
    let network = egress.serve_sandbox(child.take_sockets(), rules).expect("a network");
    let host = script.starts_with(PRELUDE).then(Host::shared);
    let program = Program {
        code: script.to_owned(),
        name: "script.py".to_owned(),
        environment: host.as_deref().map(environment).unwrap_or_default(),
    };
    let limits = RunLimits { timeout, ..RunLimits::default() };
    let (sender, receiver) = mpsc::channel(16);
    let cancel = CancellationToken::new();
    let (report, [stdout, stderr]) =
        tokio::join!(child.run(&program, &limits, sender, &cancel), collect(receiver));
    network.finish().await;
    Seen { stdout, stderr, ending: report.expect("a report").ending }
}

/// Attacks on the list of hosts have one; the others meet the policy alone.
fn allowed_hosts(script: &str) -> Vec<String> {
    let listed = ["unlisted_hosts()\n", "smuggle_by_dns()\n", "hostile_dns_packets()\n"];
    if listed.iter().any(|call| script.ends_with(call)) { vec![ALLOWED_HOST.to_owned()] } else { Vec::new() }
}

async fn collect(mut receiver: mpsc::Receiver<OutputChunk>) -> [String; 2] {
    let mut all = [Vec::new(), Vec::new()];
    while let Some(chunk) = receiver.recv().await {
        all[usize::from(chunk.stream == Stream::Stderr)].extend(chunk.bytes);
    }
    all.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What an attack is told about the host: an attacker knows such things or guesses them.
fn environment(host: &Host) -> Vec<(String, String)> {
    // A port that was free a moment ago, for a script that listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let given = [
        ("HOST_MARKER", host.marker.display().to_string()),
        ("HOST_IMAGE", image().display().to_string()),
        ("HOST_SOCKET", host.socket.display().to_string()),
        ("HOST_ABSTRACT", host.abstract_name.clone()),
        ("HOST_PORT", host.tcp_port.to_string()),
        ("HOST_UDP_PORT", host.udp_port.to_string()),
        ("HOST_ADDRESS", host::own_address()),
        ("HOST_NAME", host::name()),
        ("LISTEN_PORT", free.map_or(40_321, |address| address.port()).to_string()),
        ("SUPERVISOR_PID", std::process::id().to_string()),
        ("SUPERVISOR_MARK_REVERSED", MARK.chars().rev().collect()),
    ];
    let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
    let mut all = vec![("GIVEN".to_owned(), names.join(","))];
    all.extend(given.map(|(name, value)| (name.to_owned(), value)));
    all
}

/// Every function that a script defines without a leading underscore and without arguments is an attack, and listed.
pub fn check_listed(script: &str, listed: &[&str]) {
    let defined: BTreeSet<_> = script
        .lines()
        .filter_map(|line| line.strip_prefix("def ")?.strip_suffix("():"))
        .filter(|name| !["supervisor", "descriptors"].contains(name))
        .collect();
    assert_eq!(defined, listed.iter().copied().collect::<BTreeSet<_>>());
}

/// What a run could leave on the machine.
struct Traces {
    mounts: String,
}

impl Traces {
    fn now() -> Self {
        Self { mounts: fs::read_to_string("/proc/self/mountinfo").expect("mounts") }
    }

    /// No mount, no process and no control group is left. A process that were left would hold its namespaces and its
    /// control group; without one, there are none.
    fn assert_nothing_new(&self) {
        assert_eq!(self.mounts, Self::now().mounts);
        let own = std::process::id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        assert_eq!(children, "", "processes are left");
        let layout = CgroupLayout::find(None).expect("control groups");
        for base in layout.bases() {
            let left: Vec<_> = fs::read_dir(base)
                .expect("the base of the control groups")
                .flatten()
                .filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{own}-")))
                .collect();
            assert!(left.is_empty(), "control groups are left: {left:?}");
        }
    }
}
