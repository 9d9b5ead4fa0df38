"""The model in the box: SmolLM2-135M, in NumPy, on any machine.

A left-to-right model, denoised in parallel: see `engine.causal`. What it is told stands in
`small_prompt` and `small_fill`; what it computes in `small_model`. Threads are OpenBLAS's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.backends import small_fill, small_prompt
from diffedit.backends.options import whole_numbers
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, OutOfMemoryError, RequestError, TooLongError
from diffedit.engine import prompt, rewrite
from diffedit.engine.backend import Abilities, Cancelled, Report
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.step import Event
from diffedit.engine.task import Task

if TYPE_CHECKING:
    from diffedit.backends.small_denoiser import SmallDenoiser
    from diffedit.backends.small_tokenizer import SmallTokenizer

CANVAS_LENGTH = 64
CONTEXT_LENGTH = 2048
OPTIONS = {"context": (128, CONTEXT_LENGTH)}
"""Each option, the least it may be, and what it is unless given."""
AROUND = 96
"""Tokens of a rewrite's prompt for the text around the span: more confuses a model this small."""
LEFT, RIGHT = 384, 32
"""Tokens on the left that an infill reads, and on the right that rank its candidates."""
REWRITE_ROWS, FILL_ROWS, CONTINUE_ROWS = 3, 7, 4
LINE_TOKENS, CONTINUE_TOKENS, FILL_TOKENS = 48, 96, 256
"""For one line, for a continuation, and at most for an infill of several lines."""
COLD, WARM = 0.5, 0.7
"""Temperatures of sampled candidates: for a rewrite, and where there is no old text to keep to."""


class SmallBackend:
    """SmolLM2-135M or another small llama model from a GGUF file.

    Options: `context` (2048), tokens of prompt and answer together.
    """

    name = "small"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """`model` is the path of a GGUF file. Raises RequestError for a bad option or device."""
        if device not in {"auto", "cpu"}:
            raise RequestError(f"The small backend runs on the cpu, not on {device!r}.")
        self._path = Path(model)
        self.model = self._path.stem
        self.device = "cpu"
        self._context = min(CONTEXT_LENGTH, whole_numbers("small", OPTIONS, options)["context"])
        self._denoiser: SmallDenoiser | None = None
        self._tokenizer: SmallTokenizer | None = None
        self.abilities = Abilities(
            noise="causal",
            entropy=True,
            canvas_length=CANVAS_LENGTH,
            context_length=self._context,
        )

    def load(self, report: Report) -> None:
        """Read and dequantize the weights. Raises ModelError or OutOfMemoryError."""
        from diffedit.backends.small_denoiser import SmallDenoiser  # noqa: PLC0415 - numpy
        from diffedit.backends.small_model import Llama  # noqa: PLC0415 - numpy
        from diffedit.backends.small_tokenizer import SmallTokenizer  # noqa: PLC0415 - tokenizers
        from diffedit.backends.small_weights import GgufFile, load_weights  # noqa: PLC0415 - gguf

        report("find", 0, 1)
        file = GgufFile(self._path)
        report("find", 1, 1)
        try:
            weights = load_weights(file, lambda done, total: report("read", done, total))
            report("place", 0, 1)
            self._tokenizer = SmallTokenizer(file.fields)
            context = min(self._context, weights.shape.context)
            model = Llama(weights, context)
            self._denoiser = SmallDenoiser(model, self._tokenizer, context=context)
            report("place", 1, 1)
            # The first pass makes BLAS start its threads and touches every weight once.
            report("warm", 0, 1)
            self._denoiser.prefill(self._marker("<|im_start|>"))
            report("warm", 1, 1)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"Not enough memory for {self.model}.", hint="It needs about 1 GB."
            ) from error
        self.model = str(file.fields.get("general.name") or self._path.stem)

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """Denoise candidates side by side; the best one first. Raises DiffeditError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        if task.keep:
            raise RequestError("This model cannot hold parts of the span; select less instead.")
        if task.mode == "rewrite":
            if not task.text.strip():
                raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
            request = self._rewriting(task, params, self._denoiser)
        else:
            request = self._filling(task, params, self._denoiser)
        return rewrite.rows(self._denoiser, request, params, cancelled)

    def _rewriting(self, task: Task, params: DenoiseParams, denoiser: SmallDenoiser) -> RowsRequest:
        span = small_prompt.shown(task)
        start = denoiser.encode(span.text)
        room = len(start) * 5 // 4 + LINE_TOKENS
        bare = self._chat(task, span, "", "")
        fits = denoiser.context_length - room
        if len(bare) > fits:
            most = (denoiser.context_length - (len(bare) - len(start)) - LINE_TOKENS) * 4 // 9
            raise TooLongError(
                f"The span has {len(start):,} tokens; {most:,} fit into this model's "
                f"{denoiser.context_length:,}, with the answer.",
                hint="Select less.",
            )
        limit = min(AROUND, max(0, fits - len(bare) - AROUND))
        near = prompt.budget(
            task.before, task.after, limit=limit, count=lambda text: len(denoiser.encode(text))
        )
        ids = self._chat(task, span, near.before, near.after)

        def finish(answers: Sequence[str]) -> Finished:
            texts = [small_prompt.answer_text(answer, task, span) for answer in answers]
            whole = [small_prompt.closed(answer, span) for answer in answers]
            order = small_prompt.ranked(texts, whole, task)
            note = "The model changed nothing." if texts[order[0]] == task.text else ""
            return Finished(texts=tuple(texts[n] for n in order), best=order[0], note=note)

        return RowsRequest(
            prefix=tuple(ids),
            start=tuple(start),
            nearby=tuple(denoiser.encode(task.instruction)),
            temperatures=_temperatures(params, REWRITE_ROWS, COLD),
            max_tokens=room,
            stop=lambda text: small_prompt.closed(text, span),
            circles=False,
            original=task.text,
            finish=finish,
            picture=lambda pieces: small_prompt.picture(pieces, task, span),
        )

    def _filling(self, task: Task, params: DenoiseParams, denoiser: SmallDenoiser) -> RowsRequest:
        left = min(LEFT, denoiser.context_length // 2)
        near = prompt.budget(
            task.before, "", limit=left, count=lambda text: len(denoiser.encode(text))
        )
        place = small_fill.gap(task, small_fill.told(task, near.before))
        ids = denoiser.encode(place.prompt) or self._marker("<|endoftext|>")
        lines = min(place.wanted * LINE_TOKENS, FILL_TOKENS) or CONTINUE_TOKENS
        room = min(lines, denoiser.context_length - len(ids) - RIGHT - 8)
        old = place.lead + task.text[len(place.own) :] if task.mode == "infill" else ""

        def finish(answers: Sequence[str]) -> Finished:
            whole = [
                small_fill.complete(answer, place) or len(denoiser.encode(answer)) < room - 1
                for answer in answers
            ]
            parts = [
                answer[slice(*small_fill.extent(answer, place, whole=done))]
                for answer, done in zip(answers, whole, strict=True)
            ]
            return self._best_fill(parts, whole, (task, place))

        def picture(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
            raw = "".join(piece.text for piece in pieces)
            return small_fill.picture(pieces, place, small_fill.extent(raw, place))

        return RowsRequest(
            prefix=tuple(ids),
            start=tuple(denoiser.encode(old)) if task.text.strip() else (),
            nearby=tuple(ids),
            temperatures=_temperatures(params, FILL_ROWS if place.wanted else CONTINUE_ROWS, WARM),
            max_tokens=room,
            stop=lambda text: small_fill.complete(text, place),
            circles=False,
            original=task.text,
            finish=finish,
            picture=picture,
        )

    def _best_fill(
        self, parts: list[str], whole: list[bool], asked: tuple[Task, small_fill.Gap]
    ) -> Finished:
        """The answers that fit, each once, the one that agrees best with what follows first."""
        task, place = asked
        once = [n for n, part in enumerate(parts) if part.strip() and part not in parts[:n]]
        if not once:
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        if task.mode == "infill" and task.after.strip() and len(once) > 1:
            assert self._denoiser is not None
            right = self._right(task.after)
            full = (place.lead + parts[n] + place.end + right for n in once)
            rows = [self._denoiser.encode(text)[: self._denoiser.room] for text in full]
            found = dict(zip(once, self._denoiser.likelihoods(rows), strict=True))
            once.sort(key=lambda n: -found[n])
        once.sort(key=lambda n: not whole[n])
        texts = [place.own + parts[n] + place.end for n in once]
        note = "The model changed nothing." if texts[0] == task.text else ""
        return Finished(texts=tuple(texts), best=once[0], note=note)

    def _right(self, after: str) -> str:
        """The beginning of the text after the gap, to a line's end if one is near."""
        assert self._denoiser is not None
        ids = self._denoiser.encode(after[: RIGHT * 16])[:RIGHT]
        text = "".join(self._denoiser.decode(ids))
        cut = text.rstrip("\n").rfind("\n")
        return text if len(ids) < RIGHT or cut <= 0 else text[:cut]

    def _chat(self, task: Task, span: small_prompt.Shown, before: str, after: str) -> list[int]:
        assert self._denoiser is not None
        encode = self._denoiser.encode
        begin, end = self._marker("<|im_start|>"), self._marker("<|im_end|>")
        told = small_prompt.system(task, span, before, after)
        asked = small_prompt.question(task, span)
        return [
            *(begin + encode(f"system\n{told}") + end + encode("\n")),
            *(begin + encode(f"user\n{asked}") + end + encode("\n")),
            *(begin + encode(f"assistant\n{small_prompt.opening(task, span)}")),
        ]

    def _marker(self, name: str) -> list[int]:
        assert self._tokenizer is not None
        if name not in self._tokenizer.markers:
            raise ModelError(
                f"{self.model} has no {name} token, so it cannot be asked in chat form.",
                hint="Choose a model tuned for chat in ChatML form.",
            )
        return [self._tokenizer.markers[name]]


def _temperatures(params: DenoiseParams, usual: int, warm: float) -> tuple[float, ...]:
    """The model's own choice first, then samples; another seed asks for samples alone."""
    rows = params.candidates or usual
    return ((warm if params.seed else 0.0), *[warm] * (rows - 1))
