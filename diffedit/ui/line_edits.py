"""Edits by name: what a key or the palette does to the lines or words that are selected. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text
from diffedit.ui import edits
from diffedit.ui.edits import Edit
from diffedit.ui.many import word_around

_BLANKS = re.compile(r"[ \t]+\Z")


@dataclass(frozen=True, slots=True)
class Page:
    """What an edit is made on."""

    text: Text
    selection: Selection
    unit: str
    """One level of indentation."""
    language: str


def change_case(page: Page, change: Callable[[str], str]) -> Edit | None:
    """The selection, or the word at the cursor, in other letters; it stays selected."""
    span, chosen = page.selection.span, page.selection
    if span.empty:
        word = word_around(page.text, span.start)
        span = word.span if word is not None else span
    old = page.text.slice(span)
    new = change(old)
    if new == old:
        return None
    if chosen.anchor == chosen.head:
        selection = Selection.at(min(chosen.head, span.start + len(new)))
    else:
        selection = Selection(span.start, span.start + len(new))
        if chosen.head < chosen.anchor:
            selection = Selection(selection.head, selection.anchor)
    return Edit(ChangeSet((Change(span, new),)), selection)


def trim(text: Text, selection: Selection) -> Edit | None:
    """All lines without blanks at their ends; None where there are none."""
    changes = tuple(_trailing(text))
    if not changes:
        return None
    set_ = ChangeSet(changes)
    anchor, head = (
        set_.carry_position(at, after=True) for at in (selection.anchor, selection.head)
    )
    return Edit(set_, Selection(anchor, head))


def end(text: Text, selection: Selection) -> Edit | None:
    """The last line ended by a newline; None where it is, or where there is no text."""
    if not text.lines[-1]:
        return None
    return Edit(ChangeSet((Change(Span(len(text), len(text)), "\n"),)), selection)


def reindent(text: Text, selection: Selection, levels: tuple[str, str], tab: int) -> Edit | None:
    """All lines indented by another unit: `levels` are the old and the new; None: they are so.

    What is left beside whole levels, such as blanks that align, stays as blanks.
    """
    old, new = levels
    size = tab if old == "\t" else len(old)
    changes = []
    for row, line in enumerate(text.lines):
        lead = line[: len(line) - len(line.lstrip(" \t"))]
        depth, rest = divmod(len(lead.expandtabs(tab)), size)
        if lead != (wanted := new * depth + " " * rest):
            start = text.offset(row, 0)
            changes.append(Change(Span(start, start + len(lead)), wanted))
    if not changes:
        return None
    set_ = ChangeSet(tuple(changes))
    anchor, head = (
        set_.carry_position(at, after=True) for at in (selection.anchor, selection.head)
    )
    return Edit(set_, Selection(anchor, head))


def _trailing(text: Text) -> Iterator[Change]:
    """What takes the blanks away, line by line."""
    offset = 0
    for line in text.lines:
        found = _BLANKS.search(line) if line[-1:] in (" ", "\t") else None
        if found is not None:
            yield Change(Span(offset + found.start(), offset + len(line)), "")
        offset += len(line) + 1


Maker = Callable[[Page], Edit | None]
EDITS: dict[str, Maker] = {
    "indent": lambda page: edits.tab(page.text, page.selection, page.unit),
    "outdent": lambda page: edits.outdent(page.text, page.selection, page.unit),
    "move_lines_up": lambda page: edits.move_lines(page.text, page.selection, -1),
    "move_lines_down": lambda page: edits.move_lines(page.text, page.selection, 1),
    "duplicate_lines": lambda page: edits.duplicate_lines(page.text, page.selection),
    "delete_lines": lambda page: edits.delete_lines(page.text, page.selection),
    "join_lines": lambda page: edits.join_lines(page.text, page.selection),
    "toggle_comment": lambda page: edits.toggle_comment(page.text, page.selection, page.language),
    "upper_case": lambda page: change_case(page, str.upper),
    "lower_case": lambda page: change_case(page, str.lower),
    "trim": lambda page: trim(page.text, page.selection),
}
"""What can be done to a page by name. Each is one step to take back."""
