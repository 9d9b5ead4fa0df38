"""What belongs together in a text: words, indentation, the block around a line, brackets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from diffedit.ui.lexing import Token

BRACKETS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {close: start for start, close in BRACKETS.items()}
MOST_LINES = 2_000
"""How far a bracket's partner is looked for."""

WORD = re.compile(r"\w+|\s+|[^\w\s]+")
DEFINES = re.compile(
    r"\s*(?:(?:export|default|pub(?:\(\w+\))?|public|private|protected|internal|static|async|"
    r"abstract|final|override|inline|unsafe|extern|virtual|const)\s+)*"
    r"(?:def|class|fn|func|fun|function|struct|enum|impl|trait|interface|module|namespace|sub|"
    r"procedure|defmodule|defp)\b"
)
HOLDS_PARTS = re.compile(r"\s*(?:\w+\s+)*?(?:class|struct|impl|trait|interface|module|namespace)\b")
GOES_ON = re.compile(r"\s*(?:[)\]}]|else\b|elif\b|except\b|finally\b|catch\b|case\b|end\b)")
DECORATES = re.compile(r"\s*(?:@\w|#\[)")


def indent_of(line: str) -> str:
    """The blanks that a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def depth_of(line: str, tab: int = 8) -> int:
    """How far a line is indented, in cells."""
    return len(indent_of(line).expandtabs(tab))


def indentation(lines: Sequence[str], language: str = "", default: int = 4) -> str:
    """One level of indentation as this text has it: a tab, or so many blanks.

    `default` is how many, where nothing is indented.
    """
    steps: dict[int, int] = {}
    tabs, before = 0, 0
    for line in lines[:2_000]:
        if not line.strip():
            continue
        tabs += line.startswith("\t")
        depth = len(line) - len(line.lstrip(" "))
        if 1 < depth - before <= 8:
            steps[depth - before] = steps.get(depth - before, 0) + 1
        before = depth
    if tabs > sum(steps.values()) or (
        not steps and language in ("go", "make", "makefile", "basemake")
    ):
        return "\t"
    return " " * max(
        steps, key=lambda step: (steps[step], step in (2, 4, 8), step), default=default
    )


def in_words(unit: str, tab: int) -> str:
    """One level of indentation as people say it; `tab` is how many columns a tab goes."""
    if unit == "\t":
        return f"tabs of {tab}"
    return f"{len(unit)} space{'' if len(unit) == 1 else 's'}"


def word_at(line: str, column: int) -> tuple[int, int]:
    """The word, the blanks or the signs around a column."""
    for found in WORD.finditer(line):
        if found.start() <= column < found.end() or found.end() == len(line) <= column:
            return found.span()
    return 0, 0


def enclosing_block(lines: Sequence[str], row: int) -> tuple[int, int]:
    """The lines (first and last, both in) of the definition or paragraph that a line is part of.

    On the first line of any block it is that block; within a function it is the function; else
    it is the paragraph: the lines around that are not blank.
    """
    row = _nearest_written(lines, row)
    if DECORATES.match(lines[row]):
        row = _decorated(lines, row)
    elif GOES_ON.match(lines[row]):
        begun = _begun_above(lines, row)
        row = begun if begun >= 0 else row
    if _opens(lines, row):
        return _block(lines, row)
    header = row
    while (header := parent_line(lines, header)) >= 0:
        if HOLDS_PARTS.match(lines[header]):
            break
        if DEFINES.match(lines[header]):
            return _block(lines, header)
    nearest = parent_line(lines, row)
    if nearest >= 0 and not HOLDS_PARTS.match(lines[nearest]):
        return _block(lines, nearest)
    return _paragraph(lines, row)


def _nearest_written(lines: Sequence[str], row: int) -> int:
    """The line itself, or the nearest above or below that is not blank."""
    row = max(0, min(row, len(lines) - 1))
    for distance in range(len(lines)):
        for candidate in (row - distance, row + distance):
            if 0 <= candidate < len(lines) and lines[candidate].strip():
                return candidate
    return row


def _decorated(lines: Sequence[str], row: int) -> int:
    """The line that the decorators from `row` on belong to."""
    below = row
    while below + 1 < len(lines) and lines[below].strip():
        if not DECORATES.match(lines[below]) and depth_of(lines[below]) == depth_of(lines[row]):
            return below
        below += 1
    return row


def _opens(lines: Sequence[str], row: int) -> bool:
    """Whether deeper lines follow a line, or the rest of a definition's head does."""
    for below in range(row + 1, len(lines)):
        if lines[below].strip():
            return depth_of(lines[below]) > depth_of(lines[row]) and bool(lines[row].strip())
    return False


def parent_line(lines: Sequence[str], row: int) -> int:
    """The line that opens the block that a line stands in; -1 when there is none."""
    depth = depth_of(lines[row])
    for above in range(row - 1, -1, -1):
        line = lines[above]
        if not depth:
            break
        if line.strip() and depth_of(line) < depth:
            # `else:` and `):` stand at the depth of what they go on with.
            opener = _begun_above(lines, above) if GOES_ON.match(line) else above
            if opener >= 0:
                return opener
            depth = depth_of(line)
    return -1


def _begun_above(lines: Sequence[str], row: int) -> int:
    """The line that a line which goes on at the same depth goes on with; -1 for none."""
    depth = depth_of(lines[row])
    for above in range(row - 1, -1, -1):
        line = lines[above]
        if line.strip() and depth_of(line) <= depth and not GOES_ON.match(line):
            return above if depth_of(line) == depth else -1
    return -1


def _block(lines: Sequence[str], header: int) -> tuple[int, int]:
    """A header with its decorators above and all that is deeper below."""
    depth = depth_of(lines[header])
    last = header
    for below in range(header + 1, len(lines)):
        line = lines[below]
        if not line.strip():
            continue
        if depth_of(line) < depth or (depth_of(line) == depth and not GOES_ON.match(line)):
            break
        last = below
    first = header
    while first and DECORATES.match(lines[first - 1]) and depth_of(lines[first - 1]) == depth:
        first -= 1
    return first, last


def _paragraph(lines: Sequence[str], row: int) -> tuple[int, int]:
    """The lines around one that are not blank and not less deep."""
    depth, first, last = depth_of(lines[row]), row, row
    while first and lines[first - 1].strip() and depth_of(lines[first - 1]) >= depth:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip() and depth_of(lines[last + 1]) >= depth:
        last += 1
    return first, last


def matching_bracket(
    lines: Sequence[str], place: tuple[int, int], tokens: Callable[[int], tuple[Token, ...]]
) -> tuple[tuple[int, int], ...]:
    """The bracket at a place (or just before it) and its partner; nothing when there is none.

    Brackets in strings and comments are passed over, as far as the tokens are known.
    """
    row, column = place
    line = lines[row]
    for start in (column, column - 1):
        if 0 <= start < len(line) and (line[start] in BRACKETS or line[start] in CLOSERS):
            if _quoted(tokens(row), start):
                return ()
            partner = _partner(lines, (row, start), tokens)
            return ((row, start), partner) if partner else ()
    return ()


def _partner(
    lines: Sequence[str], place: tuple[int, int], tokens: Callable[[int], tuple[Token, ...]]
) -> tuple[int, int] | None:
    """The bracket that belongs to the one at `place`, near enough to look for."""
    row, column = place
    sign = lines[row][column]
    forward = sign in BRACKETS
    other = BRACKETS[sign] if forward else CLOSERS[sign]
    either = re.compile(f"[{re.escape(sign + other)}]")
    rows = (
        range(row, min(len(lines), row + MOST_LINES))
        if forward
        else range(row, max(-1, row - MOST_LINES), -1)
    )
    depth = 0
    for at in rows:
        line = lines[at]
        if sign not in line and other not in line:
            continue
        known = tokens(at)
        found = [match.start() for match in either.finditer(line)]
        for start in found if forward else reversed(found):
            if at == row and (start < column if forward else start > column):
                continue
            if _quoted(known, start):
                continue
            depth += 1 if line[start] == sign else -1
            if not depth:
                return at, start
    return None


def _quoted(tokens: tuple[Token, ...], column: int) -> bool:
    """Whether a column lies in a string or a comment."""
    for start, end, name in tokens:
        if start <= column < end:
            plain = "Interpol" in name or not name.startswith(("Literal.String", "Comment"))
            return not plain
    return False
