"""Which names fit a few typed letters, the best first: the letters in order, anything between."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from typing import NamedTuple

WORDS_START_AFTER = "/_-. "


class Fit(NamedTuple):
    """A name that fits."""

    name: str
    places: tuple[int, ...]
    """Which of its characters are the letters that were typed."""


def best(typed: str, names: Iterable[str], most: int) -> list[Fit]:
    """The `most` best fits, the best first; with nothing typed the first names as they stand.

    Words parted by blanks may fit in any order. Letters at the start of a word, side by side, and
    in the last part of a path count for more. Small letters fit capitals too.
    """
    words = typed.split()
    if not words:
        return [Fit(name, ()) for _, name in zip(range(most), names, strict=False)]
    patterns = [(word, _pattern(word)) for word in words]
    found: list[tuple[float, int, Fit]] = []
    for number, name in enumerate(names):
        if all(pattern.search(name) for _, pattern in patterns):
            score, places = _scored(words, name)
            found.append((score, -number, Fit(name, places)))
    return [fit for _, _, fit in heapq.nlargest(most, found, key=lambda one: one[:2])]


def _pattern(word: str) -> re.Pattern[str]:
    """The letters of a word in order."""
    letters = ".*?".join(map(re.escape, word))
    return re.compile(letters, re.DOTALL | (re.IGNORECASE if word == word.lower() else 0))


def _scored(words: list[str], name: str) -> tuple[float, tuple[int, ...]]:
    """How well all words fit a name, and where."""
    start = name.rfind("/") + 1
    score = -len(name) / 100
    places: set[int] = set()
    for word in words:
        tail = _places(word, name, start)
        where = tail or _places(word, name, 0)
        score += _worth(where, name) + (10 if tail else 0)
        places.update(where)
    return score, tuple(sorted(places))


def _places(word: str, name: str, start: int) -> tuple[int, ...]:
    """The tightest places that end where the first fit from `start` ends; () if there is none."""
    folded = name if word != word.lower() else name.lower()
    if len(folded) != len(name):  # a letter whose small form is longer
        folded = name
    at = start - 1
    for letter in word:
        at = folded.find(letter, at + 1)
        if at < 0:
            return ()
    places: list[int] = []
    for letter in reversed(word):
        at = folded.rfind(letter, start, at + 1)
        places.append(at)
        at -= 1
    return tuple(reversed(places))


def _worth(places: tuple[int, ...], name: str) -> float:
    """What a fit is worth."""
    worth = 0.0
    for number, at in enumerate(places):
        first = at == 0 or name[at - 1] in WORDS_START_AFTER
        hump = name[at].isupper() and name[at - 1].islower()
        beside = number > 0 and places[number - 1] == at - 1
        worth += 4 + 6 * (first or hump) + 5 * beside
    return worth - (places[-1] - places[0] - len(places) + 1) * 0.5 if places else 0.0
