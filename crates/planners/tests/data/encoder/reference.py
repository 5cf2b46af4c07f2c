"""Writes the fixtures of the sentence encoder's tests: tokens.jsonl and vectors.jsonl.

An independent reference: Hugging Face's `tokenizers` for the ids and offsets, and the transformer's definition
written with numpy in double precision for the vectors. Run once, by hand, when the model changes:

    python -m venv venv && venv/bin/pip install numpy tokenizers
    venv/bin/python reference.py MODEL_DIR      # with model.safetensors and tokenizer.json
"""

import base64
import json
import math
import pathlib
import struct
import sys

import numpy
import tokenizers

HERE = pathlib.Path(__file__).parent
TOKENS_MAX, WIDTH, LAYERS, HEADS = 256, 384, 6, 12


def load_tokenizer(model_dir):
    tokenizer = tokenizers.Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS_MAX)
    return tokenizer


def load_weights(model_dir):
    data = (model_dir / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    weights = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            flat = numpy.frombuffer(data[start:end], dtype="<f4").astype(numpy.float64)
            weights[name] = flat.reshape(entry["shape"])
    return weights


def normalized(rows, weights, name):
    mean = rows.mean(-1, keepdims=True)
    variance = ((rows - mean) ** 2).mean(-1, keepdims=True)
    scaled = (rows - mean) / numpy.sqrt(variance + 1e-12)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def dense(rows, weights, name):
    return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


erf = numpy.vectorize(math.erf)


def hidden_states(ids, weights):
    table = "embeddings.{}_embeddings.weight"
    rows = weights[table.format("word")][ids] + weights[table.format("position")][: len(ids)]
    rows = normalized(rows + weights[table.format("token_type")][0], weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        heads = [
            dense(rows, weights, f"{name}.attention.self.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        ]
        scores = heads[0] @ heads[1].transpose(0, 2, 1) / math.sqrt(WIDTH // HEADS)
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ heads[2]).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        rows = normalized(
            rows + dense(mixed, weights, f"{name}.attention.output.dense"), weights, f"{name}.attention.output.LayerNorm"
        )
        inner = dense(rows, weights, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        rows = normalized(rows + dense(inner, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")
    return rows


def unit_mean(rows):
    mean = rows.mean(0)
    return mean / numpy.linalg.norm(mean)


def byte_offsets(text, offsets):
    lengths = [0]
    for character in text:
        lengths.append(lengths[-1] + len(character.encode()))
    return [[lengths[start], lengths[end]] for start, end in offsets]


def packed(vector):
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def main():
    model_dir = pathlib.Path(sys.argv[1])
    tokenizer, weights = load_tokenizer(model_dir), load_weights(model_dir)
    inputs = json.loads((HERE / "inputs.json").read_text())
    with open(HERE / "tokens.jsonl", "w") as out:
        for text in inputs["tokens"]:
            encoding = tokenizer.encode(text)
            line = {"text": text, "ids": encoding.ids, "offsets": byte_offsets(text, encoding.offsets)}
            out.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")
    with open(HERE / "vectors.jsonl", "w") as out:
        for text in inputs["vectors"]:
            rows = hidden_states(tokenizer.encode(text).ids, weights)
            line = {"text": text, "vector": packed(unit_mean(rows)), "last_token": packed(rows[-1])}
            out.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")


main()
