"""The desk for typing into the canvas while it denoises: the keys go to the draft, not the page.

Typing within the span of a run puts a caret into the picture, where the cursor is seen. What is
typed there is shown as kept at once, and the model holds it from its next step on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from diffedit.core.hand import Hand, Way
from diffedit.core.show import visible
from diffedit.ui.cells import column_at, preceding
from diffedit.ui.shown import show_edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffedit.core.draft import Draft
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage

BETWEEN = "This stays as it is: it is no part of this edit. Esc ends the run."
ONLY_TYPING = "While it denoises only typing goes into the draft. Esc ends the run."
ONLY_TYPING_THERE = "Here only typing goes into the draft. ctrl+k goes to its review."
WAYS: tuple[Way, ...] = get_args(Way)


class Writing:
    """Takes the page's keys while they belong to the live draft of the current buffer."""

    def __init__(self, stage: Stage, kept: Callable[[Buffer], None]) -> None:
        """`kept` is told of each buffer in whose draft something was typed."""
        self._stage, self._kept = stage, kept
        self._told: int | None = None
        """Where in the picture it was said last that nothing can be typed there."""

    @property
    def _hand(self) -> Hand | None:
        """The hand with its caret in the picture, or in the draft that the run has come to."""
        buffer = self._stage.buffers.current
        draft = buffer.draft
        if draft is None or draft.hand is None or not self._within(draft):
            return None
        if buffer.session.typing:
            hand = draft.hand
        elif buffer.edit.stage == "review":
            hand = draft.hand.over(draft.text)  # another answer may be looked at
        else:
            return None
        return hand if hand.caret is not None else None

    def _within(self, draft: Draft) -> bool:
        """Whether the cursor stands where what is typed is the draft's.

        The end of the span is, where the run left the cursor; its start is the page's.
        """
        head, span = self._stage.buffers.current.page.selection.head, draft.span
        return span.start < head <= span.end or (span.empty and head == span.start)

    def typed(self, text: str) -> bool:
        """Text into the draft, if the cursor is within it; False where it is the page's."""
        hand = self._hand or self._entered()
        if hand is None:
            return False
        if not hand.free:
            self._stays(hand)
            return True
        if text == "\n":
            line = hand.text[hand.text.rfind("\n", 0, hand.caret) + 1 : hand.caret]
            text += line[: len(line) - len(line.lstrip(" \t"))]
        self._write(hand.inserted(text))
        self._stage.window.saw("typed")
        return True

    def deleted(self) -> bool:
        """Backspace: the character before the caret, in the draft as typing is."""

        def gone(hand: Hand) -> Hand:
            text, at = hand.text, hand.caret or 0
            start = text.rfind("\n", 0, at) + 1
            before = preceding(text[start:at], at - start) + start if at > start else at - 1
            return hand.deleted(before)

        hand = self._hand or self._entered()
        if hand is None:
            return False
        after = gone(hand)
        if after is hand and hand.caret and hand.fixed:
            self._stays(hand)
        else:
            self._write(after)
        return True

    def _stays(self, hand: Hand) -> None:
        """What stands here is not to be typed into; said once, however many letters come."""
        if hand.caret != self._told:
            self._told = hand.caret
            self._stage.say(BETWEEN)

    def went(self, what: str) -> bool:
        """The caret another place on; it goes back to the page over an edge of the picture."""
        way = next((way for way in WAYS if way == what), None)
        if way is None:
            self.left()
            return False
        before = self._hand
        if before is None:
            return False
        after = before.moved(way)
        self._write(after)
        draft = self._stage.buffers.current.edit.draft
        if after.caret is not None or draft is None:
            return True
        at = draft.span.start if way in ("left", "up") else draft.span.end
        self._stage.window.editor.stand(at)
        # At the end of the span typing is the draft's still: the page's cursor goes on from there.
        return way == "left"

    def refused(self) -> bool:
        """What would change the page under a draft that can be typed into; the person is told."""
        if self._hand is None:
            buffer = self._stage.buffers.current
            span = buffer.draft.span if buffer.draft is not None else None
            at_end = span is not None and not span.empty and buffer.page.selection.head == span.end
            if not buffer.live or at_end or self._entered() is None:
                return False
        self._stage.say(ONLY_TYPING if self._stage.buffers.current.live else ONLY_TYPING_THERE)
        return True

    def left(self) -> None:
        """A click elsewhere: the caret is out of the picture."""
        hand = self._hand
        if hand is not None:
            self._write(hand.at(None))

    def _write(self, hand: Hand) -> None:
        self._told = None
        buffer = self._stage.buffers.current
        buffer.session.write(hand)
        self._kept(buffer)
        if buffer.review is not None:
            show_edit(self._stage, buffer, focus=False)
            # Whoever types goes on typing: in the review's line, letters are verdicts.
            self._stage.window.focus_on(self._stage.window.editor)
        self._stage.window.paint(buffer)

    def _entered(self) -> Hand | None:
        """A hand where the cursor is seen in the draft, if that is within the span."""
        buffer, editor = self._stage.buffers.current, self._stage.window.editor
        draft = buffer.draft
        if draft is None or not editor.selection.is_empty or not self._within(draft):
            return None
        if not (buffer.session.typing or buffer.edit.stage == "review"):
            return None
        return buffer.session.entered(self._place(buffer, draft))

    def _place(self, buffer: Buffer, draft: Draft) -> int:
        """Where in the draft the cursor is: at its end, or where it is seen in the picture.

        Once the review is on the screen, where that place of the page has come to.
        """
        text, head, span = buffer.page.text, buffer.page.selection.head, draft.span
        shown = draft.text if draft.pieces or draft.texts else draft.original
        if head == span.end and not span.empty:
            return len(shown)
        if self._stage.window.review_bar.display:
            return draft.place_of(head - span.start)
        editor = self._stage.window.editor
        first, left = text.location(span.start)
        lines = shown.split("\n")
        row = min(text.location(head)[0] - first, len(lines) - 1)
        lead = visible(text.lines[first][:left]) if row == 0 else ""
        line = lead + visible(lines[row])
        cell = editor.cell_of(head)
        column = max(0, column_at(line, cell, editor.indent_width) - len(lead))
        return sum(len(one) + 1 for one in lines[:row]) + min(column, len(lines[row]))
