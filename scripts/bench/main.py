"""Runs the benchmarks and writes docs/benchmarks.md. Called by scripts/bench.sh, which builds what is measured."""

import argparse
import tempfile
from pathlib import Path

import api_call
import criterion
import python_run
import report
import schedules
import start
import turn
from processes import Errand, upstream

DOCUMENT = Path("docs/benchmarks.md")


def main():
    options = parse()
    load_before = report.load()
    with tempfile.TemporaryDirectory(prefix="errand-bench-") as folder, upstream(options.upstream) as address:
        errand = Errand(options.errand, folder, options.model.resolve(), address)
        with errand.running():
            say("B4: API-call action over REST")
            calls = api_call.measure(errand, address, options.seconds, options.repetitions)
            say("B6: a turn over SSE")
            turns = turn.measure(errand, address, options.turns)
        say("B7: start, memory, size")
        starts = start.measure(errand, options.errand, options.starts)
    sections = [report.api_call(calls), report.turn(turns), report.start(starts)]
    if options.image:
        sections.insert(0, report.python_runs(python_runs(options)))
    if not options.server_only:
        say("B5: embedded plan")
        sections.append(report.plans(criterion.plans(options.model)))
        say("B11: masking")
        sections.append(report.masking(criterion.masking(options.model)))
    if options.schedules and not options.server_only:
        say("B9: 100,000 schedules")
        sections.append(report.schedules(schedules.measure(options.schedules, options.minutes)))
    print("\n".join(sections))
    if not options.server_only:
        report.write(DOCUMENT, sections, load_before, options)
        say(f"Written to {DOCUMENT}")


def python_runs(options):
    say("B1 to B3: Python actions")
    with tempfile.TemporaryDirectory(prefix="errand-bench-") as folder:
        errand = Errand(options.errand, folder, options.model.resolve(), "127.0.0.1:9", options.image.resolve())
        with errand.running():
            root = options.image / "current" / "root"
            return python_run.measure(errand, root.resolve(), options.seconds, options.repetitions, options.runs)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errand", type=Path, required=True, help="the release binary")
    parser.add_argument("--upstream", type=Path, required=True, help="the release build of the benchmark's upstream")
    parser.add_argument("--model", type=Path, required=True, help="folder of the planner's model")
    parser.add_argument("--built-from", required=True, help="the commit of the release binary, for the page")
    parser.add_argument("--image", type=Path, help="folder of the Python images; without it, B1 to B3 are left out")
    parser.add_argument("--schedules", type=Path, help="the release build of the example `schedules`; without it, B9 is left out")
    parser.add_argument("--minutes", type=int, default=3, help="turns of the minute that schedules are watched for")
    parser.add_argument("--runs", type=int, default=200, help="single Python runs of each kind")
    parser.add_argument("--seconds", type=int, default=5, help="length of each load run")
    parser.add_argument("--repetitions", type=int, default=5, help="load runs of each kind")
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--server-only", action="store_true", help="what goes through the server alone, shown and not written")
    return parser.parse_args()


def say(text):
    print(f"\033[1m==>\033[0m {text}", flush=True)


if __name__ == "__main__":
    main()
