"""Tunes the planner's encoder and its argument heads on labelled turns. Run by `cargo xtask train-planner`."""

import argparse
import json
import math
import random
import time

import torch
from tokenizers import Tokenizer
from torch.nn import functional

import data
import evaluate
from model import ROLES, Encoder, Heads, pool

# How much a cosine weighs in the softmax, and the cosine that an action must pass to be likelier than none.
SCALE, NONE_AT = 20.0, 0.35
BATCH, WINDOW = 24, 16
# Of a batch's turns that ask for something, how many are read with what they ask for and with its nearest rival; of
# those that ask for nothing, how many are read with what comes nearest.
READINGS, IDLE_READINGS = 11, 4
# How often the nearest, the second and the third rival is taken.
RIVALS = (0.6, 0.25, 0.15)
# The vectors of actions that no turn of the batch asks for are made anew every so many steps and without a gradient:
# most of a step's cost would be theirs.
REFRESH = 12


class Example:
    def __init__(self, tokenizer, question, before, actions, targets, parts=None):
        self.question, self.before, self.actions, self.targets = question, before, actions, targets
        self.turn = data.Turn(tokenizer, question, before, parts)
        self.pools = self.turn.parts or [self.turn.question]
        self.values = None

    def golds(self):
        return [gold for gold in self.targets if gold]


class Read:
    """A turn read with an action that it asks for or does not, and where the values of the action's parameters stand."""

    def __init__(self, tokenizer, example, action, chance):
        self.asked = action.name in example.targets
        action = action.shuffled(chance) if chance.random() < 0.5 else action
        turn = data.Turn(tokenizer, example.question, example.before, length=data.READING)
        self.reading = data.Reading(tokenizer, turn, action, data.reworded(action.wordings()[-1], chance))
        self.spans, self.flags = {}, ()
        if self.asked and example.values is not None:
            targets = data.span_targets(turn, action, example.values)
            self.spans = {at: target for at, target in targets.items() if at < len(self.reading.parameters)}
            self.flags = {at for at, parameter in enumerate(action.parameters) if data.is_flag(parameter)}


def examples_of(cases, catalogue, tokenizer, chance):
    """Each case as it stands, some without their history, some joined to one, some turned away."""
    made, bare = [], [case for case in cases if not case["before"] and case["expected"]]
    for case in cases:
        before = case["before"]
        if before and chance.random() < 0.12:
            before = []
        offered = [name for name in case["actions"] if not catalogue[name].name.startswith("notify_")]
        wanted = [name for name in case["expected"] if name in offered]
        if len(wanted) > 1:
            continue
        gold = wanted[0] if wanted else None
        example = Example(tokenizer, case["question"], before, offered, [gold])
        example.values = case["expected"][gold] if gold and len(before) == len(case["before"]) else None
        made.append(example)
    for _ in range(len(bare) // 6):
        first, second = chance.sample(bare, 2)
        golds = [next(iter(case["expected"])) for case in (first, second)]
        if golds[0].split("_")[0] == golds[1].split("_")[0]:
            continue
        question, parts = data.two_requests(first, second, chance)
        made.append(Example(tokenizer, question, [], sorted({*first["actions"], *golds}), golds, parts))
    for _ in range(len(cases) // 20):
        case = chance.choice(cases)
        action = catalogue[chance.choice(case["actions"])]
        before = case["before"][-2:] if chance.random() < 0.3 else []
        made.append(Example(tokenizer, data.declined(action, chance), before, case["actions"], [None]))
    for question in data.idle_turns() * (len(cases) // 2000 + 1):
        before = chance.choice(cases)["before"][-2:] if chance.random() < 0.3 else []
        made.append(Example(tokenizer, question, before, chance.choice(cases)["actions"], [None]))
    return made


def batches(examples, chance):
    """Shuffled, then grouped by length so that little is padded."""
    order = examples[:]
    chance.shuffle(order)
    for start in range(0, len(order), BATCH * WINDOW):
        window = sorted(order[start : start + BATCH * WINDOW], key=lambda example: len(example.turn.ids))
        groups = [window[at : at + BATCH] for at in range(0, len(window), BATCH)]
        chance.shuffle(groups)
        yield from groups


def padded(sequences):
    length = max(map(len, sequences))
    ids = torch.tensor([sequence + [data.PAD] * (length - len(sequence)) for sequence in sequences])
    mask = torch.tensor([[True] * len(sequence) + [False] * (length - len(sequence)) for sequence in sequences])
    return ids, mask


def encode(encoder, tokenizer, texts):
    """Unit vectors of short texts."""
    ids, mask = padded([tokenizer.encode(text).ids for text in texts])
    return pool(encoder(ids, mask), mask)


@torch.no_grad()
def learn_vectors(encoder, tokenizer, texts, known):
    """Adds the vectors of the texts that are not known yet."""
    texts = sorted(set(texts) - known.keys(), key=lambda text: (len(text), text))
    encoder.eval()
    for at in range(0, len(texts), 32):
        some = texts[at : at + 32]
        known.update(zip(some, encode(encoder, tokenizer, some)))
    encoder.train()


def action_vectors(encoder, tokenizer, catalogue, names, fresh, known, chance):
    """One vector a name: with a gradient for those in `fresh`, as last known for the others."""
    wordings = {name: chance.choice(catalogue[name].wordings()) for name in names}
    order = sorted(fresh)
    texts = [data.reworded(wordings[name], chance) for name in order]
    made = dict(zip(order, encode(encoder, tokenizer, texts))) if order else {}
    learn_vectors(encoder, tokenizer, [wordings[name] for name in names if name not in made], known)
    return torch.stack([made[name] if name in made else known[wordings[name]] for name in names])


def siblings(gold, names):
    """The action itself and the others of its service, which are the hardest to tell from it."""
    service = gold.split("__")[0] + "__"
    return {gold, *(name for name in names if name.startswith(service))}


def firing_loss(vectors, example, at, rows, actions):
    """Which of the actions on offer, or none, each part asks for."""
    columns = torch.tensor([rows[name] for name in example.actions])
    total = 0.0
    for number, gold in enumerate(example.targets):
        cosines = vectors[at + number] @ actions[columns].T
        logits = SCALE * torch.cat([cosines, torch.tensor([NONE_AT])])
        target = example.actions.index(gold) if gold else len(example.actions)
        total = total + functional.cross_entropy(logits[None], torch.tensor([target]))
        if gold:
            # Well above the mark, not just above it: what is close to the mark is doubt.
            total = total + 2.0 * functional.relu(0.5 - cosines[target])
        else:
            total = total + 2.0 * functional.relu(cosines - 0.2).max()
    return total / len(example.targets)


def span_loss(evidence, example):
    """The first token stands for "not said"; a value may stand in several places, any of which will do."""
    total, count = 0.0, 0
    for number, target in example.spans.items():
        start, end, true, false = (evidence[ROLES.index(role), number] for role in ROLES)
        if number in example.flags:
            classes = torch.stack([torch.logsumexp(true[1:], 0), torch.logsumexp(false[1:], 0), true[0]])
            total = total - torch.log_softmax(classes, 0)[2 if target[0] == "none" else int(not target[1])]
            count += 1
            continue
        spans = [(0, 0)] if target[0] == "none" else target[1]
        starts, ends = (torch.tensor(sorted({span[side] for span in spans})) for side in (0, 1))
        total = total - torch.logsumexp(torch.log_softmax(start, 0)[starts], 0)
        total = total - torch.logsumexp(torch.log_softmax(end, 0)[ends], 0)
        count += 2
    return total / max(count, 1)


def sources(options, tokenizer, chance):
    """All examples with the catalogue that they are asked of."""
    catalogue, made = {}, []
    for source in options.source:
        path, cases, every, times = source
        actions = data.read_catalogue(path)
        catalogue.update(actions)
        taken = data.read_cases(cases, actions)[:: int(every)]
        for _ in range(int(times)):
            made += examples_of(taken, actions, tokenizer, chance)
    return catalogue, made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--source", nargs=4, action="append", required=True, metavar=("CATALOGUE", "CASES", "EVERY", "TIMES"))
    parser.add_argument("--dev", nargs=2, metavar=("CATALOGUE", "CASES"))
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=420)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end earlier, whatever the steps; not repeatable")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--rate", type=float, default=6e-5)
    parser.add_argument("--start", help="an earlier round's result to go on from")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    tokenizer = Tokenizer.from_file(options.model + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoder, heads = Encoder(options.model + "/model.safetensors"), Heads()
    if options.start:
        kept = torch.load(options.start)
        encoder.load_state_dict(kept["encoder"])
        heads.load_state_dict(kept["heads"], strict=False)
    catalogue, examples = sources(options, tokenizer, chance)
    print(f"{len(examples)} examples, {sum(len(e.turn.ids) for e in examples) / len(examples):.0f} tokens on average", flush=True)
    tune(encoder, heads, tokenizer, catalogue, examples, options, chance)
    torch.save({"encoder": encoder.state_dict(), "heads": heads.state_dict()}, options.out)
    if options.dev:
        print(json.dumps(evaluate.figures(encoder, heads, tokenizer, *options.dev)), flush=True)


def tune(encoder, heads, tokenizer, catalogue, examples, options, chance):
    learned = [value for value in encoder.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": learned, "lr": options.rate}, {"params": heads.parameters(), "lr": 25 * options.rate}], weight_decay=0.01
    )
    started = time.time()
    done = lambda step: max(step / options.steps, (time.time() - started) / 60.0 / options.minutes)
    rate = lambda step: min(1.0, 12.0 * (step + 1) / options.steps) * max(0.02, 1.0 - done(step))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    encoder.train()
    step, spent = 0, [0.0, 0.0, 0.0]
    while done(step) < 1.0:
        for group in batches(examples, chance):
            if done(step) >= 1.0:
                break
            if step % REFRESH == 0:
                known = {}
            offered = sorted({name for example in group for name in example.actions})
            rows = {name: at for at, name in enumerate(offered)}
            fresh = set().union(*(siblings(gold, offered) for example in group for gold in example.targets if gold))
            actions = action_vectors(encoder, tokenizer, catalogue, offered, fresh, known, chance)
            states = encoder(*padded([example.turn.ids for example in group]))
            firing, vectors = firing_losses(states, group, rows, actions)
            read = readings(tokenizer, catalogue, group, rivals(vectors, group, rows, actions, chance), chance)
            asked, spans = reading_losses(encoder, heads, read)
            optimizer.zero_grad()
            (firing + asked + spans).backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            spent = [0.95 * old + 0.05 * float(torch.as_tensor(new).detach()) for old, new in zip(spent, (firing, asked, spans))]
            if step % 10 == 0:
                print(f"{step} {time.time() - started:.0f}s firing {spent[0]:.3f} asked {spent[1]:.3f} spans {spent[2]:.3f}", flush=True)
            if step % 50 == 0:
                torch.save({"encoder": encoder.state_dict(), "heads": heads.state_dict()}, options.out + ".part")


def firing_losses(states, group, rows, actions):
    """The loss, and a vector for each part of each turn."""
    pools = [(at, first, last) for at, example in enumerate(group) for first, last in example.pools]
    masks = torch.zeros(len(pools), states.shape[1], dtype=torch.bool)
    for number, (_, first, last) in enumerate(pools):
        masks[number, first:last] = True
    vectors = pool(states[torch.tensor([at for at, _, _ in pools])], masks)
    total, at = 0.0, 0
    for example in group:
        total = total + firing_loss(vectors, example, at, rows, actions)
        at += len(example.pools)
    return total / len(group), vectors


@torch.no_grad()
def rivals(vectors, group, rows, actions, chance):
    """For each turn one of the actions that come nearest without being asked for; none where all on offer are."""
    found, at = [], 0
    for example in group:
        cosines = (vectors[at : at + len(example.pools)] @ actions.T).amax(0)
        at += len(example.pools)
        others = sorted(set(example.actions) - set(example.golds()), key=lambda name: -cosines[rows[name]])
        nearest = others[: len(RIVALS)]
        found.append(chance.choices(nearest, RIVALS[: len(nearest)])[0] if nearest else None)
    return found


def readings(tokenizer, catalogue, group, rivals, chance):
    """Some turns read with what they ask for, each followed by itself read with its rival; then some that ask for
    nothing, read with what comes nearest."""
    pairs = [(example, rival) for example, rival in zip(group, rivals) if rival]
    asking = [pair for pair in pairs if pair[0].golds()]
    idle = [pair for pair in pairs if not pair[0].golds()]
    read = []
    for example, rival in chance.sample(asking, min(READINGS, len(asking))):
        read.append(Read(tokenizer, example, catalogue[chance.choice(example.golds())], chance))
        read.append(Read(tokenizer, example, catalogue[rival], chance))
    for example, rival in chance.sample(idle, min(IDLE_READINGS, len(idle))):
        read.append(Read(tokenizer, example, catalogue[rival], chance))
    return read


def reading_losses(encoder, heads, read):
    """How wrongly it is said what is asked for, by itself and against its rival, and how wrongly values are found."""
    states = encoder(*padded([one.reading.ids for one in read]))
    odds = torch.stack([heads.asked(states[number], one.reading) for number, one in enumerate(read)])
    labels = torch.tensor([float(one.asked) for one in read])
    asked = functional.binary_cross_entropy_with_logits(odds, labels)
    golds = [number for number, one in enumerate(read) if one.asked]
    if golds:
        golds = torch.tensor(golds)
        asked = asked + functional.softplus(odds[golds + 1] - odds[golds]).mean()
    valued = [number for number, one in enumerate(read) if one.spans]
    total = torch.zeros(())
    for number in valued:
        total = total + span_loss(heads.read(states[number], read[number].reading), read[number])
    return asked, total / max(len(valued), 1)


if __name__ == "__main__":
    main()
