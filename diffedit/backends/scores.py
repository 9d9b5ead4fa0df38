"""Scores of a vocabulary turned into choices, entropies and likelihoods: the end of a look."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from diffedit.core.heat import Choice, Scored
from diffedit.engine.backend import Prediction

Floats = NDArray[np.float32]

BAND = 8
"""Slots whose scores are turned into entropies at once: they fit into a core's own cache."""
CHOICES = 8
"""How many tokens are told that might stand in the place of one."""
WAYS = 3
"""Ids other than the old one that are looked at in a place."""
_UNLIKELY = 0.02
"""Sampling leaves out tokens this much less likely than the best one."""


def predict(scores: Floats, temperature: float, noise: tuple[int, int]) -> Prediction:
    """Scores to choices and entropies. Overwrites the scores."""
    best = scores.argmax(axis=1)
    seed, place = noise
    sampled = best.tolist()
    if temperature > 0:
        sampled = [
            _sample(line, temperature, (seed, place + slot)) for slot, line in enumerate(scores)
        ]
    entropies: list[float] = []
    for at in range(0, len(scores), BAND):
        entropies += _entropy(scores[at : at + BAND], temperature or 1.0)
    return Prediction(sampled=sampled, argmax=best.tolist(), entropy=entropies)


def _entropy(scores: Floats, temperature: float) -> list[float]:
    """Of each line's softmax, in nats."""
    scores -= scores.max(axis=1, keepdims=True)
    scores /= np.float32(temperature)
    weights = np.exp(scores)
    total = weights.sum(axis=1)
    inner = np.einsum("ij,ij->i", weights, np.maximum(scores, np.float32(-1e30), out=scores))
    found: list[float] = (np.log(total) - inner / total).clip(min=0).tolist()
    return found


def log_likelihood(scores: Floats, ids: NDArray[np.int64]) -> float:
    """Log p of these ids, one a line of scores, in nats. Overwrites the scores."""
    return float(log_likelihoods(scores, ids).sum())


def log_likelihoods(scores: Floats, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log p of each id after its own line of scores, in nats. Overwrites the scores."""
    found = np.empty(len(ids), np.float64)
    for at in range(0, len(ids), BAND):
        band, part = scores[at : at + BAND], ids[at : at + BAND]
        band -= band.max(axis=1, keepdims=True)
        chosen = band[np.arange(len(part)), part].copy()
        np.exp(band, out=band)
        found[at : at + BAND] = chosen - np.log(band.sum(axis=1))
    return found


def normal(scores: Floats) -> Floats:
    """The scores as log p, each line for itself. Overwrites the scores."""
    for at in range(0, len(scores), BAND):
        band = scores[at : at + BAND]
        band -= band.max(axis=1, keepdims=True)
        band -= np.log(np.exp(band).sum(axis=1, keepdims=True))
    return scores


def ways(
    parts: Iterable[Floats], ids: Sequence[int], end_ids: Container[int], count: int
) -> list[tuple[int, ...]]:
    """The likeliest ways to leave a text: its beginning and one other id, the likeliest first.

    `parts` are the scores of the text's slots in order, and of the one behind it, a line each.
    Overwrites them.
    """
    found, repeated = list[tuple[float, int, int]](), 0.0
    lines = (line for part in parts for line in normal(part))
    for place, line in enumerate(lines):
        token = ids[place] if place < len(ids) else None
        for other in np.argpartition(line, -WAYS)[-WAYS:].tolist():
            if other != token and other not in end_ids:
                found.append((repeated + float(line[other]), place, other))
        repeated += 0.0 if token is None else float(line[token])
    found.sort(reverse=True)
    return [(*ids[:place], other) for _, place, other in found[:count]]


def told(
    scores: Floats, ids: Sequence[int], decode: Callable[[Sequence[int]], list[str]]
) -> list[Scored]:
    """What each line of scores says of its id, and of what else might stand there.

    The texts of the ids themselves are decoded together, so that they join. Overwrites the scores.
    """
    normal(scores)
    found = list[Scored]()
    for line, token, text in zip(scores, ids, decode(ids), strict=True):
        likely = np.argpartition(line, -CHOICES)[-CHOICES:]
        likely = likely[np.argsort(-line[likely])]
        words = (decode([int(other)])[0] for other in likely)
        choices = tuple(map(Choice, words, np.exp(line[likely]).tolist()))
        entropy = max(float(-(np.exp(line) * line).sum(dtype=np.float64)), 0.0)
        found.append(Scored(text, float(-line[token]), entropy, choices))
    return found


def _sample(scores: Floats, temperature: float, noise: tuple[int, int]) -> int:
    """The Gumbel-max choice: fixed noise for each (seed, place, token), so it can be repeated."""
    floor = scores.max() + np.float32(temperature * np.log(_UNLIKELY))
    likely = np.flatnonzero(scores >= floor)
    uniform = _uniform(noise[0], noise[1], likely)
    gumbel = -np.log(-np.log(uniform))
    return int(likely[np.argmax(scores[likely] / temperature + gumbel)])


def _uniform(seed: int, place: int, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number between 0 and 1 for each token, from nothing but its key (SplitMix64's mixing)."""
    key = (seed * 0x9E3779B97F4A7C15 + place * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    z = tokens.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93) + np.uint64(key)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z ^= z >> np.uint64(shift)
        z *= np.uint64(factor)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(12)).astype(np.float64) + 0.5) / float(1 << 52)
