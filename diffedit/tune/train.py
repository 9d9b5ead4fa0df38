"""The loop: batches, gradients by threads, a schedule over time, checkpoints."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffedit.tune.adam import AdamW
from diffedit.tune.net import Net

Look = Callable[[Net, Sequence[Any]], Any]
"""look(net, batch): what one batch comes to (see `causal.Found`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train."""

    minutes: float
    steps: int | None = None
    """At most so many in all, whatever the time."""
    rate: float = 6e-4
    warmup: int = 20
    """Steps in which the rate rises."""
    batch: int = 8
    micro: int = 2
    """Examples that one thread takes at a time."""
    threads: int = 2
    save_s: float = 60.0
    least_rate: float = 0.05
    """Of the rate, at the end."""


@dataclass(slots=True, kw_only=True)
class State:
    """How far a run has come. It moves, and is kept in the checkpoint."""

    step: int = 0
    examples: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    """Nats a changed token, smoothed over some 50 steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One step as it is told."""

    state: State
    tokens_per_second: float
    left_s: float


def train(
    net: Net, batches: Callable[[int], Sequence[Any]], look: Look, plan: Plan, folder: Path
) -> Iterator[Mark]:
    """Train from where the folder's checkpoint stands, until the minutes are over.

    `batches(step)` gives a step's examples, the same ones at every call. A checkpoint is written
    every `save_s` seconds and at the end, also when whoever iterates leaves.
    """
    trained = [one for one in net.parameters() if one.requires_grad]
    optimizer = AdamW(trained)
    state = load(folder, net, optimizer)
    saved = started = time.monotonic()
    tokens_before = state.tokens
    torch.set_num_threads(1 if plan.threads > 1 else torch.get_num_threads())
    with ThreadPoolExecutor(plan.threads) as pool:
        try:
            while _done(state, plan) < 1:
                begun = time.monotonic()
                _step(net, batches(state.step), look, pool, (optimizer, state, plan))
                now = time.monotonic()
                state.seconds += now - begun
                yield Mark(
                    state=state,
                    tokens_per_second=(state.tokens - tokens_before) / (now - started),
                    left_s=max(0.0, plan.minutes * 60 - state.seconds),
                )
                if now - saved > plan.save_s:
                    save(folder, net, optimizer, state)
                    saved = now
        finally:
            save(folder, net, optimizer, state)


def _step(
    net: Net,
    batch: Sequence[Any],
    look: Look,
    pool: ThreadPoolExecutor,
    kit: tuple[AdamW, State, Plan],
) -> None:
    """One step of the optimizer. Each thread has gradients of its own, which are added up."""
    optimizer, state, plan = kit
    trained = optimizer.parameters
    ordered = sorted(batch, key=lambda one: one.cost, reverse=True)
    parts = [ordered[n : n + plan.micro] for n in range(0, len(ordered), plan.micro)]
    weight = sum(sum(one.weights) for one in batch)

    def work(part: Sequence[Any]) -> tuple[Any, Sequence[Tensor | None]]:
        found = look(net, part)
        return found, torch.autograd.grad(found.loss / weight, trained, allow_unused=True)

    total = [torch.zeros_like(one) for one in trained]
    nats, changed = 0.0, 0
    for found, gradients in pool.map(work, parts):
        state.tokens += found.tokens
        nats, changed = nats + found.changed[0], changed + found.changed[1]
        for whole, gradient in zip(total, gradients, strict=True):
            if gradient is not None:
                whole.add_(gradient)
    optimizer.step(total, _rate(state, plan))
    state.step += 1
    state.examples += len(batch)
    share = max(0.02, 1 / state.step)
    state.loss += share * (nats / max(1, changed) - state.loss)


def _done(state: State, plan: Plan) -> float:
    """How much of the run is over, 0 to 1."""
    done = state.seconds / max(1e-9, plan.minutes * 60)
    return min(1.0, max(done, state.step / plan.steps if plan.steps else 0.0))


def _rate(state: State, plan: Plan) -> float:
    """Warm-up, then half a cosine over the time there is."""
    fall = (
        plan.least_rate + (1 - plan.least_rate) * (1 + math.cos(math.pi * _done(state, plan))) / 2
    )
    return plan.rate * min(1.0, (state.step + 1) / plan.warmup) * fall


# Checkpoints -----------------------------------------------------------------------------------


def save(folder: Path, net: Net, optimizer: AdamW, state: State) -> None:
    """Wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "checkpoint.part"
    weights = {name: one.detach() for name, one in net.named_parameters() if one.requires_grad}
    torch.save({"net": weights, "optimizer": optimizer.state(), "state": asdict(state)}, part)
    part.replace(folder / "checkpoint.pt")
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(asdict(state)) + "\n")


def load(folder: Path, net: Net, optimizer: AdamW | None = None) -> State:
    """Go on where a checkpoint stands; from the start where there is none."""
    path = folder / "checkpoint.pt"
    if not path.is_file():
        return State()
    kept = torch.load(path, map_location=net.embedding.device, weights_only=True)
    net.load_state_dict(kept["net"], strict=False)
    if optimizer is not None:
        optimizer.load(kept["optimizer"])
    return State(**kept["state"])
