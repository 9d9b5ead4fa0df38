"""The model in the box: SmolLM2-135M, in NumPy, on any machine.

A left-to-right model, denoised in parallel: see `engine.causal`. What it is told stands in
`causal_edit`, `small_prompt` and `small_fill`; what it computes in `small_model`. Threads are
OpenBLAS's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.backends.causal_edit import Edits
from diffedit.backends.options import whole_numbers
from diffedit.core.errors import ModelError, OutOfMemoryError, RequestError
from diffedit.core.heat import Scored
from diffedit.engine import rewrite
from diffedit.engine.backend import Abilities, Cancelled, Report
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event
from diffedit.engine.task import Task

if TYPE_CHECKING:
    from diffedit.backends.small_denoiser import SmallDenoiser
    from diffedit.backends.small_tokenizer import SmallTokenizer

CANVAS_LENGTH = 64
CONTEXT_LENGTH = 2048
OPTIONS = {"context": (128, CONTEXT_LENGTH)}
"""Each option, the least it may be, and what it is unless given."""


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
            score=True,
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
        edits = Edits(self._denoiser, self._chat, self._raw)
        return rewrite.rows(self._denoiser, edits.request(task, params), params, cancelled)

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """How likely each token is after what stands left of it. Raises TooLongError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        ids = Edits(self._denoiser, self._chat, self._raw).reading(task)
        self._denoiser.prefill(ids, cancelled)
        return () if cancelled() else self._denoiser.score(self._denoiser.encode(task.text))

    def _raw(self, text: str) -> list[int]:
        assert self._denoiser is not None
        return self._denoiser.encode(text) or self._marker("<|endoftext|>")

    def _chat(self, system: str, question: str, opening: str) -> list[int]:
        assert self._denoiser is not None
        encode = self._denoiser.encode
        begin, end = self._marker("<|im_start|>"), self._marker("<|im_end|>")
        return [
            *(begin + encode(f"system\n{system}") + end + encode("\n")),
            *(begin + encode(f"user\n{question}") + end + encode("\n")),
            *(begin + encode(f"assistant\n{opening}")),
        ]

    def _marker(self, name: str) -> list[int]:
        assert self._tokenizer is not None
        if name not in self._tokenizer.markers:
            raise ModelError(
                f"{self.model} has no {name} token, so it cannot be asked in chat form.",
                hint="Choose a model tuned for chat in ChatML form.",
            )
        return [self._tokenizer.markers[name]]
