"""Writes the shipped actions as a catalogue, with half of their cases and their examples to learn from, the other half
to judge by."""

import glob
import json
import os
import sys


def main(templates, out):
    catalogue, learn, judge = {}, [], []
    folders = sorted(os.path.dirname(path) for path in glob.glob(templates + "/*/action.json"))
    for folder in folders:
        with open(folder + "/action.json") as file:
            action = json.load(file)
        action = action.get("action", action)
        kept = ("name", "description", "required", "type", "values", "default")
        parameters = [{key: p[key] for key in kept if p.get(key) is not None} for p in action.get("parameters", [])]
        catalogue[action["name"]] = {
            "trigger": action["trigger"],
            "examples": action.get("examples", []),
            "parameters": parameters,
            "runs_with": action.get("runs_with") or [],
        }
        with open(folder + "/cases.jsonl") as file:
            cases = [json.loads(line) for line in file if line.strip()]
        learn += cases[0::2]
        judge += cases[1::2]
    for name, entry in catalogue.items():
        if not entry["runs_with"]:
            learn += [
                {"actions": list(catalogue), "before": [], "question": example, "expected": {name: None}}
                for example in entry["examples"]
            ]
    os.makedirs(out, exist_ok=True)
    with open(out + "/catalogue.json", "w") as file:
        json.dump(catalogue, file, indent=1)
    for name, cases in (("learn", learn), ("judge", judge)):
        with open(f"{out}/{name}.jsonl", "w") as file:
            file.writelines(json.dumps(case) + "\n" for case in cases)


if __name__ == "__main__":
    main(*sys.argv[1:])
