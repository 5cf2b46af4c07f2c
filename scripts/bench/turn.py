"""B6: a turn with two API-call actions and the embedded planner, its events followed over one kept connection."""

import http.client
import json
import time
from statistics import median, quantiles

GURU = "bench-turns"
UPSTREAM_DELAY_MS = 20
QUESTION = "Where is my refund for order 12345? Also, is the site down?"
WARM_UP = 5


def actions(upstream):
    """Two lookups against an upstream that takes its time."""
    call = lambda path: {
        "type": "api_call",
        "method": "GET",
        "url": f"http://{upstream}/orders/{path}?delay_ms={UPSTREAM_DELAY_MS}",
    }
    return [
        {
            "version": 1,
            "name": "refund_lookup",
            "trigger": "When the user asks where the refund for one particular order is",
            "examples": ["Where is my refund for order 12345?", "Has order 12388 been refunded yet?"],
            "parameters": [
                {"name": "order_id", "type": "string", "description": "Number of the order, such as 12345", "required": True}
            ],
            "run": call("{order_id}"),
        },
        {
            "version": 1,
            "name": "outage_status",
            "trigger": "When the user asks whether the site or a feature is down, or about an ongoing outage",
            "examples": ["Is the site down?", "Is there an outage right now?"],
            "run": call("status"),
        },
    ]


def measure(errand, upstream, repetitions):
    errand.install(GURU, actions(upstream))
    plan = errand.call("POST", f"/api/v1/{GURU}/plan", {"question": QUESTION})
    if len(plan["steps"]) != 2:
        raise RuntimeError(f"the question should fire both actions, and the plan is {json.dumps(plan)}")
    direct = Kept(upstream)
    own = Kept(f"127.0.0.1:{errand.port}")
    turns = []
    for _ in range(WARM_UP + repetitions):
        slowest = direct.get(f"/orders/12345?delay_ms={UPSTREAM_DELAY_MS}")
        turns.append({**own.turn(errand.key), "upstream": slowest})
    return row(turns[WARM_UP:])


def row(turns):
    first = [turn["turn_started"] for turn in turns]
    plan = [turn["planned"] - turn["turn_started"] for turn in turns]
    done = [turn["turn_finished"] for turn in turns]
    upstream = median(turn["upstream"] for turn in turns)
    beyond = [took - planning - upstream for took, planning in zip(done, plan)]
    return {
        "upstream_ms": upstream,
        "first_ms": spread(first),
        "plan_ms": spread(plan),
        "done_ms": spread(done),
        "beyond_ms": spread(beyond),
    }


def spread(values):
    return {"p50": median(values), "p99": quantiles(values, n=100, method="inclusive")[98], "min": min(values)}


class Kept:
    """A client with one connection. Times are in milliseconds since its request was sent."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def get(self, path):
        begun = time.perf_counter()
        self.connection.request("GET", path)
        self.connection.getresponse().read()
        return (time.perf_counter() - begun) * 1e3

    def turn(self, key):
        """When each type of event came for the first time."""
        body = json.dumps({"question": QUESTION, "stream": True}).encode()
        headers = {"x-api-key": key, "content-type": "application/json", "accept": "text/event-stream"}
        begun = time.perf_counter()
        self.connection.request("POST", f"/api/v1/{GURU}/answer", body, headers)
        response = self.connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"the question was answered {response.status}: {response.read().decode()}")
        seen = {}
        while line := response.readline():
            if line.startswith(b"event:"):
                seen.setdefault(line[6:].strip().decode(), (time.perf_counter() - begun) * 1e3)
        if "turn_finished" not in seen or "answer_text" not in seen:
            raise RuntimeError(f"the turn did not end well; its events were {sorted(seen)}")
        return seen
