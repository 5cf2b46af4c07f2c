"""B4: an API-call action end to end over REST, history on, beside the direct call to the same upstream."""

import json
import os
import subprocess
from pathlib import Path
from statistics import median

LOAD = Path(__file__).with_name("load.lua")
GURU = "bench-calls"
CONNECTIONS = (1, 8)


def action(upstream):
    """An action as builders write them: one parameter in the path, a secret in a header."""
    return {
        "version": 1,
        "name": "order_lookup",
        "trigger": "When the user asks about the status of one particular order",
        "parameters": [
            {"name": "order_id", "type": "string", "description": "Number of the order, such as 12345", "required": True}
        ],
        "run": {
            "type": "api_call",
            "method": "GET",
            "url": f"http://{upstream}/orders/{{order_id}}",
            "headers": [{"name": "Authorization", "value": "Bearer {SHOP_API_KEY}"}],
        },
    }


def measure(errand, upstream, seconds, repetitions):
    """A row per number of connections. Direct and own calls take turns, so that both see the same machine."""
    errand.install(GURU, [action(upstream)], {"SHOP_API_KEY": "sk_bench_51HxQ2eL9vKp3TzRw8"})
    direct = {"url": f"http://{upstream}/orders/12345", "environment": {"BENCH_METHOD": "GET"}}
    own = {
        "url": f"http://127.0.0.1:{errand.port}/api/v1/{GURU}/actions/order_lookup/run",
        "environment": {
            "BENCH_METHOD": "POST",
            "BENCH_API_KEY": errand.key,
            "BENCH_BODY": json.dumps({"arguments": {"order_id": "12345"}}),
        },
    }
    wrk(own, CONNECTIONS[-1], 1)
    rows = []
    for connections in CONNECTIONS:
        pairs = []
        for _ in range(repetitions):
            plain = wrk(direct, connections, seconds)
            cpu_before = errand.cpu_seconds()
            through = wrk(own, connections, seconds)
            through["cpu_ms"] = (errand.cpu_seconds() - cpu_before) * 1e3 / through["requests"]
            pairs.append((plain, through))
        rows.append(row(connections, pairs))
    return rows


def row(connections, pairs):
    of = lambda which, name: [pair[which][name] for pair in pairs]
    return {
        "connections": connections,
        "direct_p50_ms": median(of(0, "p50_us")) / 1e3,
        "p50_ms": median(of(1, "p50_us")) / 1e3,
        "p99_ms": median(of(1, "p99_us")) / 1e3,
        "min_ms": min(of(1, "min_us")) / 1e3,
        "added_ms": median((own["p50_us"] - plain["p50_us"]) / 1e3 for plain, own in pairs),
        "cpu_ms": median(of(1, "cpu_ms")),
        "per_second": median(own["requests"] / own["seconds"] for _, own in pairs),
        "direct_per_second": median(plain["requests"] / plain["seconds"] for plain, _ in pairs),
    }


def wrk(target, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(LOAD), target["url"]]
    environment = {**os.environ, **target["environment"]}
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.strip().splitlines()[-1])
    if found["failed"] or not found["requests"]:
        raise RuntimeError(f"{found['failed']} of {found['requests']} requests failed:\n{output}")
    return found
