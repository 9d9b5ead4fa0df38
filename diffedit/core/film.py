"""A film: the pictures of one run, kept so that they can be looked at again. A value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from diffedit.core.draft import Figures, Piece
from diffedit.core.stretch import Stretches, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FRAMES = 600
"""Frames that a film keeps; beyond them every second one goes, the first and the last never."""
MOST_PIECES = 300_000
"""Pieces of all its frames together: some 30 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture of a run, as it was at one step."""

    pieces: tuple[Piece, ...]
    figures: Figures = field(default_factory=Figures)

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def noised(self) -> Stretches:
        """Where it is still noise, in characters of its text."""
        return self._where("noise")

    @property
    def kept(self) -> Stretches:
        """What it holds to known text."""
        return self._where("kept")

    @property
    def weight(self) -> int:
        """What it costs to keep, in pieces."""
        return 1 + len(self.pieces) + len(self.figures.thought or "") // 16

    def _where(self, state: str) -> Stretches:
        found, at = list[tuple[int, int]](), 0
        for piece in self.pieces:
            if piece.state == state:
                found.append((at, at + len(piece.text)))
            at += len(piece.text)
        return joined(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """The frames of a run, oldest first, no more of them than fit."""

    frames: tuple[Frame, ...] = ()
    weight: int = 0
    """Of all frames together."""

    def __len__(self) -> int:
        return len(self.frames)

    def __bool__(self) -> bool:
        return bool(self.frames)

    @classmethod
    def of(cls, frames: Iterable[Frame]) -> Film:
        """The film of these frames."""
        film = cls()
        for frame in frames:
            film = film.seen(frame)
        return film

    def seen(self, frame: Frame) -> Film:
        """The film with one more frame; a longer one loses every second of those in between."""
        film = replace(self, frames=(*self.frames, frame), weight=self.weight + frame.weight)
        while len(film) > 2 and (len(film) > MOST_FRAMES or film.weight > MOST_PIECES):
            first, *between, last = film.frames
            kept = (first, *between[1::2], last)
            film = _whole(kept)
        return film


def _whole(frames: tuple[Frame, ...]) -> Film:
    """A film of just these frames."""
    return Film(frames=frames, weight=sum(frame.weight for frame in frames))
