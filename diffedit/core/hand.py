"""What a person types into a draft while it denoises. A value: text and place, no screen.

The picture is theirs as soon as they type in it: what they see is what they type into. What they
typed is held from then on, wherever the model moves the text around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from diffedit.core.graphemes import following, preceding, settle
from diffedit.core.piece import Piece
from diffedit.core.stretch import Stretches, held, joined

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
        own = self.places(text)
        caret = self._after(own) if len(own) == len(self.own) else None
        return replace(self, pieces=_marked((Piece(text, "accepted"),), own), own=own, caret=caret)

    # The person --------------------------------------------------------------------------------

    def inserted(self, text: str) -> Hand:
        """The picture with a text of theirs at the caret, which stands behind it then."""
        at = self.caret
        if at is None or not text:
            return self
        left, right = _split(self.pieces, at)
        own = joined(
            (*_opened(self.own, at, len(text)), (at, at + len(text))),
        )
        return replace(
            self,
            pieces=(*left, Piece(text, "kept", 0.0), *right),
            own=own,
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
        if any(first < at and start < last for first, last in pinned):
            return self
        left, rest = _split(self.pieces, start)
        _, right = _split(rest, at - start)
        own = joined(
            (_closed(first, start, at), _closed(last, start, at)) for first, last in self.own
        )
        return replace(self, pieces=(*left, *right), own=own, caret=start, number=self.number + 1)

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
        if text.startswith(self.text[:end]):
            caret = self.caret if self.caret is None else min(self.caret, len(text))
            return replace(self, pieces=_marked(pieces, self.own), caret=caret)
        old, new = _kept(self.text, self.keep), _kept(text, joined(_where(pieces, "kept")))
        if [char for char, _ in old] != [char for char, _ in new]:
            return None
        place = {before: after for (_, before), (_, after) in zip(old, new, strict=True)}
        own = list[tuple[int, int]]()
        for start, stop in self.own:
            at = place[start]
            if text[at : at + stop - start] != self.text[start:stop]:
                return None
            own.append((at, at + stop - start))
        return replace(self, pieces=_marked(pieces, own), own=joined(own), caret=self._after(own))

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


def _by(stretches: Stretches, by: int) -> Stretches:
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
