"""One edit for the model in the box with a mask adapter: which canvas, and what is made of it.

A gap is one canvas: as many slots as its lines may need, then the text right of it, which is held.
A rewrite is one canvas, too: the new code, after the prompt that the causal adapter knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from diffedit.backends import small_edit, small_fill, small_prompt, small_tuned
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.core.stretch import touched
from diffedit.engine import prompt
from diffedit.engine.backend import Denoiser
from diffedit.engine.prompt import fit_to_span
from diffedit.engine.request import CanvasRequest, Finished
from diffedit.engine.task import Task

LEFT = 384
"""Tokens on the left that a gap's canvas is told."""
LINE_SLOTS, LONGEST = 16, 192
"""Slots for a line of a gap, and at most for what is new."""


def request(task: Task, denoiser: Denoiser, markers: Mapping[str, int]) -> CanvasRequest:
    """The task in tokens. Raises RequestError, TooLongError."""
    if task.mode == "rewrite":
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        return _rewriting(task, denoiser, markers)
    return _filling(task, denoiser, markers)


def _rewriting(task: Task, denoiser: Denoiser, markers: Mapping[str, int]) -> CanvasRequest:
    span = small_prompt.shown(task)
    code = span.text.strip("\n")
    wish = task.instruction.strip() or small_prompt.USUAL_WISH
    ids = small_tuned.rewrite_prompt(code, wish, denoiser.encode, markers)
    start = denoiser.encode(code)
    slots = ceil(len(start) * 1.25) + 8
    if slots > LONGEST:
        raise TooLongError(
            f"The span has {len(start):,} tokens; {(LONGEST - 8) * 4 // 5:,} fit.",
            hint="Select less.",
        )
    texts = denoiser.decode(start)
    keep = touched(texts, shifted(task, span)) if task.keep else frozenset[int]()

    def finish(answers: Sequence[str]) -> Finished:
        text = fit_to_span(answers[0], task.text, before=task.before)
        if not text.strip():
            raise ModelError("The model gave no code, so nothing was changed.")
        return Finished(texts=(text,))

    return CanvasRequest(
        prefix=tuple(ids),
        start=tuple(start),
        known=tuple(token if n in keep else None for n, token in enumerate(start)),
        fill=markers[small_tuned.END],
        hole=(0, slots),
        length=slots,
        original=task.text,
        finish=finish,
        picture=lambda pieces: small_edit.picture(pieces, task, span),
    )


def shifted(task: Task, span: small_prompt.Shown) -> tuple[tuple[int, int], ...]:
    """What is to be kept, in characters of the span as it is shown: without its indentation."""
    places, at = [0] * (len(task.text) + 1), 0
    lines = task.text.split("\n")
    new = 0
    for number, line in enumerate(lines):
        gone = len(span.first if number == 0 else span.indent)
        gone = min(gone, len(line) - len(line.lstrip(" \t")))
        for column in range(len(line) + 1):
            places[at + column] = new + max(0, column - gone)
        at, new = at + len(line) + 1, new + len(line) - gone + 1
    lead = len(task.text) - len(task.text.lstrip("\n"))
    return tuple((places[a] - lead, places[b] - lead) for a, b in task.keep)


def _filling(task: Task, denoiser: Denoiser, markers: Mapping[str, int]) -> CanvasRequest:
    near = prompt.budget(task.before, "", limit=LEFT, count=lambda text: len(denoiser.encode(text)))
    place = small_fill.gap(task, small_fill.told(task, near.before))
    ids = [markers[small_tuned.START], *denoiser.encode(place.prompt)]
    right = denoiser.encode(place.end + task.after[: small_tuned.RIGHT_TOKENS * 16])
    right = right[: small_tuned.RIGHT_TOKENS]
    slots = min(max(1, place.wanted) * LINE_SLOTS, LONGEST)
    old = place.lead + task.text[len(place.own) :] if task.mode == "infill" else ""

    def finish(answers: Sequence[str]) -> Finished:
        first, last = small_fill.extent(answers[0], place)
        part = answers[0][first:last]
        if not part.strip():
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        return Finished(texts=(place.own + part + place.end,))

    def seen(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        raw = "".join(piece.text for piece in pieces)
        return small_fill.picture(pieces, place, small_fill.extent(raw, place))

    return CanvasRequest(
        prefix=tuple(ids),
        start=tuple(denoiser.encode(old))[:slots] if task.text.strip() else (),
        known=(*[None] * slots, *right),
        fill=markers[small_tuned.END],
        hole=(0, slots),
        length=slots + len(right),
        original=task.text,
        finish=finish,
        picture=seen,
    )
