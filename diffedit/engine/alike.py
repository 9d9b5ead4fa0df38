"""Passages elsewhere in a text that are most like the rows around a gap.

What is missing in one place often stands in another: the function beside it does nearly the same.
A model that reads only what is near never sees that. So the rows that share most words with those
around the gap are shown to it as well, rare words counting more (as in completion that draws on a
whole repository: Zhang et al. 2023).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

ABOVE, BELOW = 4, 3
"""Rows around the gap whose words are looked for; blank ones do not count."""
HEIGHT = 8
"""Rows of a passage."""
MOST = 2
"""Passages that are shown."""
LEAST = 0.25
"""How much alike a passage is at least: the cosine between its words and the gap's, 0 to 1."""

_WORD = re.compile(r"[^\W\d]\w*")


class _Passage(NamedTuple):
    """Some rows of the text before what is shown (side 0), or after it (1)."""

    alike: float
    side: int
    first: int
    text: str

    def meets(self, other: _Passage) -> bool:
        """Whether they have rows in common."""
        return self.side == other.side and abs(self.first - other.first) < HEIGHT


def passages(hidden: tuple[str, str], near: tuple[str, str], room: int) -> str:
    """The passages of `hidden` that are most like the rows around a gap, "" where none is.

    Args:
        hidden: The text far before the gap, and the text far after it.
        near: The text right before the gap, and the text right after it.
        room: Characters that they may have together.

    Returns:
        Whole rows in the order of the text, with a blank row after each passage.
    """
    chosen, left = list[_Passage](), room
    for one in sorted(_alike(hidden, near), reverse=True):
        if len(chosen) == MOST:
            break
        if len(one.text) <= left and not any(one.meets(other) for other in chosen):
            chosen.append(one)
            left -= len(one.text)
    chosen.sort(key=lambda one: (one.side, one.first))
    return "".join(one.text for one in chosen)


def _alike(hidden: tuple[str, str], near: tuple[str, str]) -> Iterator[_Passage]:
    """All passages that are alike enough."""
    sides = [text.split("\n") for text in hidden]
    words = [[_words(row) for row in rows] for rows in sides]
    around = [[row for row in text.split("\n") if row.strip()] for text in near]
    wanted = [_words(row) for row in (*around[0][-ABOVE:], *around[1][:BELOW])]
    all_rows = [*words[0], *words[1], *(_words(row) for rows in around for row in rows)]
    met = Counter(word for row in all_rows for word in row)
    rarity = {word: math.log(len(all_rows) / count) for word, count in met.items()}
    target = _weighed(wanted, rarity)
    for side, rows in enumerate(sides):
        for first in range(len(rows) - HEIGHT + 1):
            alike = _cosine(target, _weighed(words[side][first : first + HEIGHT], rarity))
            if alike >= LEAST:
                text = "\n".join(rows[first : first + HEIGHT]).rstrip() + "\n\n"
                yield _Passage(alike, side, first, text)


def _words(row: str) -> set[str]:
    return set(_WORD.findall(row))


def _weighed(rows: Sequence[set[str]], rarity: Mapping[str, float]) -> dict[str, float]:
    """How much each word of these rows counts: in how many of them it is, and how rare it is."""
    return {
        word: count * rarity[word] for word, count in Counter(w for r in rows for w in r).items()
    }


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    both = sum(weight * other.get(word, 0.0) for word, weight in one.items())
    size = math.hypot(*one.values()) * math.hypot(*other.values())
    return both / size if size else 0.0
