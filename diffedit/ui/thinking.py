"""Thinking Mode: the reasoning channel as it denoises, and the honest figures of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from diffedit.core.show import visible
from diffedit.ui.course import Course

if TYPE_CHECKING:
    from diffedit.core.draft import Draft, Figures
    from diffedit.engine.backend import Abilities

BARS = "▁▂▃▄▅▆▇█"
NO_RUN = "Nothing has run yet. ctrl+k asks for an edit."
NO_CHANNEL = "This model has no reasoning channel."
SILENT = "Nothing on the reasoning channel in this run."
STOPS = {
    "sure": "sure and stable",
    "steps": "out of steps",
    "end": "end of text",
    "cancelled": "cancelled by you",
}
WIDTH = 20
"""How many cells the bar and the sparkline may take."""


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """The course of some values as little bars, the newest at the right; scaled to the highest."""
    shown = list(values)[-width:]
    top = max(shown, default=0.0)
    if top <= 0:
        return BARS[0] * len(shown)
    return "".join(BARS[round(max(value, 0.0) / top * (len(BARS) - 1))] for value in shown)


def share_bar(share: float, width: int = 10) -> str:
    """A share from 0 to 1 as a bar and a figure: "█████░░░░░ 50%"."""
    full = round(min(max(share, 0.0), 1.0) * width)
    return f"{'█' * full}{'░' * (width - full)} {share:.0%}"


def figures(draft: Draft, course: Course) -> Iterator[tuple[str, str]]:
    """The run's numbers, each with its name. What is not known is said to be so."""
    known: Figures = draft.figures
    yield "model", visible(f"{known.model} ({known.backend})" if known.model else "not known")
    yield "device", visible(known.device) or "not known"
    yield "state", draft.status
    yield "canvas", _of(known.canvas, known.canvases)
    yield "step", _of(known.step, known.max_steps)
    yield "accepted", "–" if known.accepted is None else share_bar(known.accepted)
    yield "entropy", "–" if known.mean_entropy is None else f"{known.mean_entropy:.3f} nats"
    if course.entropies:
        yield "", sparkline(course.entropies)
    if known.length:
        yield "length", known.length
    yield "tokens/step", "–" if known.tokens_per_step is None else f"{known.tokens_per_step:.2f}"
    pace = course.ms_per_step
    yield "ms/step", "–" if pace is None else f"{pace:.0f}"
    first = course.first_ms
    yield "first after", "–" if first is None else f"{first / 1000:.1f} s (with the prompt)"
    yield "total", f"{known.steps} steps, {known.elapsed_ms / 1000:.1f} s"
    yield "stopped", STOPS.get(known.stop, visible(known.stop)) or "–"
    yield "seed", "–" if known.seed is None else str(known.seed)


def _of(number: int, most: int | None) -> str:
    """As "3 of 48", or "3" where there is no known end, a dash before the first."""
    if not number:
        return "–"
    return f"{number} of {most}" if most else str(number)


class ThinkingPanel(VerticalScroll):
    """The panel at the right: figures on top, thoughts below."""

    can_focus = True

    def __init__(self) -> None:
        super().__init__(id="thinking")
        self._course = Course()
        self._draft: Draft | None = None
        self._abilities: Abilities | None = None

    def compose(self) -> ComposeResult:
        """Three blocks of text."""
        yield Static(Text("Thinking Mode", "bold"))
        yield Static(id="scripted")
        yield Static(NO_RUN, id="figures", markup=False)
        yield Static(id="thought", markup=False)

    def watch_run(self, draft: Draft, course: Course, abilities: Abilities | None) -> None:
        """Take in one more picture of the run. Cheap while the panel is closed."""
        self._draft, self._course, self._abilities = draft, course, abilities
        if self.display:
            self.repaint()

    def repaint(self) -> None:
        """Show the newest picture."""
        draft, abilities = self._draft, self._abilities
        scripted = self.query_one("#scripted", Static)
        scripted.display = abilities is not None and abilities.scripted
        scripted.update(Text(" SCRIPTED: a recording, no model is thinking ", "reverse bold"))
        if draft is None:
            return
        table = Text()
        for name, value in figures(draft, self._course):
            table.append(f"{name:<12}", "dim")
            table.append(f"{value}\n")
        self.query_one("#figures", Static).update(table)
        self.query_one("#thought", Static).update(self._thought(draft, abilities))

    def _thought(self, draft: Draft, abilities: Abilities | None) -> Text:
        """The reasoning channel, or why there is none."""
        if draft.figures.thought:
            return Text(visible(draft.figures.thought))
        if abilities is None:
            return Text("")
        return Text(SILENT if abilities.thinking else NO_CHANNEL, "italic dim")
