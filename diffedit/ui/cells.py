"""How many cells a character takes, what a person sees as one character being one."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from diffedit.core.graphemes import following, preceding, settle

__all__ = ["column_at", "following", "preceding", "settle", "walk", "width_before"]


def width_before(line: str, column: int, tab: int) -> int:
    """How many cells stand before `column`; a tab reaches to the next multiple of `tab`."""
    part = line[:column]
    if part.isascii() and "\t" not in part:
        return len(part)
    cells = 0
    for number, piece in enumerate(part.split("\t")):
        if number:
            cells += tab - cells % tab
        cells += cell_len(piece)
    return cells


def column_at(line: str, cell: int, tab: int) -> int:
    """The column of the character painted over `cell`; past the end, the line's length."""
    if line.isascii() and "\t" not in line:
        return max(0, min(cell, len(line)))
    for start, _end, left, width in walk(line, tab):
        if cell < left + width:
            return start
    return len(line)


def walk(line: str, tab: int) -> Iterator[tuple[int, int, int, int]]:
    """Every character of a line as (start, end, cells before it, its cells)."""
    start = left = 0
    while start < len(line):
        end = following(line, start)
        width = tab - left % tab if line[start] == "\t" else cell_len(line[start:end])
        yield start, end, left, width
        start, left = end, left + width
