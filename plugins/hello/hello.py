"""The smallest model that shows its work: it swaps upper and lower case, a word a step."""

from __future__ import annotations

import re
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


class Hello:
    """A backend is any class with these four fields and these two methods."""

    name = model = "hello"
    device = "cpu"
    abilities = Abilities(seed=False)

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """Keep what you need; nothing heavy belongs here."""

    def load(self, report: Report) -> None:
        """Read your model, importing what it needs; tell `report(stage, done, total)`."""

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """One Started, any number of Steps, one Outcome."""
        words = re.findall(r"\s*\S+\s*", task.text) or ["Hello, world."]
        yield Started(
            seed=params.seed,
            max_steps=len(words),
            canvas_length=len(words),
            free=len(words),
            kept=0,
        )
        done = 0
        while done < len(words) and not cancelled():
            done += 1
            pieces = tuple(
                Piece(word.swapcase(), "accepted") if place < done else Piece(word, "noise")
                for place, word in enumerate(words)
            )
            yield Step(
                canvas=1, step=done, canvas_step=done, pieces=pieces, accepted=done / len(words)
            )
        text = "".join(word.swapcase() for word in words[:done]) + "".join(words[done:])
        yield Outcome(
            text=text,
            stop="sure" if done == len(words) else "cancelled",
            steps=done,
            canvases=1,
            tokens=done,
        )
