"""What a typed character brings along: its closing half, or a line's way back to its block. Pure.

What was put in for the person may be typed over and goes with its opening half; brackets that
they typed themselves are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text
from diffedit.ui.blocks import BRACKETS, CLOSERS, indent_of
from diffedit.ui.edits import Edit, replace

NO_SINGLE_QUOTES = frozenset(
    [
        "rust",
        "common-lisp",
        "lisp",
        "scheme",
        "racket",
        "clojure",
        "emacs-lisp",
        "haskell",
        "ocaml",
        "tex",
        "latex",
        "ada",
        "vim",
        "viml",
        "verilog",
        "systemverilog",
        "sml",
        "fsharp",
        "f#",
    ]
)
"""Languages in which an apostrophe often stands alone."""
BACKTICKS = frozenset(
    [
        "javascript",
        "js",
        "typescript",
        "ts",
        "jsx",
        "tsx",
        "go",
        "bash",
        "sh",
        "zsh",
        "markdown",
        "md",
        "ruby",
    ]
)
TRIPLED = frozenset(
    ["python", "python3", "py", "julia", "kotlin", "scala", "swift", "toml", "groovy"]
)
INDENTED = frozenset(["python", "python3", "py"])
"""Languages in which `else:` goes back a level, and a line after `return` does."""

_GOES_BACK = re.compile(r"[ \t]*(?:else|elif\b.*|except\b.*|finally|case\b.*)[ \t]*\Z")
_BEGINS = {
    "else": r"if|elif|for|while|try|except\b.*|async\s+for",
    "elif": r"if|elif",
    "except": r"try|except",
    "finally": r"try|except|else",
    "case": r"case",
}
_AROUND = 200
"""Lines above among which the line is looked for that one goes back to."""


@dataclass(slots=True)
class Closers:
    """The closing halves that were put in for the person and are still in front of the cursor."""

    at: list[int] = field(default_factory=list)
    """Where each stands, the innermost last."""

    def carried(self, changes: ChangeSet) -> None:
        """The text has changed: they stand elsewhere, or are gone."""
        self.at = [
            changes.carry_position(at, after=True)
            for at in self.at
            if not changes.touches(Span(at, at + 1))
        ]

    def moved(self, text: Text, head: int) -> None:
        """The cursor is elsewhere; a half is over with once it is behind it, or on another line."""
        if self.at:
            row = text.location(head)[0]
            self.at = [
                at for at in self.at if at >= head and text.location(min(at, len(text)))[0] == row
            ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is typed."""

    text: Text
    selection: Selection
    language: str
    quoted: Callable[[], bool]
    """Whether that is in a string or a comment, if anybody asks."""

    @property
    def line(self) -> tuple[str, int]:
        """The cursor's line, and its column."""
        row, column = self.text.location(self.selection.head)
        return self.text.lines[row], column


def typed(place: Place, character: str, closers: Closers) -> tuple[Edit, bool]:
    """A character with what comes along with it, and whether that is a closing half."""
    chosen = place.selection
    group = "type" if chosen.anchor == chosen.head else ""
    plain = replace(chosen, character, group=group)
    if len(character) != 1 or character.isalnum() or character.isspace():
        return plain, False
    if chosen.anchor != chosen.head:
        return _around(place, character) or plain, False
    line, column = place.line
    if chosen.head in closers.at and line[column : column + 1] == character:
        return Edit(ChangeSet(()), Selection.at(chosen.head + 1)), False
    back = _outdented(place, character)
    if back is not None:
        return back, False
    half = _half(place, character)
    if not half:
        return plain, False
    changes = ChangeSet((Change(chosen.span, character + half),))
    return Edit(changes, Selection.at(chosen.head + 1), group), True


def deleted(text: Text, selection: Selection, closers: Closers) -> Edit | None:
    """Backspace between two halves takes both, when the second was put in; else None."""
    at = selection.head
    if selection.anchor != at or at not in closers.at or not at:
        return None
    row, column = text.location(at)
    line = text.lines[row]
    opener, closer = line[column - 1 : column], line[column : column + 1]
    if not opener or (BRACKETS.get(opener) != closer and opener != closer):
        return None
    return replace(Selection(at - 1, at + 1), "", group="delete")


def _half(place: Place, character: str) -> str:
    """What belongs behind a character; "" for nothing."""
    line, column = place.line
    before, after = line[:column], line[column : column + 1]
    free = (
        not after or after.isspace() or after in ")]},;:" or (after in "\"'`" and after in before)
    )
    if character in BRACKETS:
        return BRACKETS[character] if free else ""
    if character not in _quotes(place.language) or not free or after == character:
        return ""
    if before.endswith(character * 2):
        tripled = place.language.lower() in TRIPLED and not before.endswith(character * 3)
        return character * 3 if tripled else ""
    last = before[-1:]
    if last in (character, "\\"):
        return ""
    # f"…", r'…' and the like begin a string; any other letter makes an apostrophe of it.
    prefix = re.search(r"(?<![^\W_])[bBfFrRuU]{1,2}\Z", before)
    if (last.isalnum() or last == "_") and not prefix:
        return ""
    return "" if place.quoted() else character


def _quotes(language: str) -> str:
    """The signs that stand in pairs in a language; none in prose."""
    language = language.lower()
    if language in ("", "text", "restructuredtext", "rst"):
        return ""
    if language in ("markdown", "md"):
        return "`"
    single = "" if language in NO_SINGLE_QUOTES else "'"
    return '"' + single + ("`" if language in BACKTICKS else "")


def _around(place: Place, character: str) -> Edit | None:
    """An opening half typed over a selection goes around it, and it stays selected."""
    closing = BRACKETS.get(character)
    if closing is None and character in _quotes(place.language):
        closing = character
    if closing is None:
        return None
    span, chosen = place.selection.span, place.selection
    changes = (
        Change(Span(span.start, span.start), character),
        Change(Span(span.end, span.end), closing),
    )
    return Edit(ChangeSet(changes), Selection(chosen.anchor + 1, chosen.head + 1))


# Back to the block ------------------------------------------------------------------------------


def _outdented(place: Place, character: str) -> Edit | None:
    """A closing bracket, or the colon of an `else:`, at the depth of what it belongs to."""
    line, column = place.line
    before, row = line[:column], place.text.location(place.selection.head)[0]
    if line[column:].strip():
        return None
    if character in CLOSERS and not before.strip():
        wanted = _opened_at(place.text, row, character)
    elif character == ":" and place.language.lower() in INDENTED and _GOES_BACK.match(before):
        wanted = _begun_at(place.text, row, before)
    else:
        return None
    if wanted is None or wanted == indent_of(before):
        return None
    start = place.selection.head - column
    span = Span(start, start + len(indent_of(before)))
    at = place.selection.head + len(wanted) - len(span) + 1
    changes = (Change(span, wanted), Change(place.selection.span, character))
    return Edit(ChangeSet(changes), Selection.at(at))


def _opened_at(text: Text, row: int, closer: str) -> str | None:
    """The indentation of the line whose bracket a closing one would close."""
    opener, depth = CLOSERS[closer], 0
    for above in range(row - 1, max(-1, row - _AROUND), -1):
        for character in reversed(text.lines[above]):
            depth += (character == closer) - (character == opener)
            if depth < 0:
                return indent_of(text.lines[above])
    return None


def _begun_at(text: Text, row: int, before: str) -> str | None:
    """The indentation of the `if` that an `else` belongs to: the nearest that is less deep."""
    word = re.match(r"\s*(\w+)", before)
    if word is None:
        return None
    wanted = re.compile(rf"[ \t]*(?:{_BEGINS[word[1]]})\b")
    depth = len(indent_of(before).expandtabs())
    for above in range(row - 1, max(-1, row - _AROUND), -1):
        line = text.lines[above]
        here = len(indent_of(line).expandtabs())
        if not line.strip() or here > depth:
            continue
        if wanted.match(line):
            return indent_of(line)
        if not here:
            return None
        depth = min(depth, here)
    return None
