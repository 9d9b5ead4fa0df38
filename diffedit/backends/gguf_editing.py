"""A loaded GGUF model at work: its denoiser, how it is spoken to, and what an edit asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffedit.backends import chat_forms, gguf_fim, gguf_tuned
from diffedit.backends.causal_edit import Edits, Habits
from diffedit.backends.gguf_causal import GgufCausal
from diffedit.backends.gguf_context import GgufContext, Sizes, batch_for, scored_for
from diffedit.backends.gguf_mask import GgufMask, family_of
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.gguf_options import Options
from diffedit.backends.gguf_stamp import ROOM_FOR_ROWS
from diffedit.backends.mask_edit import MaskEdits, MaskHabits
from diffedit.backends.small_edit import TunedEdits
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.engine.canvas import Canvas
from diffedit.engine.causal import Window
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, RowsRequest
from diffedit.engine.task import Mode, Task

MOST_ROWS = 16
"""Candidates that may go side by side."""
SMALL = 400_000_000
"""Models with fewer parameters need more candidates and are confused by more context."""
LARGE_HABITS = Habits(
    around=512, left=1024, right=64, rewrite_rows=1, fill_rows=3, continue_rows=1, cold=0.4
)


CPU_WINDOW = Window(least=4, most=16, start=12, filler=0, doubtful=False)
"""On a CPU a slot costs nearly half as much as a token of its own, however many go together, and
four at a time least. So only what is likelier than not is looked at, and never far ahead: of many
windows this was the fastest over those edits of the validation part that keep most of the text."""


@dataclass(slots=True, kw_only=True)
class Editing:
    """Moves: it holds the model, its cache and its adapters."""

    model: GgufModel
    context: GgufContext
    denoiser: GgufCausal | GgufMask
    habits: Habits
    mask_habits: MaskHabits
    marks: gguf_fim.Marks | None
    window: Window
    adapters: tuple[tuple[Path, float], ...] = ()
    """Those that are asked for by name."""
    tuned: Path | None = None
    """The adapter that rewrites have on, beside these."""
    _on: tuple[tuple[Path, float], ...] = ()

    @property
    def causal(self) -> GgufCausal:
        """The denoiser of a left-to-right model."""
        assert isinstance(self.denoiser, GgufCausal)
        return self.denoiser

    @property
    def edits(self) -> Edits:
        """What a left-to-right model is asked."""
        return Edits(self.causal, self.chat, self.raw, habits=self.habits)

    def is_tuned(self, task: Task) -> bool:
        """Whether the task is one that the adapter for edits is for."""
        return self.tuned is not None and task.mode == "rewrite"

    def tuned_edits(self, params: DenoiseParams) -> TunedEdits:
        """What a model with an adapter for edits is asked to rewrite. Raises RequestError."""
        self._check(params)
        self.turn_to("rewrite")
        return TunedEdits(self.causal, gguf_tuned.markers(self.model), window=self.window)

    @property
    def mask(self) -> GgufMask:
        """The denoiser of a diffusion model."""
        assert isinstance(self.denoiser, GgufMask)
        return self.denoiser

    def request(self, task: Task, params: DenoiseParams) -> RowsRequest | CanvasRequest:
        """The task in tokens, within what the cache holds. Raises DiffeditError."""
        if isinstance(self.denoiser, GgufMask):
            self.denoiser.seed = params.seed
            return MaskEdits(self.denoiser, self.chat, self.raw, self.mask_habits).request(
                task, params
            )
        self.turn_to(task.mode)
        self.causal.keep = None
        self._check(params)
        if task.mode == "infill" and self.marks is not None and not task.keep:
            length = self.denoiser.context_length
            asked = gguf_fim.request(task, params, self.model, self.marks, length, self.habits)
        else:
            asked = self.edits.request(task, params)
        return self._fitting(asked)

    def _check(self, params: DenoiseParams) -> None:
        most = self.causal.most_rows
        if params.candidates is not None and params.candidates > most:
            raise RequestError(f"At most {most} candidates go side by side.")

    def _fitting(self, asked: RowsRequest) -> RowsRequest:
        """As many candidates as the cache has room for; one always."""
        wanted = (asked.max_tokens or 0) + asked.window.most + 1
        fit = (self.context.cells - len(asked.prefix)) // wanted
        if fit < 1:
            raise TooLongError(
                f"{len(asked.prefix):,} tokens of text leave no room for an answer.",
                hint="Select less, or give the model a larger context.",
            )
        relay = asked.relay
        return replace(
            asked,
            temperatures=asked.temperatures[:fit],
            window=self.window,
            relay=relay and (lambda typed: self._fitting(relay(typed))),
        )

    def chat(self, system: str, question: str, opening: str) -> list[int]:
        """A question in the file's own form."""
        model = self.model
        template = model.meta("tokenizer.chat_template")
        form = chat_forms.form_of(template, self._has)
        words = {
            "system": system,
            "question": question,
            "opening": chat_forms.begun(template, opening),
        }
        ids = chat_forms.written(form, words, lambda text, marks: model.encode(text, marks=marks))
        return [*self._begin(), *ids]

    def raw(self, text: str) -> list[int]:
        """A text to be gone on with."""
        ids = [*self._begin(), *self.model.encode(text)]
        if ids:
            return ids
        marks = [self.model.token(name) for name in ("bos", "eot", "eos")]
        return [next((number for number in marks if number is not None), 0)]

    def _begin(self) -> list[int]:
        bos = self.model.token("bos") if self.model.begins_with_bos else None
        return [] if bos is None else [bos]

    def _has(self, mark: str) -> bool:
        return len(self.model.encode(mark, marks=True)) == 1

    def adapt(self, adapters: tuple[tuple[Path, float], ...]) -> None:
        """Compute with these adapters from here on. Raises ModelError, and all is as it was."""
        for path, _scale in adapters:
            self.model.adapter(path)
        self.adapters = adapters
        self.turn_to("rewrite")

    def turn_to(self, mode: Mode) -> None:
        """Have the adapters on that this mode has; what was read with others is forgotten."""
        tuned = ((self.tuned, 1.0),) if self.tuned and mode == "rewrite" else ()
        adapters = (*tuned, *self.adapters)
        if adapters == self._on:
            return
        loaded: list[tuple[Any, float]] = [
            (self.model.adapter(path), scale) for path, scale in adapters
        ]
        self.context.adapt(loaded)
        self._on = adapters
        if isinstance(self.denoiser, GgufCausal):
            self.denoiser.reset()

    def warm_up(self) -> None:
        """One pass, which touches every weight; and see that reading can be taken back."""
        if isinstance(self.denoiser, GgufMask):
            self.denoiser.prefill([])
            mask = self.denoiser.mask_id or 0
            self.denoiser.predict(Canvas(ids=(mask,) * 2, free=(True,) * 2), 0.0)
            return
        ids = self.raw("a b")
        self._decode(ids)
        if len(ids) > 1 and not self.context.forget(0, len(ids) - 1):
            raise ModelError(
                f"{self.model.name} ({self.model.architecture}) cannot take back what it has "
                "read, so it cannot edit in place.",
                hint="Choose a llama, qwen, gemma, dream or llada model.",
            )
        self.causal.reset()

    def _decode(self, ids: Sequence[int]) -> None:
        last = [False] * (len(ids) - 1) + [True]
        self.context.decode(ids, range(len(ids)), [0] * len(ids), last)


def editing(model: GgufModel, options: Options, length: int, *, gpu: bool, path: Path) -> Editing:
    """Make the model of the file at `path` ready."""
    family = family_of(model)
    if model.kind == "mask":
        sizes = Sizes(cells=length, batch=length, threads=options.threads, flash=options.flash)
    else:
        sizes = Sizes(
            cells=length + ROOM_FOR_ROWS,
            rows=MOST_ROWS + 1,
            batch=batch_for(model, gpu=gpu),
            threads=options.threads,
            flash=options.flash,
        )
    context = GgufContext(model, sizes)
    denoiser: GgufCausal | GgufMask
    if model.kind == "mask":
        denoiser = GgufMask(context, family, length=length)
    else:
        denoiser = GgufCausal(context, length=length, scored=scored_for(model, gpu=gpu))
    schedule = options.schedule or family.schedule
    tuned = gguf_tuned.wanted(options.adapter, path, model) if model.kind == "causal" else None
    return Editing(
        model=model,
        tuned=gguf_tuned.as_gguf(tuned, model, options.keep) if tuned else None,
        context=context,
        denoiser=denoiser,
        habits=Habits() if model.parameters < SMALL else LARGE_HABITS,
        mask_habits=MaskHabits(schedule=schedule, block=options.block, steps=options.steps),
        marks=gguf_fim.marks_of(model) if model.kind == "causal" else None,
        window=Window() if gpu else CPU_WINDOW,
    )
