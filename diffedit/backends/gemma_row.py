"""One canvas of DiffusionGemma on the device, with the noise that is its own.

The arithmetic of a step is that of transformers' `generate()` operation for operation, in the
same order of random draws. A row draws from a stream of its own, so that what it becomes depends
on its seed and its logits, and not on who is denoised beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from diffedit.backends.gemma_seen import entropies, reading_of
from diffedit.engine.backend import Reading
from diffedit.engine.canvas import Canvas

SURE = 1e4
"""How far a held id's logit stands above all others. Its entropy is 0 then, exactly."""


class GemmaRow:
    """Moves: it holds the canvas, which slots are held, and the noise."""

    def __init__(self, vocabulary: int, device: torch.device) -> None:
        self._vocabulary, self._device = vocabulary, device
        self._random = torch.Generator(device)
        self._before: torch.Tensor | None = None
        self.canvas = torch.empty((1, 0), dtype=torch.long, device=device)
        """Ids, [1, slots]."""
        self._kept = torch.empty(0, dtype=torch.long, device=device)
        self._kept_ids = self._kept
        self._warm: torch.Tensor | None = None

    def seed(self, number: int) -> None:
        """Where noise and samples begin, as `torch.manual_seed` has it."""
        self._random.manual_seed(number)

    def fresh(self, count: int) -> Sequence[int]:
        """New noise ids, from the same stream as the samples."""
        noise: list[int] = self.noise(count)[0].tolist()
        return noise

    def noise(self, count: int) -> torch.Tensor:
        """New noise ids, [1, count]."""
        return torch.randint(
            0, self._vocabulary, (1, count), generator=self._random, device=self._device
        )

    def place(self, canvas: Canvas) -> dict[int, int]:
        """Begin with this canvas, its kept slots held.

        Gives the slots that a warm start is sure of, with their ids; none: it starts from nothing.
        """
        self.canvas = torch.tensor([canvas.ids], device=self._device)
        kept = [slot for slot, free in enumerate(canvas.free) if not free]
        self._kept = torch.tensor(kept, dtype=torch.long, device=self._device)
        self._kept_ids = self.canvas[0, self._kept]
        self._warm = None
        if not canvas.warm:
            return {}
        self._warm = torch.tensor([canvas.warm], device=self._device)
        known = zip(canvas.ids, canvas.free, canvas.warm, strict=True)
        return {slot: own for slot, (own, free, warm) in enumerate(known) if warm or not free}

    def cooled(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        """Logits [1, slots, vocabulary] at a temperature, in place; kept slots are one-hot."""
        # A tensor, since a plain number would be turned into a product with its reciprocal on a
        # GPU, which rounds otherwise than the reference.
        logits = logits.div_(torch.full((), temperature, device=self._device))
        if len(self._kept):
            logits[0, self._kept] = -SURE
            logits[0, self._kept, self._kept_ids] = 0.0
        return logits

    def sampled(self, logits: torch.Tensor) -> torch.Tensor:
        """A token a slot by its chances, [1, slots]."""
        chances = torch.softmax(logits[0], dim=-1, dtype=torch.float32)
        return torch.multinomial(chances, num_samples=1, generator=self._random).view(1, -1)

    def accept(self, logits: torch.Tensor, entropy_bound: float) -> Reading:
        """The rest of a step, from cooled logits: sample, accept under the bound, renoise."""
        sampled = self.sampled(logits)
        argmax = logits.argmax(dim=-1)
        entropy = entropies(logits)
        by_entropy, order = torch.sort(entropy, dim=-1, descending=False)
        spent = torch.cumsum(by_entropy, dim=-1) - by_entropy <= entropy_bound
        accepted = torch.scatter(torch.zeros_like(spent), dim=-1, index=order, src=spent)
        noise = self.noise(self.canvas.shape[1])
        if self._warm is not None:
            noise = torch.where(self._warm, self.canvas, noise)
        self.canvas = torch.where(accepted, sampled, noise)
        return reading_of(argmax, entropy, accepted)

    def remember(self) -> None:
        """Keep where the noise stands, for `take_back`."""
        self._before = self._random.get_state()

    def take_back(self) -> None:
        """Noise goes on as if nothing had been drawn since `remember`."""
        if self._before is not None:
            self._random.set_state(self._before)
