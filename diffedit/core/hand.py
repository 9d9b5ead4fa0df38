"""What a person types into a draft while it denoises. A value: text and place, no screen.

The picture is theirs as soon as they type in it: what they see is what they type into. What they
typed is held from then on, wherever the model moves the text around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from diffedit.core.graphemes import following, preceding, settle
from diffedit.core.piece import Piece
from diffedit.core.stretch import Stretches, clipped, held, joined

Way = Literal["left", "right", "up", "down", "line_start", "line_end"]
"""Where the caret may be told to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A live draft that is typed into: its picture, what of it is the person's, and the caret."""

    pieces: tuple[Piece, ...]
    own: Stretches = ()
    """What they typed, in characters of the picture."""
    caret: int | None = 0
    """Where the next character goes; None while the cursor is elsewhere in the page."""
    number: int = 0
    """How often they have changed the picture. It only grows."""
    fixed: Stretches = ()
    """What is not theirs to type into: what lies between the places of an edit, in characters of
    the picture. One that reaches over an end of the picture holds that end too."""

    @property
    def text(self) -> str:
        """What the picture says."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def keep(self) -> Stretches:
        """What has to come back: what they typed, and what was pinned before."""
        return joined((*self.own, *_where(self.pieces, "kept")))

    @property
    def noised(self) -> Stretches:
        """What is still noise."""
        return _where(self.pieces, "noise")

    @property
    def typed(self) -> str:
        """All that they typed, in reading order."""
        return "".join(self.text[start:end] for start, end in self.own)

    @property
    def free(self) -> bool:
        """Whether something may be typed where the caret stands."""
        at = self.caret
        return at is not None and not any(first < at < last for first, last in self.fixed)

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """The places, before, between and after what is fixed; one with its end held is empty."""
        edges = [0, *chain.from_iterable(self.fixed), len(self.text)]
        return tuple(
            (edges[n], max(edges[n : n + 2])) if edges[n] <= len(self.text) else (edges[-1],) * 2
            for n in range(0, len(edges), 2)
        )

    def holds(self, text: str) -> bool:
        """Whether all that has to come back stands in a text, byte for byte and in order."""
        # The hand may begin where the picture did; the text may begin before that.
        return held(f"\0{self.text}\0", _by(self.keep, 1), f"\0{text}\0")

    def places(self, text: str) -> Stretches:
        """Where what they typed stands in a finished text; empty where it does not stand so."""
        found, reached = list[tuple[int, int]](), 0
        for start, end in self.own:
            mine = self.text[start:end]
            at = start if text[start:end] == mine and start >= reached else text.find(mine, reached)
            if at < 0:
                return ()
            reached = at + len(mine)
            found.append((at, reached))
        return joined(found)

    def over(self, text: str) -> Hand:
        """The same hand in the finished text, which may be typed into as well."""
        own, fixed, caret = self.own, self.fixed, self.caret
        if text != self.text:
            own, fixed = self.places(text), ()
            caret = self._after(own) if len(own) == len(self.own) else None
        if text != self.text and self.fixed:
            found = self._found(text, ((0, len(text)),))
            # Where what is fixed is not known, nothing more is typed.
            own, fixed = found or (own, ())
            caret = self._after(own) if found is not None else None
        pieces = _marked((Piece(text, "accepted"),), own)
        return replace(self, pieces=pieces, own=own, fixed=fixed, caret=caret)

    # One place of several ----------------------------------------------------------------------

    def part(self, start: int, end: int) -> Hand:
        """The hand in a part of the picture, by itself; its caret is None where it is elsewhere."""
        _, rest = _split(self.pieces, start)
        mine, _ = _split(rest, end - start)
        at = self.caret
        return replace(
            self,
            pieces=mine,
            own=clipped(self.own, start, end),
            fixed=_by((one for one in self.fixed if start <= one[0] and one[1] <= end), -start),
            caret=at - start if at is not None and start <= at <= end else None,
        )

    def with_part(self, start: int, end: int, part: Hand) -> Hand:
        """The hand with that part of its picture as it is in `part`; what stands behind moves."""
        left, rest = _split(self.pieces, start)
        _, right = _split(rest, end - start)
        by, at = len(part.text) - (end - start), self.caret
        if at is not None and start <= at:
            at = at + by if at > end else None if part.caret is None else part.caret + start

        def around(stretches: Stretches, inner: Stretches) -> Stretches:
            before = (one for one in stretches if one[1] <= start)
            after = (one for one in stretches if one[0] >= end and one[1] > start)
            return (*before, *_by(inner, start), *_by(after, by))

        own = joined(around(self.own, part.own))
        pieces = (*left, *part.pieces, *right)
        return replace(self, pieces=pieces, own=own, fixed=around(self.fixed, part.fixed), caret=at)

    # The person --------------------------------------------------------------------------------

    def fixing(self, parts: Iterable[str]) -> Hand | None:
        """The hand where these parts of the picture, in order, are not to be typed into.

        None where one is not there as a whole, kept by the model.
        """
        found, reached, kept = list[tuple[int, int]](), 0, _where(self.pieces, "kept")
        for part in parts:
            at = _find(self.text, part, reached, kept)
            if at < 0:
                return None
            reached = at + len(part)
            found.append((at, reached))
        return replace(self, fixed=tuple(found))

    def inserted(self, text: str) -> Hand:
        """The picture with a text of theirs at the caret, which stands behind it then."""
        at = self.caret
        if at is None or not text or not self.free:
            return self
        left, right = _split(self.pieces, at)
        own = joined(
            (*_opened(self.own, at, len(text)), (at, at + len(text))),
        )
        return replace(
            self,
            pieces=(*left, Piece(text, "kept", 0.0), *right),
            own=own,
            fixed=tuple(_opened(self.fixed, at, len(text))),
            caret=at + len(text),
            number=self.number + 1,
        )

    def deleted(self, start: int) -> Hand:
        """The picture without what stands from `start` to the caret; pins stay."""
        at = self.caret
        if at is None or not 0 <= start < at:
            return self
        pinned = joined(
            part
            for part in _where(self.pieces, "kept")
            if not any(first <= part[0] and part[1] <= last for first, last in self.own)
        )
        if any(first < at and start < last for first, last in (*pinned, *self.fixed)):
            return self
        left, rest = _split(self.pieces, start)
        _, right = _split(rest, at - start)
        own, fixed = (
            tuple((_closed(first, start, at), _closed(last, start, at)) for first, last in some)
            for some in (self.own, self.fixed)
        )
        return replace(
            self,
            pieces=(*left, *right),
            own=joined(own),
            fixed=fixed,
            caret=start,
            number=self.number + 1,
        )

    def at(self, place: int | None) -> Hand:
        """The caret there; None takes it out of the picture."""
        return replace(self, caret=None if place is None else min(max(place, 0), len(self.text)))

    def moved(self, way: Way) -> Hand:
        """The caret one place on; over an edge of the picture it leaves it."""
        text, at = self.text, self.caret
        if at is None:
            return self
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at) % (len(text) + 1)
        above = text.rfind("\n", 0, max(start - 1, 0)) + 1
        below_end = text.find("\n", end + 1) % (len(text) + 1)
        row, column = text[start:end], at - start
        left = preceding(row, column) + start if column else at - 1
        right = following(row, column) + start if at < end else at + 1
        over, under = text[above : start - 1], text[end + 1 : below_end]
        places: dict[Way, int | None] = {
            "left": left if at else None,
            "right": right if at < len(text) else None,
            "up": above + settle(over, column) if start else None,
            "down": end + 1 + settle(under, column) if end < len(text) else None,
            "line_start": start,
            "line_end": end,
        }
        return self.at(places[way])

    # The model ---------------------------------------------------------------------------------

    def seen(self, pieces: Sequence[Piece]) -> Hand | None:
        """The same hand in the model's next picture; None where that lacks what was typed.

        A left-to-right model leaves alone what stands before the last of it; a canvas holds it in
        its slots, and then what is kept is the same text, wherever it stands.
        """
        text = "".join(piece.text for piece in pieces)
        end = self.own[-1][1] if self.own else 0
        if text.startswith(self.text[:end]) and not self.fixed:
            caret = self.caret if self.caret is None else min(self.caret, len(text))
            return replace(self, pieces=_marked(pieces, self.own), caret=caret)
        found = self._held(text, _where(pieces, "kept"))
        if found is None:
            return None
        own, fixed = found
        pieces, caret = _marked(pieces, own), self._after(own)
        caret = caret if caret is None else min(caret, len(text))
        return replace(self, pieces=pieces, own=joined(own), fixed=fixed, caret=caret)

    def _held(self, text: str, kept: Stretches) -> tuple[Stretches, Stretches] | None:
        """Where what was typed and what is fixed stand in what is kept of a picture, if they do."""
        old, new = _kept(self.text, self.keep), _kept(text, kept)
        if [char for char, _ in old] != [char for char, _ in new]:
            # A token may hold more than what it is kept for.
            return self._found(text, kept)
        place = {before: after for (_, before), (_, after) in zip(old, new, strict=True)}
        own, fixed = _carried(self.own, place), _carried(self.fixed, place)
        return None if own is None or fixed is None else (own, fixed)

    def _found(self, text: str, within: Stretches) -> tuple[Stretches, Stretches] | None:
        """Where what was typed and what is fixed stand in parts of a text, in the same order."""
        own, fixed, reached = list[tuple[int, int]](), list[tuple[int, int]](), 0
        for start, end in sorted((*self.own, *self.fixed)):
            part = self.text[max(start, 0) : end]
            over = end - max(start, 0) - len(part)
            at = _find(text, part, reached, within)
            if start < 0:
                at = 0
            elif over:
                at = len(text) - len(part)
            if at < reached or text[at : at + len(part)] != part:
                return None
            reached = at + len(part)
            mine = fixed if (start, end) in self.fixed else own
            mine.append((at + min(start, 0), reached + over))
        return tuple(own), tuple(fixed)

    def _after(self, own: Sequence[tuple[int, int]]) -> int | None:
        """Where the caret is when what was typed stands there: as far from it as before."""
        if self.caret is None:
            return None
        near = [n for n, (start, _) in enumerate(self.own) if start <= self.caret]
        if not near:
            return min([self.caret, *(start for start, _ in own[:1])])
        number = near[-1]
        return own[number][0] + min(self.caret - self.own[number][0], _length(own[number]))


def _length(stretch: tuple[int, int]) -> int:
    return stretch[1] - stretch[0]


def _find(text: str, part: str, start: int, within: Stretches) -> int:
    """Where a part stands first from a place on, whole in one of the stretches; -1: nowhere."""
    at = text.find(part, start)
    while at >= 0 and not any(first <= at and at + len(part) <= last for first, last in within):
        at = text.find(part, at + 1)
    return at


def _carried(stretches: Stretches, place: Mapping[int, int]) -> Stretches | None:
    """Where stretches stand, by where each of their characters does; None where one is torn."""
    moved = [(place.get(start, -1), place.get(end - 1, -2) + 1) for start, end in stretches]
    whole = all(
        after[0] >= 0 and _length(before) == _length(after)
        for before, after in zip(stretches, moved, strict=True)
    )
    return tuple(moved) if whole else None


def _by(stretches: Iterable[tuple[int, int]], by: int) -> Stretches:
    return tuple((start + by, end + by) for start, end in stretches)


def _opened(own: Stretches, at: int, size: int) -> list[tuple[int, int]]:
    """Stretches after `size` characters came in at a place; one around the place grows."""
    return [
        (start + size if start >= at else start, end + size if end > at else end)
        for start, end in own
    ]


def _closed(place: int, start: int, end: int) -> int:
    """A place after the characters from `start` to `end` have gone."""
    return place if place <= start else max(start, place - (end - start))


def _split(pieces: Sequence[Piece], at: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces before a place and those after it, one that reaches over it cut in two."""
    left, right = list[Piece](), list[Piece]()
    for piece in pieces:
        cut = min(max(at, 0), len(piece.text))
        at -= len(piece.text)
        left += [piece._replace(text=piece.text[:cut])] if cut else []
        right += [piece._replace(text=piece.text[cut:])] if cut < len(piece.text) else []
    return tuple(left), tuple(right)


def _marked(pieces: Sequence[Piece], own: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """The pieces with what was typed shown as kept, whatever the model makes of it."""
    done, rest, at = tuple[Piece, ...](), tuple(pieces), 0
    for start, end in own:
        before, rest = _split(rest, start - at)
        mine, rest = _split(rest, end - start)
        done += (*before, Piece("".join(piece.text for piece in mine), "kept", 0.0))
        at = end
    return (*done, *rest)


def _where(pieces: Sequence[Piece], state: str) -> Stretches:
    found, at = list[tuple[int, int]](), 0
    for piece in pieces:
        if piece.state == state:
            found.append((at, at + len(piece.text)))
        at += len(piece.text)
    return joined(found)


def _kept(text: str, keep: Stretches) -> list[tuple[str, int]]:
    """Each kept character, and where it stands."""
    return [(text[at], at) for start, end in keep for at in range(start, end)]
