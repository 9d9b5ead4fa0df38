"""A bare Textual app with a stock TextArea, to measure the editor against."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea

EVERY_S = 0.05
"""Seconds between two frames of what stands for a run."""
CHANGED = 10
"""Lines that each of its frames puts anew."""


class Stock(App[None]):
    """Shows one file, and nothing else."""

    def __init__(self, path: Path, *, colours: bool = False, frames: bool = False) -> None:
        """`colours` need textual[syntax]; `frames` are edits, the only way that this widget has."""
        super().__init__()
        self._path, self._colours, self._frames = path, colours, frames

    def compose(self) -> ComposeResult:
        """One widget."""
        text = self._path.read_text(encoding="utf-8")
        language = "python" if self._colours else None
        yield TextArea(text, show_line_numbers=True, soft_wrap=False, language=language)

    def on_mount(self) -> None:
        """To the middle, where ten lines change at 20 frames a second."""
        if self._frames:
            area = self.query_one(TextArea)
            self._first = area.document.line_count // 2
            area.move_cursor((self._first + CHANGED + 3, 0))
            self.call_after_refresh(area.scroll_cursor_visible, center=True)
            self.set_interval(EVERY_S, self._frame)

    def _frame(self) -> None:
        """Other words in the same lines."""
        area, end = self.query_one(TextArea), (self._first + CHANGED, 0)
        rows = [f"    T{time.monotonic_ns()}E = {row}" for row in range(CHANGED)]
        new = "\n".join((*rows, ""))
        area.replace(new, (self._first, 0), end, maintain_selection_offset=True)


if __name__ == "__main__":
    Stock(Path(sys.argv[1]), colours="--colours" in sys.argv, frames="--frames" in sys.argv).run()
