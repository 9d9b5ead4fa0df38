"""The model in the box: SmolLM2-135M, in NumPy, on any machine.

A left-to-right model, denoised in parallel: see `engine.causal`. What it is told stands in
`causal_edit`, `small_prompt` and `small_fill`; what it computes in `small_model`. Threads are
OpenBLAS's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.backends import small_canvas, small_gap
from diffedit.backends.adapter_header import CAUSAL, GAPS, MASK, about, objective
from diffedit.backends.causal_edit import Edits
from diffedit.backends.options import whole_numbers
from diffedit.backends.small_edit import TunedEdits
from diffedit.core.errors import ModelError, OutOfMemoryError, RequestError
from diffedit.core.heat import Scored
from diffedit.engine import ahead, rewrite
from diffedit.engine.backend import Abilities, Cancelled, Report
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import RowsRequest
from diffedit.engine.step import Event
from diffedit.engine.task import Task
from diffedit.engine.typed import Typing, nothing

if TYPE_CHECKING:
    from diffedit.backends.small_adapter import Switch
    from diffedit.backends.small_denoiser import SmallDenoiser
    from diffedit.backends.small_fill import Gap
    from diffedit.backends.small_mask import MaskDenoiser
    from diffedit.backends.small_threads import Threads
    from diffedit.backends.small_tokenizer import SmallTokenizer
    from diffedit.backends.small_weights import Floats, GgufFile, Weights

CANVAS_LENGTH = 64
CONTEXT_LENGTH = 2048
OPTIONS = {"context": (128, CONTEXT_LENGTH)}
"""Each option that is a number, the least it may be, and what it is unless given."""
NO_ADAPTER = "none"
SHIPPED = Path(__file__).with_name("small_default.safetensors")
"""The adapter that the model in the box takes by itself: it follows edits where the plain one
does not (README, Models)."""
SHIPPED_GAPS = Path(__file__).with_name("small_gaps.safetensors")
"""And the one that it fills gaps with: it reads the text after them."""


class SmallBackend:
    """SmolLM2-135M or another small llama model from a GGUF file.

    Options: `context` (2048), tokens of prompt and answer together; `adapter`, the path of one
    that `diffedit tune` made, or `none`. The model in the box takes the shipped ones for what that
    one was not made for.
    """

    name = "small"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """`model` is the path of a GGUF file. Raises RequestError for a bad option or device."""
        if device not in {"auto", "cpu"}:
            raise RequestError(f"The small backend runs on the cpu, not on {device!r}.")
        self._path = Path(model)
        self.model = self._path.stem
        self.device = "cpu"
        self._adapter = options.get("adapter", "")
        numbers = {name: word for name, word in options.items() if name != "adapter"}
        self._context = min(CONTEXT_LENGTH, whole_numbers("small", OPTIONS, numbers)["context"])
        self._switch: Switch | None = None
        self._denoiser: SmallDenoiser | None = None
        self._tokenizer: SmallTokenizer | None = None
        self._canvas: MaskDenoiser | None = None
        self._threads: Threads | None = None
        self.abilities = self._abilities()

    def load(self, report: Report) -> None:
        """Read and dequantize the weights. Raises ModelError or OutOfMemoryError."""
        from diffedit.backends.small_denoiser import SmallDenoiser  # noqa: PLC0415 - numpy
        from diffedit.backends.small_mask import MaskDenoiser  # noqa: PLC0415 - numpy
        from diffedit.backends.small_model import Llama  # noqa: PLC0415 - numpy
        from diffedit.backends.small_threads import Threads  # noqa: PLC0415 - numpy
        from diffedit.backends.small_tokenizer import SmallTokenizer  # noqa: PLC0415 - tokenizers
        from diffedit.backends.small_weights import GgufFile, load_weights  # noqa: PLC0415 - gguf

        report("find", 0, 1)
        file = GgufFile(self._path)
        report("find", 1, 1)
        try:
            weights = load_weights(file, lambda done, total: report("read", done, total))
            report("place", 0, 1)
            noise = self._adapt(file, weights)
            self._tokenizer = SmallTokenizer(file.fields)
            context = min(self._context, weights.shape.context)
            model = Llama(weights, context, noise)
            self._threads = Threads(weights.layers[0].gate_up)
            self._denoiser = SmallDenoiser(model, self._tokenizer, context=context)
            if noise is not None:
                self._canvas = MaskDenoiser(model, self._tokenizer, context=context)
            report("place", 1, 1)
            # The first pass makes BLAS start its threads and touches every weight once.
            report("warm", 0, 1)
            self._settle_threads()
            self._denoiser.prefill(self._marker("<|im_start|>"))
            report("warm", 1, 1)
        except MemoryError as error:
            raise OutOfMemoryError(
                f"Not enough memory for {self.model}.", hint="It needs about 1 GB."
            ) from error
        self.model = str(file.fields.get("general.name") or self._path.stem)

    def rewrite(
        self,
        task: Task,
        params: DenoiseParams,
        cancelled: Cancelled,
        typing: Typing = nothing,
    ) -> Iterator[Event]:
        """Denoise candidates side by side; the best one first. Raises DiffeditError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        self._settle_threads()
        if self._canvas is not None:
            assert self._tokenizer is not None
            canvas, markers = self._canvas, self._tokenizer.markers

            def once(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
                canvas.seed = params.seed
                request = small_canvas.request(task, params, canvas, markers)
                return rewrite.canvases(canvas, request, params, cancelled, typing)

            return in_turn(once, params, typing, original=task.text)
        if task.mode == "rewrite" and self._use(CAUSAL):
            return self._tuned_edits().run(task, params, cancelled, typing)
        rows, gap = self._filling(task, params)
        if gap is not None:
            gaps = small_gap.Gaps(self._denoiser, task, rows, *gap)
            return gaps.run(params, cancelled, typing)
        return rewrite.rows(self._denoiser, rows, params, cancelled, typing)

    def _filling(
        self, task: Task, params: DenoiseParams
    ) -> tuple[RowsRequest, tuple[Gap, str] | None]:
        """What the plain model or the one for gaps is asked, that one being in the weights.

        With it, where lines are searched for, the gap and how the text goes on after it.
        """
        assert self._denoiser is not None
        plain = self._edits()
        rows = plain.request(task, params)
        if task.mode == "infill" and small_gap.fits(place := plain.place(task), params):
            right = plain.right(task.after)
            if small_gap.tuned_fits(task, place) and self._use(GAPS):
                rows, right = small_gap.tuned(self._denoiser, task, rows, place)
            else:
                self._use("")
            return rows, (place, right)
        self._use("")
        return rows, None

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        """Read ahead what an edit of this place begins with. Raises DiffeditError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        self._settle_threads()
        denoiser = self._canvas or self._denoiser
        ahead.read(denoiser, task, lambda task: self._prompt(task, params), cancelled)

    def _prompt(self, task: Task, params: DenoiseParams) -> tuple[int, ...]:
        """The whole prompt of an edit, what reads it being in the weights."""
        if self._canvas is not None:
            assert self._tokenizer is not None
            markers = self._tokenizer.markers
            return small_canvas.request(task, params, self._canvas, markers).prefix
        if task.mode == "rewrite" and self._use(CAUSAL):
            return self._tuned_edits().request(task, params).prefix
        return self._filling(task, params)[0].prefix

    def asked(self, task: Task, params: DenoiseParams) -> tuple[SmallDenoiser, RowsRequest]:
        """What the model is asked for a task at first. Raises DiffeditError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        if task.mode == "rewrite" and self._use(CAUSAL):
            return self._denoiser, self._tuned_edits().request(task, params)
        self._use("")
        return self._denoiser, self._edits().request(task, params)

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """How likely each token is after what stands left of it. Raises TooLongError."""
        if self._denoiser is None:
            raise ModelError(f"{self.model} is not loaded.")
        self._settle_threads()
        self._use("")
        ids = self._edits().reading(task)
        self._denoiser.prefill(ids, cancelled)
        return () if cancelled() else self._denoiser.score(self._denoiser.encode(task.text))

    def _settle_threads(self) -> None:
        """Compute with as many threads as are of use while other programs run as they do now."""
        if self._threads is not None:
            self._threads.settle()

    def _abilities(self) -> Abilities:
        """What it can do: a mask adapter makes another kind of model of it."""
        path = self._adapter_path()
        is_mask = path is not None and path.is_file() and objective(path) == MASK
        return Abilities(
            noise="mask" if is_mask else "causal",
            entropy=True,
            score=not is_mask,
            typing=True,
            clamp=is_mask,
            warm_start=is_mask,
            canvas_length=CANVAS_LENGTH,
            context_length=self._context,
        )

    def _adapter_path(self) -> Path | None:
        """The adapter that is asked for by name, if one is."""
        asked = self._adapter not in {"", NO_ADAPTER}
        return Path(self._adapter).expanduser() if asked else None

    def _adapt(self, file: GgufFile, weights: Weights) -> Floats | None:
        """Have the adapters that are wanted, if any, at hand; the mask's vector is returned.

        Raises ModelError.
        """
        from diffedit.backends import small_adapter  # noqa: PLC0415 - numpy

        asked = self._adapter_path()
        if asked is not None and (adapter := small_adapter.read(asked)).objective == MASK:
            small_adapter.merge(weights, (adapter, asked, 1.0))
            return adapter.mask_embedding
        shipped = () if self._adapter == NO_ADAPTER else (SHIPPED, SHIPPED_GAPS)
        paths = [
            path for path in shipped if path.is_file() and about(path).get("base") == file.mark
        ]
        # The one that is asked for comes last: it takes the place of the shipped one of its kind.
        paths += () if asked is None else (asked,)
        self._switch = small_adapter.Switch(
            weights, {path: small_adapter.read(path) for path in paths}
        )
        # Rewrites come first, most of the time.
        self._switch.turn(CAUSAL)
        return None

    def _use(self, objective: str) -> bool:
        """Have the adapter for this in the weights, or none; whether it is there.

        One knows how code is changed, one what fits into a gap; all else the plain model knows
        better.
        """
        assert self._switch is not None
        if self._switch.turn(objective):
            assert self._denoiser is not None
            self._denoiser.forget()
        return self._switch.within == objective

    def _tuned_edits(self) -> TunedEdits:
        assert self._denoiser is not None
        assert self._tokenizer is not None
        return TunedEdits(self._denoiser, self._tokenizer.markers)

    def _edits(self) -> Edits:
        assert self._denoiser is not None
        return Edits(self._denoiser, self._chat, self._raw)

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
