"""The outer loop: from a prompt in tokens to Started, Steps and one Outcome.

`canvases` drives uniform- and mask-noise models, a canvas at a time, each committed before the
next (block-autoregressive). `rows` drives left-to-right models, several candidates at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from math import ceil

from diffedit.core.draft import Piece
from diffedit.engine.backend import Cancelled, CausalDenoiser, Denoiser, Interrupted, heed
from diffedit.engine.begin import preview
from diffedit.engine.canvas_run import CanvasRun, as_it_was
from diffedit.engine.causal import Limits, Row, RowsLook, decode_rows
from diffedit.engine.guess import Source
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step, StopReason
from diffedit.engine.typed import Typed, Typing, nothing


def canvases(
    denoiser: Denoiser,
    request: CanvasRequest,
    params: DenoiseParams,
    cancelled: Cancelled,
    typing: Typing = nothing,
) -> Iterator[Event]:
    """Rewrite with a uniform- or mask-noise model: one canvas after another until the text ends.

    What is typed into the picture meanwhile is held from the next step on (`CanvasRequest.relay`).
    """
    run = CanvasRun(denoiser, request, params)
    yield run.started()
    if not run.max_steps:
        yield preview(denoiser, run.request, params)
        yield Outcome(text=request.original, stop="steps", steps=0, canvases=0, tokens=0)
        return
    try:
        news = typing()
        while True:
            if news is not None and run.request.relay is not None:
                run.typed(news)
            denoiser.prefill(run.request.prefix, cancelled)
            news = yield from _denoised(denoiser, run, cancelled, typing)
            if news is None:
                break
        outcome = run.outcome()
    except Interrupted:
        outcome = run.cancelled()
    yield outcome


def _denoised(
    denoiser: Denoiser, run: CanvasRun, cancelled: Cancelled, typing: Typing
) -> Generator[Event, None, Typed | None]:
    """All canvases to the end of the text, or up to a step before which something was typed."""
    for number in count(1):
        heed(cancelled)
        canvas, look = run.canvas(number), None
        with closing(run.looks(canvas)) as looks:
            for look in looks:
                yield run.step(number, look)
                heed(cancelled)
                if (news := typing()) is not None:
                    return news
        ids = run.commit(canvas, look)
        if not run.more(number):
            break
        denoiser.commit(ids)
    return None


def rows(
    denoiser: CausalDenoiser,
    request: RowsRequest,
    params: DenoiseParams,
    cancelled: Cancelled,
    typing: Typing = nothing,
) -> Iterator[Event]:
    """Rewrite with a left-to-right model: all candidates side by side, then the best first.

    What is typed into the picture meanwhile, and what stands before it, begins every answer from
    the next step on (`RowsRequest.relay`).
    """
    run = _Rows(denoiser, request, params)
    yield run.started()
    try:
        news = typing()
        while True:
            if news is not None and run.request.relay is not None:
                run.typed(news)
            denoiser.prefill(run.request.prefix, cancelled)
            heed(cancelled)
            run.hold()
            news = None
            for look in decode_rows(denoiser, run.rows, run.limits, run.request.window):
                yield run.step(look)
                heed(cancelled)
                news = typing()
                if news is not None or run.out_of_steps or run.has_enough(look):
                    break
            if news is None:
                break
        outcome = run.outcome()
    except Interrupted:
        outcome = run.cancelled()
    yield outcome


class _Rows:
    """A run over candidates: the rows, what is shown, what is counted. It moves."""

    def __init__(
        self, denoiser: CausalDenoiser, request: RowsRequest, params: DenoiseParams
    ) -> None:
        self._denoiser, self._params = denoiser, params
        self._steps = self._canvas_step = 0
        self._canvas = 0
        self._shown = as_it_was(request.original)
        self._begin(request)

    def _begin(self, request: RowsRequest) -> None:
        """All rows are still to be decoded."""
        denoiser, params, self.request = self._denoiser, self._params, request
        most = params.max_canvases * denoiser.canvas_length
        self.limits = Limits(
            tokens=min(most, request.max_tokens or most),
            stop=request.stop,
            circles=request.circles,
        )
        count = len(request.temperatures)
        self.rows = [
            Row(
                temperature=temperature,
                noise_seed=params.seed * count + number,
                source=Source(request.start, request.nearby),
                window=request.window.first(count),
            )
            for number, temperature in enumerate(request.temperatures)
        ]

    def typed(self, typed: Typed) -> None:
        """Begin anew behind what a person has typed; steps go on being counted."""
        assert self.request.relay is not None
        relay = self.request.relay
        self._begin(replace(relay(typed), relay=relay))
        self._shown = (Piece(typed.text, "noise"),)
        self._canvas_step = 0

    @property
    def out_of_steps(self) -> bool:
        """Whether this canvas has had the steps that the person allows."""
        return self._params.max_steps is not None and self._canvas_step >= self._params.max_steps

    def has_enough(self, look: RowsLook) -> bool:
        """Whether an answer that ended at this look is so good that no other need be waited for.

        Those that have not ended by then are left out.
        """
        enough = self.request.enough
        ended = [self.rows[number] for number in look.live if self.rows[number].stop == "end"]
        if enough is None or not any(enough(self._text(row)) for row in ended):
            return False
        self.rows = [row for row in self.rows if row.stop]
        return True

    def hold(self) -> None:
        """Have each candidate begin as it is to begin; more of them than beginnings are left."""
        if self.request.heads is None:
            return
        heads = self.request.heads()
        self.rows = self.rows[: len(heads)]
        for row, head in zip(self.rows, heads, strict=False):
            row.settled, row.entropy = list(head), [0.0] * len(head)

    def started(self) -> Started:
        """The run as it begins."""
        length = self._denoiser.canvas_length
        return Started(
            seed=self._params.seed,
            max_steps=self._params.max_steps,
            canvas_length=length,
            free=min(length, len(self.request.start) or length),
            kept=0,
        )

    def step(self, look: RowsLook) -> Step:
        """One look, with the first candidate that still has sense in the picture."""
        shown = next((row for row in self.rows if self._sensible(row)), None)
        if shown is None and self.request.sense is None:
            shown = self.rows[0]
        longest = max(len(row.settled) for row in self.rows)
        canvas = max(1, ceil(longest / self._denoiser.canvas_length))
        self._canvas_step = self._canvas_step + 1 if canvas == self._canvas else 1
        self._canvas = canvas
        self._steps += 1
        if shown is not None:
            self._shown = self.request.picture(self._pieces(shown))
        return Step(
            canvas=canvas,
            step=self._steps,
            canvas_step=self._canvas_step,
            pieces=self._shown,
            accepted=look.share,
            temperature=(shown or self.rows[0]).temperature,
            mean_entropy=look.mean_entropy,
        )

    def _sensible(self, row: Row) -> bool:
        """Whether a candidate is worth being looked at."""
        sense = self.request.sense
        if row.circled or sense is None:
            return not row.circled
        # The first word of an echo may stand before guesses that are none.
        settled = "".join(self._denoiser.decode(row.settled))
        return sense(settled) and sense(self._text(row))

    def cancelled(self) -> Outcome:
        """The last picture, as the person saw it."""
        text = "".join(piece.text for piece in self._shown)
        return self._outcome(Finished(texts=(text,)), "cancelled", "")

    def outcome(self) -> Outcome:
        """The candidates, finished: the best one, the others as alternatives."""
        finished = self.request.finish([self._text(row) for row in self.rows])
        best = self.rows[finished.best]
        note = ""
        if best.circled:
            note = f"The answer ran in a circle and was cut at {len(best.settled)} tokens."
        elif best.stop == "steps":
            note = f"The answer was cut at {len(best.settled)} tokens."
        elif best.stop is None:
            note = f"Stopped after {self._steps} steps, before the text had settled."
        return self._outcome(finished, best.stop or "steps", note)

    def _outcome(self, finished: Finished, stop: StopReason, note: str) -> Outcome:
        """The end, however it came."""
        return Outcome(
            text=finished.texts[0],
            stop=stop,
            steps=self._steps,
            canvases=self._canvas,
            tokens=len(self.rows[finished.best].settled),
            alternatives=finished.texts[1:],
            note=" ".join(filter(None, (finished.note, note))),
        )

    def _text(self, row: Row) -> str:
        return "".join(self._denoiser.decode(self._ids(row)[0]))

    def _ids(self, row: Row) -> tuple[list[int], list[float | None]]:
        """A row's settled ids and what it guesses after them, with the entropy of each."""
        entropy: list[float | None] = list(row.entropy)
        if row.stop:
            return row.settled, entropy
        guesses = row.guesses(max(len(self.request.start), len(row.predicted)))
        for place, token in enumerate(guesses):
            if token in self._denoiser.end_ids:
                guesses = guesses[:place]
                break
        own = row.predicted[: len(guesses)]
        same = [token == guess for token, guess in zip(own, guesses, strict=False)]
        unsure = [nats if agrees else None for nats, agrees in zip(row.unsure, same, strict=False)]
        entropy += unsure + [None] * (len(guesses) - len(unsure))
        return row.settled + guesses, entropy

    def _pieces(self, row: Row) -> tuple[Piece, ...]:
        """A candidate as it is shown: settled ids plain, what is only guessed as noise."""
        ids, entropy = self._ids(row)
        settled = len(row.settled)
        return tuple(
            Piece(text, "accepted" if place < settled else "noise", nats)
            for place, (text, nats) in enumerate(
                zip(self._denoiser.decode(ids), entropy, strict=True)
            )
        )
