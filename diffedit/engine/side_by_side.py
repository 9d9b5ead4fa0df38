"""Several answers of a canvas model in one batch over one prefix, each with its own seed.

The prompt is read once, and each denoising step is one pass over the canvases of all answers that
still go on; one that is stable and sure is in no further pass. The law: an answer is what its seed
gives alone, up to floating-point rounding, which may depend on how many rows a pass has. The same
batch gives the same answers every time.

An answer that needs more than one canvas goes on by itself from its second on, when the first ones
of all are done: from there each has a prefix of its own, and keeping as many caches would take the
memory that the batch was to save. What is typed into the picture begins all answers anew.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from diffedit.core.errors import ModelError
from diffedit.engine.backend import Batch, Cancelled, Interrupted, heed
from diffedit.engine.canvas import Canvas
from diffedit.engine.canvas_run import CanvasRun
from diffedit.engine.denoise import Course, Look, taken_there
from diffedit.engine.in_turn import best_first
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.rewrite import denoised
from diffedit.engine.step import Event, Outcome, Started
from diffedit.engine.typed import Typed, Typing, nothing


def side_by_side(
    batch: Batch,
    request: CanvasRequest,
    params: DenoiseParams,
    cancelled: Cancelled,
    typing: Typing = nothing,
) -> Iterator[Event]:
    """As many answers as there are to be candidates, as one run: the surest first.

    What is seen of a step is the first answer that still goes on. Seeds, order and failures are
    those of `in_turn`.
    """
    run = _Rows(batch, request, params)
    yield run.started()
    try:
        news = typing()
        while True:
            if news is not None and request.relay is not None:
                run.typed(news)
            batch.denoiser.prefill(run.lead.request.prefix, cancelled)
            news = yield from run.denoised(cancelled, typing)
            if news is None:
                break
        outcome = run.outcome(request.original)
    except Interrupted:
        outcome = run.lead.cancelled()
    yield outcome


class _Going(NamedTuple):
    """A canvas on its way."""

    canvas: Canvas
    course: Course


class _Rows:
    """Moves: the answers' runs, the one that is shown, and the steps of all."""

    def __init__(self, batch: Batch, request: CanvasRequest, params: DenoiseParams) -> None:
        self._batch, self._params = batch, params
        count = params.candidates or 1
        seeds = [params.seed * count + number for number in range(count)]
        self._runs = [
            CanvasRun(
                batch.denoiser,
                replace(request, fresh=fresh),
                replace(params, candidates=1, seed=seed),
            )
            for seed, fresh in zip(seeds, batch.begin(seeds), strict=True)
        ]
        self.lead = self._runs[0]
        """The one that is shown."""
        self._at_once = count
        self._onward: dict[int, tuple[int, ...]] = {}
        """The first canvas of each answer that needs another."""

    def started(self) -> Started:
        """The run as it begins."""
        return replace(self.lead.started(), seed=self._params.seed)

    def typed(self, typed: Typed) -> None:
        """Begin all anew from the picture as a person has typed into it; steps are counted on."""
        for run in self._runs:
            run.typed(typed)

    def denoised(
        self, cancelled: Cancelled, typing: Typing
    ) -> Generator[Event, None, Typed | None]:
        """All answers to their ends, or up to a step before which something was typed."""
        self._onward.clear()
        self._at_once = self._batch.most
        rows = range(len(self._runs))
        for first in rows[:: self._at_once]:
            group = rows[first : first + self._at_once]
            news = yield from self._first_canvases(group, cancelled, typing)
            if news is not None:
                return news
        for row, ids in self._onward.items():
            self._show(row)
            self._batch.alone(row)
            denoiser = self._batch.denoiser
            denoiser.prefill(self.lead.request.prefix, cancelled)
            heed(cancelled)
            denoiser.commit(ids)
            news = yield from denoised(denoiser, self.lead, cancelled, typing, first=2)
            if news is not None:
                return news
        return None

    def _show(self, row: int) -> None:
        """This answer is shown from its next step on; until then the picture stays."""
        run, lead = self._runs[row], self.lead
        run.steps, run.shown = lead.steps, lead.shown
        self.lead = run

    def _first_canvases(
        self, rows: Sequence[int], cancelled: Cancelled, typing: Typing
    ) -> Generator[Event, None, Typed | None]:
        """The first canvas of each of these answers, in one batch."""
        going = dict[int, _Going]()
        for row in rows:
            heed(cancelled)
            canvas = self._runs[row].canvas(1)
            if canvas.free_slots:
                self._batch.place(row, canvas)
                going[row] = _Going(canvas, self._runs[row].course(canvas))
            else:
                self._commit(row, canvas, None)
        while going:
            looks = self._looks(going)
            first, *others = looks
            self._show(first)
            for row in others:
                self._runs[row].saw(looks[row])
            yield self.lead.step(1, looks[first])
            heed(cancelled)
            if (news := typing()) is not None:
                return news
            for row in [row for row, look in looks.items() if look.stop]:
                self._commit(row, going.pop(row).canvas, looks[row])
        return None

    def _looks(self, going: dict[int, _Going]) -> dict[int, Look]:
        """One step of all that still go on."""
        warmths = [one.course.warmth for one in going.values()]
        seen = self._batch.step([*going], warmths, self._params.entropy_bound)
        return {
            row: one.course.look(taken_there(one.canvas, told))
            for (row, one), told in zip(going.items(), seen, strict=True)
        }

    def _commit(self, row: int, canvas: Canvas, look: Look | None) -> None:
        """An answer's first canvas is finished."""
        run = self._runs[row]
        ids = run.commit(canvas, look)
        if run.more(1):
            self._onward[row] = ids

    def outcome(self, original: str) -> Outcome:
        """All answers, best first. Raises ModelError where there is none."""
        done, failed = list[tuple[float, Outcome]](), ModelError("The model gave no answer.")
        for run in self._runs:
            try:
                done.append((run.doubt, run.outcome()))
            except ModelError as error:
                failed = error
        if not done:
            raise failed
        outcome = best_first(done, original, self.lead.steps)
        if self._at_once >= len(self._runs):
            return outcome
        cut = f"Memory holds {self._at_once} of these answers at once, so they came in parts."
        return replace(outcome, note=" ".join(filter(None, (outcome.note, cut))))
