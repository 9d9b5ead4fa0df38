"""The desk for going on with a draft: follow up, what was rejected, other links of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffedit.ui.shown import show_edit

if TYPE_CHECKING:
    from diffedit.core.start import Start
    from diffedit.ui.editing import Editing
    from diffedit.ui.stage import Stage


class Reworking:
    """What is asked of a draft under review, besides its hunks."""

    def __init__(self, stage: Stage, editing: Editing) -> None:
        self._stage, self._editing = stage, editing

    def follow_up(self) -> None:
        """`i`: a second instruction, which starts from the draft and not from the old text."""
        buffer = self._stage.buffers.current
        edit, link = buffer.edit, buffer.edit.link
        if link is None:
            return

        def start() -> Start:
            from diffedit.core.start import follow_up  # noqa: PLC0415 - not before there is a draft

            return follow_up(link.draft.text, link.pins, edit.at)

        self._editing.ask_over("the draft, as it is now", start)

    async def rejected(self) -> None:
        """`e`: the rejected hunks anew; the accepted ones are pinned, and the model is told."""
        buffer = self._stage.buffers.current
        review = buffer.review
        if review is None:
            return
        if all(verdict is not False for verdict in review.verdicts):
            self._stage.say("Reject a change with r first; only those are denoised again.")
            return
        from diffedit.core.start import rejected  # noqa: PLC0415 - not before there is a draft

        await self._editing.rework(rejected(review, buffer.edit.at), seed=1)

    def turn(self, by: int) -> None:
        """`{`, `}`: another draft of the chain."""
        buffer = self._stage.buffers.current
        count = len(buffer.edit.links)
        if count < 2:
            self._stage.say("There is only this one draft.")
            return
        buffer.session.edit = buffer.edit.turned((buffer.edit.at + by) % count)
        buffer.look = None
        show_edit(self._stage, buffer)
