"""A gap for a mask-noise model: one canvas, the text right of the gap held behind the hole.

Slots cannot be inserted or taken out, so several lengths of the hole are laid out, and the engine
takes the one that the model is surest of at first sight (`engine.canvas_run`). What is typed into
the picture is held in its slots, with some more behind it where the model wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from diffedit.backends import small_fill
from diffedit.backends.gemma_layout import typed_layout
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, TooLongError
from diffedit.core.stretch import Stretches, touched
from diffedit.engine.backend import Denoiser
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished, Layout
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed

_MORE = (0, 8, 24)
"""Slots behind what a person typed that the model may want, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskGap:
    """A gap, what is held right of it, and how long it may be."""

    denoiser: Denoiser
    task: Task
    place: small_fill.Gap
    right: tuple[int, ...]
    """The ids that are held behind the hole."""
    holes: Sequence[int]
    """Slots that the hole may have, the likeliest first."""
    most: int
    """Slots that there is room for."""
    steps: Callable[[int], int | None] = lambda _slots: None
    """steps(slots of the hole): what it may take; None: as many as the request."""

    def laid(self, request: CanvasRequest) -> CanvasRequest:
        """The request, which says how it is denoised, with this gap to be denoised.

        Raises TooLongError where there is no room for it.
        """
        if not self.holes:
            raise TooLongError("The text around the gap leaves no room for it.")
        task, place = self.task, self.place
        old = place.lead + task.text[len(place.own) :] if task.text.strip() else ""
        ids = self.denoiser.encode(old)
        moved = len(place.lead) - len(place.own)
        texts = self.denoiser.decode(ids)
        keep = touched(texts, _by(task.keep, moved))
        hot = None if task.noised is None else touched(texts, _by(task.noised, moved))
        found = list[Layout]()
        for hole in self.holes:
            start = tuple(ids[:hole])
            if keep and max(keep) >= hole:
                continue
            held = [token if slot in keep else None for slot, token in enumerate(start)]
            known = (*held, *[None] * (hole - len(held)))
            found.append(self._layout(known, start, hot))
        if not found:
            raise TooLongError("What is to stay does not fit into the canvas.", hint="Select less.")
        return self.asked(request, found, task.text)

    def _layout(
        self, known: Sequence[int | None], start: tuple[int, ...], hot: frozenset[int] | None
    ) -> Layout:
        return Layout(
            known=(*known, *self.right),
            hole=(0, len(known)),
            start=start,
            hot=hot,
            max_steps=self.steps(len(known)),
        )

    def asked(
        self, request: CanvasRequest, layouts: Sequence[Layout], original: str
    ) -> CanvasRequest:
        """The request with these ways to lay the canvas out; `original` is the picture before."""
        return replace(
            request,
            layouts=tuple(layouts),
            length=len(layouts[0].known),
            original=original,
            finish=self._finish,
            picture=self._picture,
            relay=lambda typed: self._typed(request, typed),
        )

    def _typed(self, request: CanvasRequest, typed: Typed) -> CanvasRequest:
        """The same gap from the picture as a person has typed into it."""
        place = self.place
        own = place.own if typed.text.startswith(place.own) else ""
        moved = len(place.lead) - len(own)
        raw = Typed(
            text=place.lead + typed.text[len(own) :],
            keep=_by(typed.keep, moved),
            noised=_by(typed.noised, moved),
        )
        laid = typed_layout(raw, self.denoiser)
        found = [
            self._layout((*laid.known, *[None] * more), laid.start, laid.hot)
            for more in _MORE
            if len(laid.known) + more <= self.most
        ]
        if not found:
            raise TooLongError("What you typed does not fit into the canvas any more.")
        # Where all of it is held there is nothing to be sure of: the model is to go on.
        open_ = [one for one in found if _is_open(one)]
        return replace(self, place=replace(place, own=own)).asked(
            request, open_ or found, typed.text
        )

    def _finish(self, answers: Sequence[str]) -> Finished:
        """The answer as it goes into the gap. Raises ModelError where there is none."""
        place = self.place
        part = answers[0][slice(*small_fill.extent(answers[0], place))]
        if not part.strip():
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        text = place.own + part + place.end
        note = "The model changed nothing." if text == self.task.text else ""
        return Finished(texts=(text,), note=note)

    def _picture(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        raw = "".join(piece.text for piece in pieces)
        return small_fill.picture(pieces, self.place, small_fill.extent(raw, self.place))


def warm(task: Task, params: DenoiseParams) -> bool:
    """Whether the canvas begins with the old text: then it is as long as that was."""
    return task.noised is not None or params.noise < 1


def _is_open(layout: Layout) -> bool:
    """Whether there is a slot to be denoised: free, and not begun with what stands there."""
    return any(
        token is None and (slot >= len(layout.start) or slot in (layout.hot or ()))
        for slot, token in enumerate(layout.known[: layout.hole[1]])
    )


def _by(stretches: Stretches, by: int) -> Stretches:
    """Stretches moved; what would stand before the text is cut off."""
    moved = ((max(0, first + by), end + by) for first, end in stretches)
    return tuple((first, end) for first, end in moved if first < end)
