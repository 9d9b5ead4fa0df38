"""DiffusionGemma as the engine sees it: it reads left to right, and denoises on its device.

The arithmetic of a step is that of transformers' `generate()` (see `gemma_row`), so that the same
seed gives the same tokens: a contract test holds us to it. What differs is what stays where:
logits never leave the device, and three short lists a step do. Several canvases at once are
`gemma_batch`'s.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from diffedit.backends.gemma_cache import (
    KINDS,
    Shown,
    ShownRows,
    Tail,
    branched,
    can_rewind,
    new_cache,
    padded,
    rewind,
    tail_of,
)
from diffedit.backends.gemma_row import SURE, GemmaRow
from diffedit.backends.gemma_seen import entropies
from diffedit.backends.gemma_sizes import SLACK, rows_in
from diffedit.backends.gemma_tokens import GemmaTokens
from diffedit.core.errors import TooLongError
from diffedit.engine.backend import (
    Cancelled,
    Noise,
    Prediction,
    Reading,
    in_common,
    never,
)
from diffedit.engine.canvas import Canvas

CHUNK = 1024
"""Prompt tokens read in one pass; a cancel waits for the pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Images as the encoder takes them, and where their tokens stand in the prompt."""

    pixels: torch.Tensor
    """[images, patches, values]"""
    positions: torch.Tensor
    """[images, patches, 2]"""
    end: int
    """Prompt tokens up to the end of the last image: they are read in one pass."""
    identity: int
    """Differs where the images differ."""


class GemmaDenoiser:
    """Moves: it holds the cache, the canvas with its noise, and what the last step remembers."""

    noise: Noise = "uniform"
    mask_id: int | None = None

    def __init__(self, model: Any, tokens: GemmaTokens, device: torch.device, context: int) -> None:
        text = model.config.text_config
        self.vocabulary = int(text.vocab_size)
        self.canvas_length = int(model.config.canvas_length)
        self.context_length = context
        self.end_ids = tokens.end_ids
        self.encode = tokens.encode
        self.decode = tokens.decode
        self.ahead = device.type == "cuda"
        self.marks: tuple[int, ...] = ()
        """Places in the next prompt where another may part from it: a pass ends there."""
        self.picture: Picture | None = None
        """The images in the next prompt."""
        self.compiled = False
        """Compile the decoder, and keep its inputs to one shape; set before the first step."""
        self.passes = 0
        """Encoder passes so far, those of committed canvases included."""
        self._model = model
        self._compiled: Any = None
        self.device = device
        self.row = GemmaRow(self.vocabulary, device)
        """The canvas that is denoised by itself."""
        self._cache = new_cache(text, SLACK)
        self._ids: list[int] = []
        self._ends: list[int] = []
        """Where each pass over the cached ids ended."""
        self._cached_picture = 0
        self._shown: Shown | None = None
        self._memory: torch.Tensor | None = None

    def seed(self, number: int) -> None:
        """Where noise and samples begin, as `torch.manual_seed` has it."""
        self.row.seed(number)

    def fresh(self, count: int) -> Sequence[int]:
        """New noise ids, from the same stream as the samples."""
        return self.row.fresh(count)

    def forget(self) -> None:
        """Let go of all that was read."""
        self._cache = new_cache(self._model.config.text_config, SLACK)
        self._ids, self._ends, self._cached_picture = [], [], 0
        self._shown = self._memory = None

    # The prefix --------------------------------------------------------------------------------

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning up to a mark.

        A prompt is always cut into the same passes, whatever was cached, since a pass of another
        length rounds otherwise: then the same seed gives the same text, first time or not. What
        was read before a cancel stays cached.
        """
        if not ids or len(ids) > self.context_length:
            raise TooLongError(
                f"The prompt has {len(ids):,} tokens; 1 to {self.context_length:,} fit."
            )
        identity = self.picture.identity if self.picture else 0
        ends = self._passes_over(ids)
        shared = in_common(self._ids, ids) if identity == self._cached_picture else 0
        same = {0, *self._ends}.intersection((0, *ends))
        done = max(end for end in same if end <= shared)
        if not can_rewind(self._cache, done):
            done = 0
        rewind(self._cache, done)
        del self._ids[done:]
        self._ends = [end for end in self._ends if end <= done]
        self._cached_picture = identity
        self._shown = self._memory = None
        for end in ends:
            if end <= done:
                continue
            if cancelled():
                return
            self._read(ids[done:end])
            done = end

    def commit(self, ids: Sequence[int]) -> None:
        """A finished canvas joins the prefix: read once more, left to right."""
        self._shown = self._memory = None
        self._read(ids)

    def _passes_over(self, ids: Sequence[int]) -> list[int]:
        """Where each pass over a prompt ends."""
        first = self.picture.end if self.picture else 0
        stops = sorted({first, len(ids), *(mark for mark in self.marks if mark < len(ids))} - {0})
        ends, at = list[int](), 0
        for stop in stops:
            if stop < first:
                continue
            while stop - at > CHUNK and at >= first:
                at += CHUNK
                ends.append(at)
            at = stop
            ends.append(at)
        return ends

    def _read(self, ids: Sequence[int]) -> None:
        """One pass of the causal encoder, which adds to the cache."""
        begun = len(self._ids)
        self._encode(ids, self._cache, begun)
        self._ids += ids
        self._ends.append(begun + len(ids))

    def branch(self, ids: Sequence[int], tail: Tail | None) -> Tail:
        """Read `ids` after the prefix and what a row has of its own, which is then that much more.

        The prefix stays as it is.
        """
        own = tail.tokens if tail else 0
        cache = branched(self._cache, tail)
        self._encode(ids, cache, len(self._ids) + own)
        return tail_of(cache, own + len(ids))

    def _encode(self, ids: Sequence[int], cache: Any, begun: int) -> None:
        """One pass of the causal encoder over `ids`, the first at place `begun`."""
        end = begun + len(ids)
        extra: dict[str, Any] = {}
        if self.picture is not None and begun == 0:
            kinds = torch.zeros((1, len(ids)), dtype=torch.long, device=self.device)
            kinds[0, torch.tensor(ids, device=self.device) == self._model.config.image_token_id] = 1
            extra = {
                "pixel_values": self.picture.pixels.to(self.device, self._model.dtype),
                "image_position_ids": self.picture.positions.to(self.device),
                "mm_token_type_ids": kinds,
            }
        encoder = self._model.model.encoder
        with torch.inference_mode():
            places = torch.arange(begun, end, dtype=torch.int32, device=self.device)[None]
            masks = encoder.create_masks_for_generate(
                config=self._model.config,
                inputs_embeds=torch.empty(
                    (1, len(ids), 0), dtype=self._model.dtype, device=self.device
                ),
                attention_mask=torch.ones((1, end), dtype=torch.bool, device=self.device),
                cache=cache,
                position_ids=places,
                mm_token_type_ids=extra.get("mm_token_type_ids"),
            )
            encoder(
                input_ids=torch.tensor([list(ids)], device=self.device),
                attention_mask=masks,
                cache=cache,
                position_ids=places,
                **extra,
            )
        self.passes += 1

    # The canvas --------------------------------------------------------------------------------

    def place(self, canvas: Canvas) -> None:
        """Begin with this canvas, its kept slots held, memory seeded where it starts warm."""
        sure = self.row.place(canvas)
        self._memory = self.remembered(sure) if sure else None

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        """One step as in the reference: predict, sample, accept under the bound, renoise."""
        with torch.inference_mode():
            if self.ahead:
                self.row.remember()
            logits = self._cooled(self.row.canvas, temperature)
            reading = self.row.accept(logits, entropy_bound)
            self._memory = logits.to(self.embedding.dtype)
            return reading

    def take_back(self) -> None:
        """Noise goes on as if the last step had never been set off."""
        self.row.take_back()

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Look at a canvas that the engine keeps; the memory of the step before is kept here."""
        with torch.inference_mode():
            logits = self._cooled(torch.tensor([canvas.ids], device=self.device), temperature)
            sampled = self.row.sampled(logits)
            self._memory = logits.to(self.embedding.dtype)
            return Prediction(
                sampled=sampled[0].tolist(),
                argmax=logits.argmax(dim=-1)[0].tolist(),
                entropy=entropies(logits)[0].tolist(),
            )

    def weigh(
        self, canvases: Sequence[Canvas], slots: Sequence[Sequence[int]], temperature: float
    ) -> list[list[float]]:
        """Entropies of some slots of several canvases: one pass, logits of these slots only."""
        with torch.inference_mode():
            logits = self._logits([canvas.ids for canvas in canvases], slots)
            ends = list(accumulate(len(wanted) for wanted in slots))
            flat: list[float] = entropies(logits[None] / temperature)[0].tolist()
            return [flat[end - len(wanted) : end] for end, wanted in zip(ends, slots, strict=True)]

    def expected(self, ids: Sequence[int], slots: Sequence[int]) -> torch.Tensor:
        """Log p of every token in these slots of a canvas, [slots, vocabulary], at temperature 1.

        They hold noise in this look, never their own token, and the others are held as given.
        """
        with torch.inference_mode():
            noise = self.fresh(len(slots))
            canvas, hidden = list(ids), set(slots)
            for slot, token in zip(slots, noise, strict=True):
                canvas[slot] = token if token != ids[slot] else (token + 1) % self.vocabulary
            memory = self.remembered(
                {slot: own for slot, own in enumerate(ids) if slot not in hidden}
            )
            return self._logits([canvas], [slots], memory).log_softmax(dim=-1)

    def _logits(
        self,
        canvases: Sequence[Sequence[int]],
        slots: Sequence[Sequence[int]],
        memory: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits of some slots of several canvases, one pass: [all slots, vocabulary], float32."""
        ids = torch.tensor([list(ids) for ids in canvases], device=self.device)
        hidden = self.states(ids, memory)
        rows = torch.cat(
            [
                hidden[row, torch.tensor(list(wanted), device=self.device)]
                for row, wanted in enumerate(slots)
            ]
        )
        return self.head(rows)

    def states(
        self, canvases: torch.Tensor, memory: Any, tails: Sequence[Tail] = ()
    ) -> torch.Tensor:
        """One pass over canvases [rows, slots], after the prefix: [rows, slots, hidden].

        `memory`: logits of the step before or what stands for them; None: there was none. `tails`:
        what each row has of its own between the prefix and the canvas, as many tokens in each.
        """
        rows = len(canvases)
        shown = ShownRows(self._cache, tails) if tails else Shown(self._cache, rows=rows)
        hidden: torch.Tensor = self._model.model(
            decoder_input_ids=canvases,
            self_conditioning_logits=memory,
            decoder_attention_mask=dict.fromkeys(KINDS),
            cache=shown,
            decoder_position_ids=self._places(tails[0].tokens if tails else 0),
        ).last_hidden_state
        return hidden

    def head(self, states: torch.Tensor) -> torch.Tensor:
        """States [..., hidden] to logits [..., vocabulary], float32, as the model's own forward."""
        cap = self._model.final_logit_softcapping
        logits: torch.Tensor = self._model.lm_head(states).float().div_(cap).tanh_().mul_(cap)
        return logits

    def _cooled(self, canvas: torch.Tensor, temperature: float) -> torch.Tensor:
        """Logits of a canvas at a temperature, [1, slots, vocabulary], kept slots one-hot."""
        if self._shown is None:
            self._shown = self._seen_prefix()
        logits: torch.Tensor = self._look(
            decoder_input_ids=canvas,
            self_conditioning_logits=self._memory,
            decoder_attention_mask=self._shown.masks,
            cache=self._shown,
            decoder_position_ids=self._places(),
        ).logits
        return self.row.cooled(logits, temperature)

    def _seen_prefix(self) -> Shown:
        if not self.compiled:
            return Shown(self._cache)
        return padded(self._cache, canvas=self.canvas_length, context=self.context_length)

    def _look(self, **inputs: Any) -> Any:
        """One pass of the decoder, compiled for its one shape where that was asked for.

        What cannot be compiled here, as without a C compiler, runs as it is from then on.
        """
        if self.compiled and self._compiled is None:
            self._compiled = torch.compile(self._model.forward, dynamic=False)
        if self._compiled is not None:
            try:
                return self._compiled(**inputs)
            except RuntimeError as error:
                # Memory that runs out is a RuntimeError, too; a compiler's are of these rooms.
                if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                    raise
                why = str(error).strip().split("\n", 1)[0]
                sys.stderr.write(f"The decoder runs without being compiled: {why}\n")
                self._compiled, self.compiled = None, False
        return self._model(**inputs)

    def _places(self, own: int = 0) -> torch.Tensor:
        begun = len(self._ids) + own
        return torch.arange(
            begun, begun + self.canvas_length, dtype=torch.int32, device=self.device
        )[None]

    @property
    def embedding(self) -> Any:
        """The matrix of the vocabulary, [vocabulary, hidden], or what stands for it."""
        return self._model.model.decoder.embed_tokens.weight

    @property
    def config(self) -> Any:
        """The model's DiffusionGemmaConfig."""
        return self._model.config

    def rows_in(self, room: int, own: int) -> int:
        """How many rows of a pass fit into `room` bytes, each with `own` tokens that it keeps.

        They are kept in what the prefix leaves of the cache's share as well.
        """
        text, width = self.config.text_config.to_dict(), self.embedding.dtype.itemsize
        return rows_in(
            text,
            room,
            canvas=self.canvas_length,
            prefix=len(self._ids),
            own=own,
            context=self.context_length,
            width=width,
        )

    def remembered(self, sure: dict[int, int]) -> torch.Tensor:
        """Logits as if the step before had been sure of some slots and known nothing of others."""
        shape = (1, self.canvas_length, self.vocabulary)
        memory = torch.zeros(shape, dtype=self.embedding.dtype, device=self.device)
        slots = torch.tensor(list(sure), device=self.device)
        memory[0, slots] = -SURE
        memory[0, slots, torch.tensor(list(sure.values()), device=self.device)] = 0.0
        return memory
