"""The figures as Markdown, put between the marks of docs/benchmarks.md; what people wrote around them stays."""

import os
import platform
import time
from pathlib import Path

BEGIN = "<!-- figures: begin (written by `make bench`) -->"
END = "<!-- figures: end -->"


def machine():
    facts = Path("/proc/cpuinfo").read_text()
    models = [line.split(":", 1)[1].strip() for line in facts.splitlines() if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {int(memory) / 1048576:.0f} GiB, " \
        f"Linux {platform.release()}"


def load():
    return " / ".join(f"{value:.1f}" for value in os.getloadavg())


def write(document, sections, load_before, options):
    head = (
        f"Machine: {machine()}. The binary was built from `{options.built_from}`. {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, "
        f"{options.seconds} s per load run, {options.repetitions} of each kind. "
        f"Load average (1/5/15 min) before {load_before}, after {load()}: with {os.cpu_count()} cores, a load above what the "
        "benchmark itself makes (about 3) means that something else ran beside it.\n"
    )
    text = document.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n\n{head}\n{chr(10).join(sections)}\n{END}{after}")


def table(title, header, rows, note=""):
    lines = [f"### {title}", "", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *([note, ""] if note else [])])


def verdict(is_met):
    return "met" if is_met else "**not met**"


def api_call(rows):
    shown = [
        [
            f"{row['connections']}",
            f"{row['direct_p50_ms']:.3f}",
            f"{row['p50_ms']:.3f} / {row['p99_ms']:.3f} / {row['min_ms']:.3f}",
            f"{row['added_ms']:.3f}",
            f"{row['cpu_ms']:.3f}",
            f"{row['per_second']:,.0f}",
            f"{row['direct_per_second'] / row['per_second']:.1f}×",
        ]
        for row in rows
    ]
    header = [
        "connections", "direct p50 ms", "through Errand p50 / p99 / min ms", "added p50 ms", "CPU ms per request",
        "requests/s", "direct ÷ Errand, requests/s",
    ]
    verdicts = lambda name, met: ", ".join(f"{row['connections']}: {verdict(met(row[name]))}" for row in rows)
    note = (
        f"Targets, by connections. Added p50 ≤ 0.5 ms: {verdicts('added_ms', lambda ms: ms <= 0.5)}. CPU ≤ 0.4 ms per request: "
        f"{verdicts('cpu_ms', lambda ms: ms <= 0.4)}. At least 4,000/s: {verdict(max(row['per_second'] for row in rows) >= 4000)}."
    )
    return table("B4: API-call action over REST, history on, SQLite, 1 KB upstream", header, shown, note)


def python_runs(found):
    single, sustained = found["single"], found["sustained"]
    targets = {"bare": ("B1 `print(1)`", 1.5, 8.0, None), "data": ("B2 four imports", 2.0, None, 700)}
    shown = []
    for (name, pause_ms), row in single.items():
        title, p50_max, p99_max, ratio_min = targets[name]
        judged = [f"p50 ≤ {p50_max} ms: {verdict(row['p50'] <= p50_max)}"]
        if p99_max:
            judged.append(f"p99 ≤ {p99_max} ms: {verdict(row['p99'] <= p99_max)}")
        if ratio_min:
            judged.append(f"≥ {ratio_min}×: {verdict(row['ratio'] >= ratio_min)}")
        cold = [f"{row['cold_ms']:,.1f}", f"{row['ratio']:,.0f}×"]
        shown.append([title, f"{pause_ms}", spread(row), *cold, ", ".join(judged)])
    note = (
        f"B3, sustained with 8 clients: {sustained['data']:,.0f} runs/s with the data libraries (≥ 120: "
        f"{verdict(sustained['data'] >= 120)}), {sustained['bare']:,.0f} without (≥ 300: {verdict(sustained['bare'] >= 300)}). "
        f"Runs that did not succeed, those of 100 clients at once included: {found['failed']} ({verdict(found['failed'] == 0)})."
    )
    header = ["Python action over REST", "ms between runs", "p50 / p99 / min ms", "cold bubblewrap ms", "ratio", "target"]
    return table("B1–B3: Python actions, request to masked and recorded result", header, shown, note)


def spread(value):
    return f"{value['p50']:.2f} / {value['p99']:.2f} / {value['min']:.2f}"


def turn(row):
    shown = [
        ["first event", spread(row["first_ms"]), f"≤ 5 ms: {verdict(row['first_ms']['p50'] <= 5)}"],
        ["plan (first event to `planned`)", spread(row["plan_ms"]), ""],
        ["done", spread(row["done_ms"]), ""],
        [
            "done beyond plan and slowest upstream",
            spread(row["beyond_ms"]),
            f"≤ 5 ms: {verdict(row['beyond_ms']['p50'] <= 5)}",
        ],
    ]
    note = f"The upstream, asked directly in the same run, took {row['upstream_ms']:.2f} ms (p50)."
    return table(
        "B6: turn with two API-call actions, embedded planner, over SSE", ["", "p50 / p99 / min ms", "target"], shown, note
    )


def start(row):
    shown = [
        ["start to ready", f"{spread(row['start_ms'])} ms", f"≤ 300 ms: {verdict(row['start_ms']['p50'] <= 300)}"],
        [
            "memory after a question, model loaded",
            f"{row['rss_mb']:.0f} MB resident, {row['pss_mb']:.0f} MB proportional",
            f"≤ 120 MB: {verdict(row['rss_mb'] <= 120)}",
        ],
        ["binary, stripped", f"{row['binary_mb']:.1f} MB", f"≤ 80 MB: {verdict(row['binary_mb'] <= 80)}"],
    ]
    return table("B7: start, memory, size", ["", "p50 / p99 / min", "target"], shown)


def schedules(rows):
    shown = [
        [
            f"{row['database']}, each every {row['every_minutes']} min",
            f"{row['due_at_once']:,}",
            of(row["idle_look_ms"]),
            of(row["busy_look_ms"]),
            of(row["lateness_ms"]),
            f"p99 ≤ 1 s: {verdict(row['lateness_ms']['p99'] <= 1000)}; look ≤ 50 ms: "
            f"{verdict(max(row['idle_look_ms']['p99'], row['busy_look_ms']['p99']) <= 50)}",
        ]
        for row in rows
    ]
    header = [
        "100,000 active", "due at one instant", "look, nothing due: p50 / p99 / max ms", "look, something due: p50 / p99 / max ms",
        "lateness p50 / p99 / max ms", "target",
    ]
    return table("B9: schedules", header, shown)


def of(value):
    return f"{value['p50']:.1f} / {value['p99']:.1f} / {value['max']:.1f}"


def plans(rows):
    reach = {10: 15, 100: 20, 1000: 40}
    shown = [
        [
            f"{row['actions']:,}",
            f"{row['p50']:.2f} / {row['p99']:.2f} / {row['min']:.2f}",
            f"≤ {reach[row['actions']]} ms: {verdict(row['p50'] <= reach[row['actions']])}",
        ]
        for row in rows
    ]
    return table("B5: embedded plan of one turn", ["actions", "p50 / p99 / min ms", "target"], shown)


def masking(rows):
    shown = [
        [row["name"], f"{row['mb_per_second']:,.0f}", f"≥ 300 MB/s: {verdict(row['mb_per_second'] >= 300)}"] for row in rows
    ]
    return table("B11: masking, 100 secrets, 1 MB of output", ["output", "MB/s", "target"], shown)
