"""A backend whose every frame says when it was made. For `diffedit bench`; imported by its path.

The time on the screen is the time from the worker's hand to the terminal's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from diffedit.api import (
    Abilities,
    Cancelled,
    DenoiseParams,
    Event,
    Outcome,
    Piece,
    Report,
    Started,
    Step,
    Task,
)


class Paced:
    """Options: `step_ms` between frames, `steps` how many."""

    name = "paced"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """As every backend."""
        self.model = "paced"
        self.device = "cpu"
        self.abilities = Abilities(noise="uniform", entropy=True, canvas_length=64)
        self._step_s = int(options.get("step_ms", "50")) / 1000
        self._steps = int(options.get("steps", "100000"))

    def load(self, report: Report) -> None:
        """There is nothing to read."""
        report("warm", 1, 1)

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """Frames at an even pace, each with its time in it."""
        yield Started(seed=0, max_steps=self._steps, canvas_length=64, free=64, kept=0)
        due = time.monotonic()
        for step in range(1, self._steps + 1):
            if cancelled():
                yield Outcome(text=task.text, stop="cancelled", steps=step, canvases=1, tokens=0)
                return
            yield Step(
                canvas=1,
                step=step,
                canvas_step=step,
                pieces=(Piece(f"T{time.monotonic_ns()}E", "accepted", 0.0),),
                accepted=1.0,
                temperature=0.4,
                mean_entropy=0.0,
            )
            due += self._step_s
            time.sleep(max(0.0, due - time.monotonic()))
        yield Outcome(text=task.text, stop="steps", steps=self._steps, canvases=1, tokens=0)
