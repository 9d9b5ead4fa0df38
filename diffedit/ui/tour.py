"""The guided tour of `--demo`: what to press next, and whether it was done."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual.widgets import Static

from diffedit.core.filespec import FileSpec
from diffedit.ui.recent import TOUR

SAMPLE = Path(__file__).parent / "samples" / "tour.txt"
"""What the tour works on; copied, so that the tour can be taken twice."""

INSTRUCTION = "rename prices to costs"


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to do, and the words (`Stage.saw`) by which it is known to be done."""

    title: str
    text: str
    done_by: tuple[str, ...]


STOPS: tuple[Stop, ...] = (
    Stop(
        "Ask",
        "The cursor is on a function. Press ctrl+k: the whole function is selected, and a line "
        "opens at the bottom.",
        ("asked",),
    ),
    Stop(
        "Say what you want",
        f"Type: {INSTRUCTION} – and press Enter. The function becomes a canvas, in its own place.",
        ("denoising", "settled"),
    ),
    Stop(
        "Watch",
        "Each step is painted where the text will be: dim and slanted is unsettled, plain is "
        "settled. Esc would cancel it and leave the page as it was.",
        ("settled",),
    ),
    Stop(
        "Review",
        "Removed lines are marked -, added ones +. a and r decide on one change, tab goes to the "
        "next. Press Enter to apply (or Esc to drop it).",
        ("applied", "dropped"),
    ),
    Stop("Undo", "Press ctrl+z: one undo takes the whole edit back.", ("undone",)),
    Stop(
        "Thinking Mode",
        "Press ctrl+t: the figures of the last run, and the model's thoughts if it has any.",
        ("thinking",),
    ),
    Stop(
        "That is all",
        "ctrl+p lists every command, F1 every key. This file is a copy: change what you like. "
        "ctrl+q quits.",
        (),
    ),
)

CAME_TO_NOTHING = ("cancelled", "failed", "stale", "no change", "closed")
"""After these the run has to be asked for again."""


class Tour(Static):
    """A panel with one stop at a time."""

    def __init__(self) -> None:
        super().__init__(id="tour")
        self.at = 0

    def begin(self) -> None:
        """Show the first stop."""
        self.display = True
        self._show()

    def saw(self, what: str) -> None:
        """Something happened; go on if it is what this stop waits for."""
        if not self.display:
            return
        if what in STOPS[self.at].done_by:
            self.at += 1
            self._show()
        elif what in CAME_TO_NOTHING and STOPS[self.at].title in ("Watch", "Say what you want"):
            self.at = 0
            self._show()

    def _show(self) -> None:
        stop = STOPS[self.at]
        text = Text()
        text.append(f" Tour {self.at + 1}/{len(STOPS)} ", "reverse bold")
        text.append(f" {stop.title}\n", "bold")
        text.append(stop.text)
        self.update(text)


def tour_file() -> FileSpec:
    """A copy of the sample in a folder of its own, opened at its first function."""
    place = Path(tempfile.mkdtemp(prefix=TOUR)) / "tour.py"
    shutil.copyfile(SAMPLE, place)
    rows = place.read_text(encoding="utf-8").split("\n")
    first = next(row for row, line in enumerate(rows) if line.startswith("def "))
    return FileSpec(path=place, row=first)
