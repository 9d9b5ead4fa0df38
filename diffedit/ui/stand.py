"""Where the person stands while a model is at work: at the span still, or gone on elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffedit.core.span import Selection

if TYPE_CHECKING:
    from diffedit.core.draft import Draft
    from diffedit.ui.aim import Aim
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage


def stayed(buffer: Buffer, draft: Draft) -> bool:
    """Whether the cursor is still where the run left it: at the end of the span.

    Who typed into the draft goes on typing, unless it was their Esc that ended it.
    """
    if draft.typed:
        return draft.figures.stop == "cancelled"
    return buffer.page.selection == Selection.at(draft.span.end)


def put_back(stage: Stage, buffer: Buffer, draft: Draft) -> None:
    """Select what was selected before the edit, unless the person has gone on elsewhere."""
    here = buffer is stage.buffers.current and draft.status != "stale"
    if here and buffer.aim is not None and stayed(buffer, draft):
        go_back(stage, buffer.aim)


def go_back(stage: Stage, aim: Aim) -> None:
    """Select what was selected before, on the page as it was scrolled."""
    editor = stage.window.editor
    editor.select_span(aim.before.span)
    editor.stand_at(aim.others)
    if aim.scroll is not None:
        # The bar at the bottom is only gone with the next layout.
        editor.call_after_refresh(editor.scroll_to, y=aim.scroll, animate=False)
