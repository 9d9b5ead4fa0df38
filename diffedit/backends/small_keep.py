"""A leaning towards the old text: what an edit does not speak of is likely to stay as it is.

After any beginning of an answer, the old text says how it goes on: as it does after the longest
stretch that the end of the answer repeats, if that is one place. That token gets a bonus. It
depends on nothing but the tokens to the left, so parallel decoding still ends where plain decoding
would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffedit.backends.scores import Floats

LONGEST = 12
"""Ids of a match that count."""


class Keep:
    """An old text, asked how it goes on."""

    def __init__(
        self, ids: Sequence[int], end: int, bonus: float, *, begun: Sequence[int] = ()
    ) -> None:
        """`end` is what comes after the last of the ids; `bonus` is in nats.

        `begun` is what stands before every answer already.
        """
        self.bonus = bonus
        self._begun = tuple(begun)[-LONGEST:]
        self._ids = (*ids, end)
        self._after: dict[int, list[int]] = {}
        for place, token in enumerate(ids):
            self._after.setdefault(token, []).append(place + 1)

    def following(self, left: Sequence[int]) -> int | None:
        """What comes next in the old text after these ids; None where that is not one place."""
        if not left:
            return self._ids[0]
        best, found = 0, set[int]()
        for place in self._after.get(left[-1], ()):
            length = 1
            while (
                length < min(LONGEST, place, len(left))
                and self._ids[place - 1 - length] == left[-1 - length]
            ):
                length += 1
            if length > best:
                best, found = length, set()
            if length == best:
                found.add(self._ids[place])
        return found.pop() if len(found) == 1 else None

    def each(self, left: Sequence[int], canvas: Sequence[int]) -> list[int | None]:
        """What comes next after `left`, and after each beginning of the canvas behind it."""
        whole = [*self._begun, *left[-LONGEST:], *canvas]
        first = len(whole) - len(canvas)
        return [self.following(whole[:stop]) for stop in range(first, len(whole) + 1)]

    def lean(self, scores: Floats, left: Sequence[int], canvas: Sequence[int]) -> None:
        """Give what the old text would go on with its bonus, slot by slot, in place."""
        for slot, token in enumerate(self.each(left, canvas)):
            if token is not None:
                scores[slot, token] += self.bonus
