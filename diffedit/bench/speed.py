"""`diffedit bench speed`: what the editor and its model take on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from diffedit import __version__
from diffedit.bench.figures import Goal
from diffedit.bench.screen import SIZES, START_SIZES, Counts, Screen
from diffedit.bench.work import engine_share, measure
from diffedit.config import models
from diffedit.core.errors import DiffeditError, ModelError

Figures = dict[str, Any]


def run(
    model: str, *, device: str = "auto", as_json: bool = False, counts: Counts | None = None
) -> int:
    """Measure, and print a table or one JSON object. Raises DiffeditError."""
    found = models.find(model)
    if not found.installed:
        raise ModelError(
            f"{model} is not on this machine.", hint=f"`diffedit models pull {model}` fetches it."
        )
    names = dict.fromkeys((found.name, "null"))
    figures: Figures = {"machine": machine(), "models": {}, "screen": {}}
    for name in names:
        say(f"the model {name}, in a worker of its own")
        chosen = models.find(name)
        told = asyncio.run(measure(chosen, device))
        figures["models"][name] = told | engine_share(chosen, device)
    with tempfile.TemporaryDirectory(prefix="diffedit-bench-") as folder:
        screen = Screen(Path(folder), counts)
        for place, look in looks(screen, found.name, device):
            say(f"the screen: {place}")
            put(figures["screen"], place, attempt(look))
    figures["goals"] = [
        {"name": goal.name, "value": goal.value, "limit": goal.limit, "met": goal.met}
        for goal in goals(figures)
    ]
    text = json.dumps(figures, indent=2) if as_json else table(figures)
    sys.stdout.write(text + "\n")
    return 0


def looks(screen: Screen, model: str, device: str) -> Iterator[tuple[str, Callable[[], Figures]]]:
    """What is looked at on the screen, by the place of its figures."""
    for lines in START_SIZES:
        yield f"start/{lines}", lambda lines=lines: screen.start_ms(lines)  # type: ignore[misc]
    for lines in SIZES:
        yield f"denoising/{lines}", lambda lines=lines: screen.while_denoising(lines)  # type: ignore[misc]
    if model != "null":
        yield f"model/{model}", lambda: screen.enter_to_first_frame_ms(model, device)


def attempt(look: Callable[[], Figures]) -> Figures:
    """The figures, or why there are none: one thing that fails does not cost the rest."""
    try:
        return look()
    except DiffeditError as error:
        return {"failed": str(error)}


def put(figures: Figures, place: str, told: Figures) -> None:
    """Figures at `a/b`."""
    group, _, name = place.partition("/")
    figures.setdefault(group, {})[name] = told


def goals(figures: Figures) -> Iterator[Goal]:
    """What was aimed at, for all figures that there are."""
    for name, model in figures["models"].items():
        if name != "null" and "engine_share" in model:
            share = model["engine_share"] + model["wire_share"]
            yield Goal(name=f"our share of a step, {name}", value=round(share, 4), limit=0.05)
    screen = figures["screen"]
    limits = {"100": 1.3, "10000": 1.0}
    for lines, told in screen.get("start", {}).items():
        if "ratio" in told:
            name = f"start, times a stock TextArea, {lines} lines"
            yield Goal(name=name, value=told["ratio"], limit=limits[lines])
    for lines, told in screen.get("denoising", {}).items():
        if "failed" not in told:
            value = told["key_to_paint_ms"]["p95"]
            yield Goal(name=f"key to paint p95 ms, {lines} lines", value=value, limit=33)
            value = told["frame_to_paint_ms"]["p95"]
            yield Goal(name=f"frame to paint p95 ms, {lines} lines", value=value, limit=16)


def machine() -> Figures:
    """Where this was measured."""
    return {
        "diffedit": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def table(figures: Figures) -> str:
    """The figures for people: one a line, the goals last."""
    lines = [f"{name:<58} {value}" for name, value in flat(figures, "") if "goals" not in name]
    lines.append("")
    for goal in figures["goals"]:
        verdict = "met" if goal["met"] else "MISSED"
        lines.append(f"{goal['name']:<58} {goal['value']:>8}  (goal {goal['limit']}) {verdict}")
    return "\n".join(lines)


def flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Nested figures as lines."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else str(key))
    elif not isinstance(value, list):
        yield name, value


def say(what: str) -> None:
    """What is being measured, for who waits."""
    if sys.stderr.isatty():
        sys.stderr.write(f"measuring {what}\n")
