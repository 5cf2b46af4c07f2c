"""The encoder as torch sees it, and the heads that are trained with it."""

import math

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

WIDTH, HEADS, INNER, LAYERS = 384, 12, 1536, 6
# Width of the space in which tokens and parameters meet.
MEET = 64
# Share of what a layer adds that is left out at random while training.
DROPPED = 0.1
# The heads: where a value starts, where it ends, and the words that affirm or deny a flag.
ROLES = ("start", "end", "true", "false")


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend = nn.Linear(WIDTH, 3 * WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.mix_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.widen = nn.Linear(WIDTH, INNER)
        self.narrow = nn.Linear(INNER, WIDTH)
        self.narrow_norm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, states, bias):
        batch, length, _ = states.shape
        triples = linear(self.attend, states).view(batch, length, 3, HEADS, WIDTH // HEADS)
        queries, keys, values = triples.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch, length, WIDTH)
        states = self.mix_norm(states + self.thinned(linear(self.mix, mixed)))
        inner = functional.gelu(linear(self.widen, states))
        return self.narrow_norm(states + self.thinned(linear(self.narrow, inner)))

    def thinned(self, added):
        return functional.dropout(added, DROPPED, self.training)


def linear(layer, states):
    """Products in bfloat16 while training, which is about twice as fast on processors that have it."""
    if not layer.training:
        return layer(states)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return layer(states).float()


class Encoder(nn.Module):
    """MiniLM with its published weights. Its word and place rows stay as they are: only the layers learn."""

    def __init__(self, path):
        super().__init__()
        weights = load_file(path)
        get = lambda name: weights[name].float()
        self.words = nn.Parameter(get("embeddings.word_embeddings.weight"), requires_grad=False)
        places = get("embeddings.position_embeddings.weight")
        kinds = get("embeddings.token_type_embeddings.weight")
        self.places = nn.Parameter(places + kinds[0], requires_grad=False)
        self.first_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        with torch.no_grad():
            copy(self.first_norm, weights, "embeddings.LayerNorm")
            for index, layer in enumerate(self.layers):
                name = f"encoder.layer.{index}."
                parts = [name + f"attention.self.{part}" for part in ("query", "key", "value")]
                layer.attend.weight.copy_(torch.cat([get(part + ".weight") for part in parts]))
                layer.attend.bias.copy_(torch.cat([get(part + ".bias") for part in parts]))
                copy(layer.mix, weights, name + "attention.output.dense")
                copy(layer.mix_norm, weights, name + "attention.output.LayerNorm")
                copy(layer.widen, weights, name + "intermediate.dense")
                copy(layer.narrow, weights, name + "output.dense")
                copy(layer.narrow_norm, weights, name + "output.LayerNorm")
        self.first_norm.requires_grad_(False)

    def forward(self, ids, mask):
        states = self.first_norm(self.words[ids] + self.places[: ids.shape[1]])
        bias = torch.zeros(mask.shape).masked_fill(~mask, -1e9)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, bias)
        return states


def copy(module, weights, name):
    module.weight.copy_(weights[name + ".weight"])
    module.bias.copy_(weights[name + ".bias"])


class Heads(nn.Module):
    """For each role, tokens and parameters are brought into one small space; their product is the evidence."""

    def __init__(self):
        super().__init__()
        make = lambda: nn.Parameter(torch.randn(len(ROLES), WIDTH, MEET) / math.sqrt(WIDTH))
        self.tokens = make()
        self.parameters_ = make()
        self.token_bias = nn.Parameter(torch.zeros(len(ROLES), MEET))
        self.parameter_bias = nn.Parameter(torch.zeros(len(ROLES), MEET))
        self.asked_weights = nn.Parameter(torch.zeros(2 * WIDTH))
        self.asked_bias = nn.Parameter(torch.zeros(1))

    def forward(self, states, parameters):
        """Evidence by role, parameter and token: states (length, WIDTH), parameters (count, WIDTH), unit length."""
        left = torch.einsum("lw,rwm->rlm", states, self.tokens) + self.token_bias[:, None]
        right = torch.einsum("pw,rwm->rpm", parameters, self.parameters_) + self.parameter_bias[:, None]
        return torch.einsum("rpm,rlm->rpl", right, left) / math.sqrt(MEET)

    def read(self, states, reading):
        """Evidence for a reading's parameters among the tokens of its turn."""
        vectors = torch.stack([states[first:last].mean(0) for first, last in reading.parameters])
        return self(states[: len(reading.turn.ids)], functional.normalize(vectors, dim=-1))

    def asked(self, states, reading):
        """Whether the turn asks for the action that it was read with, in log-odds: by the state of its first token and
        by those of what the action does."""
        view = torch.cat([states[0], states[slice(*reading.statement)].mean(0)])
        return (self.asked_weights @ view + self.asked_bias)[0]


def pool(states, mask):
    """Unit mean over the tokens of the mask."""
    weights = mask.float()
    mean = torch.einsum("blw,bl->bw", states, weights) / weights.sum(1, keepdim=True).clamp(min=1.0)
    return functional.normalize(mean, dim=-1)
