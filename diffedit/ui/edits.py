"""What keys do to a text, as values: changes, and what is selected afterwards. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text
from diffedit.ui.blocks import indent_of
from diffedit.ui.comments import comment_marks

OPENERS = ("(", "[", "{")
PAIRS = ("()", "[]", "{}")
_ENDS = re.compile(r"[ \t]*(?:return|raise|break|continue|pass)\b")
"""What ends a block in a language that tells blocks by their indentation."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Changes that one key makes, and the selection after them."""

    changes: ChangeSet
    selection: Selection
    group: str = ""


def replace(selection: Selection, new: str, *, group: str = "") -> Edit:
    """Put `new` in the place of the selection."""
    span = selection.span
    return Edit(_changes(Change(span, new)), Selection.at(span.start + len(new)), group)


def insert(selection: Selection, new: str, at: int) -> Edit:
    """Put `new` in at or before the cursor, which goes along."""
    return Edit(_changes(Change(Span(at, at), new)), Selection.at(selection.head + len(new)))


def newline(
    text: Text, selection: Selection, unit: str, *, code: bool = True, back: bool = False
) -> Edit:
    """A new line, indented like this one; in code, one level deeper after what opens a block.

    With `back`, one level less deep after what ends a block, such as `return`.
    """
    span = selection.span
    row, column = text.location(span.start)
    line = text.lines[row]
    before, after = line[:column], text.lines[text.location(span.end)[0]]
    after = after[text.location(span.end)[1] :]
    indent = indent_of(before)
    opened = before.rstrip()
    deeper = code and opened.endswith((":", *OPENERS))
    if deeper and (opened[-1:] + after.lstrip()[:1]) in PAIRS:
        new = f"\n{indent}{unit}"
        rest = f"\n{indent}"
        at = span.start + len(new)
        end = span.end + len(after) - len(after.lstrip())
        return Edit(_changes(Change(Span(span.start, end), new + rest)), Selection.at(at))
    # Blanks behind the cursor would add to the new line's indentation.
    end = span.end + len(after) - len(after.lstrip(" \t")) if after.strip() else span.end
    start = span.start
    if not before.strip():
        # A line of blanks only is left empty; the new one keeps the indentation.
        start -= len(before)
        indent = before
    if back and code and not after.strip() and _ENDS.match(before) and _balanced(before):
        indent = indent.removesuffix(unit)
    new = f"\n{indent}{unit if deeper else ''}"
    return Edit(_changes(Change(Span(start, end), new)), Selection.at(start + len(new)))


def _balanced(line: str) -> bool:
    """Whether every bracket of a line is closed in it, as far as counting tells."""
    return all(line.count(pair[0]) <= line.count(pair[1]) for pair in PAIRS)


def tab(text: Text, selection: Selection, unit: str) -> Edit:
    """A blank up to the next stop; with a selection, all of its lines one level deeper."""
    if selection.anchor != selection.head:
        return indent(text, selection, unit)
    row, column = text.location(selection.head)
    if unit == "\t":
        return replace(selection, "\t")
    cells = len(text.lines[row][:column].expandtabs(len(unit)))
    return replace(selection, " " * (len(unit) - cells % len(unit)))


def indent(text: Text, selection: Selection, unit: str) -> Edit:
    """The selected lines one level deeper; blank ones stay as they are."""
    return _each_line(text, selection, lambda line: (0, unit) if line.strip() else (0, ""))


def outdent(text: Text, selection: Selection, unit: str) -> Edit:
    """The selected lines one level less deep."""
    width = 4 if unit == "\t" else len(unit)

    def less(line: str) -> tuple[int, str]:
        if line.startswith("\t"):
            return 1, ""
        blanks = len(line) - len(line.lstrip(" "))
        return min(blanks, (blanks - 1) % width + 1 if blanks else 0), ""

    return _each_line(text, selection, less)


def backspace_in_indent(text: Text, selection: Selection, unit: str) -> Edit | None:
    """Back to the last stop, when only blanks stand before the cursor; else None."""
    row, column = text.location(selection.head)
    before = text.lines[row][:column]
    if selection.anchor != selection.head or not before or before.strip(" ") or unit == "\t":
        return None
    back = (column - 1) % len(unit) + 1
    return replace(Selection(selection.head - back, selection.head), "", group="delete")


def move_lines(text: Text, selection: Selection, by: int) -> Edit | None:
    """The selected lines, one line up (-1) or down (1); None at the edge."""
    first, last = rows_of(text, selection)
    other = first - 1 if by < 0 else last + 1
    if not 0 <= other < len(text.lines):
        return None
    span = text.rows(min(first, other), max(last, other))
    lines, line = text.lines[first : last + 1], text.lines[other]
    ordered = [*lines, line] if by < 0 else [line, *lines]
    shift = by * (len(line) + 1)
    # A selection that ends at the start of the line below may have no such line any more.
    anchor, head = (min(at + shift, len(text)) for at in (selection.anchor, selection.head))
    return Edit(_changes(Change(span, "\n".join(ordered))), Selection(anchor, head))


def duplicate_lines(text: Text, selection: Selection) -> Edit:
    """The selected lines once more, below; the selection goes along."""
    span = text.rows(*rows_of(text, selection))
    copy = "\n" + text.slice(span)
    moved = Selection(selection.anchor + len(copy), selection.head + len(copy))
    return Edit(_changes(Change(Span(span.end, span.end), copy)), moved)


def delete_lines(text: Text, selection: Selection) -> Edit:
    """The text without the selected lines."""
    first, last = rows_of(text, selection)
    span = text.rows(first, last)
    column = text.location(selection.head)[1]
    if last + 1 < len(text.lines):
        span = Span(span.start, span.end + 1)
        at = span.start + min(column, len(text.lines[last + 1]))
    elif first:
        span = Span(span.start - 1, span.end)
        at = span.start - len(text.lines[first - 1]) + min(column, len(text.lines[first - 1]))
    else:
        at = 0
    return Edit(_changes(Change(span, "")), Selection.at(at))


def join_lines(text: Text, selection: Selection) -> Edit | None:
    """The selected lines (or this one and the next) as one; None on the last line."""
    first, last = rows_of(text, selection)
    last = max(last, first + 1)
    if last >= len(text.lines):
        return None
    changes, written = [], False
    for row in range(first, last):
        line, below = text.lines[row], text.lines[row + 1]
        start = text.offset(row, len(line.rstrip()))
        end = text.offset(row + 1, len(indent_of(below)) if below.strip() else len(below))
        written = written or bool(line.strip())
        blank = " " if written and below.strip() else ""
        changes.append(Change(Span(start, end), blank))
    set_ = ChangeSet(tuple(changes))
    return Edit(set_, Selection.at(set_.carry_position(changes[-1].span.end, after=True)))


def toggle_comment(text: Text, selection: Selection, language: str) -> Edit:
    """The selected lines as comments, or as code again when all of them are comments."""
    start, end = comment_marks(language)
    first, last = rows_of(text, selection)
    lines = [line for line in text.lines[first : last + 1] if line.strip()]
    if lines and all(line.strip().startswith(start) for line in lines):
        return _edit_rows(text, selection, lambda line: _bared(line, start, end))
    column = min((len(indent_of(line)) for line in lines), default=0)
    alone = not lines

    def covered(line: str) -> list[tuple[int, int, str]]:
        if not line.strip() and not alone:
            return []
        at = min(column, len(line))
        return [(at, at, f"{start} ")] + ([(len(line), len(line), f" {end}")] if end else [])

    return _edit_rows(text, selection, covered)


def _bared(line: str, start: str, end: str) -> list[tuple[int, int, str]]:
    """What takes the comment marks off a line."""
    at = line.find(start)
    if at < 0 or not line.strip():
        return []
    after = at + len(start)
    found = [(at, after + (line[after : after + 1] == " "), "")]
    if end and line.rstrip().endswith(end):
        tail = line.rstrip()
        cut = len(tail) - len(end)
        found.append((cut - (tail[cut - 1 : cut] == " "), len(tail), ""))
    return found


def rows_of(text: Text, selection: Selection) -> tuple[int, int]:
    """The first and last line of a selection; a line it only touches at its start is not in it."""
    first = text.location(selection.span.start)[0]
    last, column = text.location(selection.span.end)
    return first, last - 1 if last > first and column == 0 else last


def pasted(text: str) -> str:
    """Text from outside as it may enter the page: plain line ends, no control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\t\n" or not (c < " " or c == "\x7f"))


def _changes(*changes: Change) -> ChangeSet:
    """Those of the changes that change anything."""
    return ChangeSet(tuple(change for change in changes if change.text or not change.span.empty))


def _each_line(text: Text, selection: Selection, of: Callable[[str], tuple[int, str]]) -> Edit:
    """Each selected line with its first characters replaced, as `of` says of it."""
    return _edit_rows(text, selection, lambda line: [(0, *of(line))])


def _edit_rows(
    text: Text, selection: Selection, of: Callable[[str], Iterable[tuple[int, int, str]]]
) -> Edit:
    """Each selected line changed as `of` says: (start column, end column, new text)."""
    first, last = rows_of(text, selection)
    found = []
    for row in range(first, last + 1):
        line = text.lines[row]
        for start, end, new in of(line):
            found.append(Change(text.span((row, start), (row, end)), new))
    changes = _changes(*found)
    start_at = text.offset(first, 0)
    anchor, head = (
        # A selection that starts with its first line keeps all of that line.
        place
        if place == start_at and selection.anchor != selection.head
        else changes.carry_position(place, after=True)
        for place in (selection.anchor, selection.head)
    )
    return Edit(changes, Selection(anchor, head))
