"""What stands over the page for a buffer: its live draft, its review, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.style import Style

from diffedit.config.themes import Theme
from diffedit.ui.buffers import Buffer
from diffedit.ui.rows import Overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.text import Text

    from diffedit.core.draft import Draft
    from diffedit.ui.draft_paint import Picture
    from diffedit.ui.editor import EditorView
    from diffedit.ui.look import Look
    from diffedit.ui.review_paint import Page


def overlay_of(buffer: Buffer, theme: Theme, *, tab: int, width: int) -> tuple[Overlay, int] | None:
    """The overlay, and which of its rows should be in sight.

    `width` is how many cells are on the screen: a live canvas is shaded so far.
    """
    edit, review = buffer.edit, buffer.review
    draft = buffer.preview or edit.draft
    if draft is None or not (draft.live or review is not None or edit.looking):
        return None
    from diffedit.ui.draft_paint import denoising  # noqa: PLC0415 - not before there is a draft
    from diffedit.ui.review_paint import reviewing  # noqa: PLC0415

    text = buffer.page.text
    first, last = text.location(draft.span.start)[0], text.location(draft.span.end)[0]
    page = page_of(buffer, draft, theme, tab)
    if buffer.preview is None and review is not None:
        picture, at = reviewing(review, page)
        return Overlay(first, last, picture.rows, 1, picture.marks, picture.lines), at
    if (
        buffer.preview is None
        and edit.looking
        and buffer.look is not None
        and edit.link is not None
    ):
        from diffedit.ui.look_paint import looking  # noqa: PLC0415 - as above

        lines = rows_apart(draft, buffer.look)
        picture, at = looking(buffer.look, edit.link.pins, page, lines)
        shaded = _shaded(picture, theme, width)
        return Overlay(first, last, shaded, buffer.tallest, picture.marks, picture.lines), at
    picture = denoising(draft, left=page.left, right=page.right, theme=theme, tab=tab)
    buffer.tallest = max(buffer.tallest, len(picture.rows))
    shaded = _shaded(picture, theme, width)
    found = Overlay(first, last, shaded, buffer.tallest, picture.marks, picture.lines)
    found = replace(found, caret=draft.hand is not None and draft.hand.caret is not None)
    return found, 0


def page_of(buffer: Buffer, draft: Draft, theme: Theme, tab: int) -> Page:
    """What stands left and right of a draft on its first row and its last."""
    from diffedit.ui.review_paint import Page  # noqa: PLC0415 - not before there is a draft

    text = buffer.page.text
    (first, start), (last, end) = text.location(draft.span.start), text.location(draft.span.end)
    return Page(left=text.lines[first][:start], right=text.lines[last][end:], theme=theme, tab=tab)


def rows_apart(draft: Draft, look: Look) -> Mapping[int, int]:
    """The rows of a look that are no part of the edit, each with its row in the span."""
    from diffedit.core.sections import rows_between  # noqa: PLC0415 - not before there is a draft

    return rows_between(draft.original, draft.between, look.text)


def reveal_row(editor: EditorView, row: int) -> None:
    """Bring a row of the overlay into sight, with a little around it."""
    at = editor.rows.lent[0] + row
    top, height = editor.scroll_offset.y, editor.size.height
    if not top <= at < top + height - 1:
        editor.scroll_to(y=max(0, at - height // 3), animate=False)


def _shaded(picture: Picture, theme: Theme, width: int) -> tuple[Text, ...]:
    """The rows on the ground that marks a canvas, over the whole width."""
    ground = Style(bgcolor=Style.parse(f"on {theme.ui['surface']}").bgcolor)
    for row in picture.rows:
        row.style = ground
        row.pad_right(max(width - row.cell_len, 0))
    return picture.rows
