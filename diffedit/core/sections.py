"""Several places of one span: what lies between them is no part of the edit. Values; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from diffedit.core.change import Change
from diffedit.core.diff import Hunk, hunks
from diffedit.core.span import Span
from diffedit.core.stretch import Stretches, joined, places


def sections(old: str, between: Stretches, new: str) -> tuple[tuple[Span, Span], ...]:
    """Each place of `old`, and what stands there in `new`; none where `between` was not left alone.

    `between` are the parts of `old` that lie between the places.
    """
    parts = joined(between)
    found = places(old, parts, new)
    if found is None:
        return ()
    edges = [0, *chain.from_iterable(parts), len(old)]
    new_edges = [0, *chain.from_iterable(found), len(new)]
    return tuple(
        (Span(*edges[n : n + 2]), Span(*new_edges[n : n + 2]))
        for n in range(0, len(edges), 2)
        if edges[n] < edges[n + 1]
    )


def changes_within(old: str, between: Stretches, new: str, at: int) -> tuple[Change, ...]:
    """What makes `new` of `old`, which begins at `at` of a page: one change for each place."""
    return tuple(
        Change(before.shifted(at), new[after.start : after.end])
        for before, after in sections(old, between, new)
        if old[before.start : before.end] != new[after.start : after.end]
    )


def hunks_within(old: str, between: Stretches, new: str) -> tuple[Hunk, ...]:
    """The true changes, place by place; those that share a row are one, and hold what is between.

    So no part of them can be taken or left that would touch what lies between the places.
    """
    if not between:
        return hunks(old, new)
    found: list[Hunk] = []
    for hunk in _each(old, between, new):
        last = found[-1] if found else None
        if last is not None and (
            hunk.old_rows[0] < last.old_rows[1] or hunk.new_rows[0] < last.new_rows[1]
        ):
            before, after = (
                Span(last.old.start, hunk.old.end),
                Span(last.new.start, hunk.new.end),
            )
            found[-1] = Hunk(
                before,
                after,
                old[before.start : before.end],
                new[after.start : after.end],
                (last.old_rows[0], hunk.old_rows[1]),
                (last.new_rows[0], hunk.new_rows[1]),
            )
        else:
            found.append(hunk)
    return tuple(found)


def _each(old: str, between: Stretches, new: str) -> Iterator[Hunk]:
    """The hunks of each place, counted in the whole texts."""
    for before, after in sections(old, between, new):
        row, new_row = old.count("\n", 0, before.start), new.count("\n", 0, after.start)
        for hunk in hunks(old[before.start : before.end], new[after.start : after.end]):
            yield replace(
                hunk,
                old=hunk.old.shifted(before.start),
                new=hunk.new.shifted(after.start),
                old_rows=(hunk.old_rows[0] + row, hunk.old_rows[1] + row),
                new_rows=(hunk.new_rows[0] + new_row, hunk.new_rows[1] + new_row),
            )


def rows_between(old: str, between: Stretches, new: str) -> dict[int, int]:
    """The rows of `new` that lie between the places, whole, each with its row in `old`."""
    found: dict[int, int] = {}
    for stretch, place in zip(between, places(old, between, new) or (), strict=False):
        part = old[slice(*stretch)]
        row, new_row = old.count("\n", 0, stretch[0]), new.count("\n", 0, place[0])
        for inner in range(1, part.count("\n")):
            found[new_row + inner] = row + inner
    return found
