"""What of an edit is on the screen: its hunks, its tokens, or neither; and where the keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffedit.core.draft import Draft
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage


def show_edit(stage: Stage, buffer: Buffer, *, focus: bool = True) -> None:
    """The hunks or the tokens of the draft that is looked at; with `focus` the keys go there."""
    window = stage.window
    if buffer is not stage.buffers.current:
        return
    edit = buffer.edit
    if edit.looking:
        from diffedit.ui.look import look_of  # noqa: PLC0415 - not before there is a draft

        buffer.look = look_of(edit, buffer.look)
    abilities = stage.client.abilities
    window.review_bar.abilities = window.look_bar.abilities = abilities
    window.review_bar.show(edit.review, edit)
    window.look_bar.show(edit if edit.looking else None, buffer.look)
    window.paint(buffer)
    if focus:
        bar = window.look_bar if edit.looking else window.review_bar
        window.focus_on(bar if edit.looking or edit.review is not None else window.editor)
    window.refresh_lines()


def stale(stage: Stage, draft: Draft) -> str:
    """Why a draft was dropped while the person typed, and where what they typed into it is."""
    if draft.hand is not None and draft.hand.typed:
        stage.window.editor.clipboard.text = draft.hand.typed
        return f"{draft.message} What you typed into it is in the clipboard (ctrl+v)."
    abilities = stage.client.abilities
    if abilities is not None and not abilities.typing:
        return f"{draft.message} This model takes in nothing while it denoises."
    return draft.message


def hide_bars(stage: Stage, buffer: Buffer) -> None:
    """A run begins: what was looked at makes room for its canvas."""
    buffer.look = None
    if buffer is stage.buffers.current:
        stage.window.review_bar.show(None)
        stage.window.look_bar.show(None)
