"""`diffedit bench cancel`: how long a cancel takes to be heard, at random moments of an edit.

Half of the cancels fall while a new prompt is read, half between and within the steps of an edit
whose prompt is known. What is measured is the time from the cancel to the run's end.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from diffedit import __version__
from diffedit.bench.figures import Goal, percentile, rounded
from diffedit.bench.refine_edits import EDITS
from diffedit.bench.work import loaded
from diffedit.cli_parser import Parser
from diffedit.engine.backend import Backend
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome, Step
from diffedit.engine.task import Task

GOAL_MS = 50.0
"""A cancel is to be heard within so long."""
WORDS = 1500
"""Words above the span: a prompt that takes a while to read."""
Figures = dict[str, Any]


def main(words: Sequence[str]) -> int:
    """Measure, and print a table or one JSON object. Raises DiffeditError."""
    parser = Parser(
        prog="diffedit bench cancel",
        description="How long a cancel takes to be heard, at random moments of an edit.",
    )
    parser.add_argument("--model", default="small", metavar="NAME", help="the model to cancel")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--cancels", type=int, default=200, metavar="N", help="how many, in all")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    given = parser.parse_args(words)
    backend = loaded(given.model, given.device)
    told: Figures = {"diffedit": __version__, "model": backend.model}
    told |= {"backend": backend.name, "device": backend.device}
    told |= measure(backend, max(2, given.cancels))
    sys.stdout.write((json.dumps(told, indent=2) if given.json else table(told)) + "\n")
    return 0


def measure(backend: Backend, cancels: int, seed: int = 0) -> Figures:
    """So many cancels, half in a prompt, half in the steps after it."""
    dice = Random(seed)
    prompt_ms, run_ms = timed(backend, dice)
    found: Figures = {"prompt_ms": rounded(prompt_ms), "steps_ms": rounded(run_ms)}
    for name, most in (("prompt", prompt_ms), ("steps", run_ms)):
        late = list[float]()
        known = task(dice)
        if name == "steps":
            cancelled_after(backend, known, 1e9)
        while len(late) < cancels // 2:
            asked = known if name == "steps" else task(dice)
            heard = cancelled_after(backend, asked, dice.uniform(0, most))
            late += [] if heard is None else [heard]
        found[name] = {
            "cancels": len(late),
            "median_ms": rounded(percentile(late, 0.5)),
            "p95_ms": rounded(percentile(late, 0.95)),
            "worst_ms": rounded(max(late)),
        }
    return found


def task(dice: Random) -> Task:
    """An edit in a place that no prompt before it had."""
    text, wish = dice.choice(EDITS)
    before = "".join(
        f"name_{dice.randrange(10**6)} = {dice.random():.3f}\n" for _ in range(WORDS // 6)
    )
    return Task(text=text, before=before, instruction=wish, language="python")


def timed(backend: Backend, dice: Random) -> tuple[float, float]:
    """How long a prompt takes to the first step, and the steps after it, in milliseconds."""
    begun = first = time.perf_counter()
    asked = task(dice)
    for event in backend.rewrite(asked, DenoiseParams(), lambda: False):
        if isinstance(event, Step) and event.step == 1:
            first = time.perf_counter()
    return 1000 * (first - begun), 1000 * (time.perf_counter() - first)


def cancelled_after(backend: Backend, asked: Task, delay_ms: float) -> float | None:
    """Cancel a run after so long; how long it took to be heard, None: it was over before."""
    cancel, at = threading.Event(), list[float]()

    def fire() -> None:
        at.append(time.perf_counter())
        cancel.set()

    timer = threading.Timer(min(delay_ms / 1000, threading.TIMEOUT_MAX), fire)
    timer.start()
    try:
        events = list(backend.rewrite(asked, DenoiseParams(), cancel.is_set))
        end = time.perf_counter()
    finally:
        timer.cancel()
        timer.join()
    outcome = events[-1]
    if not isinstance(outcome, Outcome) or outcome.stop != "cancelled" or not at:
        return None
    return 1000 * (end - at[0])


def table(told: Figures) -> str:
    """The figures for people; the goals last."""
    lines = [f"{told['model']} ({told['backend']}, {told['device']})", ""]
    lines.append(
        f"a prompt is read in {told['prompt_ms']} ms, its steps take {told['steps_ms']} ms"
    )
    for name, where in (("prompt", "while a prompt is read"), ("steps", "in the steps")):
        part = told[name]
        lines.append(
            f"{part['cancels']} cancels {where}: heard after {part['median_ms']} ms in the median, "
            f"{part['p95_ms']} ms (p95), {part['worst_ms']} ms at the worst"
        )
    for name in ("prompt", "steps"):
        goal = Goal(name=f"cancel, p95, {name}", value=told[name]["p95_ms"], limit=GOAL_MS)
        verdict = "met" if goal.met else "MISSED"
        lines.append(f"{goal.name:<30} {goal.value:>8} ms  (goal {goal.limit:g}) {verdict}")
    return "\n".join(lines)
