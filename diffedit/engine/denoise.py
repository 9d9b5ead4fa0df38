"""The loop: one canvas, from noise to text, for uniform- and mask-noise models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from diffedit.engine import sampler
from diffedit.engine.backend import Denoiser, Prediction
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


def denoise(  # noqa: PLR0913 - the last two are the families' own
    denoiser: Denoiser,
    canvas: Canvas,
    params: DenoiseParams,
    *,
    fresh: Fresh,
    max_steps: int,
    accept: Accept | None = None,
    fixed: float | None = None,
) -> Iterator[Look]:
    """Denoise one canvas: predict, accept, renoise, until it is stable and sure or steps end.

    Whoever iterates may leave between two steps; nothing is left undone. A canvas without free
    slots gives no look at all. `accept` is the family's own rule, `fixed` its one temperature.
    """
    watch, rule = Watch(), accept or _bound(denoiser, params)
    for step in range(1, max_steps + 1 if canvas.free_slots else 1):
        warmth = temperature(step, params, max_steps) if fixed is None else fixed
        prediction = sampler.held(denoiser.predict(canvas, warmth), canvas)
        accepted = rule(canvas, prediction, step, max_steps)
        canvas = sampler.renoise(canvas, prediction, accepted, fresh)
        if denoiser.noise == "mask":
            canvas = sampler.settle(canvas, accepted)
        watch = watch.seen(prediction.argmax, canvas.free)
        mean = mean_entropy(prediction.entropy, canvas.free)
        sure = watch.done(mean, params) or not any(canvas.open)
        stop: StopReason | None = "sure" if sure else "steps" if step == max_steps else None
        yield Look(
            step=step,
            argmax=_written(canvas, prediction),
            entropy=prediction.entropy,
            accepted=canvas.settled or accepted,
            free=canvas.free,
            temperature=warmth,
            mean_entropy=mean,
            stop=stop,
        )
        if stop:
            return


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
