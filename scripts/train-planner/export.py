"""Writes what training changed as the file that the planner reads: see `encoder/tuning.rs` for its form."""

import argparse
import hashlib
import json

import torch
from tokenizers import Tokenizer

import data
import evaluate
from model import Encoder, Heads

MAGIC = b"ETUNING\x02"
# How far, in standard deviations of a row's differences, a value may lie before it is cut off: most are small, and
# finer steps for them lose less than the few large ones cost.
REACHES = (2.0, 2.4, 2.8, 3.2, 4.0)


def halves(delta):
    """Four-bit differences with a scale a row, the scale that loses least; and what they stand for."""
    best = None
    for reach in REACHES:
        scale = (delta.std(1, keepdim=True) * reach / 7.0).clamp(min=1e-12)
        steps = (delta / scale).round().clamp(-8, 7)
        lost = (steps * scale - delta).pow(2).sum(1, keepdim=True)
        if best is None:
            best = [lost, scale, steps]
        else:
            better = lost < best[0]
            best = [torch.where(better, new, old) for new, old in zip((lost, scale, steps), best)]
    _, scale, steps = best
    scale = scale.float()
    codes = (steps + 8).to(torch.uint8)
    packed = codes[:, 0::2] | (codes[:, 1::2] << 4)
    return scale[:, 0], packed, steps * scale


def write(base, tuned, heads, path, base_sha):
    """The file's bytes; leaves in `tuned` what the planner will have."""
    parts = [MAGIC, base_sha.encode()]
    floats = lambda values: parts.append(values.contiguous().float().numpy().astype("<f4").tobytes())
    with torch.no_grad():
        for old, new in zip(base.layers, tuned.layers):
            for name in ("attend", "mix", "mix_norm", "widen", "narrow", "narrow_norm"):
                before, after = getattr(old, name), getattr(new, name)
                if name.endswith("norm"):
                    floats(after.weight - before.weight)
                else:
                    scale, packed, delta = halves(after.weight - before.weight)
                    floats(scale)
                    parts.append(packed.numpy().tobytes())
                    after.weight.copy_(before.weight + delta)
                floats(after.bias - before.bias)
        for values in (
            heads.tokens,
            heads.token_bias,
            heads.parameters_,
            heads.parameter_bias,
            heads.asked_weights,
            heads.asked_bias,
        ):
            rounded = values.to(torch.bfloat16)
            parts.append(rounded.contiguous().view(torch.int16).numpy().astype("<i2").tobytes())
            values.copy_(rounded.float())
    with open(path, "wb") as file:
        file.write(b"".join(parts))


@torch.no_grad()
def golden(encoder, heads, tokenizer, path):
    """What this side makes of a turn, for the test that the planner makes the same of it."""
    encoder.eval()
    run = lambda ids: encoder(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.bool))[0]
    turn = data.Turn(tokenizer, GOLDEN["question"], GOLDEN["before"])
    question = torch.nn.functional.normalize(run(turn.ids)[slice(*turn.question)].mean(0), dim=-1)
    turn = data.Turn(tokenizer, GOLDEN["question"], GOLDEN["before"], length=data.READING)
    reading = data.Reading(tokenizer, turn, data.Action("book", GOLDEN["action"]))
    states = run(reading.ids)
    evidence = heads.read(states, reading)
    rounded = lambda values: [round(float(value), 4) for value in values]
    told = {
        **GOLDEN,
        "tokens": len(reading.ids),
        "vector": rounded(question[:16]),
        "asked": round(float(heads.asked(states, reading)), 4),
        "spans": [rounded(evaluate.best_span(evidence[0, at], evidence[1, at])) for at in range(len(reading.parameters))],
    }
    with open(path, "w") as file:
        json.dump(told, file, indent=1)
        file.write("\n")


GOLDEN = {
    "question": "Yes, that works. Please book a table for two there at 7 pm.",
    "before": ["Find me an Italian place in Oakland", "Luigi's Kitchen in Oakland has good reviews. Shall I book it?"],
    "action": {
        "trigger": "When the user wants to: Reserve a table (A guide to places to eat)",
        "parameters": [
            {"name": "restaurant_name", "type": "string", "description": "Name of the restaurant"},
            {"name": "time", "type": "string", "description": "Time of the reservation"},
            {"name": "city", "type": "string", "description": "City of the restaurant"},
        ],
    },
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--tuned", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--golden")
    parser.add_argument("--dev", nargs=2)
    options = parser.parse_args()
    weights = options.model + "/model.safetensors"
    base, tuned, heads = Encoder(weights), Encoder(weights), Heads()
    kept = torch.load(options.tuned)
    tuned.load_state_dict(kept["encoder"])
    heads.load_state_dict(kept["heads"])
    tokenizer = Tokenizer.from_file(options.model + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    with open(weights, "rb") as file:
        sha = hashlib.sha256(file.read()).hexdigest()
    write(base, tuned, heads, options.out, sha)
    if options.golden:
        golden(tuned, heads, tokenizer, options.golden)
    if options.dev:
        print(json.dumps(evaluate.figures(tuned, heads, tokenizer, *options.dev)))
