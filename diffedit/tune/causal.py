"""The causal objective: the answer after its prompt, each token from what stands left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from diffedit.tune.examples import Example
from diffedit.tune.net import Net, Past, causal_mask, padded


@dataclass(frozen=True, slots=True)
class Found:
    """What a batch came to."""

    loss: Tensor
    """Weighted cross-entropy, summed."""
    weight: float
    tokens: int
    """Tokens read, prompts included."""
    changed: tuple[float, int]
    """Cross-entropy over the changed tokens, summed, in nats; and how many they are."""


def look(net: Net, batch: Sequence[Example]) -> Found:
    """One pass over a batch: prompts without gradient, each different one once, then answers."""
    past, where = _prompts(net, batch)
    tails = [(*one.prompt[one.learns :], *one.answer) for one in batch]
    ids = padded(tails, net.embedding.device)
    learns = torch.tensor([one.learns for one in batch], device=ids.device)
    inputs = ids[:, :-1]
    positions = learns[:, None] + torch.arange(inputs.shape[1], device=ids.device)
    mask = causal_mask(past.real[where], inputs.shape[1])
    hidden, _, _ = net(net.embed(inputs), positions, mask, past.pick(where))
    weights = torch.zeros(inputs.shape, device=ids.device)
    changed = torch.zeros(inputs.shape, dtype=torch.bool, device=ids.device)
    for row, one in enumerate(batch):
        first = len(one.prompt) - one.learns - 1
        last = first + len(one.answer)
        weights[row, first:last] = torch.tensor(one.weights, device=ids.device)
        changed[row, first:last] = torch.tensor(one.changed, device=ids.device)
    scored = weights > 0
    scores = net.scores(hidden[scored]).float()
    losses = functional.cross_entropy(scores, ids[:, 1:][scored], reduction="none")
    new = changed[scored]
    return Found(
        loss=(losses * weights[scored]).sum(),
        weight=float(weights.sum()),
        tokens=int(past.real.sum()) + sum(map(len, tails)),
        changed=(float(losses.detach()[new].sum()), int(new.sum())),
    )


def _prompts(net: Net, batch: Sequence[Example]) -> tuple[Past, Tensor]:
    """The beginnings that are only read, and which of them each example goes on from."""
    heads = [one.prompt[: one.learns] for one in batch]
    unique = list(dict.fromkeys(heads))
    device = net.embedding.device
    ids = padded(unique, device)
    lengths = torch.tensor([len(head) for head in unique], device=device)
    places = torch.arange(ids.shape[1], device=device)
    real = places < lengths[:, None]
    with torch.no_grad():
        mask = causal_mask(real[:, :0], ids.shape[1])
        _, keys, values = net(net.embed(ids), places.expand(ids.shape), mask)
    where = torch.tensor([unique.index(head) for head in heads], device=device)
    return Past(keys, values, real), where
