"""How a text changes: values that apply, invert and compose, and that carry places along."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from diffedit.core.span import Span

Slicer = Callable[[Span], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One stretch of the old text, and what stands there afterwards."""

    span: Span
    text: str

    @property
    def growth(self) -> int:
        """How many characters longer the text is afterwards."""
        return len(self.text) - len(self.span)


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes that happen at once: in reading order, without overlap, all spans in the old text."""

    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        """Refuse changes out of order or over one another. Raises ValueError."""
        reached = 0
        for change in self.changes:
            if change.span.start < reached:
                raise ValueError(f"changes overlap or stand out of order at {change.span.start}")
            reached = change.span.end

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def end(self) -> int:
        """The furthest place of the old text that is named; 0 when empty."""
        return self.changes[-1].span.end if self.changes else 0

    def apply(self, text: str) -> str:
        """The new text. Raises ValueError when a change lies beyond the end of `text`."""
        if self.end > len(text):
            raise ValueError(f"a change ends at {self.end}, the text at {len(text)}")
        parts: list[str] = []
        reached = 0
        for change in self.changes:
            parts += text[reached : change.span.start], change.text
            reached = change.span.end
        return "".join((*parts, text[reached:]))

    def new_spans(self) -> Iterator[Span]:
        """Where the text of each change stands afterwards."""
        shift = 0
        for change in self.changes:
            start = change.span.start + shift
            yield Span(start, start + len(change.text))
            shift += change.growth

    def invert(self, text: str | Slicer) -> ChangeSet:
        """The changes that lead back. `text` is the old text, or what slices it."""
        slicer = (lambda span: text[span.start : span.end]) if isinstance(text, str) else text
        return ChangeSet(
            tuple(
                Change(after, slicer(change.span))
                for change, after in zip(self.changes, self.new_spans(), strict=True)
            )
        )

    def compose(self, other: ChangeSet) -> ChangeSet:
        """One set that does what this one and then `other` does; `other` is of the text between."""
        return _changes_of(_edited(_pieces(self), other))

    def carry_position(self, position: int, *, after: bool) -> int:
        """Where the gap `position` is afterwards.

        `after` decides where text goes that is inserted just there: True leaves it before the
        gap, False behind. A gap inside of what was replaced moves to that side of the new text.
        """
        shift = 0
        for change in self.changes:
            start, end = change.span.start, change.span.end
            if start > position:
                break
            if position < end:
                inside = start < position and after
                return start + shift + (len(change.text) if inside else 0)
            if start == end == position and not after:
                break
            shift += change.growth
        return position + shift

    def carry(self, span: Span) -> Span:
        """Where the text of `span` is afterwards; what is inserted at its edges stays outside."""
        start = self.carry_position(span.start, after=True)
        if span.empty:
            return Span(start, start)
        end = self.carry_position(span.end, after=False)
        return Span(min(start, end), end)

    def touches(self, span: Span) -> bool:
        """Whether the inside of `span` changes; for an empty one, whether anything goes into it."""
        for change in self.changes:
            if change.span.start > span.end:
                return False
            if change.span.start < span.end and change.span.end > span.start:
                return True
            if span == change.span and change.text:
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Kept:
    """A stretch of the old text that stands in the new one."""

    start: int
    end: int


_Piece = _Kept | str
"""The new text is a row of these: stretches that were kept, and text that came in."""


def _pieces(changes: ChangeSet) -> Iterator[_Piece]:
    """The new text as pieces of the old. The old text has no known end, so the last is endless."""
    reached = 0
    for change in changes.changes:
        yield _Kept(reached, change.span.start)
        yield change.text
        reached = change.span.end
    yield _Kept(reached, sys.maxsize)


def _split(piece: _Piece, at: int) -> tuple[_Piece, _Piece]:
    """The first `at` characters of a piece, and the others."""
    if isinstance(piece, str):
        return piece[:at], piece[at:]
    return _Kept(piece.start, piece.start + at), _Kept(piece.start + at, piece.end)


def _length(piece: _Piece) -> int:
    return len(piece) if isinstance(piece, str) else piece.end - piece.start


def _edited(pieces: Iterator[_Piece], changes: ChangeSet) -> Iterator[_Piece]:
    """The pieces after `changes`, whose spans count along the pieces."""
    rest: _Piece = next(pieces)
    reached = 0
    for change in changes.changes:
        for until, taken in ((change.span.start, True), (change.span.end, False)):
            while reached + _length(rest) <= until and reached < until:
                if taken:
                    yield rest
                reached += _length(rest)
                rest = next(pieces)
            first, rest = _split(rest, until - reached)
            reached = until
            if taken:
                yield first
        yield change.text
    yield rest
    yield from pieces


def _changes_of(pieces: Iterable[_Piece]) -> ChangeSet:
    """The changes that make such pieces out of the old text."""
    changes: list[Change] = []
    reached = 0
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
        elif piece.start < piece.end:
            text = "".join(texts)
            if text or piece.start > reached:
                changes.append(Change(Span(reached, piece.start), text))
            texts.clear()
            reached = piece.end
    return ChangeSet(tuple(changes))
