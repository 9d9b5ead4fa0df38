"""Which items of two sequences belong together. Quick on long input, exact on short."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

EXACT_CELLS = 40_000
"""How large a table the exact search may fill: a few milliseconds."""
EDIT_WORK = 1_000_000
"""How many items the search for few edits may look at."""


class Block(NamedTuple):
    """A stretch of the old sequence and the stretch of the new one that took its place."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def cells(self) -> int:
        """The size of the table that compares all with all."""
        return (self.old_end - self.old_start) * (self.new_end - self.new_start)


def gaps(old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """The blocks that differ, in order. Between them the sequences are equal."""
    blocks: list[Block] = []
    old_reached = new_reached = 0
    for i, j in (*sorted(_pairs(old, new)), (len(old), len(new))):
        if i > old_reached or j > new_reached:
            blocks.append(Block(old_reached, i, new_reached, j))
        old_reached, new_reached = i + 1, j + 1
    return blocks


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of equal items that cross no other pair.

    Items that both sides hold just once are sure signposts; between two signposts the search
    begins anew. A short stretch is searched exactly, and so is a long one with few edits. In
    the others the k-th of an item is taken to answer the k-th of the other side.
    """
    todo = [Block(0, len(old), 0, len(new))]
    while todo:
        block = todo.pop()
        inner = _trimmed(block, old, new)
        for i in range(inner.old_start - block.old_start):
            yield block.old_start + i, block.new_start + i
        for i in range(block.old_end - inner.old_end):
            yield inner.old_end + i, inner.new_end + i
        if not inner.cells:
            continue
        if inner.cells <= EXACT_CELLS:
            yield from _exact(inner, old, new)
            continue
        posts = _signposts(inner, old, new, once=True)
        if not posts:
            few = _few_edits(inner, old, new)
            if few is not None:
                yield from few
                continue
            posts = _signposts(inner, old, new, once=False)
        yield from posts
        old_at, new_at = inner.old_start, inner.new_start
        for i, j in (*posts, (inner.old_end, inner.new_end)) if posts else ():
            todo.append(Block(old_at, i, new_at, j))
            old_at, new_at = i + 1, j + 1


def _trimmed(block: Block, old: Sequence[str], new: Sequence[str]) -> Block:
    """The block without what is equal at its two ends."""
    old_start, old_end, new_start, new_end = block
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        old_start, new_start = old_start + 1, new_start + 1
    while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
    return Block(old_start, old_end, new_start, new_end)


def _signposts(
    block: Block, old: Sequence[str], new: Sequence[str], *, once: bool
) -> list[tuple[int, int]]:
    """The longest row of pairs in step: of items that stand `once`, or of k-th ones."""
    old_places = _numbered(old, block.old_start, block.old_end)
    new_places = _numbered(new, block.new_start, block.new_end)
    if once:
        old_count = Counter(old[block.old_start : block.old_end])
        new_count = Counter(new[block.new_start : block.new_end])
        single = {item for item, n in old_count.items() if n == new_count[item] == 1}
        old_places = {key: at for key, at in old_places.items() if key[0] in single}
    pairs = [(at, new_places[key]) for key, at in old_places.items() if key in new_places]
    return _longest_rising(pairs)


def _numbered(items: Sequence[str], start: int, end: int) -> dict[tuple[Hashable, int], int]:
    """Where each k-th occurrence of an item is."""
    seen: defaultdict[str, int] = defaultdict(int)
    places: dict[tuple[Hashable, int], int] = {}
    for at in range(start, end):
        item = items[at]
        places[item, seen[item]] = at
        seen[item] += 1
    return places


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of `pairs`, which rise in the first number, that rise in the second too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        pile = bisect_left(ends, j)
        before.append(last[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(j)
            last.append(number)
        else:
            ends[pile], last[pile] = j, number
    row: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _weight(item: str) -> int:
    """How much it says that an item stands on both sides: a blank line little, a long one more."""
    return 1 + min(len(item.strip()), 8)


def _exact(block: Block, old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The pairs of the heaviest common subsequence."""
    here = new[block.new_start : block.new_end]
    below = [0] * (len(here) + 1)
    table = [below]
    for i in range(block.old_end - 1, block.old_start - 1, -1):
        item, weight = old[i], _weight(old[i])
        row = [0] * (len(here) + 1)
        right = 0
        for j in range(len(here) - 1, -1, -1):
            down = below[j]
            best = max(down, right)
            if here[j] == item:
                best = max(best, below[j + 1] + weight)
            row[j] = right = best
        table.append(row)
        below = row
    table.reverse()
    i = j = 0
    while i < len(table) - 1 and j < len(here):
        score = table[i][j]
        if old[block.old_start + i] == here[j] and score == table[i + 1][j + 1] + _weight(here[j]):
            yield block.old_start + i, block.new_start + j
            i, j = i + 1, j + 1
        elif score == table[i + 1][j]:
            i += 1
        else:
            j += 1


def _few_edits(
    block: Block, old: Sequence[str], new: Sequence[str]
) -> list[tuple[int, int]] | None:
    """The pairs that leave the fewest edits (Myers' greedy search); None if those are many."""
    ours, theirs = old[block.old_start : block.old_end], new[block.new_start : block.new_end]
    goal = len(ours) - len(theirs)
    both = len(ours) + len(theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    limit = EDIT_WORK // both
    if both - 2 * shared > limit:
        return None
    # How far into `ours` each diagonal is reached; a diagonal is our place less theirs.
    reach = {1: 0}
    earlier: list[dict[int, int]] = []
    for edits in range(limit + 1):
        earlier.append(reach.copy())
        for diagonal in range(-edits, edits + 1, 2):
            i = _next_reach(reach, diagonal, edits)
            j = i - diagonal
            while i < len(ours) and j < len(theirs) and ours[i] == theirs[j]:
                i, j = i + 1, j + 1
            reach[diagonal] = i
            if diagonal == goal and i >= len(ours):
                return [
                    (block.old_start + at, block.new_start + at - way)
                    for way, first, last in _walked(earlier, goal, len(ours))
                    for at in range(first, last)
                ]
    return None


def _next_reach(reach: dict[int, int], diagonal: int, edits: int) -> int:
    """How far one more edit leads on a diagonal: an item of theirs put in, or one of ours out."""
    put_in = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
    return reach[diagonal + 1] if put_in else reach[diagonal - 1] + 1


def _walked(
    earlier: Sequence[dict[int, int]], diagonal: int, i: int
) -> Iterator[tuple[int, int, int]]:
    """The way back from the end: each diagonal, and from where to where it was walked."""
    for edits in range(len(earlier) - 1, -1, -1):
        reach = earlier[edits]
        first = _next_reach(reach, diagonal, edits)
        yield diagonal, first, i
        came_from = diagonal + 1 if first == reach.get(diagonal + 1, -1) else diagonal - 1
        i, diagonal = reach.get(came_from, 0), came_from
