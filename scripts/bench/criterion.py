"""B5 and B11: what Criterion found, from the files it leaves."""

import json
import os
import shutil
import subprocess
from pathlib import Path

MASKING = "mask 1 MB, 100 secrets"
OUTPUT_BYTES = 1 << 20
CATALOGUES = (10, 100, 1000)


def target_folder():
    return Path(os.environ.get("CARGO_TARGET_DIR", "target"))


def bench(package, name, filter_text, model_dir):
    command = ["cargo", "bench", "--quiet", "-p", package, "--bench", name, "--", "--noplot", filter_text]
    environment = {**os.environ, "ERRAND_MODEL_DIR": str(Path(model_dir).resolve())}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def found(*folders):
    """Milliseconds per run: the median of the samples, the 99th percentile and the least of their means."""
    folder = target_folder().joinpath("criterion", *folders, "new")
    sample = json.loads((folder / "sample.json").read_text())
    means = sorted(time / count / 1e6 for time, count in zip(sample["times"], sample["iters"]))
    estimates = json.loads((folder / "estimates.json").read_text())
    return {
        "p50": estimates["median"]["point_estimate"] / 1e6,
        "p99": means[min(len(means) - 1, int(len(means) * 0.99))],
        "min": means[0],
    }


def masking(model_dir):
    bench("errand-secrets", "masking", MASKING, model_dir)
    rows = []
    for text in ("JSON log", "random base64", "one secret per KB"):
        for name in (text, f"{text}, in 8 KiB chunks"):
            time = found(MASKING, name)
            rows.append({"name": name, "mb_per_second": OUTPUT_BYTES / 1e6 / (time["p50"] / 1e3), **time})
    return rows


def plans(model_dir):
    # The group is named for the model; what an earlier model left there is not this run's.
    for old in target_folder().glob("criterion/plan_*"):
        shutil.rmtree(old)
    bench("errand-planners", "plan", "plan/", model_dir)
    (group,) = [folder.name for folder in target_folder().glob("criterion/plan_*")]
    return [{"actions": count, **found(group, str(count))} for count in CATALOGUES]
