"""The brush by mouse: over a settled draft a click marks a word or frees it, a drag marks many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffedit.core.stretch import Stretches
    from diffedit.ui.look import Look
    from diffedit.ui.stage import Stage


class Brush:
    """Takes the mouse while it is over the words of the draft that is looked at. It moves."""

    def __init__(self, stage: Stage, put: Callable[[Look], None]) -> None:
        """`put` shows another look."""
        self._stage, self._put = stage, put
        self._from = 0
        """The token that the brush came down on."""
        self._before: Stretches = ()
        """What was marked before it did."""

    def down(self, row: int, cell: int) -> bool:
        """On a word: it is marked, or free again. False where there is none: the page's click."""
        look, number = self._look, self._token(row, cell)
        if look is None or number is None:
            return False
        self._from, self._before = number, look.marked
        self._put(replace(look, at=number).brushed())
        return True

    def over(self, row: int, cell: int) -> None:
        """Drawn on: all from the first word to this one is marked, and what was before."""
        look, number = self._look, self._token(row, cell)
        if look is not None and number is not None and number != look.at:
            self._put(look.painted(self._from, number, self._before))

    @property
    def _look(self) -> Look | None:
        """The look, if it is one at the finished text."""
        buffer = self._stage.buffers.current
        look = buffer.look
        return look if look is not None and look.last and buffer.edit.looking else None

    def _token(self, row: int, cell: int) -> int | None:
        """The word in a cell of the overlay."""
        buffer, look = self._stage.buffers.current, self._look
        if look is None:
            return None
        from diffedit.ui.look_paint import token_at  # noqa: PLC0415 - not before there is a draft
        from diffedit.ui.overlays import page_of, rows_apart  # noqa: PLC0415 - as above

        editor, draft = self._stage.window.editor, buffer.edit.draft
        if draft is None:
            return None
        page = page_of(buffer, draft, self._stage.window.look, editor.indent_width)
        return token_at(look, page, rows_apart(draft, look), (row, cell))
