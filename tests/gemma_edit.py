"""One edit of a few lines with a small DiffusionGemma, played to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffedit.engine.backend import Cancelled, never
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task

if TYPE_CHECKING:
    from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend

BEFORE = "import os\n\n\ndef join(folder):\n"
SPAN = "    return os.path.join(folder, 'a')\n"
AFTER = "\n\ndef other(name):\n    return name\n"


def task(**words: Any) -> Task:
    usual = {"text": SPAN, "before": BEFORE, "after": AFTER, "language": "python"}
    return Task(**{"instruction": "use pathlib", **usual, **words})


def play(
    backend: DiffusionGemmaBackend, asked: Task, cancelled: Cancelled = never, **dials: Any
) -> tuple[Started, list[Step], Outcome]:
    """Run one edit; few steps, since random weights agree on nothing."""
    params = DenoiseParams(**{"max_steps": 3, "max_canvases": 1, **dials})
    started, *steps, outcome = list[Event](backend.rewrite(asked, params, cancelled))
    assert isinstance(started, Started)
    assert isinstance(outcome, Outcome)
    return started, [step for step in steps if isinstance(step, Step)], outcome
