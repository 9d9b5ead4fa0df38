"""A run over canvases: what is committed, what is shown, what is thought, what is counted."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from math import ceil
from random import Random
from typing import NamedTuple

from diffedit.core.draft import Piece, PieceState
from diffedit.engine.backend import BatchDenoiser, Denoiser
from diffedit.engine.begin import canvas_of, cooled, noise_of
from diffedit.engine.canvas import Canvas
from diffedit.engine.denoise import Course, Look, denoise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Layout
from diffedit.engine.schedule import temperature
from diffedit.engine.step import Outcome, Started, Step, StopReason
from diffedit.engine.thinking import Thinking
from diffedit.engine.thought import without_tags
from diffedit.engine.typed import Typed


class Slot(NamedTuple):
    """One token of the answer as it is shown."""

    token: int
    state: PieceState
    entropy: float | None


class CanvasRun:
    """Moves: canvases are committed one after another, and each step changes the picture."""

    def __init__(self, denoiser: Denoiser, request: CanvasRequest, params: DenoiseParams) -> None:
        self._denoiser, self._params = denoiser, params
        self.fresh = request.fresh or noise_of(denoiser, Random(params.seed))
        self.steps = 0
        """Steps so far: the last one's number."""
        self.doubt = 0.0
        """The mean entropy of the last step, in nats."""
        self._canvas = 0
        self._begin(request)

    def _begin(self, request: CanvasRequest) -> None:
        """All canvases are still to come."""
        self.request = _laid_out(request, request.layouts[0]) if request.layouts else request
        self._lengths: tuple[int, ...] = ()
        self._most = 1 if self.request.hole else self._params.max_canvases
        if request.max_tokens:
            self._most = min(self._most, ceil(request.max_tokens / self._length))
        self._thinking = Thinking(request.channel, self._denoiser)
        self._committed: list[Slot] = []
        self._answered: list[Slot] = []
        self._before: tuple[Piece, ...] = ()
        self._now: list[Slot] = []
        self._stop: StopReason = "sure"
        self.shown = as_it_was(request.original)
        """The picture as it was seen last."""
        self._ended = False

    @property
    def max_steps(self) -> int:
        """Steps that a canvas may take."""
        own = self._params.max_steps
        return self.request.max_steps if own is None else own

    @property
    def _length(self) -> int:
        """Slots of a canvas."""
        return self.request.length or self._denoiser.canvas_length

    def typed(self, typed: Typed) -> None:
        """Begin anew from the picture as a person has typed into it; steps go on being counted."""
        assert self.request.relay is not None
        relay = self.request.relay
        self._begin(replace(relay(typed), relay=relay))
        self.shown = (Piece(typed.text, "noise"),)

    def started(self) -> Started:
        """The run as it begins. Of several layouts the likeliest is told, and the most steps."""
        known = self.request.known[: self._length]
        kept = sum(token is not None for token in known)
        most = [layout.max_steps or 0 for layout in self.request.layouts]
        own = self._params.max_steps is not None
        return Started(
            seed=self._params.seed,
            max_steps=self.max_steps if own else max(self.max_steps, *most, 0),
            canvas_length=self._length,
            free=self._length - kept,
            kept=kept,
            canvases=1 if self._most == 1 and not self._thinking.possible else None,
        )

    def _choose(self) -> None:
        """Of several layouts, take the one whose hole the model is surest of at first sight.

        A mean over the hole, so that a long one is not held against it; a hole length that the
        text does not want shows as doubt in the slots that have nothing to hold (cf. CAL,
        arXiv 2602.00476). Of equals, the likelier one stays.
        """
        layouts = self.request.layouts
        if len(layouts) < 2:
            return
        canvases = [
            canvas_of(self._denoiser, _laid_out(self.request, layout), self._params, 1, self.fresh)
            for layout in layouts
        ]
        slots = [
            [
                slot
                for slot in range(*layout.hole)
                if canvas.free[slot] and not (canvas.warm and canvas.warm[slot])
            ]
            for layout, canvas in zip(layouts, canvases, strict=True)
        ]
        warmth = self.request.temperature
        if warmth is None:
            warmth = temperature(1, self._params, self.max_steps)
        if isinstance(self._denoiser, BatchDenoiser):
            nats = self._denoiser.weigh(canvases, slots, warmth)
        else:
            looks = [self._denoiser.predict(canvas, warmth).entropy for canvas in canvases]
            nats = [
                [look[slot] for slot in wanted] for look, wanted in zip(looks, slots, strict=True)
            ]
        doubt = [sum(values) / len(values) if values else 0.0 for values in nats]
        taken = layouts[doubt.index(min(doubt))]
        self._lengths = (taken.room, *(one.room for one in layouts if one is not taken))
        self.request = _laid_out(self.request, taken)

    def canvas(self, number: int) -> Canvas:
        """The canvas to begin with: noise, the warm start's share of the old text, clamped."""
        self._canvas = number
        if number == 1:
            self._choose()
        canvas = canvas_of(self._denoiser, self.request, self._params, number, self.fresh)
        return canvas.clamped(self._thinking.held())

    def looks(self, canvas: Canvas) -> Generator[Look, None, None]:
        """The denoising of one canvas."""
        return denoise(
            self._denoiser,
            canvas,
            cooled(self._params, canvas),
            fresh=self.fresh,
            max_steps=self.max_steps,
            accept=self.request.accept,
            fixed=self.request.temperature,
        )

    def course(self, canvas: Canvas) -> Course:
        """The denoising of one canvas whose steps are taken elsewhere, under the entropy bound."""
        return Course(
            canvas,
            cooled(self._params, canvas),
            max_steps=self.max_steps,
            fixed=self.request.temperature,
        )

    def saw(self, look: Look) -> None:
        """One denoising step that nobody is shown."""
        self._now, self.doubt = _slots(look), look.mean_entropy

    def step(self, number: int, look: Look) -> Step:
        """One denoising step, with all canvases in the picture."""
        self.steps += 1
        self.saw(look)
        self._show()
        return Step(
            canvas=number,
            step=self.steps,
            canvas_step=look.step,
            pieces=self.shown,
            accepted=look.share,
            temperature=look.temperature,
            mean_entropy=look.mean_entropy,
            thought=self._thinking.text(),
            lengths=self._lengths,
        )

    def commit(self, canvas: Canvas, look: Look | None) -> tuple[int, ...]:
        """A finished canvas: its last argmax joins the answer. No look: all of it was kept."""
        if look is None:
            self._now = [Slot(token, "kept", 0.0) for token in canvas.ids]
        elif look.stop == "steps":
            self._stop = "steps"
        begun = len(self._committed)
        answer = self._answer(begun)
        self._answered += answer
        self._before += self._pieces(answer)
        self._committed += self._now
        self._now = []
        self._thinking.commit()
        slots = self._committed[self._last_known + 1 :]
        self._ended = any(slot.token in self._denoiser.end_ids for slot in slots)
        return tuple(slot.token for slot in self._committed[begun:])

    def more(self, number: int) -> bool:
        """Whether another canvas is to follow; those that were all thought do not count."""
        if self._ended:
            return False
        context = self._denoiser.context_length
        room = context - len(self.request.prefix) - number * self._length
        if context and room < self._length:
            return False
        return number - self._thinking.canvases < self._most

    @property
    def longest(self) -> int:
        """Tokens that may have been committed before the last canvas: what the dials allow.

        A thought that was not asked for is not counted.
        """
        channel, length = self.request.channel, self._length
        budget = channel.budget if channel is not None and channel.asked else 0
        most = self._most - 1 + ceil(budget / length)
        if context := self._denoiser.context_length:
            most = min(most, (context - len(self.request.prefix)) // length - 1)
        return max(0, most) * length

    def cancelled(self) -> Outcome:
        """The last picture, as the person saw it."""
        return Outcome(
            text="".join(piece.text for piece in self.shown),
            stop="cancelled",
            steps=self.steps,
            canvases=self._canvas,
            tokens=len(self._everything()),
            thought=self._thinking.text(),
        )

    def outcome(self) -> Outcome:
        """The answer, finished. Where there is none, the old text, and why."""
        answer = self._everything()
        text = "".join(self._denoiser.decode([slot.token for slot in answer]))
        cut = not (self._ended or self.request.hole or not self._denoiser.end_ids)
        note = f"The answer was cut at {len(answer)} tokens." if cut else ""
        alternatives: tuple[str, ...] = ()
        if self.request.channel is not None and self.request.hole is None:
            written, pieces = without_tags((Piece(text, "accepted"),))
            text = "".join(piece.text for piece in pieces)
            self._thinking.written = written
        if self._thinking.possible and not text.strip():
            text, note = self.request.original, self._thinking.nothing(ended=self._ended)
        else:
            finished = self.request.finish([text])
            text, alternatives = finished.texts[0], finished.texts[1:]
            note = " ".join(filter(None, (finished.note, note, self._thinking.note())))
        return Outcome(
            text=text,
            stop="steps" if cut else self._stop,
            steps=self.steps,
            canvases=self._canvas,
            tokens=len(answer) + self._thinking.tokens,
            alternatives=alternatives,
            note=note,
            thought=self._thinking.text(),
            lengths=self._lengths,
        )

    @property
    def _last_known(self) -> int:
        """The last slot of the answer that is held to known text; -1: none is."""
        _, end = self.request.hole or (0, None)
        known = self.request.known[:end]
        return max((slot for slot, token in enumerate(known) if token is not None), default=-1)

    def _show(self) -> None:
        """The picture after a step: what is committed, and the canvas."""
        pieces = self._before + self._pieces(self._answer(len(self._committed)))
        if self.request.channel is not None:
            self._thinking.written, pieces = without_tags(pieces)
        self.shown = self.request.picture(pieces)

    def _everything(self) -> list[Slot]:
        """All slots of the answer so far."""
        if not self._now:
            return self._answered
        return self._answered + self._answer(len(self._committed))

    def _answer(self, at: int) -> list[Slot]:
        """The current canvas's slots that are the answer: up to the end of the text, or the hole.

        `at` is its first slot's place in the whole run.
        """
        if self._thinking.possible:
            return self._thinking.seen(self._now)
        first, end = self.request.hole or (0, None)
        answer = list[Slot]()
        for place, slot in enumerate(self._now[: None if end is None else end - at], start=at):
            if slot.token not in self._denoiser.end_ids:
                answer += [slot] if place >= first else []
            elif place >= first and place > self._last_known:
                # An end among clamped slots would drop text that must stay, so it is passed over.
                break
        return answer

    def _pieces(self, answer: Sequence[Slot]) -> tuple[Piece, ...]:
        """Slots as they are shown."""
        texts = self._denoiser.decode([slot.token for slot in answer])
        return tuple(
            Piece(text, slot.state, slot.entropy) for text, slot in zip(texts, answer, strict=True)
        )


def as_it_was(original: str) -> tuple[Piece, ...]:
    """The picture before the first step: the span's own text."""
    return (Piece(original, "noise"),) if original else ()


def _laid_out(request: CanvasRequest, layout: Layout) -> CanvasRequest:
    """The request with one of its layouts taken."""
    return replace(
        request,
        known=layout.known,
        hole=layout.hole,
        start=layout.start,
        hot=layout.hot,
        length=len(layout.known) if request.length else None,
        max_steps=layout.max_steps or request.max_steps,
    )


def _slots(look: Look) -> list[Slot]:
    """A canvas as it is shown."""
    states: list[PieceState] = [
        "kept" if not free else "accepted" if accepted else "noise"
        for free, accepted in zip(look.free, look.accepted, strict=True)
    ]
    return [
        Slot(token, state, nats)
        for token, state, nats in zip(look.argmax, states, look.entropy, strict=True)
    ]
