"""Which lines differ from what git holds, as marks beside the line numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffedit.core.align import Block, gaps

STRIDE = 256
"""Lines that are compared at once while two texts are equal."""
MOST = 20_000
"""Lines that are compared one by one; a longer stretch counts as one change."""
ADDED, CHANGED, REMOVED, REMOVED_ABOVE = "+", "~", "_", "‾"
"""A line that is new; one that is another; lines gone below this one; gone above the first."""


def changes(old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """The blocks of lines that differ, in order."""
    start = _equal(old, new)
    least = min(len(old), len(new)) - start
    end = min(_equal(old[::-1], new[::-1]), least) if least else 0
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    if not inner_old and not inner_new:
        return []
    if max(len(inner_old), len(inner_new)) > MOST:
        return [Block(start, len(old) - end, start, len(new) - end)]
    return [
        Block(
            block.old_start + start,
            block.old_end + start,
            block.new_start + start,
            block.new_end + start,
        )
        for block in gaps(inner_old, inner_new)
    ]


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are equal from the start."""
    most, at = min(len(old), len(new)), 0
    while at < most and old[at : at + STRIDE] == new[at : at + STRIDE]:
        at += STRIDE
    while at < most and old[at] == new[at]:
        at += 1
    return min(at, most)


def marks(blocks: Iterable[Block]) -> dict[int, str]:
    """The mark of each line that has one."""
    found: dict[int, str] = {}
    for block in blocks:
        kept = min(block.old_end - block.old_start, block.new_end - block.new_start)
        for row in range(block.new_start, block.new_end):
            found[row] = CHANGED if row < block.new_start + kept else ADDED
        if block.new_start == block.new_end:
            above = block.new_start - 1
            if above < 0:
                found[0] = REMOVED_ABOVE
            else:
                found.setdefault(above, REMOVED)
    return found


def block_at(blocks: Iterable[Block], row: int) -> Block | None:
    """The change that a line is part of, or that is marked at it."""
    for block in blocks:
        if block.new_start <= row < block.new_end:
            return block
        if block.new_start == block.new_end and row == max(block.new_start - 1, 0):
            return block
    return None
