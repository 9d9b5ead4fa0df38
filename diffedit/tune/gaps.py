"""The gaps objective: a text from left to right whose next part has been read first.

The part after the gap comes first, then the part before it, the gap, and the way on (Bavarian et
al. 2022). Every token of the part before is learnt a little as well: it too has something of what
comes later to heed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from diffedit.backends import small_tuned
from diffedit.backends.small_tuned import Encode
from diffedit.tune.causal import Found
from diffedit.tune.net import Net, causal_mask, padded
from diffedit.tune.tasks import Item

AROUND_WEIGHT, AROUND_EVERY = 0.45, 3
"""Of a token before the gap, or right after it; and which of them are learnt: scores of all words
cost a sixth of the work."""
BEHIND = 6
"""Tokens after the gap that are learnt: with them a line ends."""
SHORT = (420, 240)
"""Characters around every second gap, in training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One gap in tokens."""

    kind: str
    ids: tuple[int, ...]
    weights: tuple[float, ...]
    """One a token: 0 for what is only read, 1 for the gap."""

    @property
    def cost(self) -> int:
        """About how much work it is, in tokens read."""
        return 3 * len(self.ids)


def read(item: Item, encode: Encode) -> Read:
    """The example that a gap makes."""
    after = item.after.removeprefix("\n")
    text = item.before + item.answer
    line = max(0, item.before.rfind("\n"))
    body = encode(text[:line].rstrip("\n"))
    first = small_tuned.gap_prompt("", after, encode)
    gap, behind = encode(text[line:]), encode("\n" + after.partition("\n")[0])[:BEHIND]
    ids = (*first, *body, *gap, *behind)
    weights = (
        *([0.0] * len(first) + _around(len(body))),
        *([1.0] * len(gap) + _around(len(behind))),
    )
    return Read(kind=item.kind, ids=ids, weights=weights)


def _around(count: int) -> list[float]:
    """The weights of so many tokens beside the gap."""
    return [AROUND_WEIGHT * (n % AROUND_EVERY == 0) for n in range(count)]


def look(net: Net, batch: Sequence[Read]) -> Found:
    """One pass over a batch."""
    device = net.embedding.device
    ids = padded([one.ids for one in batch], device)
    weights = padded([one.weights for one in batch], device, torch.float32)[:, 1:]
    inputs = ids[:, :-1]
    positions = torch.arange(inputs.shape[1], device=device).expand(inputs.shape)
    nothing = torch.zeros(len(batch), 0, dtype=torch.bool, device=device)
    hidden, _, _ = net(net.embed(inputs), positions, causal_mask(nothing, inputs.shape[1]))
    scored = weights > 0
    scores = net.scores(hidden[scored]).float()
    losses = functional.cross_entropy(scores, ids[:, 1:][scored], reduction="none")
    inside = weights[scored] >= 1.0
    return Found(
        loss=(losses * weights[scored]).sum(),
        weight=float(weights.sum()),
        tokens=sum(len(one.ids) for one in batch),
        changed=(float(losses.detach()[inside].sum()), int(inside.sum())),
    )
