"""One edit in tokens: what a backend hands to the outer loop, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diffedit.core.draft import Piece
from diffedit.engine.canvas import Fresh
from diffedit.engine.causal import Stop, Window
from diffedit.engine.thought import Channel
from diffedit.engine.transfer import Accept
from diffedit.engine.typed import Typed

MAX_STEPS = 48
"""Steps a canvas may take where neither the person nor the model says: the reference's own."""


DEFAULT_WINDOW = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is made of the raw answers: the texts for the span, best first."""

    texts: tuple[str, ...]
    best: int = 0
    """Which raw answer the first text comes from."""
    note: str = ""


Finish = Callable[[Sequence[str]], Finished]
"""finish(raw answers): rank, strip and fit them. May raise ModelError: nothing usable."""

Picture = Callable[[tuple[Piece, ...]], tuple[Piece, ...]]
"""picture(pieces of the raw answer): what of it is shown where the span stands."""


def as_they_are(answers: Sequence[str]) -> Finished:
    """Finish without ranking or stripping: in order, each text once."""
    return Finished(texts=tuple(dict.fromkeys(answers)))


def all_of_it(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Show the raw answer as it is."""
    return pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way to lay a canvas out round a hole whose length is not known."""

    known: tuple[int | None, ...]
    """Ids that slots are held to; None is free."""
    hole: tuple[int, int]
    """The slots (first, end) of the answer."""
    start: tuple[int, ...] = ()
    hot: frozenset[int] | None = None
    """As in CanvasRequest."""
    max_steps: int | None = None
    """Steps that this one may take; None: as many as the request's."""

    @property
    def room(self) -> int:
        """Slots of the hole."""
        return self.hole[1] - self.hole[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasRequest:
    """One edit in tokens, for a uniform- or mask-noise model."""

    prefix: tuple[int, ...]
    """The prompt."""
    start: tuple[int, ...] = ()
    """The span's own ids: where a warm start (`noise` below 1) starts from."""
    known: tuple[int | None, ...] = ()
    """Ids that slots are held to, over all canvases; None is free."""
    hole: tuple[int, int] | None = None
    """Only these slots (first, end) are the answer; the rest of the one canvas is clamped text."""
    hot: frozenset[int] | None = None
    """Slots of `start` that begin as noise, the rest beginning as it stands. None: the dial
    `noise` says how many, and the seed which."""
    layouts: tuple[Layout, ...] = ()
    """Several ways to lay out the one canvas, the likeliest first. After one look at each, the
    surest takes the place of `known`, `hole` and `start`, and of `length` where that is given."""
    channel: Channel | None = None
    """How the model marks its thought; None: it has none."""
    fill: int | None = None
    """What a warm start holds past the end of `start`; None: noise."""
    max_tokens: int | None = None
    """How long the answer may grow, rounded up to whole canvases."""
    max_steps: int = MAX_STEPS
    """Steps a canvas may take unless the person says otherwise."""
    fresh: Fresh | None = None
    """Where noise comes from; None: from the seed."""
    length: int | None = None
    """Slots of a canvas; None: the model's own."""
    accept: Accept | None = None
    """The family's own rule for what a step accepts; None: the entropy bound."""
    temperature: float | None = None
    """Held at every step; None: it falls from step to step."""
    original: str = ""
    """The span's text: the picture before the first step."""
    finish: Finish = as_they_are
    picture: Picture = all_of_it
    relay: Callable[[Typed], CanvasRequest] | None = None
    """The same request from the picture as a person has typed into it; None: it cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRequest:
    """One edit in tokens, for a left-to-right model."""

    prefix: tuple[int, ...]
    """The prompt."""
    start: tuple[int, ...] = ()
    """The span's own ids: the first guess of the answer."""
    nearby: tuple[int, ...] = ()
    """Other text that the answer may repeat parts of."""
    temperatures: tuple[float, ...] = (0.0,)
    """A candidate each; the first is the one shown while it denoises."""
    max_tokens: int | None = None
    """How long an answer may grow; never longer than `max_canvases` allow."""
    stop: Stop | None = None
    """Says when an answer is complete, besides at an end id."""
    enough: Callable[[str], bool] | None = None
    """enough(raw answer): it is so good that no other one need be waited for."""
    sense: Callable[[str], bool] | None = None
    """sense(raw answer so far): it is worth being looked at; None: any is."""
    circles: bool = True
    """Whether an answer may run in a circle; False ends one that does, with a note."""
    heads: Callable[[], Sequence[Sequence[int]]] | None = None
    """heads(): what each candidate begins with, held; asked once the prompt has been read. None:
    none is held to anything."""
    window: Window = DEFAULT_WINDOW
    original: str = ""
    """The span's text: the picture before the first step."""
    finish: Finish = as_they_are
    picture: Picture = all_of_it
    relay: Callable[[Typed], RowsRequest] | None = None
    """As in CanvasRequest."""
