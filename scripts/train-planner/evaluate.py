"""Figures of a tuned encoder on cases it has not seen: a quick look; the planner's own are `errand lab run`'s."""

import argparse
import itertools
import json

import torch
from tokenizers import Tokenizer

import data
from model import ROLES, Encoder, Heads, pool

SPAN_TOKENS_MAX = 16


def encode(encoder, tokenizer, texts):
    ids = [tokenizer.encode(text).ids for text in texts]
    vectors = []
    for sequence in ids:
        tokens = torch.tensor([sequence])
        mask = torch.ones_like(tokens, dtype=torch.bool)
        vectors.append(pool(encoder(tokens, mask), mask)[0])
    return torch.stack(vectors)


def best_span(start, end):
    """The likeliest place, and by how much it is likelier than "not said"."""
    found = (float("-inf"), 0, 0)
    for first in torch.topk(start[1:], min(6, len(start) - 1)).indices.tolist():
        first += 1
        reach = end[first : first + SPAN_TOKENS_MAX]
        last = int(reach.argmax())
        score = float(start[first] + reach[last] - start[0] - end[0])
        found = max(found, (score, first, first + last))
    return found


@torch.no_grad()
def figures(encoder, heads, tokenizer, catalogue_path, cases_path, limit=None):
    encoder.eval()
    catalogue = data.read_catalogue(catalogue_path)
    cases = data.read_cases(cases_path, catalogue)[:limit]
    names = sorted(catalogue)
    rows = {name: at for at, name in enumerate(names)}
    full = encode(encoder, tokenizer, [catalogue[name].wordings()[0] for name in names])
    short = encode(encoder, tokenizer, [catalogue[name].wordings()[-1] for name in names])
    scored, spans = [], [0, 0, 0, 0]
    for case in cases:
        turn = data.Turn(tokenizer, case["question"], case["before"])
        ids = torch.tensor([turn.ids])
        states = encoder(ids, torch.ones_like(ids, dtype=torch.bool))[0]
        vector = torch.nn.functional.normalize(states[slice(*turn.question)].mean(0), dim=-1)
        columns = [rows[name] for name in case["actions"]]
        cosines = torch.stack([full[columns] @ vector, short[columns] @ vector, (full[columns] + short[columns]) @ vector / 2])
        scored.append((case, cosines))
        for gold, values in case["expected"].items():
            if catalogue[gold].parameters:
                turn = data.Turn(tokenizer, case["question"], case["before"], length=data.READING)
                reading = data.Reading(tokenizer, turn, catalogue[gold])
                ids = torch.tensor([reading.ids])
                states = encoder(ids, torch.ones_like(ids, dtype=torch.bool))[0]
                count_spans(turn, catalogue[gold], values, heads.read(states, reading), spans)
    result = {"values_in_text": spans[1], "spans_right": spans[0] / max(spans[1], 1), "false": spans[2] / max(spans[3], 1)}
    for number, view in enumerate(("full", "short", "both")):
        result[view] = firing([(case, cosines[number]) for case, cosines in scored])
    return result


def count_spans(turn, action, values, evidence, spans):
    for number, target in data.span_targets(turn, action, values).items():
        if data.is_flag(action.parameters[number]) or number >= evidence.shape[1]:
            continue
        score, first, last = best_span(evidence[ROLES.index("start"), number], evidence[ROLES.index("end"), number])
        if target[0] == "none":
            spans[2] += score > 0
            spans[3] += 1
        else:
            spans[0] += score > 0 and (first, last) in target[1]
            spans[1] += 1


def firing(scored):
    best = None
    for threshold, margin in itertools.product([0.3, 0.35, 0.4, 0.45], [0.005, 0.02]):
        right = wrong = missed = exact = top = false = nones = 0
        for case, cosines in scored:
            limit = max(threshold, float(cosines.max()) - margin)
            fired = {name for name, value in zip(case["actions"], cosines) if value >= limit}
            gold = set(case["expected"])
            right += len(fired & gold)
            wrong += len(fired - gold)
            missed += len(gold - fired)
            exact += fired == gold
            top += case["actions"][int(cosines.argmax())] in gold
            nones += not gold
            false += bool(not gold and fired)
        f1 = 2 * right / max(2 * right + wrong + missed, 1)
        told = (round(f1, 4), round(exact / len(scored), 4), round(top / max(len(scored) - nones, 1), 4), round(false / max(nones, 1), 4), threshold, margin)
        best = max(best or told, told)
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--tuned")
    parser.add_argument("--limit", type=int)
    parser.add_argument("catalogue")
    parser.add_argument("cases")
    options = parser.parse_args()
    encoder, heads = Encoder(options.model + "/model.safetensors"), Heads()
    if options.tuned:
        kept = torch.load(options.tuned)
        encoder.load_state_dict(kept["encoder"])
        heads.load_state_dict(kept["heads"])
    tokenizer = Tokenizer.from_file(options.model + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    print(json.dumps(figures(encoder, heads, tokenizer, options.catalogue, options.cases, options.limit)))
