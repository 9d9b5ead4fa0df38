"""The worker's side of `diffedit bench speed`: how long a model takes, and what of it is ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from diffedit.bench.figures import rounded
from diffedit.bench.terminal import memory_mb
from diffedit.config import models, plugins
from diffedit.config.models import Model
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Backend
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome
from diffedit.engine.task import Task
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Frame, Started

TASK = Task(
    before="import math\n\n\n",
    text=(
        "def mean(values):\n"
        "    total = 0\n"
        "    for value in values:\n"
        "        total = total + value\n"
        "    return total / len(values)\n"
    ),
    after="\n\ndef spread(values):\n    middle = mean(values)\n    return max(values) - middle\n",
    instruction="Add type hints.",
    language="python",
)
"""A small edit on a small function: what the editor is for."""

RUNS = 3
NONE: Mapping[str, str] = {}


def loaded(name: str, device: str, options: Mapping[str, str] = NONE) -> Backend:
    """A model in this very process, its own options and these on it. Raises ModelError."""
    found = models.find(name)
    if not found.installed:
        raise ModelError(f"{name} is not on this machine.")
    backend = plugins.backend(found.backend)(found.path, device, {**found.options, **options})
    backend.load(lambda *_told: None)
    return backend


async def measure(model: Model, device: str) -> dict[str, Any]:
    """Start, load, and a few edits in a real worker; the medians."""
    client = Client()
    try:
        clock = time.perf_counter()
        await client.start()
        start_ms = since(clock)
        clock = time.perf_counter()
        loaded = await client.load(model, device)
        load_ms = since(clock)
        runs = [await _edit(client, seed) for seed in range(RUNS)]
        worker_mb = None if client.pid is None else memory_mb(client.pid)
    finally:
        await client.close()
    found: dict[str, Any] = {
        "model": loaded.model,
        "backend": loaded.backend,
        "device": loaded.device,
        "start_ms": rounded(start_ms),
        "load_ms": rounded(load_ms),
    }
    for name in runs[0]:
        found[name] = rounded(median(run[name] for run in runs))
    found["worker_mb"] = None if worker_mb is None else rounded(worker_mb)
    found["client_mb"] = None if (mb := memory_mb(os.getpid())) is None else rounded(mb)
    return found


async def _edit(client: Client, seed: int) -> dict[str, float]:
    """One edit: when its parts came, and what the worker says of itself."""
    clock = time.perf_counter()
    first_frame_ms = 0.0
    frames: list[float] = []
    done: Done | None = None
    async for event in client.rewrite(TASK, DenoiseParams(seed=seed)):
        if isinstance(event, Frame):
            first_frame_ms = first_frame_ms or since(clock)
            frames.append(event.elapsed_ms)
        elif isinstance(event, Done):
            done = event
        else:
            assert isinstance(event, Started)
    assert done is not None, "a rewrite ends with done, or raises"
    steps = max(done.steps, 1)
    prefill_ms = frames[0] if frames else done.elapsed_ms
    return {
        "first_frame_ms": first_frame_ms,
        "ms_per_step": (done.elapsed_ms - prefill_ms) / max(steps - 1, 1),
        "steps": steps,
        "tokens": done.tokens,
        "tokens_per_step": done.tokens_per_step,
        "done_ms": since(clock),
        "wire_share": 1 - done.model_ms / done.elapsed_ms if done.elapsed_ms else 0.0,
        "wire_ms_per_step": (done.elapsed_ms - done.model_ms) / steps,
    }


def since(clock: float) -> float:
    """Milliseconds since a reading of the performance counter."""
    return (time.perf_counter() - clock) * 1000


class Timed:
    """A denoiser whose looks are timed: what is spent in here is the model's, the rest is ours."""

    def __init__(self, denoiser: Any) -> None:
        self._denoiser = denoiser
        self._inside = 0
        self.model_s = 0.0

    def __getattr__(self, name: str) -> Any:
        """The denoiser's own; a method comes with a watch."""
        found = getattr(self._denoiser, name)
        return self._watched(found) if callable(found) else found

    def _watched(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            self._inside += 1
            clock = time.perf_counter()
            try:
                return method(*words, **more)
            finally:
                self._inside -= 1
                if not self._inside:
                    self.model_s += time.perf_counter() - clock

        return call


def engine_share(model: Model, device: str) -> dict[str, float]:
    """The share of a run that the engine's rules take, in this very process.

    Raises DiffeditError. Empty for a backend that keeps its denoiser to itself.
    """
    backend: Any = plugins.backend(model.backend)(model.path, device, model.options)
    backend.load(lambda *_: None)
    name = next((name for name in ("denoiser", "_denoiser") if hasattr(backend, name)), None)
    if name is None:
        return {}
    for _ in backend.rewrite(TASK, DenoiseParams(), lambda: False):
        pass  # once to warm up
    timed = Timed(getattr(backend, name))
    setattr(backend, name, timed)
    clock = time.perf_counter()
    steps = 0
    for event in backend.rewrite(TASK, DenoiseParams(seed=1), lambda: False):
        if isinstance(event, Outcome):
            steps = event.steps
    whole_s = time.perf_counter() - clock
    return {
        "engine_share": rounded(1 - timed.model_s / whole_s),
        "engine_ms_per_step": rounded((whole_s - timed.model_s) * 1000 / max(steps, 1)),
    }
