"""The outer loop: from a prompt in tokens to Started, Steps and one Outcome.

`canvases` drives uniform- and mask-noise models, a canvas at a time, each committed before the
next (block-autoregressive). `rows` drives left-to-right models, several candidates at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from random import Random
from typing import NamedTuple

from diffedit.core.draft import Piece, PieceState
from diffedit.engine.backend import Cancelled, CausalDenoiser, Denoiser, Interrupted
from diffedit.engine.begin import canvas_of, cooled, noise_of, preview
from diffedit.engine.canvas import Canvas
from diffedit.engine.causal import Limits, Row, RowsLook, decode_rows
from diffedit.engine.denoise import Look, denoise
from diffedit.engine.guess import Source
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step, StopReason


class _Slot(NamedTuple):
    """One token of the answer as it is shown."""

    token: int
    state: PieceState
    entropy: float | None


def canvases(
    denoiser: Denoiser, request: CanvasRequest, params: DenoiseParams, cancelled: Cancelled
) -> Iterator[Event]:
    """Rewrite with a uniform- or mask-noise model: one canvas after another until the text ends."""
    run = _Canvases(denoiser, request, params)
    yield run.started()
    if not run.max_steps:
        yield preview(denoiser, request, params)
        yield Outcome(text=request.original, stop="steps", steps=0, canvases=0, tokens=0)
        return
    try:
        denoiser.prefill(request.prefix, cancelled)
        for number in range(1, run.most + 1):
            _heed(cancelled)
            canvas, look = run.canvas(number), None
            for look in run.looks(canvas):
                yield run.step(number, look)
                _heed(cancelled)
            ids = run.commit(canvas, look)
            if run.ended:
                break
            if number < run.most:
                denoiser.commit(ids)
    except Interrupted:
        yield run.cancelled()
        return
    yield run.outcome()


def rows(
    denoiser: CausalDenoiser, request: RowsRequest, params: DenoiseParams, cancelled: Cancelled
) -> Iterator[Event]:
    """Rewrite with a left-to-right model: all candidates side by side, then the best first."""
    run = _Rows(denoiser, request, params)
    yield run.started()
    try:
        denoiser.prefill(request.prefix, cancelled)
        _heed(cancelled)
        for look in decode_rows(denoiser, run.rows, run.limits, request.window):
            yield run.step(look)
            _heed(cancelled)
            if run.out_of_steps:
                break
    except Interrupted:
        yield run.cancelled()
        return
    yield run.outcome()


def _heed(cancelled: Cancelled) -> None:
    """Raise Interrupted once the run is cancelled."""
    if cancelled():
        raise Interrupted


class _Canvases:
    """A run over canvases: what is committed, what is shown, what is counted. It moves."""

    def __init__(self, denoiser: Denoiser, request: CanvasRequest, params: DenoiseParams) -> None:
        self._denoiser, self._request, self._params = denoiser, request, params
        self.fresh = request.fresh or noise_of(denoiser, Random(params.seed))
        self.max_steps = request.max_steps if params.max_steps is None else params.max_steps
        self._length = request.length or denoiser.canvas_length
        self.most = 1 if request.hole else params.max_canvases
        if request.max_tokens:
            self.most = min(self.most, ceil(request.max_tokens / self._length))
        self._last_known = max(
            (slot for slot, token in enumerate(request.known) if token is not None), default=-1
        )
        self._committed: list[_Slot] = []
        self._before: tuple[Piece, ...] = ()
        self._now: list[_Slot] = []
        self._steps = self._canvas = 0
        self._stop: StopReason = "sure"
        self._shown = _as_it_was(request.original)
        self.ended = False

    def started(self) -> Started:
        """The run as it begins."""
        known = self._request.known[: self._length]
        kept = sum(token is not None for token in known)
        return Started(
            seed=self._params.seed,
            max_steps=self.max_steps,
            canvas_length=self._length,
            free=self._length - kept,
            kept=kept,
            canvases=1 if self.most == 1 else None,
        )

    def canvas(self, number: int) -> Canvas:
        """The canvas to begin with: noise, the warm start's share of the old text, clamped."""
        self._canvas = number
        return canvas_of(self._denoiser, self._request, self._params, number, self.fresh)

    def looks(self, canvas: Canvas) -> Iterator[Look]:
        """The denoising of one canvas."""
        return denoise(
            self._denoiser,
            canvas,
            cooled(self._params, canvas),
            fresh=self.fresh,
            max_steps=self.max_steps,
            accept=self._request.accept,
            fixed=self._request.temperature,
        )

    def step(self, number: int, look: Look) -> Step:
        """One denoising step, with all canvases in the picture."""
        self._steps += 1
        self._now = _slots(look)
        self._shown = self._request.picture(self._before + self._pieces(len(self._committed)))
        return Step(
            canvas=number,
            step=self._steps,
            canvas_step=look.step,
            pieces=self._shown,
            accepted=look.share,
            temperature=look.temperature,
            mean_entropy=look.mean_entropy,
        )

    def commit(self, canvas: Canvas, look: Look | None) -> tuple[int, ...]:
        """A finished canvas: its last argmax joins the answer. No look: all of it was kept."""
        if look is None:
            self._now = [_Slot(token, "kept", 0.0) for token in canvas.ids]
        elif look.stop == "steps":
            self._stop = "steps"
        begun = len(self._committed)
        self._committed += self._now
        self._now = []
        self._before += self._pieces(begun)
        slots = self._committed[self._last_known + 1 :]
        self.ended = any(slot.token in self._denoiser.end_ids for slot in slots)
        return tuple(slot.token for slot in self._committed[-self._length :])

    def cancelled(self) -> Outcome:
        """The last picture, as the person saw it."""
        return Outcome(
            text="".join(piece.text for piece in self._shown),
            stop="cancelled",
            steps=self._steps,
            canvases=self._canvas,
            tokens=len(self._answer()),
        )

    def outcome(self) -> Outcome:
        """The answer, finished."""
        answer = self._answer()
        text = "".join(self._denoiser.decode([slot.token for slot in answer]))
        finished = self._request.finish([text])
        cut = not (self.ended or self._request.hole or not self._denoiser.end_ids)
        note = f"The answer was cut at {len(answer)} tokens." if cut else ""
        return Outcome(
            text=finished.texts[0],
            stop="steps" if cut else self._stop,
            steps=self._steps,
            canvases=self._canvas,
            tokens=len(answer),
            alternatives=finished.texts[1:],
            note=" ".join(filter(None, (finished.note, note))),
        )

    def _answer(self, at: int = 0) -> list[_Slot]:
        """The slots from `at` on that are the answer: up to the end of the text, or the hole."""
        first, end = self._request.hole or (0, None)
        answer = list[_Slot]()
        slots = self._committed[at:] + self._now
        for place, slot in enumerate(slots[: None if end is None else end - at], start=at):
            if slot.token not in self._denoiser.end_ids:
                answer += [slot] if place >= first else []
            elif place >= first and (end is not None or place > self._last_known):
                # An end among clamped slots would drop text that must stay, so it is passed over.
                break
        return answer

    def _pieces(self, at: int) -> tuple[Piece, ...]:
        """The answer from slot `at` on, as it is shown."""
        answer = self._answer(at)
        texts = self._denoiser.decode([slot.token for slot in answer])
        return tuple(
            Piece(text, slot.state, slot.entropy) for text, slot in zip(texts, answer, strict=True)
        )


class _Rows:
    """A run over candidates: the rows, what is shown, what is counted. It moves."""

    def __init__(
        self, denoiser: CausalDenoiser, request: RowsRequest, params: DenoiseParams
    ) -> None:
        self._denoiser, self._request, self._params = denoiser, request, params
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
        self._steps = self._canvas_step = 0
        self._canvas = 0
        self._shown = _as_it_was(request.original)

    @property
    def out_of_steps(self) -> bool:
        """Whether this canvas has had the steps that the person allows."""
        return self._params.max_steps is not None and self._canvas_step >= self._params.max_steps

    def started(self) -> Started:
        """The run as it begins."""
        length = self._denoiser.canvas_length
        return Started(
            seed=self._params.seed,
            max_steps=self._params.max_steps,
            canvas_length=length,
            free=min(length, len(self._request.start) or length),
            kept=0,
        )

    def step(self, look: RowsLook) -> Step:
        """One look, with the first candidate that still has sense in the picture."""
        shown = next((row for row in self.rows if not row.circled), self.rows[0])
        longest = max(len(row.settled) for row in self.rows)
        canvas = max(1, ceil(longest / self._denoiser.canvas_length))
        self._canvas_step = self._canvas_step + 1 if canvas == self._canvas else 1
        self._canvas, self._steps = canvas, look.step
        self._shown = self._request.picture(self._pieces(shown))
        return Step(
            canvas=canvas,
            step=look.step,
            canvas_step=self._canvas_step,
            pieces=self._shown,
            accepted=look.share,
            temperature=shown.temperature,
            mean_entropy=look.mean_entropy,
        )

    def cancelled(self) -> Outcome:
        """The last picture, as the person saw it."""
        text = "".join(piece.text for piece in self._shown)
        return self._outcome(Finished(texts=(text,)), "cancelled", "")

    def outcome(self) -> Outcome:
        """The candidates, finished: the best one, the others as alternatives."""
        answers = ["".join(self._denoiser.decode(self._ids(row)[0])) for row in self.rows]
        finished = self._request.finish(answers)
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

    def _ids(self, row: Row) -> tuple[list[int], list[float | None]]:
        """A row's settled ids and what it guesses after them, with the entropy of each."""
        entropy: list[float | None] = list(row.entropy)
        if row.stop:
            return row.settled, entropy
        guesses = row.guesses(max(len(self._request.start), len(row.predicted)))
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


def _as_it_was(original: str) -> tuple[Piece, ...]:
    """The picture before the first step: the span's own text."""
    return (Piece(original, "noise"),) if original else ()


def _slots(look: Look) -> list[_Slot]:
    """A canvas as it is shown."""
    states: list[PieceState] = [
        "kept" if not free else "accepted" if accepted else "noise"
        for free, accepted in zip(look.free, look.accepted, strict=True)
    ]
    return [
        _Slot(token, state, nats)
        for token, state, nats in zip(look.argmax, states, look.entropy, strict=True)
    ]
