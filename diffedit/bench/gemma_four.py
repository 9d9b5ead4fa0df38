"""Part of `diffedit bench gemma`: four answers in one batch against the same four in turn.

One canvas each on the same model in the same run, the prompt read already, as many steps for all:
random weights are never sure, so no row leaves the batch early and what is compared is a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from diffedit.bench.figures import rounded
from diffedit.engine import rewrite
from diffedit.engine.backend import never
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.side_by_side import side_by_side
from diffedit.engine.step import Event, Outcome
from diffedit.engine.typed import Typing, nothing

if TYPE_CHECKING:
    from diffedit.backends.gemma_denoiser import GemmaDenoiser

ANSWERS = 4


def measure(
    denoiser: GemmaDenoiser,
    prompt: Sequence[int],
    steps: int,
    repeats: int,
    settle: Callable[[], None],
) -> dict[str, Any]:
    """Both ways by turns, the first turn not counted: milliseconds of all four, and the ratio."""
    from diffedit.backends.gemma_batch import GemmaBatch, room_of  # noqa: PLC0415 - torch

    room = room_of(denoiser.config, denoiser.device, denoiser.context_length)
    batch = GemmaBatch(denoiser, room)
    request = CanvasRequest(prefix=tuple(prompt), max_tokens=denoiser.canvas_length)

    def once(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
        denoiser.seed(params.seed)
        own = replace(request, fresh=denoiser.fresh)
        return rewrite.canvases(denoiser, own, params, never, typing)

    turns, batches = list[float](), list[float]()
    for turn in range(repeats + 1):
        params = DenoiseParams(max_steps=steps, max_canvases=1, seed=turn, candidates=ANSWERS)
        turn_ms = _taken(in_turn(once, params, nothing, original=""), ANSWERS * steps, settle)
        parts = -(-ANSWERS // batch.most(0))
        batch_ms = _taken(side_by_side(batch, request, params, never), parts * steps, settle)
        if turn:
            turns.append(turn_ms)
            batches.append(batch_ms)
    return {
        "four_in_turn_ms": rounded(median(turns)),
        "four_in_a_batch_ms": rounded(median(batches)),
        "batch_ratio": rounded(median(a / b for a, b in zip(batches, turns, strict=True))),
        "rows_at_once": min(ANSWERS, batch.most(0)),
    }


def _taken(events: Iterator[Event], steps: int, settle: Callable[[], None]) -> float:
    """Milliseconds of a run, which has to have had so many steps for the figures to compare."""
    began = time.perf_counter()
    *_, outcome = events
    settle()
    elapsed_ms = 1000 * (time.perf_counter() - began)
    assert isinstance(outcome, Outcome)
    assert outcome.steps == steps
    return elapsed_ms
