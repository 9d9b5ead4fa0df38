"""Find and replace, row by row: what is asked for, where it stands, what takes its place.

A match lies within one row. An expression may take for ever on a short row, and nothing in here can
stop it: whoever looks for one does so in a process that may be ended.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

from diffedit.core.change import Change, ChangeSet
from diffedit.core.errors import RequestError
from diffedit.core.text import Text

Case = Literal["smart", "exact", "ignore"]
"""Smart: a pattern in lower case finds capitals too, one with a capital finds itself only."""
Place = tuple[int, int]
"""A row and a column."""

MANY = 2_000
"""Matches above which neighbours are replaced together: fewer, larger changes are quicker."""
_NEAR = 500
"""Rows within which they are neighbours."""
_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
_NO_CAPITALS = re.compile(r"\\[\s\S]|\(\?P[<=>]")
"""Capitals in an expression that stand for no letter: of `\\W`, of `(?P<name>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for."""

    pattern: str
    """The text itself, or a regular expression of Python's `re`. Empty finds nothing."""
    regex: bool = False
    case: Case = "smart"
    whole_word: bool = False

    @property
    def ignores_case(self) -> bool:
        """Whether "a" finds "A"."""
        plain = _NO_CAPITALS.sub("", self.pattern) if self.regex else self.pattern
        return self.case == "ignore" or (self.case == "smart" and plain == plain.lower())

    @property
    def expression(self) -> str:
        """The query as one regular expression, the case left aside."""
        if not self.regex:
            return self._words(re.escape(self.pattern))
        flags = _FLAGS.match(self.pattern)
        head = flags.group() if flags else ""  # Python takes them at the very start only
        rest = self.pattern[len(head) :]
        return f"{head}\\b(?:{rest})\\b" if self.whole_word else self.pattern

    def _words(self, escaped: str) -> str:
        """A plain text that stands alone: no letter may touch an end of it that is a letter."""
        if not self.whole_word:
            return escaped
        before, after = (re.match(r"\w", char) for char in (self.pattern[:1], self.pattern[-1:]))
        return (r"(?<!\w)" if before else "") + escaped + (r"(?!\w)" if after else "")


class Found(NamedTuple):
    """One match: its row, its columns, and what is to take its place, where that was asked."""

    row: int
    start: int
    end: int
    text: str | None = None

    @property
    def place(self) -> Place:
        """Where it starts."""
        return self.row, self.start


class Scope(NamedTuple):
    """The part of a text in which matches count: both ends of a match must lie in it."""

    first: Place
    last: Place

    def holds(self, found: Found) -> bool:
        """Whether a match lies in it."""
        return self.first <= found.place and (found.row, found.end) <= self.last


def look(
    query: Query, lines: Sequence[str], *, first: int = 0, template: str | None = None
) -> list[Found]:
    r"""Every match in some rows, in order, none over another.

    Args:
        query: What is looked for.
        lines: The rows.
        first: The number of the first of them.
        template: What is to take the place of each match. In a query for a regular expression,
            groups (`\1`, `\g<name>`) and `\n` in it are filled in; elsewhere it is plain text.

    Raises:
        RequestError: The expression is none, or the template names a group that it has not.
    """
    if not query.pattern:
        return []
    pattern = _compiled(query)
    found: list[Found] = []
    for row, line in enumerate(lines, start=first):
        for match in pattern.finditer(line):
            text = _expanded(match, template) if query.regex and template is not None else template
            found.append(Found(row, match.start(), match.end(), text))
    return found


def changes(text: Text, found: Sequence[Found]) -> ChangeSet:
    """All replacements as one change of the text: one step to take back."""
    groups: Iterable[list[Found]]
    if len(found) <= MANY:
        groups = ([hit] for hit in found)
    else:
        groups = (list(hits) for _, hits in groupby(found, lambda hit: hit.row // _NEAR))
    return ChangeSet(tuple(_change(text, hits) for hits in groups if hits))


def _change(text: Text, found: Sequence[Found]) -> Change:
    """One change from the start of the first match to the end of the last."""
    first, last = found[0], found[-1]
    span = text.span(first.place, (last.row, last.end))
    old = text.slice(span)
    parts: list[str] = []
    reached = 0
    for start, end, new in _within(text, found):
        parts += old[reached:start], new
        reached = end
    return Change(span, "".join(parts))


def _within(text: Text, found: Sequence[Found]) -> Iterator[tuple[int, int, str]]:
    """The matches as stretches of the text from the first match on, and what replaces each."""
    row, begin = found[0].row, -found[0].start
    for hit in found:
        while row < hit.row:
            begin += len(text.lines[row]) + 1
            row += 1
        yield begin + hit.start, begin + hit.end, hit.text or ""


def _compiled(query: Query) -> re.Pattern[str]:
    """The query, ready to look. Raises RequestError for what is no expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean another thing in a later Python
            return re.compile(query.expression, re.IGNORECASE if query.ignores_case else 0)
    except re.error as error:
        raise RequestError(f"Not a regular expression: {error.msg}.") from error
    except (OverflowError, RecursionError, MemoryError) as error:
        raise RequestError("This expression is too large.") from error


def _expanded(match: re.Match[str], template: str) -> str:
    """The template with the groups of a match."""
    try:
        return match.expand(template)
    except (re.error, IndexError) as error:
        reason = str(error).split(" at position")[0]
        raise RequestError(f"The replacement will not do: {reason}.") from error
