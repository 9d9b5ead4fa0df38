"""The model in the box as a mask-noise denoiser: a canvas that sees both ways.

The prefix is read left to right and cached. The canvas attends to all of itself and to the prefix;
each slot is read one position to its left, as the model learnt it (the shift of a causal model is
kept: Gong et al. 2024, "Scaling Diffusion Language Models via Adaptation from Autoregressive
Models"). The prefix's last token is therefore looked at with the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diffedit.backends.scores import predict
from diffedit.backends.small_model import Llama, Prefix, Tail
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import Floats
from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.canvas import Canvas

CHUNK = 128
"""Prompt tokens read in one pass."""
REMEMBERED = 64
"""Looks over one prefix whose states are kept: at most 28 MB, were each a canvas of 192 slots."""


class MaskDenoiser:
    """Moves: it holds the prefix. Its noise is the id just past the vocabulary."""

    noise: Noise = "mask"

    def __init__(
        self, model: Llama, tokenizer: SmallTokenizer, *, context: int, seed: int = 0
    ) -> None:
        self.vocabulary = tokenizer.size
        self.mask_id: int | None = tokenizer.size
        self.canvas_length = 64
        self.context_length = context
        self.end_ids = tokenizer.end_ids
        self.encode = tokenizer.encode
        self.decode = tokenizer.decode
        self.seed = seed
        """Of the noise that samples; the same one gives the same texts."""
        self._model = model
        self._prefix = Prefix(model.shape, context)
        self._last = 0
        self._looks = 0
        self._read: tuple[int, ...] = ()
        """The prefix that the remembered looks were over."""
        self._seen = dict[tuple[int, ...], Floats]()
        """States of each slot by the canvas that was looked at."""

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning."""
        *read, self._last = ids
        self._looks = 0
        if self._read != tuple(ids):
            self._read, self._seen = tuple(ids), {}
        shared = 0
        for old, new in zip(self._prefix.ids, read, strict=False):
            if old != new:
                break
            shared += 1
        del self._prefix.ids[shared:]
        for start in range(shared, len(read), CHUNK):
            if cancelled():
                return
            part = read[start : start + CHUNK]
            self._model.hidden([part], self._prefix, self._prefix.rest())
            self._prefix.ids += part

    def scores(self, ids: Sequence[int]) -> Floats:
        """Scores of every slot's token, as (slots, vocabulary): one pass over the canvas."""
        out = np.empty((len(ids), self.vocabulary), np.float32)
        return self._model.logits(self._states(tuple(ids)), out)

    def _states(self, canvas: tuple[int, ...]) -> Floats:
        """What the head reads of each slot, (width, slots); the same canvas is read but once.

        Answers of different seeds begin with the same looks: at each length of a hole, at nothing
        but noise, and as long as the surest tokens are the same. Several canvases in one pass
        would be rounded otherwise than each alone, so that a seed's answer hung on its neighbours.
        """
        states = self._seen.get(canvas)
        if states is None:
            tail = Tail.empty(self._model.shape, 1, len(canvas) + 1)
            row = [self._last, *canvas]
            hidden = self._model.hidden([row], self._prefix, tail, both_ways=True)
            states = np.ascontiguousarray(hidden[:, :-1])
            if len(self._seen) < REMEMBERED:
                self._seen[canvas] = states
        return states

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Look at the canvas once, after the prefix. Temperature 0 samples the argmax."""
        self._looks += 1
        noise = (self.seed * 1_000_003 + self._looks, len(self._prefix.ids))
        return predict(self.scores(canvas.ids), temperature, noise)

    def commit(self, ids: Sequence[int]) -> None:
        """A finished stretch joins the prefix."""
        self.prefill([*self._prefix.ids, self._last, *ids])
