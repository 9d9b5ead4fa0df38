"""A text as rows: offsets to rows and columns and back, quick at any length."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from diffedit.core.span import Span

BLOCK_ROWS = 256
"""How many rows are counted together: an edit recounts one block, a look-up walks through one."""


class Text:
    r"""A text that moves, held as rows. Only "\n" ends a row; any other character is text."""

    def __init__(self, text: str = "") -> None:
        self.lines: list[str] = text.split("\n")
        """The rows without their newlines; at least one. Read only: `replace` is what changes it.
        It is the same list for life, so that a view may hold it."""
        self._joined: str | None = text
        self._rows, self._chars = _counted(self.lines)
        # The first row of each block, and its offset: of all blocks, or of the first few only,
        # up to the block of the last edit.
        self._first_rows = [0]
        self._first_chars = [0]
        self._length = len(text)

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        if self._joined is None:
            self._joined = "\n".join(self.lines)
        return self._joined

    def offset(self, row: int, column: int) -> int:
        """The gap at `row` and `column`, both from 0. Raises ValueError outside the text."""
        if not (0 <= row < len(self.lines) and 0 <= column <= len(self.lines[row])):
            raise ValueError(f"no such place: row {row}, column {column}")
        block = self._block_of_row(row)
        first = self._first_rows[block]
        return (
            self._first_chars[block] + sum(map(len, self.lines[first:row])) + row - first + column
        )

    def location(self, offset: int) -> tuple[int, int]:
        """The row and column of the gap at `offset`. Raises ValueError outside the text."""
        if not 0 <= offset <= self._length:
            raise ValueError(f"no such place: {offset} of {self._length}")
        block = _block_of(offset, self._first_chars, self._chars)
        if block is None:
            self._count_firsts()
            block = bisect_right(self._first_chars, offset) - 1
        row, column = self._first_rows[block], offset - self._first_chars[block]
        while column > (length := len(self.lines[row])):
            column -= length + 1
            row += 1
        return row, column

    def span(self, start: tuple[int, int], end: tuple[int, int]) -> Span:
        """The stretch between two places, each a row and a column."""
        return Span(self.offset(*start), self.offset(*end))

    def rows(self, first: int, last: int) -> Span:
        """The whole rows `first` to `last`, both in, without the newline after the last."""
        return Span(self.offset(first, 0), self.offset(last, len(self.lines[last])))

    def slice(self, span: Span) -> str:
        """The text of a span; reads no row but those concerned."""
        first, start = self.location(span.start)
        last, end = self.location(span.end)
        if first == last:
            return self.lines[first][start:end]
        between = self.lines[first + 1 : last]
        return "\n".join((self.lines[first][start:], *between, self.lines[last][:end]))

    def replace(self, span: Span, new: str) -> None:
        """Put `new` in the place of a span. Only `Document` may call it."""
        first, start = self.location(span.start)
        last, end = self.location(span.end)
        before, after = self.lines[first][:start], self.lines[last][end:]
        rows = f"{before}{new}{after}".split("\n")
        growth = len(new) - len(span)
        if first == last and len(rows) == 1:
            self.lines[first] = rows[0]
            block = self._block_of_row(first)
            self._chars[block] += growth
        else:
            block = self._recount(first, last, rows)
        del self._first_rows[block + 1 :], self._first_chars[block + 1 :]
        self._length += growth
        self._joined = None

    def _recount(self, first: int, last: int, rows: Sequence[str]) -> int:
        """Put `rows` in the place of the rows `first` to `last`; gives the first block."""
        last_block = self._block_of_row(last)
        first_block = self._block_of_row(first)
        first_rows = self._first_rows
        # A block that lost most of its rows joins the next, so that blocks stay few.
        left = first_rows[last_block] + self._rows[last_block] - last + first
        if left - first_rows[first_block] < BLOCK_ROWS // 4 and last_block + 1 < len(self._rows):
            last_block += 1
        growth = len(rows) - (last - first + 1)
        start = first_rows[first_block]
        end = start + sum(self._rows[first_block : last_block + 1]) + growth
        self.lines[first : last + 1] = rows
        counts = _counted(self.lines[start:end])
        blocks = slice(first_block, last_block + 1)
        self._rows[blocks], self._chars[blocks] = counts
        return first_block

    def _block_of_row(self, row: int) -> int:
        """The block that holds a row."""
        block = _block_of(row, self._first_rows, self._rows)
        if block is None:
            self._count_firsts()
            block = bisect_right(self._first_rows, row) - 1
        return block

    def _count_firsts(self) -> None:
        """Count where each block begins."""
        self._first_rows = list(accumulate(self._rows[:-1], initial=0))
        self._first_chars = list(accumulate(self._chars[:-1], initial=0))


def _block_of(place: int, firsts: Sequence[int], sizes: Sequence[int]) -> int | None:
    """The block that holds a place, by the blocks counted so far; None if it lies beyond them."""
    if place >= firsts[-1] + sizes[len(firsts) - 1]:
        return None
    return bisect_right(firsts, place) - 1


def _counted(lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """The rows of each block, and its characters, with one newline for each row."""
    if len(lines) <= 2 * BLOCK_ROWS:
        return [len(lines)], [sum(map(len, lines)) + len(lines)]
    blocks = [lines[at : at + BLOCK_ROWS] for at in range(0, len(lines), BLOCK_ROWS)]
    return [len(b) for b in blocks], [sum(map(len, b)) + len(b) for b in blocks]
