"""AdamW (Loshchilov and Hutter 2019), with the gradients' norm held to a bound.

Written out: torch's own optimizers load its whole compiler first, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

DECAY = 0.01
BETAS = (0.9, 0.95)
EPS = 1e-8
MOST_NORM = 1.0


class AdamW:
    """Moves the parameters; holds their two running means."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self._mean = [torch.zeros_like(one) for one in self.parameters]
        self._square = [torch.zeros_like(one) for one in self.parameters]
        self._steps = 0

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """One step against the gradients, scaled down where they are longer than the bound."""
        norm = torch.stack([one.norm() for one in gradients]).norm()
        scale = torch.clamp(MOST_NORM / (norm + 1e-6), max=1.0)
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        for one, mean, square, raw in zip(
            self.parameters, self._mean, self._square, gradients, strict=True
        ):
            gradient = raw * scale
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            one.mul_(1 - rate * DECAY)
            one.addcdiv_(mean / first, (square / second).sqrt_().add_(EPS), value=-rate)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"mean": self._mean, "square": self._square, "steps": self._steps}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        for own, kept in ((self._mean, state["mean"]), (self._square, state["square"])):
            for into, one in zip(own, kept, strict=True):
                into.copy_(one)
        self._steps = state["steps"]
