"""Two models that are no models: one knows every answer, the other says what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from diffedit.api import (
    Abilities,
    BackendError,
    Cancelled,
    DenoiseParams,
    Outcome,
    Piece,
    Report,
    Started,
    Step,
    Task,
)


class Oracle:
    """The model is a JSON file of answers by page and wish; options `say`: echo, or fail."""

    name = "oracle"
    abilities = Abilities(noise="uniform", canvas_length=4)

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        self.model = "oracle"
        self.device = "cpu"
        self.say = options.get("say", "")
        self.path = Path(model)
        self.answers: dict[str, list[str]] = {}

    def load(self, report: Report) -> None:
        """Read the answers."""
        self.answers = json.loads(self.path.read_text(encoding="utf-8"))

    def rewrite(
        self, task: Task, params: DenoiseParams, cancelled: Cancelled
    ) -> Iterator[Started | Step | Outcome]:
        """One step, and the answers in their order."""
        if self.say == "fail":
            raise BackendError("The oracle is silent.")
        key = json.dumps([task.before, task.text, task.after, task.instruction])
        text, *others = [task.text] if self.say == "echo" else self.answers[key]
        yield Started(seed=params.seed, max_steps=1, canvas_length=4, free=4, kept=0)
        yield Step(canvas=1, step=1, canvas_step=1, pieces=(Piece(text, "accepted"),), accepted=1.0)
        yield Outcome(
            text=text, stop="sure", steps=1, canvases=1, tokens=8, alternatives=tuple(others)
        )
