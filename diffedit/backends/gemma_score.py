"""How sure DiffusionGemma is of a text that stands, token by token: what proofreading asks.

The text is laid into canvases between what stands before and after it. Each canvas is looked at
PASSES times; in each pass every PASSES-th token is noise, all others are clamped, and the noised
ones are scored: what is said of a token never has that token to go by. Clamped slots are told to
the model by its self-conditioning too, as if the step before had been sure of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from diffedit.backends.gemma_layout import Reading
from diffedit.core.heat import Choice, Scored
from diffedit.engine.backend import Cancelled

if TYPE_CHECKING:
    from diffedit.backends.gemma_denoiser import GemmaDenoiser

PASSES = 8
"""Looks at a canvas: one token in so many is noise in each."""
CHOICES = 8
"""How many tokens are told that might stand in the place of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One canvas over the text."""

    before: int
    """Tokens of what is read that stand in the prefix."""
    ids: tuple[int, ...]
    slots: range
    """Which of them are scored."""


def windows(reading: Reading, length: int) -> Iterator[Window]:
    """Canvases of `length` slots, one behind the other, each with a little of both sides."""
    every = (*reading.left, *reading.text, *reading.right)
    at, end = len(reading.left), len(reading.left) + len(reading.text)
    shown, ahead = length * 3 // 16, length // 4
    while at < end:
        begin = max(0, at - shown)
        ids = every[begin : begin + length]
        # The last canvas is the one in which what follows the text is seen as far as any other.
        seen = begin + length >= min(len(every), end + ahead)
        to = min(end, begin + length - (0 if seen else ahead))
        padded = ids + (reading.fill,) * (length - len(ids))
        yield Window(before=begin, ids=padded, slots=range(at - begin, to - begin))
        at = to


def scored(denoiser: GemmaDenoiser, reading: Reading, cancelled: Cancelled) -> tuple[Scored, ...]:
    """Each token of the text; () once cancelled. The same text is scored alike every time."""
    denoiser.seed(0)
    every = (*reading.left, *reading.text)
    canvases = list(windows(reading, denoiser.canvas_length))
    ends = (len(reading.prompt) + window.before for window in canvases)
    denoiser.marks, denoiser.picture = (reading.mark, *ends), None
    texts, found = denoiser.decode(reading.text), list[Scored]()
    for window in canvases:
        denoiser.prefill((*reading.prompt, *every[: window.before]), cancelled)
        told = dict[int, Scored]()
        for number in range(min(PASSES, len(window.slots))):
            if cancelled():
                return ()
            told |= _look(denoiser, window.ids, window.slots[number::PASSES])
        found += [told[slot] for slot in window.slots]
    return tuple(score._replace(text=text) for score, text in zip(found, texts, strict=True))


def _look(denoiser: GemmaDenoiser, ids: Sequence[int], slots: range) -> dict[int, Scored]:
    """One look with these slots noised: what the model expects in each of them."""
    odds = denoiser.expected(ids, slots)
    own = odds.gather(-1, torch.tensor([[ids[slot]] for slot in slots], device=odds.device))
    likely, tokens = odds.topk(CHOICES, dim=-1)
    entropy = -(odds.exp() * odds).sum(-1)
    rows = zip(
        slots,
        (-own[:, 0]).tolist(),
        entropy.clamp_min(0.0).tolist(),
        likely.exp().tolist(),
        tokens.tolist(),
        strict=True,
    )
    return {
        slot: Scored("", surprise, nats, _choices(denoiser, chances, others))
        for slot, surprise, nats, chances, others in rows
    }


def _choices(
    denoiser: GemmaDenoiser, chances: Sequence[float], tokens: Sequence[int]
) -> tuple[Choice, ...]:
    """The likeliest tokens that are text: markers and parts of characters cannot stand alone."""
    words = (denoiser.decode([token])[0] for token in tokens)
    told = zip(words, chances, strict=True)
    return tuple(Choice(word, chance) for word, chance in told if word and "\ufffd" not in word)
