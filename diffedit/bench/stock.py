"""A bare Textual app with a stock TextArea, to measure the editor against."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class Stock(App[None]):
    """Shows one file, and nothing else."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """One widget."""
        text = self._path.read_text(encoding="utf-8")
        yield TextArea(text, show_line_numbers=True, soft_wrap=False)


if __name__ == "__main__":
    Stock(Path(sys.argv[1])).run()
