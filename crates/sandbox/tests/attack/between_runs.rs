//! What one run leaves for the next, or shows to another beside it: nothing.

use std::collections::HashSet;

use errand_sandbox::SandboxSettings;

use crate::harness::{run_all, run_all_with, run_one_while_another, run_together, settings};

/// The first script plants something; the second looks for it and prints what it found.
async fn check(plant: &str, look: &str) {
    let [planted, found] = run_all([plant, look]).await;
    assert_eq!(planted.stdout.trim(), "planted", "{planted:?}");
    assert_eq!(found.stdout.trim(), "nothing", "{found:?}");
}

/// Both at once: each waits long enough to meet the other.
async fn check_together(plant: &str, look: &str) {
    let [planted, found] = run_together([plant, look]).await;
    assert_eq!(planted.stdout.trim(), "planted", "{planted:?}");
    assert_eq!(found.stdout.trim(), "nothing", "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_in_tmp() {
    check(
        "open('/tmp/kept', 'w').write('x')\nopen('/dev/shm/kept', 'w').write('x')\nprint('planted')",
        "import os\nprint(os.listdir('/tmp') + os.listdir('/dev/shm') or 'nothing')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_in_tmp_at_the_same_time() {
    check_together(
        "import time\nopen('/tmp/kept', 'w').write('x')\ntime.sleep(1)\nprint('planted')",
        "import os, time\ntime.sleep(0.5)\nprint(os.listdir('/tmp') or 'nothing')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes() {
    check_together(
        "import time\ntime.sleep(1)\nprint('planted')",
        "import os, time\ntime.sleep(0.5)\nothers = [p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]\nprint(others or 'nothing')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_memory_by_key() {
    let get = |flags: &str| {
        format!("import ctypes\nlibc = ctypes.CDLL(None)\nkept = libc.shmget(0x5EC2E7, 4096, {flags})\n")
    };
    let plant = get("0o1666") + "import time\ntime.sleep(1)\nprint('planted')";
    let look = "import time\ntime.sleep(0.5)\n".to_owned()
        + &get("0o666")
        + "print('nothing' if kept == -1 else kept)";
    check_together(&plant, &look).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listening_ports() {
    check_together(
        "import socket, time\ns = socket.socket()\ns.bind(('127.0.0.1', 40123))\ns.listen()\ns.settimeout(1.5)\n\
         try:\n    s.accept()\n    print('someone came')\nexcept OSError:\n    print('planted')",
        "import socket, time\ntime.sleep(0.5)\ns = socket.socket()\ns.settimeout(1)\n\
         try:\n    s.connect(('127.0.0.1', 40123))\n    got = s.recv(1)\n    print(got or 'nothing')\nexcept OSError:\n    print('nothing')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abstract_sockets() {
    check_together(
        "import socket, time\ns = socket.socket(socket.AF_UNIX)\ntry:\n    s.bind('\\0errand-kept')\n    s.listen()\nexcept OSError:\n    pass\ntime.sleep(1)\nprint('planted')",
        "import socket, time\ntime.sleep(0.5)\ns = socket.socket(socket.AF_UNIX)\ntry:\n    s.connect('\\0errand-kept')\n    print('connected')\nexcept OSError:\n    print('nothing')",
    )
    .await;
}

/// All runs are one user to the kernel, which limits how many descriptors a user may have under way between processes.
/// The second run's child is made while the first has sent as many as it may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn descriptors_under_way() {
    let plant = "import socket, time\nsent, kept = 0, []\ntry:\n    for _ in range(400):\n        a, b = socket.socketpair()\n        kept += [a, b]\n        a.setblocking(False)\n        socket.send_fds(a, [b'x'], [0] * 250)\n        sent += 250\n\
         except OSError:\n    pass\ntime.sleep(1)\nprint('planted' if sent >= 1000 else sent)";
    let look = "print('nothing')";
    let settings = SandboxSettings { ready_children: 0, ..settings() };
    let [planted, found] = run_one_while_another(settings, [plant, look]).await;
    assert_eq!(planted.stdout.trim(), "planted", "{planted:?}");
    assert_eq!(found.stdout.trim(), "nothing", "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patched_modules() {
    check(
        "import json, os, builtins\njson.dumps = lambda *a: 'patched'\nos.getcwd = lambda: 'patched'\nbuiltins.kept = 1\nprint('planted')",
        "import json, os, builtins\nfound = json.dumps(1) + os.getcwd() + str(hasattr(builtins, 'kept'))\nprint('patched' if 'patched' in found or 'True' in found else 'nothing')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn environments() {
    check(
        "import os\nos.environ['KEPT'] = 'x'\nos.putenv('KEPT', 'x')\nprint('planted')",
        "import os, ctypes\nlibc = ctypes.CDLL(None)\nlibc.getenv.restype = ctypes.c_char_p\nprint(os.environ.get('KEPT') or libc.getenv(b'KEPT') or 'nothing')",
    )
    .await;
}

/// Children of one zygote are copies of each other; whatever is random in them must not be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn randomness() {
    const SOURCES: [&str; 7] = [
        "import random; print(random.random())",
        "import os; print(os.urandom(16).hex())",
        "import uuid; print(uuid.uuid4())",
        "import secrets; print(secrets.token_hex())",
        "import ssl; print(ssl.RAND_bytes(16).hex())",
        "import numpy; print(numpy.random.random())",
        "import tempfile; print(tempfile.mktemp())",
    ];
    for source in SOURCES {
        let mut seen = HashSet::new();
        for run in run_all([source; 6]).await {
            assert!(seen.insert(run.stdout.clone()), "{source} gave {} twice; {}", run.stdout, run.stderr);
        }
    }
}

/// The seed is drawn when an interpreter starts, so that runs of one zygote share it; the zygotes are replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hash_seeds_of_zygotes() {
    let settings = SandboxSettings { zygote_children_max: 1, ready_children: 0, ..settings() };
    // The next zygote warms up beside the one that serves, so the first runs may still share a seed.
    let script = "import time\ntime.sleep(0.2)\nprint(hash('errand'))";
    let runs = run_all_with(settings, [script; 40]).await;
    let hashes: HashSet<_> = runs.iter().map(|run| &run.stdout).collect();
    assert!(hashes.len() > 1, "{runs:?}");
}

/// A signal to "my process group" knows no namespaces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_to_the_group() {
    check_together(
        "import os, signal, time\ntime.sleep(0.5)\nos.kill(0, signal.SIGKILL)\nprint('planted')",
        "import time\ntime.sleep(1)\nprint('nothing')",
    )
    .await;
}

/// All runs have the files of one image: the kernel tells whoever watches one who opens it, across all namespaces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_opened() {
    check_together(
        "import subprocess, time\ntime.sleep(0.7)\nopen('/etc/hosts').read()\nsubprocess.run(['git', '--version'], capture_output=True)\nprint('planted')",
        "import ctypes, fcntl, os, signal, time\nseen = []\nsignal.signal(signal.SIGIO, lambda *_: seen.append('a signal'))\nlibc = ctypes.CDLL(None)\nwatch = libc.inotify_init1(os.O_NONBLOCK)\n\
         for path in (b'/etc/hosts', b'/usr/bin/git'):\n    libc.inotify_add_watch(watch, path, 0x20)\ntry:\n    fcntl.fcntl(os.open('/etc', os.O_RDONLY), 1026, 1)\nexcept OSError:\n    pass\n\
         end = time.time() + 1.2\nwhile time.time() < end:\n    time.sleep(0.1)\ntry:\n    seen.append(os.read(watch, 4096))\nexcept OSError:\n    pass\nprint(seen or 'nothing')",
    )
    .await;
}
