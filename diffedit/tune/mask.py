"""The mask objective: noised slots of a canvas that sees both ways, over a cached causal prefix.

Each slot is read one position to its left, so the prefix's last token stands in front of the canvas
and is looked at with it. A share of the slots, another one for each example, is noise; the loss is
over these (LLaDA, Nie et al. 2025, without its weighting by the share).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn import functional

from diffedit.backends import small_tuned
from diffedit.backends.small_tuned import Encode
from diffedit.tune.causal import Found
from diffedit.tune.net import Net, Past, causal_mask, padded
from diffedit.tune.tasks import Item

SLACK = 8
"""Up to so many ends follow an answer: a gap has more slots than its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noised:
    """One task in tokens: what is read, what the canvas holds, what it should hold."""

    kind: str
    prefix: tuple[int, ...]
    canvas: tuple[int, ...]
    """The vocabulary's size stands for noise."""
    target: tuple[int, ...]
    weights: tuple[float, ...]
    """1 for a slot of noise."""

    @property
    def cost(self) -> int:
        """About how much work it is, in tokens read."""
        return len(self.prefix) + 3 * len(self.canvas)


def noised(
    item: Item, encode: Encode, markers: Mapping[str, int], random: Random, mask_id: int
) -> Noised:
    """The example that a task makes, with a share of its answer noised."""
    end, right = markers[small_tuned.END], list[int]()
    answer = encode(item.answer)
    if item.kind == "missing_line":
        prefix = [markers[small_tuned.START], *encode(item.before)]
        right = encode(item.after)[: small_tuned.RIGHT_TOKENS]
    else:
        prefix = small_tuned.rewrite_prompt(item.code, item.wish, encode, markers)
    hole = [*answer, *[end] * random.randint(1, SLACK)]
    share = random.random()
    hit = [random.random() < share for _ in hole]
    hit[random.randrange(len(hole))] = True
    canvas = [mask_id if noise else token for token, noise in zip(hole, hit, strict=True)]
    return Noised(
        kind=item.kind,
        prefix=tuple(prefix),
        canvas=(*canvas, *right),
        target=(*hole, *right),
        weights=(*map(float, hit), *[0.0] * len(right)),
    )


def scores(net: Net, prefix: Sequence[int], canvas: Sequence[int]) -> Tensor:
    """Scores of every slot of one canvas, as (slots, vocabulary)."""
    one = Noised(
        kind="", prefix=tuple(prefix), canvas=tuple(canvas), target=tuple(canvas), weights=()
    )
    hidden, _ = _hidden(net, [one])
    return net.scores(hidden[0])


def look(net: Net, batch: Sequence[Noised]) -> Found:
    """One pass over a batch: prefixes without gradient, then canvases."""
    hidden, tokens = _hidden(net, batch)
    longest, device = hidden.shape[1], hidden.device
    weights = torch.zeros(len(batch), longest, device=device)
    target = torch.zeros(len(batch), longest, dtype=torch.long, device=device)
    for row, one in enumerate(batch):
        weights[row, : len(one.canvas)] = torch.tensor(one.weights, device=device)
        target[row, : len(one.canvas)] = torch.tensor(one.target, device=device)
    scored = weights > 0
    losses = functional.cross_entropy(net.scores(hidden[scored]).float(), target[scored])
    count = int(scored.sum())
    return Found(
        loss=losses * count,
        weight=float(count),
        tokens=tokens,
        changed=(float(losses.detach()) * count, count),
    )


def _hidden(net: Net, batch: Sequence[Noised]) -> tuple[Tensor, int]:
    """Hidden states that say the slots, as (rows, slots, width), and how many tokens were read."""
    device = net.embedding.device
    heads = [one.prefix[:-1] for one in batch]
    ids = padded(heads, device)
    lengths = torch.tensor([len(head) for head in heads], device=device)
    places = torch.arange(ids.shape[1], device=device)
    real = places < lengths[:, None]
    with torch.no_grad():
        mask = causal_mask(real[:, :0], ids.shape[1])
        _, keys, values = net(net.embed(ids), places.expand(ids.shape), mask)
    rows = [(one.prefix[-1], *one.canvas) for one in batch]
    canvas = padded(rows, device)
    sizes = torch.tensor([len(row) for row in rows], device=device)
    slots = torch.arange(canvas.shape[1], device=device)
    own = (slots < sizes[:, None])[:, None, None, :].expand(-1, 1, len(slots), -1)
    before = real[:, None, None, :].expand(-1, 1, len(slots), -1)
    hidden, _, _ = net(
        net.embed(canvas, net.shape.vocabulary),
        lengths[:, None] + slots,
        torch.cat([before, own], dim=3),
        Past(keys, values, real),
    )
    return hidden[:, :-1], int(lengths.sum() + sizes.sum())
