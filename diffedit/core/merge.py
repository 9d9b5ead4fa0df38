"""Two texts that grew out of one, put together: what each changed, and where they collide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from diffedit.core.align import Block, gaps

Kind = Literal["same", "mine", "theirs", "both", "conflict"]
"""Who changed a part: nobody, one of the two, both alike, or each in another way."""
Side = Literal["base", "mine", "theirs", "all"]
"""Whose lines are taken; "all" is mine and then theirs."""

_TAKEN: Mapping[Kind, Side] = {
    "same": "base",
    "mine": "mine",
    "theirs": "theirs",
    "both": "mine",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together, as each of the three texts has them."""

    kind: Kind
    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    row: int
    """The first of its rows in `mine`, from 0."""

    @property
    def side(self) -> Side | None:
        """Whose lines it takes by itself; None where a person must say."""
        return _TAKEN.get(self.kind)

    def lines(self, side: Side) -> tuple[str, ...]:
        """The lines of a side."""
        if side == "all":
            return self.mine + self.theirs
        return {"base": self.base, "mine": self.mine, "theirs": self.theirs}[side]


def merge(base: str, mine: str, theirs: str) -> tuple[Part, ...]:
    """The parts of a three-way merge, line by line, after diff3.

    Changes of the two sides that touch one another make one part, and so a conflict unless they
    are alike. (S. Khanna, K. Kunal, B. Pierce: A Formal Investigation of Diff3, 2007.)
    """
    rows = base.split("\n"), mine.split("\n"), theirs.split("\n")
    return tuple(_parts(*rows))


def merged(parts: Sequence[Part], sides: Mapping[int, Side]) -> str:
    """The text that comes of it; `sides` is by number of the part, and settles every conflict."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        side = sides.get(number, part.side)
        if side is None:
            raise ValueError(f"part {number} is not settled")
        lines += part.lines(side)
    return "\n".join(lines)


class _Region(NamedTuple):
    """Blocks of both sides that touch, over one stretch of the base."""

    start: int
    end: int
    mine: tuple[Block, ...]
    theirs: tuple[Block, ...]


def _parts(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[Part]:
    """The parts in order; each row of each text is in exactly one."""
    at = at_mine = at_theirs = 0
    for region in _regions(gaps(base, mine), gaps(base, theirs)):
        same = region.start - at
        if same:
            lines = tuple(base[at : region.start])
            yield Part("same", lines, lines, lines, at_mine)
        at_mine, at_theirs = at_mine + same, at_theirs + same
        length = region.end - region.start
        end_mine = at_mine + length + _growth(region.mine)
        end_theirs = at_theirs + length + _growth(region.theirs)
        sides = tuple(mine[at_mine:end_mine]), tuple(theirs[at_theirs:end_theirs])
        yield Part(_kind(region, sides), tuple(base[region.start : region.end]), *sides, at_mine)
        at, at_mine, at_theirs = region.end, end_mine, end_theirs
    if at < len(base):
        lines = tuple(base[at:])
        yield Part("same", lines, lines, lines, at_mine)


def _regions(mine: Sequence[Block], theirs: Sequence[Block]) -> Iterator[_Region]:
    """The blocks of both sides, those that touch together."""
    blocks = sorted(
        [(block, True) for block in mine] + [(block, False) for block in theirs],
        key=lambda found: (found[0].old_start, found[0].old_end),
    )
    held: list[tuple[Block, bool]] = []
    end = -1
    for block, is_mine in blocks:
        if held and block.old_start > end:
            yield _region(held)
            held = []
        end = max(end, block.old_end) if held else block.old_end
        held.append((block, is_mine))
    if held:
        yield _region(held)


def _region(held: Sequence[tuple[Block, bool]]) -> _Region:
    ours = tuple(block for block, is_mine in held if is_mine)
    others = tuple(block for block, is_mine in held if not is_mine)
    both = ours + others
    return _Region(
        min(block.old_start for block in both), max(block.old_end for block in both), ours, others
    )


def _growth(blocks: Sequence[Block]) -> int:
    """How many rows more a side has than the base."""
    return sum(b.new_end - b.new_start - (b.old_end - b.old_start) for b in blocks)


def _kind(region: _Region, sides: tuple[tuple[str, ...], tuple[str, ...]]) -> Kind:
    if not region.theirs:
        return "mine"
    if not region.mine:
        return "theirs"
    return "both" if sides[0] == sides[1] else "conflict"
