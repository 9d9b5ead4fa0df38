"""The desk for reviews: each key says something about a settled draft; applying is one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffedit.ui.buffers import Buffer
from diffedit.ui.stage import Stage
from diffedit.ui.stand import put_back

if TYPE_CHECKING:
    from diffedit.ui.review import Review

STALE = "You edited inside the span; the draft was dropped."


class Reviewing:
    """Moves through the hunks of the current buffer's review and takes the verdicts."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

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
        draft = buffer.session.choose(review.draft.chosen + by)
        self._show(review.turned(draft))

    def accept_all(self) -> None:
        """`A`: every hunk, and be done."""
        if review := self._review():
            self._apply(tuple(range(len(review.hunks))))

    def apply(self) -> None:
        """Enter: every hunk that was not rejected."""
        if review := self._review():
            self._apply(review.kept)

    def drop(self) -> None:
        """`R`, Esc: none of it. The page never moved."""
        buffer = self._stage.buffers.current
        if buffer.review is not None:
            draft = buffer.review.draft
            buffer.session.drop()
            self._close(buffer)
            put_back(self._stage, buffer, draft)
            self._stage.say("Dropped. The text is as it was.")
            self._stage.window.saw("dropped")

    def page_moved(self, buffer: Buffer) -> None:
        """The person edited: the review goes along with the span, or ends with it."""
        draft = buffer.draft
        if buffer.review is None:
            return
        if draft is None or draft.status != "settled":
            buffer.session.drop()
            self._close(buffer)
            self._stage.say(STALE, "warning")
            return
        buffer.review = buffer.review.carried(draft)
        self._stage.window.paint(buffer)

    def _review(self) -> Review | None:
        return self._stage.buffers.current.review

    def _show(self, review: Review) -> None:
        buffer = self._stage.buffers.current
        buffer.review = review
        self._stage.window.review_bar.show(review)
        self._stage.window.paint(buffer)

    def _apply(self, kept: tuple[int, ...]) -> None:
        """One change to the page, one undo."""
        stage = self._stage
        buffer = stage.buffers.current
        if buffer.review is None:
            return
        count = len(buffer.review.hunks)
        # The review goes first: the change that applies it is no edit inside the span.
        buffer.review = None
        changed = buffer.session.apply(kept)
        self._close(buffer)
        stage.window.show_buffer()
        if changed:
            all_of = "" if len(kept) == count else f" {len(kept)} of {count} changes"
            stage.say(f"Applied{all_of}. ctrl+z takes it back.")
            stage.window.saw("applied")
        else:
            stage.say("Nothing was accepted; the text is as it was.")
            stage.window.saw("dropped")

    def _close(self, buffer: Buffer) -> None:
        buffer.review = None
        if buffer is self._stage.buffers.current:
            self._stage.window.review_bar.show(None)
            self._stage.window.paint(buffer)
            self._stage.window.focus_on(self._stage.window.editor)
            self._stage.window.refresh_lines()
