"""Guesses for a canvas of a left-to-right model: the selected text, followed as it is kept.

While the answer repeats the selection, the selection says what comes next. After an insertion
or a deletion the last settled ids are looked up in it again, the longest match first.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 16
"""Ids of a match that count; beyond that a longer one says nothing new."""
SURE = 2
"""Matches at least this long are trusted over the model's own guesses, wherever they are."""
NEAR = 8
"""A single id is trusted so far ahead: most deletions are shorter."""


class Source:
    """What an answer is likely to repeat. It moves: it remembers where in the text it is."""

    def __init__(self, text: Sequence[int], nearby: Sequence[int] = ()) -> None:
        """`text` is the selection; `nearby` is only looked up, never taken for the beginning."""
        self._length = len(text)
        self._text = (*text, *nearby)
        self._at: dict[int, list[int]] = {}
        for place, token in enumerate(self._text):
            self._at.setdefault(token, []).append(place + 1)
        self._next = 0
        self._followed = 0

    def guesses(
        self,
        settled: Sequence[int],
        predicted: Sequence[int],
        count: int,
        *,
        doubtful: bool = True,
    ) -> list[int]:
        """Up to `count` guesses for what follows `settled`, none of them past the selection.

        `predicted` are the model's own guesses; they are taken where the text says nothing sure,
        and go on into the text where they lead back to it. Without `doubtful` ones, only what
        the text says for sure is guessed.
        """
        if not settled:
            return self._after(0, count)
        self._follow(settled)
        found = self._find(settled, self._next)
        weak = doubtful and not predicted
        if found and (weak or self._sure(settled[-1], *found)):
            if not doubtful and found[0] != self._next:
                # A jump to another place is tried with a few ids before it is believed.
                count = min(count, NEAR)
            self._next = found[0]
            return self._after(found[0], count)
        guesses = list(predicted[:count])
        ahead = self._find([*settled, *guesses], self._next + len(guesses)) if guesses else None
        if ahead:
            guesses += self._after(ahead[0], count - len(guesses))
        return guesses

    def holds(self, ids: Sequence[int]) -> bool:
        """Whether these ids stand somewhere in the text, side by side."""
        wanted = tuple(ids)
        return any(
            self._text[end - 1 : end - 1 + len(wanted)] == wanted
            for end in self._at.get(wanted[0], ())
        )

    def _after(self, place: int, count: int) -> list[int]:
        """What stands in the text after a place; the selection does not run on into `nearby`."""
        end = self._length if place <= self._length else len(self._text)
        return list(self._text[place : min(end, place + count)])

    def _follow(self, settled: Sequence[int]) -> None:
        """Walk on as far as the newly settled ids repeat the text; stand still where they do not.

        Standing still is what finds the end of an insertion: the first id that goes on from here.
        """
        for token in settled[self._followed :]:
            if self._next < self._length and self._text[self._next] == token:
                self._next += 1
        self._followed = len(settled)

    def _sure(self, token: int, place: int, length: int) -> bool:
        """Whether a match is worth more than the model's own guesses."""
        near = 0 <= place - self._next <= NEAR
        return length >= SURE or near or len(self._at[token]) == 1

    def _find(self, ids: Sequence[int], near: int) -> tuple[int, int] | None:
        """The place after the best match of the last ids, and how long it is.

        The longest wins; of equals the nearest forward, then the nearest backward.
        """
        if not ids:
            return None
        best: tuple[int, bool, int] | None = None
        place = 0
        for end in self._at.get(ids[-1], ()):
            key = (self._match(ids, end), end >= near, -abs(end - near))
            if best is None or key > best:
                best, place = key, end
        return (place, best[0]) if best else None

    def _match(self, ids: Sequence[int], end: int) -> int:
        """How many of the last ids stand in the text before `end`."""
        length = 1
        while (
            length < min(LONGEST, len(ids), end)
            and self._text[end - 1 - length] == ids[-1 - length]
        ):
            length += 1
        return length
