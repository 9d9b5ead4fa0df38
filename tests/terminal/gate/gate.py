"""A backend with gates: at each phase that has a FIFO of its name, it waits to be let through.

Opening the FIFO is the waiting, so that whoever opens the other end knows that it is there.
Its life is another FIFO, `life`: it says its process id into it, and ends it when it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from diffedit.api import (
    Abilities,
    Cancelled,
    DenoiseParams,
    Outcome,
    Piece,
    Report,
    Started,
    Step,
    Task,
)

STEPS = 3


class Gate:
    """Writes the text in capitals, one step after the other. Option: `folder`, of the gates."""

    name = "gate"
    abilities = Abilities(noise="uniform", canvas_length=4)

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        self.model = model or "gate"
        self.device = "cpu"
        self.folder = Path(options["folder"])
        self.life: int | None = None

    def load(self, report: Report) -> None:
        """Tell who we are, and wait at the gate."""
        if (self.folder / "life").exists():
            self.life = os.open(self.folder / "life", os.O_WRONLY)
            os.write(self.life, f"{os.getpid()}\n".encode())
        report("read", 1, 4)
        self.wait("load")
        report("read", 4, 4)

    def rewrite(
        self, task: Task, params: DenoiseParams, cancelled: Cancelled
    ) -> Iterator[Started | Step | Outcome]:
        """Three pictures; the gate `step` stands after the first of them."""
        text = task.text.upper()
        yield Started(seed=params.seed, max_steps=STEPS, canvas_length=4, free=4, kept=0)
        self.wait("prefill")
        for step in range(1, STEPS + 1):
            if cancelled():
                yield outcome(text, "cancelled", step - 1)
                return
            pieces = (Piece(f"{text} #{step}", "noise", 0.5),)
            yield Step(canvas=1, step=step, canvas_step=step, pieces=pieces, accepted=step / STEPS)
            self.wait("step")
        yield outcome(text, "sure", STEPS)

    def wait(self, phase: str) -> None:
        """Until the other end of this phase's gate was opened and closed, if there is one."""
        gate = self.folder / phase
        if gate.exists():
            with gate.open("rb") as end:
                end.read()


def outcome(text: str, stop: str, steps: int) -> Outcome:
    """The end."""
    return Outcome(text=text, stop=stop, steps=steps, canvases=1, tokens=4)  # type: ignore[arg-type]
