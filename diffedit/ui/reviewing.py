"""The desk for reviews: each key says something about a settled draft; applying is one change."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from diffedit.core.change import ChangeSet
from diffedit.core.edit import STALE
from diffedit.ui.buffers import Buffer
from diffedit.ui.gate import Gate
from diffedit.ui.shown import show_edit
from diffedit.ui.stage import Stage
from diffedit.ui.stand import put_back

if TYPE_CHECKING:
    from diffedit.core.review import Review


class Reviewing:
    """Moves through the hunks of the current buffer's review and takes the verdicts."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._gate = Gate(stage)

    def move(self, by: int) -> None:
        """Tab, shift+tab."""
        if review := self._review():
            self._show(review.moved(by))

    def say(self, *, wanted: bool) -> None:
        """`a`, `r`: this hunk, and on to the next open one."""
        if review := self._review():
            self._show(review.said(wanted=wanted))

    def choose(self, by: int) -> None:
        """Another of the finished texts."""
        review = self._review()
        if review is None or len(review.draft.texts) < 2:
            return
        buffer = self._stage.buffers.current
        buffer.session.choose(review.draft.chosen + by)
        self._show(buffer.edit.links[buffer.edit.at].review)

    def accept_all(self) -> Awaitable[None] | None:
        """`A`: every hunk, and be done."""
        review = self._review()
        return self._checked(tuple(range(len(review.hunks)))) if review else None

    def apply(self) -> Awaitable[None] | None:
        """Enter: every hunk that was not rejected."""
        review = self._review()
        return self._checked(review.kept) if review else None

    def _checked(self, kept: tuple[int, ...]) -> Awaitable[None] | None:
        """Apply at once where nothing checks edits, else when nothing objects."""
        buffer, review = self._stage.buffers.current, self._review()
        assert review is not None
        changes = review.draft.change(kept)
        if not self._gate.opens(buffer, changes):
            return self._ask_gate(buffer, kept, changes)
        self._apply(kept)
        return None

    async def _ask_gate(self, buffer: Buffer, kept: tuple[int, ...], changes: ChangeSet) -> None:
        """Ask the checks; the person may have gone on meanwhile, and then nothing happens."""
        found = await self._gate.objections(buffer, changes)
        review = self._review()
        stays = buffer is self._stage.buffers.current and review is not None
        if not stays or review is None or review.draft.change(kept) != changes:
            return
        if not found:
            self._apply(kept)
            return
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        self._stage.say(f"{found[0]}{more}. The same key again applies it.", "warning")
        self._stage.window.saw("objected")

    def back(self) -> None:
        """Esc: to the draft that this one came from; from the first, back to the text."""
        buffer = self._stage.buffers.current
        link = buffer.edit.link
        if link is None or link.parent is None:
            self.drop()
            return
        buffer.session.edit = buffer.edit.escape()
        show_edit(self._stage, buffer)

    def drop(self) -> None:
        """`R`: none of it. The page never moved."""
        buffer = self._stage.buffers.current
        if buffer.review is not None:
            draft = buffer.review.draft
            buffer.session.drop()
            self.close(buffer)
            put_back(self._stage, buffer, draft)
            self._stage.say("Dropped. The text is as it was.")
            self._stage.window.saw("dropped")

    def page_moved(self, buffer: Buffer) -> None:
        """The person edited: the review goes along with the span, or ends with it."""
        edit = buffer.edit
        if edit.links:
            self._stage.window.paint(buffer)
        elif edit.stage == "select" and edit.message and self._bars:
            buffer.session.drop()
            self.close(buffer)
            self._stage.say(STALE, "warning")

    @property
    def _bars(self) -> bool:
        """Whether a draft is looked at, as far as the screen knows."""
        window = self._stage.window
        return window.review_bar.display or window.look_bar.display

    def _review(self) -> Review | None:
        return self._stage.buffers.current.review

    def _show(self, review: Review) -> None:
        buffer = self._stage.buffers.current
        buffer.session.edit = buffer.edit.said(review)
        self._stage.window.review_bar.show(review, buffer.edit)
        self._stage.window.paint(buffer)

    def _apply(self, kept: tuple[int, ...]) -> None:
        """One change to the page, one undo."""
        stage = self._stage
        buffer = stage.buffers.current
        if buffer.review is None:
            return
        count = len(buffer.review.hunks)
        changed = buffer.session.apply(kept)
        self.close(buffer)
        stage.window.show_buffer()
        if changed:
            all_of = "" if len(kept) == count else f" {len(kept)} of {count} changes"
            stage.say(f"Applied{all_of}. ctrl+z takes it back.")
            stage.window.saw("applied")
        else:
            stage.say("Nothing was accepted; the text is as it was.")
            stage.window.saw("dropped")

    def close(self, buffer: Buffer) -> None:
        """Nothing is under review any more: the keys go back to the text."""
        if buffer is self._stage.buffers.current:
            self._stage.window.review_bar.show(None)
            self._stage.window.look_bar.show(None)
            self._stage.window.paint(buffer)
            self._stage.window.focus_on(self._stage.window.editor)
            self._stage.window.refresh_lines()
