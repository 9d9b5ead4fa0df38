"""What a run starts from, where that is not the page's own text: a draft, or a step of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from diffedit.core.diff import keep_hunks
from diffedit.core.film import Frame
from diffedit.core.heat import Token, level
from diffedit.core.review import Review
from diffedit.core.stretch import Stretches, joined, rest

Kind = Literal[
    "run", "again", "follow up", "fork", "step", "choice", "brush", "rejected", "repair", "proof"
]
"""How a link came about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The text that a run begins with, and what of it is settled already."""

    text: str
    kind: Kind
    parent: int | None = None
    """The link that it comes from."""
    keep: Stretches = ()
    """What must come back as it is, in characters of `text`."""
    pins: Stretches | None = None
    """What of `keep` the person has pinned, where the rest is only kept this once; None: all."""
    noised: Stretches | None = None
    """What begins as noise, the rest as it stands; None: as strong as the run is."""
    unwanted: tuple[str, ...] = ()
    """What the person has rejected; the model is told."""
    infill: bool = False
    """Ask for what fits between the kept parts, whatever was asked for before."""
    wrong: str = ""
    """What is wrong with it; the model is told."""

    @property
    def free(self) -> Stretches:
        """What may change."""
        return rest(len(self.text), self.keep)


def follow_up(text: str, pins: Stretches, parent: int) -> Start:
    """A second instruction: from the draft as it is, not from the old text."""
    return Start(text=text, kind="follow up", parent=parent, keep=pins)


def fork(frame: Frame, parent: int) -> Start:
    """From a step of a run: what was settled then stays the start, what was noise is noise."""
    return Start(text=frame.text, kind="fork", parent=parent, keep=frame.kept, noised=frame.noised)


def brushed(text: str, marked: Stretches, pins: Stretches, *, parent: int, clamp: bool) -> Start:
    """Only what is marked is thought through again."""
    marked = joined(part for part in _without(marked, pins, len(text)))
    return Start(
        text=text,
        kind="brush",
        parent=parent,
        infill=not clamp,
        keep=rest(len(text), marked),
        pins=pins,
        noised=marked,
    )


def chosen(
    tokens: Sequence[Token], number: int, choice: str, pins: Stretches, *, parent: int, clamp: bool
) -> Start:
    """Another token in the place of one: it is pinned, and what was unsure settles anew.

    Where the model can hold parts of its canvas (`clamp`), these are the unsure tokens and the
    rest of the line; else only what stands right of it on its line can be denoised.
    """
    token = tokens[number]
    before = "".join(one.text for one in tokens[:number])
    after = "".join(one.text for one in tokens[number + 1 :])
    text = before + choice + after
    at, end = len(before), len(before) + len(choice)
    line_end = text.find("\n", end)
    tail = (end, len(text) if line_end < 0 else line_end)
    by = len(choice) - len(token.text)
    moved = joined(
        [(start, stop) for start, stop in pins if stop <= at]
        + [(start + by, stop + by) for start, stop in pins if start >= token.end]
        + [(at, end)]
    )
    unsure = [tail]
    if clamp:
        unsure += [
            (one.start + (by if one.start > at else 0), one.end + (by if one.start > at else 0))
            for place, one in enumerate(tokens)
            if place != number and level(one.nats) > 1
        ]
    noised = joined(_without(unsure, moved, len(text)))
    keep = moved if clamp else rest(len(text), noised)
    return Start(
        text=text,
        kind="choice",
        parent=parent,
        keep=keep,
        pins=moved,
        noised=noised,
        infill=not clamp,
    )


def rejected(review: Review, parent: int) -> Start:
    """The rejected hunks anew from the old text; all others are pinned as the draft has them."""
    wanted = review.kept
    text = keep_hunks(review.draft.original, review.hunks, wanted)
    free, unwanted, shift = list[tuple[int, int]](), list[str](), 0
    for number, hunk in enumerate(review.hunks):
        if number in wanted:
            shift += len(hunk.new_text) - len(hunk.old_text)
        else:
            free.append((hunk.old.start + shift, hunk.old.end + shift))
            unwanted.append(hunk.new_text)
    free = [_widened(text, part) for part in free]
    return Start(
        text=text,
        kind="rejected",
        parent=parent,
        keep=rest(len(text), free),
        noised=joined(free),
        unwanted=tuple(part for part in unwanted if part.strip()),
    )


def lines_of(text: str, rows: Sequence[int]) -> Stretches:
    """Where these rows of a text stand, without the newlines behind them."""
    found, at = list[tuple[int, int]](), 0
    for row, line in enumerate(text.split("\n")):
        if row in rows:
            found.append((at, at + len(line)))
        at += len(line) + 1
    return joined(found)


def repaired(text: str, rows: Sequence[int], wrong: str, pins: Stretches, parent: int) -> Start:
    """Only the lines that fail a check, which is told."""
    marked = joined(_without(lines_of(text, rows), pins, len(text)))
    return Start(
        text=text,
        kind="repair",
        parent=parent,
        keep=rest(len(text), marked),
        pins=pins,
        noised=marked,
        wrong=wrong,
    )


def _widened(text: str, part: tuple[int, int]) -> tuple[int, int]:
    """A gap between two characters cannot be denoised; then the line that it touches is."""
    start, end = part
    if start < end:
        return part
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return first, len(text) if last < 0 else last


def _without(parts: Sequence[tuple[int, int]], pins: Stretches, length: int) -> Stretches:
    """The parts without what is pinned."""
    free = rest(length, pins)
    return tuple(
        (max(start, first), min(end, last))
        for start, end in parts
        for first, last in free
        if max(start, first) < min(end, last)
    )
