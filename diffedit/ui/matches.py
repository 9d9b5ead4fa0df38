"""Where a query stands in a page: looked up block by block, kept, counted, walked through."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Sequence

from diffedit.core.search import Found, Place, Query, Scope
from diffedit.ui.looker import Looker

BLOCK = 500
"""Rows that are looked at together: few enough for the keys to come between."""
MOST = 50_000
"""Matches after which they are no longer counted."""


class Matches:
    """The matches of one query in one state of the page."""

    def __init__(
        self, lines: Sequence[str], query: Query, looker: Looker, scope: Scope | None
    ) -> None:
        self.query = query
        self.scope = scope
        self.complete = False
        """Whether every row was looked at."""
        self.total = 0
        """How many are known so far."""
        self._stopped = False
        self._lines = lines
        self._looker = looker
        self._blocks: dict[int, list[Found]] = {}

    @property
    def capped(self) -> bool:
        """Whether there are too many to count."""
        return self.total >= MOST

    def stop(self) -> None:
        """Another query or another text has taken its place: all walks end."""
        self._stopped = True

    def stopped(self) -> bool:
        """Whether it was stopped, perhaps during the last wait."""
        return self._stopped

    def row(self, row: int) -> list[Found] | None:
        """The matches in a row, as far as that is known; None where nobody has looked yet."""
        block = self._blocks.get(row // BLOCK)
        if not block:
            return block
        return block[bisect_left(block, (row,)) : bisect_left(block, (row + 1,))]

    async def block(self, number: int) -> list[Found]:
        """The matches of a block of rows."""
        known = self._blocks.get(number)
        if known is not None:
            return known
        first = number * BLOCK
        lines = self._lines[first : first + BLOCK]
        found = await self._looker.look(self.query, lines, first=first)
        if self.scope is not None:
            found = [hit for hit in found if self.scope.holds(hit)]
        if number not in self._blocks:
            self._blocks[number] = found
            self.total += len(found)
        return found

    async def count(self, row: int, told: Callable[[int], None]) -> None:
        """Look at every block, from that of `row` on; tells of each when it is done."""
        start = row // BLOCK
        for number in (*range(start, self._count), *range(start)):
            await self.block(number)
            if self.stopped():
                return
            told(number)
            if self.capped:
                return
        self.complete = True

    def number(self, place: Place) -> int:
        """Which match starts at a place, counted from 1; 0 if none does or it is not known."""
        at = self.row(place[0]) or []
        if not self.complete or not any(hit.place == place for hit in at):
            return 0
        block = self._blocks[place[0] // BLOCK]
        before = sum(len(self._blocks[number]) for number in range(place[0] // BLOCK))
        return before + bisect_left(block, place) + 1

    async def following(self, place: Place, *, after: bool) -> Found | None:
        """The first match from a place on, round the end; `after`: not the one at the place."""
        async for hit in self._walk(place, 1):
            if hit.place > place or (hit.place == place and not after):
                return hit
        return await self._first_in(range(self._count))

    async def preceding(self, place: Place) -> Found | None:
        """The last match before a place, round the start."""
        async for hit in self._walk(place, -1):
            if hit.place < place:
                return hit
        return await self._first_in(range(self._count - 1, -1, -1), last=True)

    async def replacing(self, template: str) -> AsyncIterator[list[Found]]:
        """Every match with what is to take its place, block by block."""
        for number in range(self._count):
            first = number * BLOCK
            lines = self._lines[first : first + BLOCK]
            found = await self._looker.look(self.query, lines, first=first, template=template)
            if self.stopped():
                return
            yield [hit for hit in found if self.scope is None or self.scope.holds(hit)]

    @property
    def _count(self) -> int:
        return (len(self._lines) + BLOCK - 1) // BLOCK

    async def _walk(self, place: Place, by: int) -> AsyncIterator[Found]:
        """The matches from the block of a place to the end, or back to the start."""
        start = place[0] // BLOCK
        for number in range(start, self._count) if by > 0 else range(start, -1, -1):
            found = await self.block(number)
            if self.stopped():
                return
            for hit in found if by > 0 else reversed(found):
                yield hit

    async def _first_in(self, numbers: range, *, last: bool = False) -> Found | None:
        """The first match in a row of blocks, or the last of the first block that has any."""
        for number in numbers:
            if self.stopped():
                return None
            found = await self.block(number)
            if found:
                return found[-1 if last else 0]
        return None
