"""The desk for finding in files: asks, and goes to what was picked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.core.search import Query
from diffedit.core.span import Span
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.ui.find_files import Asked, Spot


class InFiles:
    """Alt+g. It remembers what was asked last."""

    def __init__(self, stage: Stage, open_: Callable[[Path], None]) -> None:
        """`open_` opens a file, or finds its buffer."""
        self._stage = stage
        self._open = open_
        self._asked: Asked | None = None

    async def ask(self) -> None:
        """Look through the project, and go to what is picked."""
        from diffedit.core.project import root_of  # noqa: PLC0415 - when it is asked for
        from diffedit.ui.find_files import Asked, FindInFiles  # noqa: PLC0415 - when it is asked for

        stage = self._stage
        self._asked = self._asked or Asked(Query(pattern=""))
        at = stage.buffers.current.path or Path.cwd() / "here"
        texts = {
            str(one.path.absolute()): str(one.page.text)
            for one in stage.buffers.modified
            if one.path is not None
        }
        spot = await stage.ask(FindInFiles(root_of(at.parent), self._asked, texts))
        if spot is not None:
            self._go(spot)

    def _go(self, spot: Spot) -> None:
        """Open the file, with the match selected as far as it is still there."""
        self._open(spot.path)
        self._stage.window.show_buffer()
        text, editor = self._stage.buffers.current.page.text, self._stage.window.editor
        row = min(spot.row, len(text.lines) - 1)
        start, end = (min(column, len(text.lines[row])) for column in (spot.start, spot.end))
        editor.select_span(Span(text.offset(row, start), text.offset(row, end)))
        editor.scroll_cursor_visible(center=True)
        self._stage.window.saw("found in files")
