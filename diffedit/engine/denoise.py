"""The loop: one canvas, from noise to text, for uniform- and mask-noise models."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from diffedit.engine import sampler
from diffedit.engine.backend import Denoiser, DeviceDenoiser, Prediction, Reading, Seen
from diffedit.engine.canvas import Canvas, Fresh
from diffedit.engine.params import DenoiseParams
from diffedit.engine.schedule import temperature
from diffedit.engine.step import StopReason
from diffedit.engine.stopping import Watch, mean_entropy
from diffedit.engine.transfer import Accept


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One denoising step of one canvas. `argmax` of the last one is the result."""

    step: int
    """Which step of this canvas, from 1."""
    argmax: Sequence[int]
    entropy: Sequence[float]
    accepted: Sequence[bool]
    """Free slots that hold an accepted token after this step."""
    free: Sequence[bool]
    temperature: float
    mean_entropy: float
    """Over the free slots, in nats."""
    stop: StopReason | None
    """Set on the last look only: sure or steps."""

    @property
    def share(self) -> float:
        """Share of the free slots that are accepted, 0 to 1."""
        free = sum(self.free)
        return sum(self.accepted) / free if free else 1.0


class Taken(NamedTuple):
    """One step, wherever it was taken: the canvas after it, and what it said."""

    canvas: Canvas
    argmax: Sequence[int]
    written: Sequence[int]
    """As `argmax`, but what is filled for good shows as filled."""
    entropy: Sequence[float]
    accepted: Sequence[bool]


_Steps = Generator[Taken, None, None]


def denoise(  # noqa: PLR0913 - the last two are the families' own
    denoiser: Denoiser,
    canvas: Canvas,
    params: DenoiseParams,
    *,
    fresh: Fresh,
    max_steps: int,
    accept: Accept | None = None,
    fixed: float | None = None,
) -> Generator[Look, None, None]:
    """Denoise one canvas: predict, accept, renoise, until it is stable and sure or steps end.

    Whoever iterates may leave between two steps; nothing is left undone. A canvas without free
    slots gives no look at all. `accept` is the family's own rule, `fixed` its one temperature.
    """
    if not canvas.free_slots:
        return
    course = Course(canvas, params, max_steps=max_steps, fixed=fixed)
    if isinstance(denoiser, DeviceDenoiser) and accept is None:
        denoiser.place(canvas)
        steps = _there(denoiser, canvas, params, course.warmths)
    else:
        accept = accept or _bound(denoiser, params)
        steps = _here(denoiser, canvas, course.warmths, accept, fresh)
    with closing(steps):
        for taken in steps:
            look = course.look(taken)
            yield look
            if look.stop:
                return


class Course:
    """Moves: how far the denoising of one canvas has come, and what each step looks like."""

    def __init__(
        self, canvas: Canvas, params: DenoiseParams, *, max_steps: int, fixed: float | None = None
    ) -> None:
        self._canvas, self._params = canvas, params
        self.warmths = [
            temperature(step, params, max_steps) if fixed is None else fixed
            for step in range(1, max_steps + 1)
        ]
        """The temperature of each step, in order."""
        self._watch, self._step = Watch(), 0

    @property
    def warmth(self) -> float:
        """The temperature of the next step."""
        return self.warmths[self._step]

    def look(self, taken: Taken) -> Look:
        """One step more; its look has a stop where the canvas is stable and sure, or steps end."""
        canvas, self._step = self._canvas, self._step + 1
        self._watch = self._watch.seen(taken.argmax, canvas.free)
        mean = mean_entropy(taken.entropy, canvas.free)
        sure = self._watch.done(mean, self._params) or not any(taken.canvas.open)
        last = self._step == len(self.warmths)
        return Look(
            step=self._step,
            argmax=taken.written,
            entropy=taken.entropy,
            accepted=taken.accepted,
            free=canvas.free,
            temperature=self.warmths[self._step - 1],
            mean_entropy=mean,
            stop="sure" if sure else "steps" if last else None,
        )


def _here(
    denoiser: Denoiser, canvas: Canvas, warmths: Sequence[float], accept: Accept, fresh: Fresh
) -> _Steps:
    """Steps with the canvas here: the model only predicts."""
    for step, warmth in enumerate(warmths, start=1):
        prediction = sampler.held(denoiser.predict(canvas, warmth), canvas)
        accepted = accept(canvas, prediction, step, len(warmths))
        canvas = sampler.renoise(canvas, prediction, accepted, fresh)
        if denoiser.noise == "mask":
            canvas = sampler.settle(canvas, accepted)
        yield Taken(
            canvas,
            prediction.argmax,
            _written(canvas, prediction),
            prediction.entropy,
            canvas.settled or accepted,
        )


def _there(
    denoiser: DeviceDenoiser, canvas: Canvas, params: DenoiseParams, warmths: Sequence[float]
) -> _Steps:
    """Steps with the canvas on the device, the next one set off before this one is shown."""
    waiting = deque[Reading]()
    try:
        for number in range(len(warmths)):
            for warmth in warmths[number + len(waiting) : number + 1 + denoiser.ahead]:
                waiting.append(denoiser.step(warmth, params.entropy_bound))
            yield taken_there(canvas, waiting.popleft()())
    finally:
        if waiting:
            denoiser.take_back()


def taken_there(canvas: Canvas, seen: Seen) -> Taken:
    """A step that was taken on the device; its kept slots are what they are held to."""
    said = sampler.held(
        Prediction(sampled=canvas.ids, argmax=seen.argmax, entropy=seen.entropy), canvas
    )
    accepted = tuple(took and free for took, free in zip(seen.accepted, canvas.free, strict=True))
    return Taken(canvas, said.argmax, said.argmax, said.entropy, accepted)


def _bound(denoiser: Denoiser, params: DenoiseParams) -> Accept:
    """Accept under the bound; a mask-noise model also keeps the pace that fills it in time."""

    def accept(canvas: Canvas, prediction: Prediction, step: int, steps: int) -> sampler.Accepted:
        least = 1
        if denoiser.noise == "mask":
            least = ceil(sum(canvas.open) / (steps - step + 1))
        bound = params.entropy_bound
        return sampler.entropy_bound(prediction, canvas.open, bound=bound, least=least)

    return accept


def _written(canvas: Canvas, prediction: Prediction) -> Sequence[int]:
    """The best guess of every slot; what a mask-noise model has filled shows as filled."""
    if not canvas.settled:
        return prediction.argmax
    return [
        own if done else guess
        for own, done, guess in zip(canvas.ids, canvas.settled, prediction.argmax, strict=True)
    ]
