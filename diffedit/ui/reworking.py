"""The desk for going on with a draft: follow up, what was rejected, other links of the chain."""

from __future__ import annotations

from dataclasses import replace
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

    def merge(self) -> None:
        """`m`: this change as the next of the other answers has it; again, the one after."""
        buffer = self._stage.buffers.current
        review = buffer.review
        if review is None or not review.hunks:
            return
        draft = review.draft
        others = [text for text in draft.texts if text != draft.text]
        if not others:
            self._stage.say("There is only this one answer; --candidates asks for more.")
            return
        from diffedit.core.consensus import merged  # noqa: PLC0415 - not before there is a draft

        number = review.current
        found = (
            merged(draft.original, draft.text, other, number, draft.between) for other in others
        )
        text = next((text for text in found if text != draft.text), None)
        if text is None:
            self._stage.say("All answers agree here.")
            return
        texts = tuple(dict.fromkeys((*draft.texts, text)))
        draft = replace(draft, texts=texts, chosen=texts.index(text))
        turned = review.turned(draft)
        last = max(len(turned.hunks) - 1, 0)
        buffer.session.edit = buffer.edit.said(replace(turned, current=min(number, last)))
        show_edit(self._stage, buffer)

    async def check(self) -> None:
        """`c`: parse, ruff, your own command; what fails is denoised again, three times at most."""
        from diffedit.worker.check import Checker, mended  # noqa: PLC0415 - when it is asked for

        stage = self._stage
        buffer = stage.buffers.current
        if buffer.review is None:
            return
        checker = Checker(language=buffer.language, name=buffer.name, command=stage.settings.check)
        verdict = await mended(
            buffer.session, checker, lambda start: self._editing.rework(start, seed=1)
        )
        by = " and ".join(checker.tools)
        often = f" after {verdict.rounds} more" if verdict.rounds else ""
        if not verdict.problems:
            stage.say(f"Sound by {by}{often}.")
        else:
            problem = verdict.problems[0]
            where = f"line {problem.row + 1}: " if problem.row >= 0 else ""
            stage.say(f"Not sound by {by}{often}: {where}{problem.message}", "warning")
        stage.window.saw("checked")

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
