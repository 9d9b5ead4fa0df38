"""`diffedit bench gemma`: our loop against transformers' own, on the same model in the same run.

Beside it, four answers in one batch against four in turn (`gemma_four`).

Weights are random, so every canvas takes all its steps and what is compared is time alone. Without
`--full` the model is small and stands on any machine; with it the released configuration at full
size is built on a GPU.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from diffedit.backends import gemma_folder, gemma_memory
from diffedit.backends.gemma_sizes import Kind
from diffedit.bench import gemma_four, gemma_load
from diffedit.bench.figures import Goal, rounded
from diffedit.bench.gemma_load import HEADS, VISION
from diffedit.bench.speed import machine, say
from diffedit.cli_parser import Parser
from diffedit.config import gemma_known
from diffedit.core.errors import ModelError
from diffedit.engine import rewrite
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest

if TYPE_CHECKING:
    from diffedit.backends.gemma_denoiser import GemmaDenoiser

PROMPT = 64
"""Tokens of the prompt."""
ASSUMED_STEPS = 14
"""Steps that a trained model takes for a canvas, as its makers report (12 to 16)."""
Figures = dict[str, Any]


def main(words: Sequence[str]) -> int:
    """Measure, and print a table or one JSON object. Raises DiffeditError."""
    parser = Parser(
        prog="diffedit bench gemma",
        description="Compare our denoising loop with transformers' own on DiffusionGemma's "
        "architecture, with random weights.",
    )
    parser.add_argument("--full", action="store_true", help="the full size, on a GPU")
    parser.add_argument(
        "--wide", action="store_true", help="real canvas and vocabulary, few layers"
    )
    parser.add_argument(
        "--load", type=int, default=0, metavar="N", help="memory while N layers are packed instead"
    )
    parser.add_argument("--steps", type=int, default=0, metavar="N", help="steps of a canvas")
    parser.add_argument("--repeats", type=int, default=0, metavar="N", help="runs of each loop")
    parser.add_argument("--weights", default="bf16,int4", metavar="KINDS", help="for --full")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    given = parser.parse_args(words)
    gemma_folder.check_packages()
    figures: Figures = {"machine": machine()}
    if given.load:
        figures |= gemma_load.measure(given.load)
    elif given.full:
        for kind in given.weights.split(","):
            figures[kind] = full(kind, given.steps or 24, given.repeats or 3)
    else:
        name = "wide" if given.wide else "tiny"
        steps, repeats = (3, 1) if given.wide else (24, 7)
        figures[name] = small(given.steps or steps, given.repeats or repeats, wide=given.wide)
    figures["goals"] = [
        {"name": goal.name, "value": goal.value, "limit": goal.limit, "met": goal.met}
        for goal in _goals(figures)
    ]
    sys.stdout.write((json.dumps(figures, indent=2) if given.json else _table(figures)) + "\n")
    return 0


def small(steps: int, repeats: int, *, wide: bool) -> Figures:
    """A model for any machine, in float32; `wide`: with logits of the real size."""
    import torch  # noqa: PLC0415 - heavy
    from transformers import (  # noqa: PLC0415 - heavy
        DiffusionGemmaConfig,
        DiffusionGemmaForBlockDiffusion,
    )

    torch.set_num_threads(1)  # a model this small gains nothing by more, and the figures are calmer
    torch.manual_seed(0)
    config = DiffusionGemmaConfig.from_dict(_config(wide=wide))
    model = DiffusionGemmaForBlockDiffusion(config).eval()
    return compare(model, torch.device("cpu"), steps, repeats)


def full(kind: Kind, steps: int, repeats: int) -> Figures:
    """The released configuration with random weights, on a GPU. Raises ModelError without one."""
    import torch  # noqa: PLC0415 - heavy
    from transformers import DiffusionGemmaConfig  # noqa: PLC0415 - heavy

    from diffedit.backends import gemma_build  # noqa: PLC0415 - torch

    if not torch.cuda.is_available():
        raise ModelError("--full needs a GPU: torch finds no CUDA device here.")
    free, whole = torch.cuda.mem_get_info()
    here = gemma_memory.Machine(
        host_free=0, host=0, gpu_name=torch.cuda.get_device_name(), gpu_free=free, gpu=whole
    )
    gemma_memory.choose(gemma_known.NEEDS, here, device="cuda", wanted=kind)
    say(f"the full size in {kind}")
    torch.cuda.reset_peak_memory_stats()
    device = torch.device("cuda")
    model = gemma_build.empty(DiffusionGemmaConfig.from_dict(gemma_known.CONFIG))
    order = gemma_build.Order(kind=kind, device=device)
    gemma_build.fill_randomly(model, order, torch.bfloat16)
    figures = compare(model.to(device), device, steps, repeats)
    canvas = int(model.config.canvas_length)
    step_ms = figures["ours_ms_a_step"]
    figures["assumed_steps"] = ASSUMED_STEPS
    figures["tokens_per_second"] = rounded(1000 * canvas / (step_ms * ASSUMED_STEPS))
    figures["peak_gb"] = rounded(torch.cuda.max_memory_allocated() / 1e9)
    figures["device"] = here.gpu_name
    del model
    torch.cuda.empty_cache()
    return figures


def compare(model: Any, device: Any, steps: int, repeats: int) -> Figures:
    """Both loops in turn over one canvas each, the first turn of each not counted."""
    import torch  # noqa: PLC0415 - heavy

    from diffedit.backends.gemma_denoiser import GemmaDenoiser  # noqa: PLC0415 - torch

    canvas, size = int(model.config.canvas_length), int(model.config.text_config.vocab_size)
    prompt = _endless(model, size)
    tokens: Any = _Numbers(size)
    denoiser = _Timed(GemmaDenoiser, model, tokens, device)
    ours, theirs, outside = list[float](), list[float](), list[float]()
    for turn in range(repeats + 1):
        torch.manual_seed(turn)
        began = time.perf_counter()
        model.generate(
            input_ids=torch.tensor([prompt], device=device),
            max_new_tokens=canvas,
            max_denoising_steps=steps,
        )
        _settle(torch, device)
        their_s = time.perf_counter() - began
        denoiser.inside_s = 0.0
        denoiser.made.forget()
        began = time.perf_counter()
        taken = _run(denoiser, prompt, steps, canvas, turn)
        _settle(torch, device)
        our_s = time.perf_counter() - began
        if turn:
            theirs.append(1000 * their_s / steps)
            ours.append(1000 * our_s / taken)
            outside.append(1000 * (our_s - denoiser.inside_s) / taken)
    return {
        "canvas": canvas,
        "vocabulary": size,
        "steps": steps,
        "runs": repeats,
        **_told(ours, theirs, outside),
        **gemma_four.measure(denoiser.made, prompt, steps, repeats, lambda: _settle(torch, device)),
    }


def _endless(model: Any, size: int) -> list[int]:
    """A prompt, after which this model never ends its answer."""
    made = model.generation_config
    made.eos_token_id, made.pad_token_id, made.bos_token_id = [size + 1], 0, 2
    return [2, *range(5, 4 + PROMPT)]


def _told(ours: list[float], theirs: list[float], outside: list[float]) -> Figures:
    """Medians, and medians of what belongs together."""
    return {
        "ours_ms_a_step": rounded(median(ours)),
        "theirs_ms_a_step": rounded(median(theirs)),
        "ratio": rounded(median(a / b for a, b in zip(ours, theirs, strict=True))),
        "engine_ms_a_step": rounded(median(outside)),
        "engine_share": rounded(median(a / b for a, b in zip(outside, ours, strict=True))),
    }


def _run(denoiser: _Timed, prompt: Sequence[int], steps: int, canvas: int, seed: int) -> int:
    """One canvas by our loop; the steps that it took."""
    params = DenoiseParams(max_steps=steps, max_canvases=1, seed=seed)
    made = denoiser.made
    made.seed(seed)
    request = CanvasRequest(prefix=tuple(prompt), max_tokens=canvas, fresh=made.fresh)
    events = list(rewrite.canvases(denoiser.made, request, params, lambda: False))
    return len(events) - 2


def _settle(torch: Any, device: Any) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


class _Numbers:
    """Stands for a tokenizer: an id is its own word. What is said does not matter here."""

    end_ids = frozenset[int]()

    def __init__(self, size: int) -> None:
        self._size = size

    def encode(self, text: str) -> list[int]:
        """Words that are numbers."""
        return [int(word) % self._size for word in text.split()]

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One word a slot."""
        return [f"{number} " for number in ids]


class _Timed:
    """A denoiser, and the seconds spent in its prefill, its steps and their reading."""

    def __init__(self, kind: type[GemmaDenoiser], model: Any, tokens: Any, device: Any) -> None:
        self.inside_s = 0.0
        timed = self

        class Watched(kind):  # type: ignore[misc, valid-type] # a class that came with torch
            def prefill(self, *given: Any) -> None:
                began = time.perf_counter()
                super().prefill(*given)
                timed.inside_s += time.perf_counter() - began

            def step(self, *given: Any) -> Any:
                began = time.perf_counter()
                read = super().step(*given)
                timed.inside_s += time.perf_counter() - began

                def reading() -> Any:
                    began = time.perf_counter()
                    seen = read()
                    timed.inside_s += time.perf_counter() - began
                    return seen

                return reading

        self.made: GemmaDenoiser = Watched(model, tokens, device, 4096)


def _config(*, wide: bool) -> Figures:
    """The released architecture in small."""
    text = {
        **gemma_known.CONFIG["text_config"],
        "vocab_size": 262_144 if wide else 2048,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        **HEADS,
        "num_experts": 4,
        "top_k_experts": 2,
        "moe_intermediate_size": 32,
    }
    size = int(text["vocab_size"])
    ids = {"image_token_id": size - 1, "boi_token_id": size - 2, "eoi_token_id": size - 3}
    canvas = {"canvas_length": 256 if wide else 64}
    return {**gemma_known.CONFIG, **canvas, **ids, "text_config": text, "vision_config": VISION}


def _goals(figures: Figures) -> list[Goal]:
    """What was aimed at."""
    found: list[Goal] = []
    for name, told in figures.items():
        if name in ("machine", "goals") or "ratio" not in told:
            continue
        value = told["ratio"]
        found.append(
            Goal(name=f"our step, times transformers' own, {name}", value=value, limit=1.0)
        )
        if name != "tiny":
            share = told["engine_share"]
            found.append(Goal(name=f"our share of a step, {name}", value=share, limit=0.03))
    return found


def _table(figures: Figures) -> str:
    """The figures for people; the goals last."""
    lines = [
        f"{f'{group}.{name}':<40} {value}"
        for group, told in figures.items()
        if group != "goals"
        for name, value in told.items()
    ]
    for goal in figures["goals"]:
        verdict = "met" if goal["met"] else "MISSED"
        lines.append(f"{goal['name']:<58} {goal['value']:>8}  (goal {goal['limit']}) {verdict}")
    return "\n".join(lines)
