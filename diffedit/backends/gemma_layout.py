"""Where things stand in a canvas of fixed length: held text, free slots, and what fills the rest.

Slots cannot be inserted or taken out, so a hole has the length that the layout gives it; several
layouts are offered, and the engine takes the one that the model is surest of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from diffedit.core.errors import RequestError, TooLongError
from diffedit.core.stretch import Stretches, joined, rest, touched
from diffedit.engine.request import Layout
from diffedit.engine.typed import Typed

Part = tuple[str, bool]
"""A stretch of the span, and whether it is to stay."""


class Codec(Protocol):
    """Text to ids and back."""

    def encode(self, text: str) -> list[int]:
        """Plain text to ids."""

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string a slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text to be scored, in tokens."""

    prompt: tuple[int, ...]
    mark: int
    """As in Prompt: what another place of the same file may share."""
    left: tuple[int, ...]
    """What stands right before the text."""
    text: tuple[int, ...]
    right: tuple[int, ...]
    """What stands after it, and how an answer ends."""
    fill: int
    """What stands after an answer's end."""


def kept_parts(text: str, keep: Stretches) -> list[Part]:
    """A span as parts that stay and parts that are free, in order."""
    kept = joined((first, min(end, len(text))) for first, end in keep)
    free = rest(len(text), kept)
    places = sorted([(*place, True) for place in kept] + [(*place, False) for place in free])
    return [(text[first:end], stays) for first, end, stays in places]


def held_layout(  # noqa: PLR0913 - a layout is made of as much
    parts: Sequence[Part],
    codec: Codec,
    ending: Sequence[int],
    *,
    length: int,
    fill: int,
    scale: float = 1.0,
    noised: Stretches | None = None,
) -> Layout:
    """Parts that stay at their slots, the free ones `scale` times as long as they were.

    Raises RequestError for a part whose tokens do not give it back, TooLongError where the parts
    do not fit into one canvas.
    """
    known, start = list[int | None](), list[int]()
    for text, stays in parts:
        ids = codec.encode(text)
        if stays:
            if "".join(codec.decode(ids)) != text:
                raise RequestError("A part that is to stay has signs this model cannot hold.")
            known += ids
            start += ids
        else:
            room = max(1, round(len(ids) * scale))
            known += [None] * room
            start += [*ids, *[fill] * room][:room]
    end, most = len(known), length - len(ending) - 1
    if end > most:
        raise TooLongError(
            f"The span takes {end} slots; up to {most} can be denoised round parts that stay.",
            hint="Select less.",
        )
    hot = None if noised is None else touched(codec.decode(start), noised)
    return Layout(
        known=padded(known, ending, length, fill), hole=(0, end), start=tuple(start), hot=hot
    )


def typed_layout(typed: Typed, codec: Codec, *, left: Sequence[int] = ()) -> Layout:
    """The picture as a person has typed into it, slot for slot: what must come back is held.

    What stood in the slots is the start, and what was noise is noise. `left` is held before it.
    """
    known, start = list[int | None](left), list(left)
    for text, stays in kept_parts(typed.text, typed.keep):
        ids = codec.encode(text)
        known += ids if stays else [None] * len(ids)
        start += ids
    hot = touched(codec.decode(start[len(left) :]), typed.noised)
    return Layout(
        known=tuple(known),
        hole=(len(left), len(known)),
        start=tuple(start),
        hot=frozenset(slot + len(left) for slot in hot),
    )


def gap_layout(
    left: Sequence[int], hole: int, right: Sequence[int], *, length: int, fill: int
) -> Layout:
    """A hole of so many slots between the text on its left and on its right, both held."""
    known = [*left, *[None] * hole]
    return Layout(known=padded(known, right, length, fill), hole=(len(left), len(left) + hole))


def padded(
    known: Sequence[int | None], ending: Sequence[int], length: int, fill: int
) -> tuple[int | None, ...]:
    """The canvas to its last slot: what follows, then what stands after a text's end."""
    return (*known, *ending, *[fill] * (length - len(known) - len(ending)))
