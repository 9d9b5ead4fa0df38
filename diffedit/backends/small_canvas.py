"""One edit for the model in the box with a mask adapter: which canvas, and what is made of it.

A gap is one canvas: as many slots as its lines may need, then the text right of it, which is held.
A rewrite is one canvas, too: the new code, after the prompt that the causal adapter knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil

from diffedit.backends import small_edit, small_fill, small_prompt, small_tuned
from diffedit.backends.mask_gap import MaskGap, warm
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.core.stretch import Stretches, touched
from diffedit.engine import holes, prompt
from diffedit.engine.backend import Denoiser
from diffedit.engine.params import DenoiseParams
from diffedit.engine.prompt import fit_to_span
from diffedit.engine.request import CanvasRequest, Finished
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed

LEFT = 384
"""Tokens on the left that a gap's canvas is told."""
LINE_SLOTS, LONGEST = 16, 192
"""Slots for a line of a gap, and at most for what is new."""


def request(
    task: Task, params: DenoiseParams, denoiser: Denoiser, markers: Mapping[str, int]
) -> CanvasRequest:
    """The task in tokens. Raises RequestError, TooLongError."""
    if task.mode == "rewrite":
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        return _rewriting(task, denoiser, markers)
    return _filling(task, params, denoiser, markers)


def _rewriting(
    task: Task, denoiser: Denoiser, markers: Mapping[str, int], typed: Typed | None = None
) -> CanvasRequest:
    asked, span = task, small_prompt.shown(task)
    wish = task.instruction.strip() or small_prompt.USUAL_WISH
    ids = small_tuned.rewrite_prompt(span.text.strip("\n"), wish, denoiser.encode, markers)
    if typed is not None:
        task = replace(task, text=typed.text, keep=typed.keep, noised=typed.noised)
        span = small_prompt.shown(task)
    start = denoiser.encode(span.text.strip("\n"))
    slots = ceil(len(start) * 1.25) + 8
    if slots > LONGEST:
        raise TooLongError(
            f"The span has {len(start):,} tokens; {(LONGEST - 8) * 4 // 5:,} fit.",
            hint="Select less.",
        )
    texts = denoiser.decode(start)
    keep = touched(texts, shifted(task, span, task.keep))
    hot = None if task.noised is None else touched(texts, shifted(task, span, task.noised))

    def finish(answers: Sequence[str]) -> Finished:
        text = fit_to_span(answers[0], task.text, before=task.before)
        if not text.strip():
            raise ModelError("The model gave no code, so nothing was changed.")
        return Finished(texts=(text,))

    return CanvasRequest(
        prefix=tuple(ids),
        start=tuple(start),
        known=tuple(token if n in keep else None for n, token in enumerate(start)),
        hot=hot,
        fill=markers[small_tuned.END],
        hole=(0, slots),
        length=slots,
        original=task.text,
        finish=finish,
        picture=lambda pieces: small_edit.picture(pieces, task, span),
        relay=lambda typed: _rewriting(asked, denoiser, markers, typed),
    )


def shifted(task: Task, span: small_prompt.Shown, stretches: Stretches) -> Stretches:
    """Stretches of the task's text, in characters of the span as it is shown: not indented."""
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
    return tuple((places[a] - lead, places[b] - lead) for a, b in stretches)


def _filling(
    task: Task, params: DenoiseParams, denoiser: Denoiser, markers: Mapping[str, int]
) -> CanvasRequest:
    near = prompt.budget(task.before, "", limit=LEFT, count=lambda text: len(denoiser.encode(text)))
    place = small_fill.gap(task, small_fill.told(task, near.before))
    ids = [markers[small_tuned.START], *denoiser.encode(place.prompt)]
    right = denoiser.encode(place.end + task.after[: small_tuned.RIGHT_TOKENS * 16])
    right = right[: small_tuned.RIGHT_TOKENS]
    usual = max(1, place.wanted) * LINE_SLOTS
    old = len(denoiser.encode(place.lead + task.text[len(place.own) :]))
    found = holes.lengths(old if task.text.strip() else 0, usual=usual, most=LONGEST)
    gap = MaskGap(
        denoiser=denoiser,
        task=task,
        place=place,
        right=tuple(right),
        holes=found if right and not warm(task, params) else found[:1],
        most=LONGEST,
    )
    # A warm start has ends behind the old text, as the model has learnt it of a hole too long.
    return gap.laid(CanvasRequest(prefix=tuple(ids), fill=markers[small_tuned.END]))
