"""Labelled turns as token sequences with their targets."""

import copy
import json
import os
import re

CLS, SEP, PAD = 101, 102, 0
# Tokens of a turn with its history when it is asked what it wants, and when it is read with an action in hand; older
# texts are cut off.
TURN, READING = 96, 112
# Of these the question has no more, so that some history fits.
QUESTION = 48
# Tokens of a reading with the descriptions of what is sought.
READING_WHOLE = 240
# Of these, what an action does and what a parameter is have no more than:
STATEMENT, PARAMETER = 24, 32
NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
ALONE = ("just me", "for me", "myself", "only me", "a single", "one person", "by myself")


class Action:
    def __init__(self, name, entry):
        self.name = name
        self.trigger = entry["trigger"]
        self.parameters = entry.get("parameters", [])

    def shuffled(self, chance):
        """The same with its parameters in another order, now and then without one that is optional."""
        other = copy.copy(self)
        dropped = chance.random() < 0.2 and [one["name"] for one in self.parameters if not one.get("required")]
        dropped = chance.choice(dropped) if dropped else None
        other.parameters = [said_shorter(one, chance) for one in self.parameters if one["name"] != dropped]
        chance.shuffle(other.parameters)
        return other

    def statement(self):
        """The trigger without its preamble, as the planner strips it."""
        return re.sub(
            r"(?i)^when (?:the|a) (?:user|customer) (?:wants to:?|asks (?:about|whether|for|to|which|how many)?|says that|reports)\s*",
            "",
            self.trigger,
        ).strip().rstrip(".")

    def wordings(self):
        """The statement, and the same without what it says of its service in brackets."""
        full = self.statement()
        short = re.sub(r"\s*\([^)]*\)$", "", full)
        return [full, short] if short != full else [full]


# What people call the same deed: an action should be known by its meaning, not by one verb.
VERBS = {
    "find": ("search for", "look for", "look up", "browse"),
    "search": ("find", "look", "browse"),
    "get": ("look up", "show", "find out", "check"),
    "book": ("reserve", "order"),
    "buy": ("purchase", "order", "get"),
    "reserve": ("book", "make a booking for"),
    "make": ("place", "arrange"),
    "schedule": ("arrange", "plan", "book"),
    "play": ("start", "put on"),
    "check": ("see", "look up", "show"),
    "transfer": ("send", "move"),
    "add": ("put", "create", "enter"),
    "rent": ("hire", "get"),
    "request": ("send", "ask for"),
    "share": ("send", "show"),
    "set": ("create", "make"),
}


def reworded(statement, chance):
    """Now and then the statement with another word for what is done."""
    first, _, rest = statement.partition(" ")
    others = VERBS.get(first.lower())
    return f"{chance.choice(others)} {rest}" if others and chance.random() < 0.25 else statement


def is_flag(parameter):
    kinds = {value.lower() for value in parameter.get("values") or []}
    return parameter["type"] == "boolean" or kinds == {"true", "false"}


def parameter_text(parameter):
    return parameter.get("text") or parameter["name"].replace("_", " ") + ": " + parameter["description"]


def said_shorter(parameter, chance):
    """Now and then by its name or its description alone: neither should be all that it is known by."""
    roll = chance.random()
    if roll < 0.1:
        return {**parameter, "text": parameter["name"].replace("_", " ")}
    if roll < 0.2 and parameter["description"]:
        return {**parameter, "text": parameter["description"]}
    return parameter


def read_catalogue(path):
    with open(path) as file:
        return {name: Action(name, entry) for name, entry in json.load(file).items()}


def read_cases(path, catalogue):
    """The cases of a file; one that names no actions offers the whole catalogue."""
    with open(path) as file:
        cases = [json.loads(line) for line in file if line.strip()]
    for case in cases:
        case.setdefault("actions", sorted(catalogue))
    return cases


class Turn:
    """A question with its history: ids, where the question and its parts stand, and which text each token is of."""

    def __init__(self, tokenizer, question, before, parts=None, length=TURN):
        encoded = tokenizer.encode(question, add_special_tokens=False)
        ids, offsets, texts = list(encoded.ids), list(encoded.offsets), [question]
        ids, offsets = ids[:QUESTION], offsets[:QUESTION]
        self.ids = [CLS, *ids, SEP]
        self.places = [None, *[(0, *offset) for offset in offsets], None]
        self.question = (0, len(self.ids))
        for text in reversed(before):
            if len(self.ids) >= length - 4:
                break
            encoded = tokenizer.encode(text, add_special_tokens=False)
            room = length - 1 - len(self.ids)
            number = len(texts)
            texts.append(text)
            self.ids += [*encoded.ids[:room], SEP]
            self.places += [*[(number, *offset) for offset in encoded.offsets[:room]], None]
        self.texts = texts
        self.parts = [self.part(*span) for span in parts or []]

    def part(self, start, end):
        """The tokens of a stretch of the question."""
        inside = [
            at for at, place in enumerate(self.places) if place and place[0] == 0 and place[1] >= start and place[2] <= end
        ]
        return (inside[0], inside[-1] + 1) if inside else self.question

    def spans_of(self, values):
        """First and last token of each place where one of the values stands: in the question, else before it."""
        found = []
        for number, text in enumerate(self.texts):
            lower = text.lower()
            for value in values:
                for match in re.finditer(r"(?<!\w)" + re.escape(value.lower()) + r"(?!\w)", lower):
                    tokens = [
                        at
                        for at, place in enumerate(self.places)
                        if place and place[0] == number and place[1] < match.end() and place[2] > match.start()
                    ]
                    if tokens:
                        found.append((tokens[0], tokens[-1]))
            if number == 0 and found:
                break
        return found


class Reading:
    """A turn with an action in hand: what the action does, then what each parameter is, after what was said."""

    def __init__(self, tokenizer, turn, action, statement=None):
        self.turn = turn
        self.ids = list(turn.ids)
        self.ids += tokenizer.encode(statement or action.wordings()[-1], add_special_tokens=False).ids[:STATEMENT]
        self.statement = (len(turn.ids), len(self.ids))
        self.ids.append(SEP)
        self.parameters = []
        for parameter in action.parameters:
            words = tokenizer.encode(parameter_text(parameter), add_special_tokens=False).ids[:PARAMETER]
            if len(self.ids) + len(words) + 1 > READING_WHOLE:
                break
            self.parameters.append((len(self.ids), len(self.ids) + len(words)))
            self.ids += [*words, SEP]


def values_to_find(values):
    """The accepted values, and the other ways in which people write a small number."""
    more = []
    for value in values:
        if value.isdigit() and int(value) < len(NUMBER_WORDS):
            more.append(NUMBER_WORDS[int(value)])
            if value == "1":
                more += [*ALONE, "a"]
    return list(values), more


def span_targets(turn, action, expected):
    """By parameter: ("span", places), ("none",), ("flag", whether), or nothing where the label can't be placed."""
    targets = {}
    for at, parameter in enumerate(action.parameters):
        values = expected.get(parameter["name"])
        if not values:
            targets[at] = ("none",)
        elif is_flag(parameter):
            if values[0].lower() in ("true", "false"):
                targets[at] = ("flag", values[0].lower() == "true")
        else:
            literal, written = values_to_find(values)
            spans = turn.spans_of(literal) or turn.spans_of(written)
            if spans:
                targets[at] = ("span", spans)
    return targets


def two_requests(first, second, chance):
    """Two turns without history said in one breath, with where each stands."""
    joint = chance.choice([". Also, ", " and ", ". ", ", and also ", ". Then ", "? And "])
    left = first["question"].rstrip(".?! ")
    right = second["question"]
    if joint in (" and ", ", and also ") and right[:2] != "I ":
        right = right[0].lower() + right[1:]
    question = left + joint + right
    return question, [(0, len(left)), (len(question) - len(right), len(question))]


DECLINED = (
    "I don't want to {}",
    "don't {} please",
    "no need to {} anymore",
    "I'm not asking you to {}",
    "please do not {} for now",
    "I no longer want to {}, thanks",
    "I already managed to {} by myself",
    "How does it work in general to {}?",
    "What is your policy for people who want to {}?",
    "In general, what does it mean to {}?",
    "Why do people {} at all?",
    "Could you explain how companies usually {}?",
)


def idle_turns():
    """Turns that speak of what services are about and ask for nothing that an action does."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "none.txt")) as file:
        return [line.strip() for line in file if line.strip()]


def declined(action, chance):
    """A turn that speaks of what an action does without asking for it."""
    phrase = re.split(r" (?:for|at|in|by|based|with|of choice|between|according|from)\b|,", action.wordings()[-1])[0]
    return chance.choice(DECLINED).format(phrase[0].lower() + phrase[1:])
