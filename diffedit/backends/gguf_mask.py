"""A diffusion GGUF model (Dream, LLaDA, RND1) as the engine sees it.

These models have no cache in llama.cpp: every look reads the prompt and the whole canvas, each
token seeing all others. Which slots a look fills is the family's own rule, `engine.transfer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from diffedit.backends.gguf_context import GgufContext
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.scores import Floats, predict
from diffedit.core.errors import ModelError, TooLongError
from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.canvas import Canvas
from diffedit.engine.transfer import Schedule

Measure = Literal["confidence", "entropy", "margin"]
"""How sure a choice is: its probability, its slot's entropy, or its lead over the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a family denoises, where the file does not say otherwise."""

    schedule: Schedule
    measure: Measure
    shifted: bool
    """Whether slot i is read from the place before it, as in the model it was made from."""


FAMILIES: Mapping[str, Family] = {
    "dream": Family(schedule="timestep", measure="entropy", shifted=True),
    "rnd1": Family(schedule="timestep", measure="entropy", shifted=True),
    "llada": Family(schedule="block", measure="confidence", shifted=False),
    "llada-moe": Family(schedule="block", measure="confidence", shifted=False),
}
"""By GGUF architecture. The sources: Dream's `alg="entropy"`, LLaDA's "low_confidence"."""

OTHER = Family(schedule="timestep", measure="confidence", shifted=True)
"""A family that llama.cpp knows and this table does not yet: llama.cpp's own defaults."""


def family_of(model: GgufModel) -> Family:
    """The family's rule, with the shift that the file asks for."""
    family = FAMILIES.get(model.architecture, OTHER)
    word = model.meta("diffusion.shift_logits")
    shifted = family.shifted if word not in {"true", "false"} else word == "true"
    return replace(family, shifted=shifted)


class GgufMask:
    """Moves: it holds the prompt."""

    noise: Noise = "mask"

    def __init__(self, context: GgufContext, family: Family, *, length: int) -> None:
        """`length`: tokens of prompt and canvas together. Raises ModelError without a mask."""
        model = context.model
        mask = model.token("mask")
        if mask is None:
            raise ModelError(f"{model.name} says not which token is its mask.")
        self.vocabulary = model.vocabulary
        self.context_length = min(length, context.batch)
        self.canvas_length = min(128, self.context_length // 2)
        self.mask_id: int | None = mask
        self.end_ids = model.end_ids()
        self.encode = model.encode
        self.decode = model.decode
        self.seed = 0
        """Of the noise that a temperature samples with."""
        self.looks = 0
        """Forward passes so far."""
        self._context, self._family = context, family
        self._prompt: list[int] = []
        # What is to be filled is never the answer, whatever its score.
        self._mask = mask

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Keep the prompt; it is read at every look."""
        del cancelled
        if len(ids) > self.context_length - 1:
            raise TooLongError(
                f"The prompt has {len(ids):,} tokens; {self.context_length - 1:,} fit."
            )
        self._prompt = list(ids)

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Look at the canvas once, after the prompt."""
        ids = [*self._prompt, *canvas.ids]
        if len(ids) > self.context_length:
            raise TooLongError(f"The text outgrew the model's {self.context_length:,} tokens.")
        self.looks += 1
        scores = self._scores(ids)
        scores[:, self._mask] = -np.inf
        noise = (self.seed, sum(canvas.settled) * self.context_length)
        found = predict(scores.copy(), temperature, noise)
        sure = [-nats for nats in found.entropy]
        if self._family.measure != "entropy":
            sure = _sure(scores, found.sampled, temperature, self._family.measure)
        return replace(found, confidence=sure)

    def commit(self, ids: Sequence[int]) -> None:
        """A finished canvas joins the prompt."""
        self._prompt += ids

    def _scores(self, ids: Sequence[int]) -> Floats:
        """The scores of the canvas's slots; of a shifted model, from the place before each."""
        count = len(ids)
        first = len(self._prompt) - self._family.shifted
        places = range(count)
        if first < 0:
            # Nothing stands before the first slot, so it is read from its own place.
            wanted = [True] * count
            scores = self._context.decode(ids, places, [0] * count, wanted)
            return scores[[0, *range(count - 1)]]
        end = count - self._family.shifted
        wanted = [first <= place < end for place in places]
        return self._context.decode(ids, places, [0] * count, wanted)


def _sure(
    scores: Floats, chosen: Sequence[int], temperature: float, measure: Measure
) -> list[float]:
    """How sure each slot's choice is: its probability, or the best one's lead over the second."""
    found = []
    for line, choice in zip(scores, chosen, strict=True):
        second, best = np.partition(line, -2)[-2:]
        weights = np.exp((line - best) / np.float32(temperature or 1.0))
        total = float(weights.sum(dtype=np.float64))
        after = float(np.exp((second - best) / np.float32(temperature or 1.0)))
        found.append(((1.0 - after) if measure == "margin" else float(weights[choice])) / total)
    return found
