"""DiffusionGemma as the engine sees it: it reads left to right, and denoises on its device.

The arithmetic of a step is that of transformers' `generate()` operation for operation, in the
same order of random draws, so that the same seed gives the same tokens (a contract test holds
us to it). What differs is what stays where: logits never leave the device, and three short
lists a step do.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from diffedit.backends.gemma_cache import KINDS, Shown, can_rewind, new_cache, padded, rewind
from diffedit.backends.gemma_seen import entropies, reading_of
from diffedit.backends.gemma_sizes import SLACK
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
_SURE = 1e4
"""How far a held id's logit stands above all others. Its entropy is 0 then, exactly."""


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
    """Moves: it holds the cache, the canvas, the noise and what the last step remembers."""

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
        self._device = device
        self._random = torch.Generator(device)
        self._before: torch.Tensor | None = None
        self._cache = new_cache(text, SLACK)
        self._ids: list[int] = []
        self._ends: list[int] = []
        """Where each pass over the cached ids ended."""
        self._cached_picture = 0
        self._shown: Shown | None = None
        self._canvas = torch.empty((1, 0), dtype=torch.long, device=device)
        self._kept = torch.empty(0, dtype=torch.long, device=device)
        self._kept_ids = self._kept
        self._warm: torch.Tensor | None = None
        self._memory: torch.Tensor | None = None

    def seed(self, number: int) -> None:
        """Where noise and samples begin, as `torch.manual_seed` has it."""
        self._random.manual_seed(number)

    def fresh(self, count: int) -> Sequence[int]:
        """New noise ids, from the same stream as the samples."""
        noise: list[int] = self._noise(count)[0].tolist()
        return noise

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
        end = begun + len(ids)
        extra: dict[str, Any] = {}
        if self.picture is not None and begun == 0:
            kinds = torch.zeros((1, len(ids)), dtype=torch.long, device=self._device)
            kinds[
                0, torch.tensor(ids, device=self._device) == self._model.config.image_token_id
            ] = 1
            extra = {
                "pixel_values": self.picture.pixels.to(self._device, self._model.dtype),
                "image_position_ids": self.picture.positions.to(self._device),
                "mm_token_type_ids": kinds,
            }
        encoder = self._model.model.encoder
        with torch.inference_mode():
            places = torch.arange(begun, end, dtype=torch.int32, device=self._device)[None]
            masks = encoder.create_masks_for_generate(
                config=self._model.config,
                inputs_embeds=torch.empty(
                    (1, len(ids), 0), dtype=self._model.dtype, device=self._device
                ),
                attention_mask=torch.ones((1, end), dtype=torch.bool, device=self._device),
                cache=self._cache,
                position_ids=places,
                mm_token_type_ids=extra.get("mm_token_type_ids"),
            )
            encoder(
                input_ids=torch.tensor([list(ids)], device=self._device),
                attention_mask=masks,
                cache=self._cache,
                position_ids=places,
                **extra,
            )
        self._ids += ids
        self._ends.append(end)
        self.passes += 1

    # The canvas --------------------------------------------------------------------------------

    def place(self, canvas: Canvas) -> None:
        """Begin with this canvas, its kept slots held, memory seeded where it starts warm."""
        self._canvas = torch.tensor([canvas.ids], device=self._device)
        kept = [slot for slot, free in enumerate(canvas.free) if not free]
        self._kept = torch.tensor(kept, dtype=torch.long, device=self._device)
        self._kept_ids = self._canvas[0, self._kept]
        self._memory = None
        self._warm = None
        if canvas.warm:
            self._warm = torch.tensor([canvas.warm], device=self._device)
            known = zip(canvas.ids, canvas.free, canvas.warm, strict=True)
            self._memory = self._remembered(
                {slot: own for slot, (own, free, warm) in enumerate(known) if warm or not free}
            )

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        """One step as in the reference: predict, sample, accept under the bound, renoise."""
        with torch.inference_mode():
            if self.ahead:
                self._before = self._random.get_state()
            logits = self._cooled(self._canvas, temperature)
            sampled = self._sampled(logits)
            argmax = logits.argmax(dim=-1)
            entropy = entropies(logits)
            by_entropy, order = torch.sort(entropy, dim=-1, descending=False)
            spent = torch.cumsum(by_entropy, dim=-1) - by_entropy <= entropy_bound
            accepted = torch.scatter(torch.zeros_like(spent), dim=-1, index=order, src=spent)
            noise = self._noise(self._canvas.shape[1])
            if self._warm is not None:
                noise = torch.where(self._warm, self._canvas, noise)
            self._canvas = torch.where(accepted, sampled, noise)
            self._memory = logits.to(self._model.model.decoder.embed_tokens.weight.dtype)
            return reading_of(argmax, entropy, accepted)

    def take_back(self) -> None:
        """Noise goes on as if the last step had never been set off."""
        if self._before is not None:
            self._random.set_state(self._before)

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Look at a canvas that the engine keeps; the memory of the step before is kept here."""
        with torch.inference_mode():
            logits = self._cooled(torch.tensor([canvas.ids], device=self._device), temperature)
            sampled = self._sampled(logits)
            self._memory = logits.to(self._model.model.decoder.embed_tokens.weight.dtype)
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
            noise = self._noise(len(slots))[0].tolist()
            canvas, hidden = list(ids), set(slots)
            for slot, token in zip(slots, noise, strict=True):
                canvas[slot] = token if token != ids[slot] else (token + 1) % self.vocabulary
            memory = self._remembered(
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
        model = self._model
        hidden = model.model(
            decoder_input_ids=torch.tensor([list(ids) for ids in canvases], device=self._device),
            self_conditioning_logits=memory,
            decoder_attention_mask=dict.fromkeys(KINDS),
            cache=Shown(self._cache, rows=len(canvases)),
            decoder_position_ids=self._places(),
        ).last_hidden_state
        rows = torch.cat(
            [
                hidden[row, torch.tensor(list(wanted), device=self._device)]
                for row, wanted in enumerate(slots)
            ]
        )
        cap = model.final_logit_softcapping
        logits: torch.Tensor = torch.tanh(model.lm_head(rows).float() / cap) * cap
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
        # A tensor, since a plain number would be turned into a product with its reciprocal on a
        # GPU, which rounds otherwise than the reference.
        logits = logits.div_(torch.full((), temperature, device=self._device))
        if len(self._kept):
            logits[0, self._kept] = -_SURE
            logits[0, self._kept, self._kept_ids] = 0.0
        return logits

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

    def _places(self) -> torch.Tensor:
        begun = len(self._ids)
        return torch.arange(
            begun, begun + self.canvas_length, dtype=torch.int32, device=self._device
        )[None]

    def _sampled(self, logits: torch.Tensor) -> torch.Tensor:
        chances = torch.softmax(logits[0], dim=-1, dtype=torch.float32)
        return torch.multinomial(chances, num_samples=1, generator=self._random).view(1, -1)

    def _noise(self, count: int) -> torch.Tensor:
        return torch.randint(
            0, self.vocabulary, (1, count), generator=self._random, device=self._device
        )

    def _remembered(self, sure: dict[int, int]) -> torch.Tensor:
        """Logits as if the step before had been sure of some slots and known nothing of others."""
        kind = self._model.model.decoder.embed_tokens.weight.dtype
        memory = torch.zeros(
            (1, self.canvas_length, self.vocabulary), dtype=kind, device=self._device
        )
        slots = torch.tensor(list(sure), device=self._device)
        memory[0, slots] = -_SURE
        memory[0, slots, torch.tensor(list(sure.values()), device=self._device)] = 0.0
        return memory
