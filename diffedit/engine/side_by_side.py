"""Several answers of a canvas model in one batch over one prefix, each with its own seed.

The prompt is read once, and each denoising step is one pass over the canvases of all answers that
still go on; one that is stable and sure is in no further pass. The law: an answer is what its seed
gives alone, up to floating-point rounding, which may depend on how many rows a pass has. The same
batch gives the same answers every time.

Answers that need another canvas wait until all that are denoised with them have come as far, and go
on in one batch again: then each has as many committed tokens of its own after the shared prefix,
and nothing has to be padded or masked. What is typed into the picture begins all answers anew.
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
        self._ids: dict[int, tuple[int, ...]] = {}
        """The canvas of each answer that was finished last."""

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
        self._batch.restart()
        self._at_once = self._batch.most(max(run.longest for run in self._runs))
        rows = range(len(self._runs))
        for first in rows[:: self._at_once]:
            going, number = list(rows[first : first + self._at_once]), 1
            while going:
                news = yield from self._canvases(going, number, cancelled, typing)
                if news is not None:
                    return news
                going, number = self._onward(going, number, cancelled), number + 1
        return None

    def _onward(self, rows: Sequence[int], number: int, cancelled: Cancelled) -> list[int]:
        """Which of these answers need another canvas after this one."""
        onward = [row for row in rows if self._runs[row].more(number)]
        for row in rows:
            heed(cancelled)
            if row in onward:
                self._batch.commit(row, self._ids[row])
            else:
                self._batch.drop(row)
        return onward

    def _show(self, row: int) -> None:
        """This answer is shown from its next step on; until then the picture stays."""
        run, lead = self._runs[row], self.lead
        run.steps, run.shown = lead.steps, lead.shown
        self.lead = run

    def _canvases(
        self, rows: Sequence[int], number: int, cancelled: Cancelled, typing: Typing
    ) -> Generator[Event, None, Typed | None]:
        """A canvas of each of these answers, the same in number, in one batch."""
        going = dict[int, _Going]()
        for row in rows:
            heed(cancelled)
            canvas = self._runs[row].canvas(number)
            if canvas.free_slots:
                self._batch.place(row, canvas)
                going[row] = _Going(canvas, self._runs[row].course(canvas))
            else:
                self._ids[row] = self._runs[row].commit(canvas, None)
        while going:
            looks = self._looks(going)
            first, *others = looks
            self._show(first)
            for row in others:
                self._runs[row].saw(looks[row])
            yield self.lead.step(number, looks[first])
            heed(cancelled)
            if (news := typing()) is not None:
                return news
            for row in [row for row, look in looks.items() if look.stop]:
                self._ids[row] = self._runs[row].commit(going.pop(row).canvas, looks[row])
        return None

    def _looks(self, going: dict[int, _Going]) -> dict[int, Look]:
        """One step of all that still go on."""
        warmths = [one.course.warmth for one in going.values()]
        seen = self._batch.step([*going], warmths, self._params.entropy_bound)
        return {
            row: one.course.look(taken_there(one.canvas, told))
            for (row, one), told in zip(going.items(), seen, strict=True)
        }

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
