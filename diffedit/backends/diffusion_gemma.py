"""DiffusionGemma through torch and transformers, denoised by our own loop.

A block-autoregressive text diffusion model: a causal encoder reads the prompt once into a cache,
a bidirectional decoder denoises a canvas of 256 tokens against it. The loop is the engine's; see
`gemma_denoiser` for a step, `gemma_edit` for what an edit is in tokens, `gemma_prompt` for words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends import gemma_folder
from diffedit.backends.gemma_memory import is_lack
from diffedit.backends.gemma_weights import PRECISIONS, load_model
from diffedit.backends.options import whole_numbers
from diffedit.core.errors import ModelError, OutOfMemoryError, RequestError
from diffedit.core.heat import Scored
from diffedit.engine import ahead, rewrite
from diffedit.engine.backend import Abilities, Cancelled, Report
from diffedit.engine.canvas import Canvas
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import MAX_STEPS, CanvasRequest
from diffedit.engine.side_by_side import side_by_side
from diffedit.engine.step import Event, Outcome
from diffedit.engine.task import Task
from diffedit.engine.typed import Typing, nothing

if TYPE_CHECKING:
    from diffedit.backends.gemma_denoiser import GemmaDenoiser
    from diffedit.backends.gemma_edit import Edits
    from diffedit.backends.gemma_images import Pictures
    from diffedit.backends.gemma_tokens import GemmaTokens

OPTIONS = {"context": (512, 8192), "thought_tokens": (1, 4096), "compile": (0, 0)}
"""Each number, the least it may be, and what it is unless given."""


class DiffusionGemmaBackend:
    """A DiffusionGemma checkpoint in a folder.

    Options: `context` (8192), tokens of prompt and answer together; `thought_tokens` (4096), after
    which a thought is ended; `weights` (auto), how the weights are kept: bf16, fp8, int8, int4;
    `compile` (1 on CUDA, else 0), 1 to compile the decoder for one shape, which takes a minute and
    more at load.
    """

    name = "diffusion-gemma"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """`model` is the folder. Raises RequestError for a bad option."""
        self._folder = Path(model)
        self.model = self._folder.name
        self.device = device
        self._weights = options.get("weights", "auto")
        self._note, self._room = "", 0
        if self._weights not in PRECISIONS:
            raise RequestError(
                f"There are no weights '{self._weights}'.",
                hint=f"There are: {', '.join(PRECISIONS)}.",
            )
        numbers = {name: word for name, word in options.items() if name != "weights"}
        values = whole_numbers(self.name, OPTIONS, numbers)
        self._context, self._budget = values["context"], values["thought_tokens"]
        self._compile = bool(values["compile"]) if "compile" in numbers else None
        self._denoiser: GemmaDenoiser | None = None
        self._edits: Edits | None = None
        self._pictures: Pictures | None = None
        self.abilities = Abilities(
            noise="uniform",
            entropy=True,
            clamp=True,
            warm_start=True,
            score=True,
            thinking=True,
            typing=True,
            max_steps=MAX_STEPS,
            context_length=self._context,
        )

    def load(self, report: Report) -> None:
        """Read the checkpoint. Raises ModelError or OutOfMemoryError, in one line."""
        report("find", 0, 1)
        checkpoint = gemma_folder.look(self._folder)
        gemma_folder.check_packages()
        report("find", 1, 1)
        try:
            from transformers.utils import logging  # noqa: PLC0415 - heavy

            from diffedit.backends.gemma_batch import room_of  # noqa: PLC0415 - torch
            from diffedit.backends.gemma_denoiser import GemmaDenoiser  # noqa: PLC0415 - torch
        except (ImportError, OSError) as error:
            raise gemma_folder.broken(error) from error
        from diffedit.backends.gemma_tokens import GemmaTokens, end_ids  # noqa: PLC0415 - beside it

        logging.set_verbosity_error()
        placed = load_model(
            self._folder, device=self.device, precision=self._weights, report=report
        )
        model, self._note = placed.model, placed.note
        tokens = GemmaTokens.load(self._folder, end_ids(model.generation_config))
        context = min(self._context, int(model.config.text_config.max_position_embeddings))
        self._denoiser = GemmaDenoiser(model, tokens, placed.device, context)
        usual = placed.device.type == "cuda"
        self._denoiser.compiled = usual if self._compile is None else self._compile
        self.device = placed.device.type
        self._room = room_of(model.config, placed.device, context)
        self._prepare(tokens, model.config, vision=checkpoint.vision)
        report("warm", 0, 1)
        self._warm_up(self._denoiser)
        report("warm", 1, 1)

    def _prepare(self, tokens: GemmaTokens, config: Any, *, vision: bool) -> None:
        """What turns tasks into prompts, and what this checkpoint is able to."""
        from diffedit.backends.gemma_edit import Edits  # noqa: PLC0415 - with the model

        assert self._denoiser is not None
        ends = config.text_config.eos_token_id
        self._edits = Edits(
            tokens,
            canvas=self._denoiser.canvas_length,
            context=self._denoiser.context_length,
            budget=self._budget,
            fill=int(ends[0] if isinstance(ends, list) else ends or 0),
        )
        if vision:
            from diffedit.backends.gemma_images import Pictures  # noqa: PLC0415 - pillow

            self._pictures = Pictures(self._folder, config)
        self.abilities = replace(
            self.abilities,
            thinking=self._edits.thinks,
            images=vision,
            canvas_length=self._denoiser.canvas_length,
            context_length=self._denoiser.context_length,
        )

    def rewrite(
        self,
        task: Task,
        params: DenoiseParams,
        cancelled: Cancelled,
        typing: Typing = nothing,
    ) -> Iterator[Event]:
        """Denoise one answer, canvas by canvas, or several in one batch. Raises DiffeditError."""
        denoiser, edits = self._denoiser, self._edits
        if denoiser is None or edits is None:
            raise ModelError(f"{self.model} is not loaded.")
        if not task.images:
            prompt, picture = edits.prompt(task, params), None
        elif self._pictures is None:
            raise RequestError(
                f"The model {self.model} cannot see images.", hint="Ask again without them."
            )
        else:
            ids, picture = self._pictures.prepare(task.images)
            prompt = edits.prompt(task, params, ids)
            picture = replace(picture, end=prompt.images_end)
        denoiser.marks, denoiser.picture = (prompt.mark,), picture
        return self._run(denoiser, prompt.request, params, (cancelled, typing))

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        """Read ahead what stands before the wish, or all where there is none.

        It is cut into the passes that the edit would make of it. Raises DiffeditError.
        """
        denoiser, edits = self._denoiser, self._edits
        if denoiser is None or edits is None:
            raise ModelError(f"{self.model} is not loaded.")
        if task.images:
            return
        prompt = edits.prompt(task, params)
        ids = prompt.request.prefix
        denoiser.marks, denoiser.picture = (prompt.mark,), None
        with self._in_memory(denoiser):
            denoiser.prefill(ids if ahead.wishless(task) else ids[: prompt.mark], cancelled)

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """How likely each token is between all others, in several looks. Raises DiffeditError."""
        from diffedit.backends import gemma_score  # noqa: PLC0415 - torch

        denoiser, edits = self._denoiser, self._edits
        if denoiser is None or edits is None:
            raise ModelError(f"{self.model} is not loaded.")
        with self._in_memory(denoiser):
            return gemma_score.scored(denoiser, edits.reading(task), cancelled)

    def _run(
        self,
        denoiser: GemmaDenoiser,
        request: CanvasRequest,
        params: DenoiseParams,
        asked: tuple[Cancelled, Typing],
    ) -> Iterator[Event]:
        """The run: its noise from the seed, its events one by one."""
        from diffedit.backends.gemma_batch import GemmaBatch  # noqa: PLC0415 - torch

        if (params.candidates or 1) > 1 and params.max_steps != 0:
            events = side_by_side(GemmaBatch(denoiser, self._room), request, params, *asked)
        else:
            denoiser.seed(params.seed)
            request = replace(request, fresh=denoiser.fresh)
            events = rewrite.canvases(denoiser, request, params, *asked)
        with self._in_memory(denoiser):
            for event in events:
                yield self._noted(event)

    @contextmanager
    def _in_memory(self, denoiser: GemmaDenoiser) -> Iterator[None]:
        """Memory that ends in a step ends what was asked for, and nothing else."""
        import torch  # noqa: PLC0415 - heavy

        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_lack(error):
                raise
            denoiser.forget()
            with suppress(RuntimeError):
                torch.cuda.empty_cache()
            raise OutOfMemoryError(
                f"The memory of the {self.device} ran out in this step; the text is untouched.",
                hint="Select less, or give the option context a smaller number.",
            ) from error

    def _noted(self, event: Event) -> Event:
        """The first outcome tells what a person should know of the model, such as its cost."""
        if not self._note or not isinstance(event, Outcome):
            return event
        note, self._note = self._note, ""
        return replace(event, note=f"{event.note} {note}".strip())

    @staticmethod
    def _warm_up(denoiser: GemmaDenoiser) -> None:
        """One pass of each kind, so that the first edit does not wait for what they set up."""
        denoiser.seed(0)
        denoiser.prefill(denoiser.encode("warm up"))
        length = denoiser.canvas_length
        denoiser.place(Canvas(ids=tuple(denoiser.fresh(length)), free=(True,) * length))
        for _ in range(2):
            denoiser.step(1.0, 0.1)()
        denoiser.forget()
