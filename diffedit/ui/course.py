"""The course of one run: what no single picture of it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffedit.core.draft import Draft


class Course:
    """Gathers the mean entropy of each step, and the pace once the prompt has been read."""

    def __init__(self) -> None:
        self.entropies: list[float] = []
        """The mean entropy at each picture seen, in nats."""
        self.first_ms: float | None = None
        """When the first picture came: the prompt had been read, and one step made."""
        self._first_step = 0
        self._last = (0, 0.0)

    def seen(self, draft: Draft) -> None:
        """Take in one more picture."""
        run = draft.figures
        if draft.status != "denoising" or run.steps <= self._last[0]:
            return
        if self.first_ms is None:
            self.first_ms, self._first_step = run.elapsed_ms, run.steps
        self._last = run.steps, run.elapsed_ms
        if run.mean_entropy is not None:
            self.entropies.append(run.mean_entropy)

    @property
    def ms_per_step(self) -> float | None:
        """Mean wall time of a step after the first, which the reading of the prompt is part of."""
        steps, elapsed = self._last
        if self.first_ms is None or steps <= self._first_step:
            return None
        return (elapsed - self.first_ms) / (steps - self._first_step)
