"""Several cursors: the same key at each of them, as one step to take back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from diffedit.core.change import Change, ChangeSet
from diffedit.core.show import visible
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text
from diffedit.ui.blocks import word_at
from diffedit.ui.cells import column_at, settle, width_before
from diffedit.ui.edits import Edit

MOST = 1_000
"""Cursors that there may be at once."""


def at_each(
    selections: Sequence[Selection], make: Callable[[Selection], Edit | None]
) -> tuple[Edit, list[Selection]] | None:
    """One edit that does at each selection what `make` does at one.

    Returns:
        The edit, its selection being where the first of `selections` is then, and where the
        others are. None when there is nothing to do. Where two would change the same place, as
        two cursors do that indent one line, the first alone does.
    """
    made = [(number, edit) for number, one in enumerate(selections) if (edit := make(one))]
    if not made:
        return None
    ordered = sorted(made, key=lambda pair: selections[pair[0]].span.start)
    changes: list[Change] = []
    owners: list[int] = []
    for number, edit in ordered:
        if edit.changes and changes and edit.changes.changes[0].span.start < changes[-1].span.end:
            continue
        if any(change in changes for change in edit.changes.changes):
            continue
        changes += edit.changes.changes
        owners += [number] * len(edit.changes.changes)
    whole = ChangeSet(tuple(changes))
    edits = dict(made)
    after = []
    for number, old in enumerate(selections):
        edit = edits.get(number)
        if edit is None or number not in owners:
            still = edit.selection if edit and not edit.changes else old
            after.append(_carried(still, whole))
            continue
        others = [change for change, owner in zip(changes, owners, strict=True) if owner != number]
        after.append(_beside(edit, others))
    return Edit(whole, after[0], made[0][1].group), distinct(after[0], after[1:])


def _beside(edit: Edit, others: Iterable[Change]) -> Selection:
    """Where an edit's own selection is when all the others are made too."""
    own, shift = edit.changes, 0
    first, behind = own.changes[0].span.start, list[Change]()
    for change in others:
        if change.span.end <= first:
            shift += change.growth
        else:
            behind.append(Change(own.carry(change.span), change.text))
    # It may stand in what goes there, as on the next line when that is deleted as well.
    then = ChangeSet(tuple(behind))
    anchor, head = (
        then.carry_position(at, after=False) + shift
        for at in (edit.selection.anchor, edit.selection.head)
    )
    return Selection(anchor, head)


def distinct(first: Selection, others: Iterable[Selection]) -> list[Selection]:
    """The others, without those that have come to stand where another one does."""
    found: list[Selection] = []
    taken = [first.span]
    for one in others:
        span = one.span
        clash = any(span == old or (span.start < old.end and old.start < span.end) for old in taken)
        if not clash and len(found) < MOST:
            found.append(one)
            taken.append(span)
    return found


def carried(others: Iterable[Selection], changes: ChangeSet) -> list[Selection]:
    """The others after a change that someone else made."""
    return [_carried(one, changes) for one in others]


def _carried(one: Selection, changes: ChangeSet) -> Selection:
    return Selection(
        changes.carry_position(one.anchor, after=True), changes.carry_position(one.head, after=True)
    )


def beside(text: Text, selections: Sequence[Selection], by: int, tab: int) -> Selection | None:
    """One more cursor on the line below (1) or above (-1) all of them, in the same cell."""
    places = [text.location(one.head) for one in selections]
    row, _ = max(places) if by > 0 else min(places)
    row_of_first, first = places[0]
    cell = width_before(visible(text.lines[row_of_first]), first, tab)
    if not 0 <= row + by < len(text.lines):
        return None
    line = text.lines[row + by]
    return Selection.at(text.offset(row + by, settle(line, column_at(visible(line), cell, tab))))


def word_around(text: Text, head: int) -> Selection | None:
    """The word at a cursor, selected; None where there is none."""
    row, column = text.location(head)
    line = text.lines[row]
    for at in (column, column - 1):
        start, end = word_at(line, at) if at >= 0 else (0, 0)
        if line[start:end].strip() and start <= column <= end:
            span = text.span((row, start), (row, end))
            return Selection(span.start, span.end)
    return None


def next_like(text: Text, selections: Sequence[Selection]) -> Selection | None:
    """The next place after the last selection, round the end, where the first one's text stands."""
    wanted = text.slice(selections[0].span)
    taken = {one.span for one in selections}
    if not wanted or "\n" in wanted:
        return None
    start = text.location(max(one.span.end for one in selections))
    for span in _standing(text, wanted, start):
        if span not in taken:
            return Selection(span.start, span.end)
    return None


def all_like(text: Text, first: Selection) -> list[Selection]:
    """Every other place where the text of a selection stands, as far as there may be so many."""
    wanted = text.slice(first.span)
    if not wanted or "\n" in wanted:
        return []
    found = []
    for span in _standing(text, wanted, (0, 0)):
        if span != first.span:
            found.append(Selection(span.start, span.end))
        if len(found) >= MOST:
            break
    return found


def _standing(text: Text, wanted: str, start: tuple[int, int]) -> Iterator[Span]:
    """Where a text stands, from a place on and round the end."""
    rows = [*range(start[0], len(text.lines)), *range(start[0] + 1)]
    for number, row in enumerate(rows):
        line = text.lines[row]
        at = line.find(wanted, start[1] if not number else 0)
        while at >= 0:
            yield text.span((row, at), (row, at + len(wanted)))
            at = line.find(wanted, at + len(wanted))
