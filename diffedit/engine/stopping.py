"""When a canvas is done: stable and sure, measured over the free slots only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffedit.engine.params import DenoiseParams


def mean_entropy(entropy: Sequence[float], free: Sequence[bool]) -> float:
    """Mean over the free slots, in nats; kept ones would make it look surer than it is."""
    values = [nats for nats, is_free in zip(entropy, free, strict=True) if is_free]
    return sum(values) / len(values) if values else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long the argmax canvas has stood still."""

    last: tuple[int, ...] = ()
    """The free slots' argmax at the step before; empty before the first step."""
    unchanged: int = 0
    """Steps in a row at which it was the same as at the step before."""

    def seen(self, argmax: Sequence[int], free: Sequence[bool]) -> Watch:
        """The watch after one more step."""
        ids = tuple(token for token, is_free in zip(argmax, free, strict=True) if is_free)
        unchanged = self.unchanged + 1 if ids == self.last else 0
        return replace(self, last=ids, unchanged=unchanged)

    def done(self, mean: float, params: DenoiseParams) -> bool:
        """Whether the canvas is stable, and sure at this mean entropy."""
        return self.unchanged >= params.stable_steps and mean < params.stop_entropy
