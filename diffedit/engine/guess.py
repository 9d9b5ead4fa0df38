"""Guesses for a canvas of a left-to-right model: the selected text, followed as it is kept.

While the answer repeats the selection, the selection says what comes next. After an insertion
or a deletion the last settled ids are looked up in it again, the longest match first. What was
put in the place of something once is guessed to be put there again: a new name, say.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 16
"""Ids of a match that count; beyond that a longer one says nothing new."""
SURE = 2
"""Matches at least this long are trusted over the model's own guesses, wherever they are."""
NEAR = 8
"""A single id is trusted so far ahead: most deletions are shorter."""
TRIED = 7
"""Ids of a place that was jumped to, which are looked at before it is believed: with the settled
one before them they are eight, and slots are computed by fours."""
SWAPPED = 8
"""Ids that a change may have, on either side, to be guessed again."""


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
        self._offered: list[tuple[int, int]] = []
        """The last guesses, each with the place in the text after it."""
        self._swaps: dict[tuple[int, ...], tuple[int, ...]] = {}
        """What was put in the place of what."""
        self._parted: tuple[int, int] | None = None
        """Where the answer left the text: the settled ids by then, and the place in the text."""

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
                count = min(count, TRIED)
            if found[0] <= self._length:
                self._learn(settled, *found)
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
        """What stands in the text after a place; the selection does not run on into `nearby`.

        What was changed on the way here is changed again; a change is offered whole or not at all.
        """
        end = self._length if place <= self._length else len(self._text)
        offered = list[tuple[int, int]]()
        while place < end and len(offered) < count:
            old, new = self._swap(place, end)
            if len(offered) + len(new) > max(count, len(new)):
                break
            place += len(old)
            offered += [(token, place) for token in new]
        self._offered = offered[:count]
        return [token for token, _ in self._offered]

    def _swap(self, place: int, end: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands at a place, and what is guessed to stand there instead."""
        for old, new in self._swaps.items():
            if self._text[place : min(end, place + len(old))] == old:
                return old, new
        as_it_is = (self._text[place],)
        return as_it_is, as_it_is

    def _follow(self, settled: Sequence[int]) -> None:
        """Walk on as far as the newly settled ids repeat the text; stand still where they do not.

        Standing still is what finds the end of an insertion: the first id that goes on from here.
        """
        new = settled[self._followed :]
        held = 0
        while held < min(len(new), len(self._offered)) and self._offered[held][0] == new[held]:
            place = self._offered[held][1]
            self._next = place if place <= self._length else self._next
            held += 1
        if held < len(self._offered):
            self._doubt(held)
        for number, token in enumerate(new[held:], start=self._followed + held):
            if self._next < self._length and self._text[self._next] == token:
                self._next += 1
            elif self._parted is None:
                self._parted = (number, self._next)
        self._followed = len(settled)
        self._offered = []

    def _doubt(self, held: int) -> None:
        """Forget a change that was guessed to be made again, and was not."""
        end = self._offered[held][1]
        for old in tuple(self._swaps):
            if self._text[end - len(old) : end] == old:
                del self._swaps[old]

    def _learn(self, settled: Sequence[int], place: int, length: int) -> None:
        """Remember what was changed: the answer is back in the text at `place`."""
        if self._parted is None:
            return
        (begun, left), self._parted = self._parted, None
        same = min(length, len(settled) - begun)
        old, new = self._text[left : place - same], tuple(settled[begun : len(settled) - same])
        if 0 < len(old) <= SWAPPED and 0 < len(new) <= SWAPPED:
            self._swaps[old] = new

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
            if self._length < end == len(self._text):
                continue  # nothing comes after it
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
