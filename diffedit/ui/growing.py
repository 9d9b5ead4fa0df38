"""A selection that grows: a word, a string, what brackets hold, a line, a block, all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from diffedit.ui.blocks import (
    BRACKETS,
    CLOSERS,
    MOST_LINES,
    enclosing_block,
    indent_of,
    matching_bracket,
    parent_line,
    word_at,
)
from diffedit.ui.lexing import Token

Place = tuple[int, int]
Stretch = tuple[Place, Place]
Tokens = Callable[[int], tuple[Token, ...]]


def grown(lines: Sequence[str], chosen: Stretch, tokens: Tokens) -> Stretch:
    """The next larger stretch that belongs together; the same one when it is all there is."""
    first, last = sorted(chosen)
    larger = [
        found
        for found in _candidates(lines, (first, last), tokens)
        if found[0] <= first and last <= found[1] and found != (first, last)
    ]
    return min(larger, key=lambda found: _size(lines, found), default=(first, last))


def _size(lines: Sequence[str], stretch: Stretch) -> tuple[int, int]:
    """What to compare stretches by: rows, then characters as far as one row tells."""
    (row, start), (last, end) = stretch
    rows = last - row
    return rows, end - start if not rows else len(lines[row]) - start + end


def _candidates(lines: Sequence[str], chosen: Stretch, tokens: Tokens) -> Iterator[Stretch]:
    """Whatever might be meant around a stretch, in no order."""
    (row, start), (last, end) = chosen
    if row == last:
        yield from _in_line(lines[row], row, (start, end), tokens)
    yield from _in_brackets(lines, chosen, tokens)
    whole = last - 1 if last > row and not end else last
    yield (row, len(indent_of(lines[row]))), (whole, len(lines[whole].rstrip()))
    yield (row, 0), _after(lines, whole)
    yield from _blocks(lines, row)
    yield (0, 0), (len(lines) - 1, len(lines[-1]))


def _in_line(line: str, row: int, chosen: tuple[int, int], tokens: Tokens) -> Iterator[Stretch]:
    """A word, and the string or comment that it stands in, without its quotes and with them."""
    start, end = chosen
    for column in {start, max(start - 1, 0)}:
        first, last = word_at(line, column)
        if line[first:last].strip():
            yield (row, first), (row, last)
    found = [
        (first, last)
        for first, last, name in tokens(row)
        if name.startswith(("Literal.String", "Comment"))
    ]
    while found:
        first, last = found.pop(0)
        # A string is told in several tokens: quotes, text, escapes.
        while found and found[0][0] == last:
            last = found.pop(0)[1]
        if first <= start and end <= last:
            yield (row, first), (row, last)
            marks = len(line[first:last]) - len(line[first:last].lstrip("bBfFrRuU\"'`"))
            ends = len(line[first:last]) - len(line[first:last].rstrip("\"'`"))
            if ends and marks + ends <= last - first:
                yield (row, first + marks), (row, last - ends)


def _in_brackets(lines: Sequence[str], chosen: Stretch, tokens: Tokens) -> Iterator[Stretch]:
    """What the nearest brackets around hold, without them and with them."""
    first, end = chosen
    pair = brackets_around(lines, first, tokens, end)
    if pair is not None:
        (row, start), (last, close) = pair
        yield (row, start + 1), (last, close)
        yield (row, start), (last, close + 1)


def brackets_around(
    lines: Sequence[str], place: Place, tokens: Tokens, end: Place | None = None
) -> Stretch | None:
    """The nearest two brackets around a place, or around what reaches from it to `end`."""
    row, column = place
    open_: dict[str, int] = dict.fromkeys(BRACKETS, 0)
    for at in range(row, max(-1, row - MOST_LINES), -1):
        line = lines[at]
        for start in range((column if at == row else len(line)) - 1, -1, -1):
            sign = line[start]
            if sign in CLOSERS and not _quoted(tokens(at), start):
                open_[CLOSERS[sign]] += 1
            elif sign in BRACKETS and not _quoted(tokens(at), start):
                open_[sign] -= 1
                if open_[sign] < 0:
                    pair = matching_bracket(lines, (at, start), tokens)
                    if len(pair) == 2 and pair[1] >= (end or (row, column)):
                        return (at, start), pair[1]
                    open_[sign] = 0
    return None


def _quoted(tokens: tuple[Token, ...], column: int) -> bool:
    """Whether a column lies in a string or a comment."""
    return any(
        start <= column < end and name.startswith(("Literal.String", "Comment"))
        for start, end, name in tokens
    )


def _blocks(lines: Sequence[str], row: int) -> Iterator[Stretch]:
    """The block around a row, and the blocks around that."""
    while row >= 0:
        first, last = enclosing_block(lines, row)
        yield (first, 0), _after(lines, last)
        row = parent_line(lines, row)


def _after(lines: Sequence[str], row: int) -> Place:
    """The place after a row and its newline."""
    return (row + 1, 0) if row + 1 < len(lines) else (row, len(lines[row]))
