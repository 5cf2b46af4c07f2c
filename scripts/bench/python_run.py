"""B1 to B3: Python actions end to end over REST, request to masked and recorded result, with a cold bubblewrap on the same
root file system in the same run."""

import subprocess
import time
from statistics import median

from api_call import wrk

GURU = "bench-python"
SCRIPTS = {
    "bare": "print(1)",
    "data": "import pandas, numpy, requests, openai\nprint(1)",
}
# A refill takes about ten milliseconds: with these pauses between them, each run finds a ready child. The longer the pause,
# the more of what a run needs has left the processor's caches.
PAUSES_MS = (20, 40)
CLIENTS = 8
AT_ONCE = 100
READY_WAIT_MAX_S = 60


def actions():
    return [
        {
            "version": 1,
            "name": name,
            "trigger": f"When the user asks for the measured script called {name}",
            "run": {"type": "python", "code": code, "secrets": ["SHOP_API_KEY"]},
        }
        for name, code in SCRIPTS.items()
    ]


def measure(errand, image_root, seconds, repetitions, runs):
    """Latency of single runs, cold starts between them; then throughput; then many at once."""
    wait_until_ready(errand)
    errand.install(GURU, actions(), {"SHOP_API_KEY": "sk_bench_51HxQ2eL9vKp3TzRw8"})
    single = {}
    for name, code in SCRIPTS.items():
        check(errand, name)
        for pause_ms in PAUSES_MS:
            cold = [bubblewrap(image_root, code) for _ in range(repetitions)]
            warm = load(errand, name, 1, runs * pause_ms / 1e3, {"BENCH_PAUSE_MS": str(pause_ms)})
            cold += [bubblewrap(image_root, code) for _ in range(repetitions)]
            row = {key: warm[f"{key}_us"] / 1e3 for key in ("p50", "p99", "min")}
            single[name, pause_ms] = row | {"cold_ms": median(cold), "ratio": median(cold) / row["p50"]}
    sustained = {name: median(throughput(errand, name, CLIENTS, seconds) for _ in range(repetitions)) for name in SCRIPTS}
    throughput(errand, "data", AT_ONCE, seconds)
    return {"single": single, "sustained": sustained, "failed": failures(errand)}


def wait_until_ready(errand):
    """Both tiers are warm and their pools full."""
    deadline = time.monotonic() + READY_WAIT_MAX_S
    while time.monotonic() < deadline:
        python = errand.call("GET", "/api/v1/system")["python"]
        if python["state"] == "unavailable":
            raise RuntimeError(f"Python can't be measured: {python['reason']} {python['remedy']}")
        pool = python["pool"]
        if pool and pool["ready_bare"] and pool["ready_data"]:
            return
        time.sleep(0.1)
    raise RuntimeError("the sandbox was not ready in time")


def check(errand, action):
    """The load generator sees only that a run was answered."""
    reply = errand.call("POST", f"/api/v1/{GURU}/actions/{action}/run", {})
    if reply["status"] != "succeeded" or reply["output"] != "1\n":
        raise RuntimeError(f"a run went wrong: {reply}")


def bubblewrap(root, code):
    """A cold start of the same interpreter on the same files."""
    command = [
        "bwrap", "--ro-bind", str(root), "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--unshare-all",
        "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "HOME", "/tmp", "/usr/bin/python3", "-c", code,
    ]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return (time.perf_counter() - begun) * 1e3


def throughput(errand, action, connections, seconds):
    found = load(errand, action, connections, seconds)
    return found["requests"] / found["seconds"]


def load(errand, action, connections, seconds, environment=None):
    target = {
        "url": f"http://127.0.0.1:{errand.port}/api/v1/{GURU}/actions/{action}/run",
        "environment": {"BENCH_METHOD": "POST", "BENCH_API_KEY": errand.key, "BENCH_BODY": "{}"} | (environment or {}),
    }
    return wrk(target, connections, seconds)


def failures(errand):
    """Runs of any kind that did not succeed; the load generator sees only that they were answered."""
    statuses = "failed,refused,timed_out,cancelled,unknown"
    return len(errand.call("GET", f"/api/v1/{GURU}/executions?status={statuses}&limit=200")["items"])
