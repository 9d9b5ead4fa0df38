"""Tasks in tokens: prompt, answer, and how much each token of the answer weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from random import Random

from diffedit.backends import small_tuned
from diffedit.backends.small_tuned import Encode
from diffedit.tune.tasks import Item

KEPT_WEIGHT = 0.6
"""Of a token that the answer copies: the model can copy before it is tuned."""
KEPT_SHARE = 0.6
"""Share of copied tokens that are scored at all: scores take time."""
AFTER_CHANGE = 8
"""Copied tokens after the last change, where the rest of an answer is left out."""
LEFT_OUT = 0.6
"""How often it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One task in tokens."""

    kind: str
    prompt: tuple[int, ...]
    learns: int
    """The first place of the prompt whose own states are trained; those before are only read."""
    answer: tuple[int, ...]
    weights: tuple[float, ...]
    """One a token of the answer; 0: not scored."""
    changed: tuple[bool, ...]

    @property
    def cost(self) -> int:
        """About how much work it is, in tokens read."""
        return self.learns + 3 * (len(self.prompt) - self.learns + len(self.answer))


def example(
    item: Item, encode: Encode, markers: Mapping[str, int], random: Random, *, whole: bool = False
) -> Example:
    """The example that a rewrite makes; `whole`: nothing of it is left out."""
    end = markers[small_tuned.END]
    code = encode(item.code)
    prompt = small_tuned.rewrite_prompt(item.code, item.wish, encode, markers)
    answer = [*encode(item.answer), end]
    changed = changes(code, answer[:-1])
    if not whole and random.random() < LEFT_OUT:
        last = max((n for n, new in enumerate(changed[:-1]) if new), default=0)
        answer = answer[: last + 1 + AFTER_CHANGE]
        changed = changed[: len(answer)]
    weights = [
        1.0 if new else KEPT_WEIGHT / KEPT_SHARE * (whole or random.random() < KEPT_SHARE)
        for new in changed
    ]
    return Example(
        kind=item.kind,
        prompt=tuple(prompt),
        learns=3 + len(code),
        answer=tuple(answer),
        weights=tuple(weights),
        changed=tuple(changed),
    )


def changes(code: Sequence[int], answer: Sequence[int]) -> list[bool]:
    """Which ids of the answer, and of the end after it, are more than a copy's next id.

    New ids, and the first one after new or deleted ones: there the way back must be found.
    """
    changed = [False] * (len(answer) + 1)
    matcher = SequenceMatcher(None, code, answer, autojunk=False)
    for tag, _, _, start, stop in matcher.get_opcodes():
        if tag != "equal":
            for place in range(start, stop + 1):
                changed[place] = True
    changed[len(answer)] = True
    return changed
