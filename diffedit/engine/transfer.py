"""How many slots a mask-noise model fills at a step, and which: its family's own schedule.

Timestep (Dream, RND1): a share of the open slots that follows a noise level from 1 down to `eps`.
Block (LLaDA): the canvas from left to right in blocks, each filled evenly in its share of steps.
Either way the surest slots are taken, for good. References: Ye et al. 2025 (Dream), Nie et al.
2025 (LLaDA, "low-confidence remasking"); the counts are those of llama.cpp's diffusion example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from diffedit.engine.backend import Prediction
from diffedit.engine.canvas import Canvas

Schedule = Literal["timestep", "block"]

Accept = Callable[[Canvas, Prediction, int, int], tuple[bool, ...]]
"""accept(canvas, prediction, step, steps): the slots that this step takes; steps count from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A family's schedule. Calling it is an `Accept`."""

    schedule: Schedule
    eps: float = 1e-3
    """Noise level at the last step of the timestep schedule."""
    block: int = 32
    """Slots of a block."""
    end_ids: frozenset[int] = frozenset()
    """Where one of these settles with nothing open before it, the rest is filled at once."""

    def __call__(
        self, canvas: Canvas, prediction: Prediction, step: int, steps: int
    ) -> tuple[bool, ...]:
        """The slots that this step takes: the surest open ones, as many as are due."""
        slots = [slot for slot, is_open in enumerate(canvas.open) if is_open]
        if not self._ended(canvas, slots):
            if self.schedule == "block":
                slots, count = self._of_block(canvas, slots, step, steps)
            else:
                count = timestep_count(len(slots), step, steps, self.eps)
            sure = prediction.confidence or [-nats for nats in prediction.entropy]
            slots = sorted(slots, key=lambda slot: (-sure[slot], slot))[:count]
        taken = set(slots)
        return tuple(slot in taken for slot in range(len(canvas)))

    def _ended(self, canvas: Canvas, slots: Sequence[int]) -> bool:
        """Whether all that is still open stands after the end of the text."""
        first = slots[0] if slots else len(canvas)
        return any(canvas.ids[slot] in self.end_ids for slot in range(first) if canvas.free[slot])

    def _of_block(
        self, canvas: Canvas, slots: Sequence[int], step: int, steps: int
    ) -> tuple[list[int], int]:
        """The open slots of the block whose turn it is, and how many are due."""
        length = block_length(len(canvas), self.block, steps)
        blocks = sorted({slot // length for slot, free in enumerate(canvas.free) if free})
        share = max(1, steps // len(blocks))
        number = min((step - 1) // share, len(blocks) - 1)
        left = share - (step - 1) % share if number == (step - 1) // share else 1
        own = [slot for slot in slots if slot // length == blocks[number]]
        return own, ceil(len(own) / left)


def timestep_count(remaining: int, step: int, steps: int, eps: float) -> int:
    """How many of the remaining slots a step of the timestep schedule fills; the last one, all."""
    if step >= steps:
        return remaining
    now = 1 - (step - 1) / steps * (1 - eps)
    then = 1 - step / steps * (1 - eps)
    return int(remaining * (1 - then / now))


def block_length(slots: int, block: int, steps: int) -> int:
    """Slots of a block: longer ones where there are fewer steps than blocks."""
    return max(block, ceil(slots / max(1, steps)))
