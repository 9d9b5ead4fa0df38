"""Any GGUF file as an in-place denoiser, through llama.cpp.

The file says what it is. A left-to-right model is refined in parallel to the text that it would
write token by token (`engine.causal`); a diffusion model denoises by its family's own rule
(`engine.transfer`). The C library may abort: this runs in the worker, never beside the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.backends.gguf_stamp import CONTEXT
from diffedit.core.errors import ModelError, OutOfMemoryError, RequestError
from diffedit.core.heat import Scored
from diffedit.engine import ahead, rewrite
from diffedit.engine.backend import (
    Abilities,
    Cancelled,
    CausalDenoiser,
    Interrupted,
    Report,
)
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event
from diffedit.engine.task import Task
from diffedit.engine.typed import Typing, nothing

if TYPE_CHECKING:
    from diffedit.backends.gguf_editing import Editing
    from diffedit.backends.gguf_options import Options
    from diffedit.engine.request import RowsRequest

_LAYERS = (999, 32, 16, 8, 0)
"""How many layers are tried on a GPU, from all of them down."""


class GgufBackend:
    """A GGUF file. Its options are the fields of `gguf_options.Options`."""

    name = "gguf"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """`model` is the path of a GGUF file; device auto, cpu or cuda."""
        if device not in {"auto", "cpu", "cuda"}:
            raise RequestError(f"A GGUF model runs on auto, cpu or cuda, not on {device!r}.")
        self._path, self._words = Path(model).expanduser(), dict(options)
        self._wanted = device
        self.model = self._path.stem
        self.device = "cpu"
        self.abilities = Abilities(noise="causal", entropy=True, canvas_length=64)
        self._editing: Editing | None = None

    def load(self, report: Report) -> None:
        """Read the file, see what it is, make it ready. Raises ModelError or OutOfMemoryError."""
        from diffedit.backends import gguf_files, gguf_library  # noqa: PLC0415 - heavy
        from diffedit.backends.gguf_options import options_of  # noqa: PLC0415 - numpy

        options = options_of(self._words)
        report("find", 0, 1)
        functions = gguf_library.library()
        path = gguf_files.ready(self._path, options)
        offload = bool(functions.llama_supports_gpu_offload()) and self._wanted != "cpu"
        if self._wanted == "cuda" and not offload:
            raise ModelError(
                "This llama.cpp was built without a GPU.",
                hint="Build llama-cpp-python with CMAKE_ARGS=-DGGML_CUDA=on, or use device auto.",
            )
        report("find", 1, 1)
        wanted = _LAYERS if options.gpu_layers is None else (options.gpu_layers,)
        for layers in wanted if offload else (0,):
            try:
                self._read(path, options, layers, report)
                break
            except (ModelError, OutOfMemoryError):
                if layers == (wanted[-1] if offload else 0):
                    raise
        self.adapt(self._words)

    def _read(self, path: Path, options: Options, layers: int, report: Report) -> None:
        """Load with so many layers on the GPU."""
        from diffedit.backends import gguf_editing, gguf_files  # noqa: PLC0415 - heavy

        size = path.stat().st_size
        model = gguf_files.open_model(
            path, options, layers, lambda share: report("read", int(share * size), size)
        )
        report("place", 0, 1)
        context = options.context or min(CONTEXT, model.trained_context)
        length = min(context, model.trained_context)
        self._editing = gguf_editing.editing(
            model, options, length, gpu=layers > 0, path=self._path
        )
        report("place", 1, 1)
        report("warm", 0, 1)
        self._editing.warm_up()
        report("warm", 1, 1)
        gguf_files.passed(path, options, model)
        self.model = model.name
        self.device = f"gpu ({layers} layers)" if layers else "cpu"
        if layers > max(_LAYERS[1:]):
            self.device = "gpu"
        self.abilities = replace(
            self.abilities,
            noise="mask" if model.kind == "mask" else "causal",
            warm_start=model.kind == "mask",
            clamp=model.kind == "mask",
            score=model.kind == "causal",
            typing=True,
            canvas_length=self._editing.denoiser.canvas_length,
            context_length=self._editing.denoiser.context_length,
        )

    def adapt(self, options: Mapping[str, str]) -> bool:
        """Take other LoRA adapters without a new load; False where more than that differs.

        Raises ModelError for an adapter that is none for this model.
        """
        from diffedit.backends.gguf_options import options_of  # noqa: PLC0415 - numpy

        if self._editing is None or not _same_but_lora(options, self._words):
            return False
        new = options_of(options)
        self._editing.adapt(tuple((path, new.lora_scale) for path in new.lora))
        self._words = dict(options)
        return True

    def asked(self, task: Task, params: DenoiseParams) -> tuple[CausalDenoiser, RowsRequest]:
        """What a left-to-right model is asked for a task. Raises DiffeditError."""
        from diffedit.engine.request import RowsRequest  # noqa: PLC0415 - with what load() brings

        if self._editing is None:
            raise ModelError(f"{self.model} is not loaded.")
        if self._editing.is_tuned(task):
            return self._editing.causal, self._editing.tuned_edits(params).request(task, params)
        request = self._editing.request(task, params)
        if not isinstance(request, RowsRequest):
            raise ModelError(f"{self.model} is no left-to-right model.")
        return self._editing.causal, request

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """How likely each token is after what stands left of it. Raises DiffeditError."""
        editing = self._editing
        if editing is None or not self.abilities.score:
            raise ModelError(f"{self.model} cannot score a text.")
        editing.context.cancelled = cancelled
        try:
            editing.causal.prefill(editing.edits.reading(task), cancelled)
            if cancelled():
                return ()
            return editing.causal.score(editing.causal.encode(task.text))
        except Interrupted:
            return ()

    def rewrite(
        self,
        task: Task,
        params: DenoiseParams,
        cancelled: Cancelled,
        typing: Typing = nothing,
    ) -> Iterator[Event]:
        """Denoise by the model's own kind. Raises DiffeditError."""
        from diffedit.engine.request import RowsRequest  # noqa: PLC0415 - with what load() brings

        editing = self._editing
        if editing is None:
            raise ModelError(f"{self.model} is not loaded.")
        editing.context.cancelled = cancelled
        if editing.is_tuned(task):
            return editing.tuned_edits(params).run(task, params, cancelled, typing)

        def once(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
            request = editing.request(task, params)
            if isinstance(request, RowsRequest):
                return rewrite.rows(editing.causal, request, params, cancelled, typing)
            return rewrite.canvases(editing.mask, request, params, cancelled, typing)

        if self.abilities.noise == "causal":
            return once(params, typing)
        return in_turn(once, params, typing, original=task.text)

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        """Read ahead what an edit of this place begins with. Raises DiffeditError.

        A diffusion model keeps no cache: its prompt is read at every look.
        """
        editing = self._editing
        if editing is None:
            raise ModelError(f"{self.model} is not loaded.")
        if self.abilities.noise != "causal":
            return
        editing.context.cancelled = cancelled
        ahead.read(editing.causal, task, lambda task: self.asked(task, params)[1].prefix, cancelled)


def _same_but_lora(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of options differ in their adapters at most."""
    names = (set(one) | set(other)) - {"lora", "lora_scale"}
    return all(one.get(name) == other.get(name) for name in names)
