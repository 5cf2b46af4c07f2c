"""Turns the questions and functions of the Berkeley Function-Calling Leaderboard (PyPI: bfcl-eval, Apache-2.0) into
cases and a catalogue: some 1,300 actions of all trades, of which each is asked for once or twice, or not at all."""

import json
import random
import re
import sys
from pathlib import Path

ASKING = ("simple_python", "multiple", "live_simple", "live_multiple")
IDLE = ("irrelevance", "live_irrelevance")
# Functions that were made from the services of the Schema-Guided Dialogue data set, which planners are judged by.
JUDGED_BY = re.compile(r"^[A-Z][A-Za-z]+_\d+[_.]")
# Longer questions are programs and tables, not turns.
LONGEST = 320
# Actions of other questions that are on offer with those of a question.
STRANGERS = 9
COMMON = "given with from that this based specific specified return returns retrieve retrieves function using which their such into".split()
KINDS = {"string": "string", "integer": "number", "float": "number"}


def read(folder, name):
    with open(folder / name) as file:
        return [json.loads(line) for line in file if line.strip()]


def entry(function):
    """An action; parameters that are lists or objects have no place in a turn's words, flags are rarely said in them."""
    schema = function["parameters"]
    parameters = []
    for name, one in schema.get("properties", {}).items():
        if one.get("type") in KINDS and re.fullmatch(r"[A-Za-z_][\w]*", name):
            parameters.append(
                {
                    "name": name,
                    "type": KINDS[one["type"]],
                    "description": one.get("description", "").split(". ")[0].rstrip("."),
                    "required": name in schema.get("required", []),
                    "values": [str(value) for value in one.get("enum", [])],
                }
            )
    return {"trigger": function["description"].split(". ")[0].rstrip("."), "parameters": parameters[:7]}


def accepted(values):
    """Accepted ways to write a value; None where it may also be left out, so that nothing can be learned of it."""
    if any(value == "" or value is None or isinstance(value, (list, dict)) for value in values):
        return None
    return [str(value) for value in values]


def asks_words(row):
    texts = [message["content"] for message in row["question"][0] if message["role"] == "user"]
    question = texts[-1].strip() if texts else ""
    return question if question.isascii() and 0 < len(question) <= LONGEST and "\n" not in question else None


def cases_of(folder, category, catalogue):
    answers = {}
    if category in ASKING:
        answers = {row["id"]: row["ground_truth"] for row in read(folder / "possible_answer", f"BFCL_v4_{category}.json")}
    for number, row in enumerate(read(folder, f"BFCL_v4_{category}.json")):
        question, functions = asks_words(row), row["function"]
        if question is None or not functions or any(JUDGED_BY.match(one["name"]) for one in functions):
            continue
        service = f"{category}{number}__"
        own = {one["name"]: service + one["name"] for one in functions}
        expected = {}
        for call in answers.get(row["id"], []):
            for name, values in call.items():
                known = {one: accepted(value) for one, value in values.items()}
                expected[own[name]] = {one: value for one, value in known.items() if value}
        if len(expected) > 1 or (category in ASKING and not expected):
            continue
        for one in functions:
            catalogue[own[one["name"]]] = entry(one)
        # What may be left out is no parameter of this case's action: whether it is said can't be told.
        for name in expected:
            values = next(iter(answers[row["id"]][0].values()))
            unsure = {one for one, value in values.items() if accepted(value) is None}
            parameters = catalogue[name]["parameters"]
            catalogue[name]["parameters"] = [one for one in parameters if one["name"] not in unsure]
        yield {"actions": sorted(own.values()), "before": [], "question": question, "expected": expected}


def telling(text):
    """Words that say what an action is about: one that shares none with another does something else."""
    return {word for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in COMMON}


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    catalogue, cases = {}, []
    for category in (*ASKING, *IDLE):
        cases += list(cases_of(folder, category, catalogue))
    chance = random.Random(7)
    names = sorted({name for case in cases for name in case["expected"]})
    for case in cases:
        taken = set().union(*(telling(catalogue[name]["trigger"]) for name in case["actions"]))
        strangers = [name for name in chance.sample(names, 4 * STRANGERS) if not taken & telling(catalogue[name]["trigger"])]
        if case["expected"]:
            case["actions"] = sorted({*case["actions"], *strangers[:STRANGERS]})
    out.mkdir(parents=True, exist_ok=True)
    (out / "catalogue.json").write_text(json.dumps(catalogue, indent=1))
    (out / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    print(f"{len(cases)} cases of {len(catalogue)} actions from functions")


if __name__ == "__main__":
    main()
