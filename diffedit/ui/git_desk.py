"""The desk for git: marks what differs from the index, walks the changes, takes one back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from diffedit.core.align import Block
from diffedit.core.change import Change, ChangeSet
from diffedit.core.errors import RequestError
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text
from diffedit.ui.buffers import Buffer
from diffedit.ui.git_base import staged_text
from diffedit.ui.git_marks import block_at, changes, marks

if TYPE_CHECKING:
    from diffedit.ui.stage import Stage

QUIET = 0.3
"""Seconds without a key after which the marks are made anew."""


class GitDesk:
    """Knows what git holds of each buffer; never holds up a key."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._bases: dict[Buffer, list[str] | None] = {}
        self._marks: dict[int, str] = {}
        self._rows = 0
        self._touched = 0.0
        self._waits = False

    async def look(self, buffer: Buffer) -> None:
        """Ask git what it holds of a buffer's file: it was opened, saved, or perhaps committed."""
        text = await staged_text(buffer.path) if buffer.path is not None else None
        self._bases[buffer] = text.split("\n") if text is not None else None
        for gone in set(self._bases) - set(self._stage.buffers.all):
            del self._bases[gone]
        if self._stage.buffers.all and buffer is self._stage.buffers.current:
            self._mark()
        self._stage.window.saw("git looked")

    def shown(self) -> None:
        """Another buffer is on the page."""
        buffer = self._stage.buffers.current
        self._mark()
        if buffer not in self._bases:
            self._bases[buffer] = None
            self._stage.start(self.look(buffer))

    def page_moved(self, changed: ChangeSet) -> None:
        """The text is another: marks below move along, and all are made anew when keys are rare."""
        if self._base is None:
            return
        text = self._stage.buffers.current.page.text
        grown = len(text.lines) - self._rows
        if grown and self._marks:
            first = text.location(min(changed.changes[0].span.start, len(text)))[0]
            self._show({row + grown * (row > first): sign for row, sign in self._marks.items()})
        self._rows = len(text.lines)
        self._touched = time.monotonic()
        if not self._waits:
            self._waits = True
            self._stage.later(QUIET, self._later)

    def _later(self) -> None:
        """Now, or when it has been quiet for long enough."""
        left = self._touched + QUIET - time.monotonic()
        if left > 0.01:
            self._stage.later(left, self._later)
            return
        self._waits = False
        self._mark()

    @property
    def _base(self) -> list[str] | None:
        buffers = self._stage.buffers
        return self._bases.get(buffers.current) if buffers.all else None

    def _blocks(self) -> list[Block]:
        """What differs in the current buffer."""
        base = self._base
        return changes(base, self._stage.buffers.current.page.text.lines) if base else []

    def _mark(self) -> None:
        self._rows = len(self._stage.buffers.current.page.text.lines)
        self._show(marks(self._blocks()))

    def _show(self, found: dict[int, str]) -> None:
        self._marks = found
        self._stage.window.editor.show_changes(found)

    # Commands ----------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """To the next change, or the one before; the ends are joined. Raises RequestError."""
        blocks = self._found()
        page = self._stage.buffers.current.page
        row = page.text.location(page.selection.head)[0]
        rows = [max(block.new_start - (block.new_start == block.new_end), 0) for block in blocks]
        if by > 0:
            to = next((at for at in rows if at > row), rows[0])
        else:
            to = next((at for at in reversed(rows) if at < row), rows[-1])
        at = page.text.offset(to, 0)
        editor = self._stage.window.editor
        editor.select_span(Span(at, at))
        editor.scroll_cursor_visible(center=True)

    def revert(self) -> None:
        """Take the change at the cursor back to what git holds. Raises RequestError."""
        blocks = self._found()
        page, base = self._stage.buffers.current.page, self._base
        assert base is not None
        row = page.text.location(page.selection.head)[0]
        block = block_at(blocks, row)
        if block is None:
            raise RequestError("This line is as git has it.")
        change = taken_back(page.text, base, block)
        page.break_group()
        page.apply(ChangeSet((change,)), selection=Selection.at(change.span.start))
        page.break_group()
        self._stage.say("Taken back to what git has. ctrl+z undoes that.")

    def _found(self) -> list[Block]:
        """What differs. Raises RequestError when nothing does, or nobody knows."""
        if self._base is None:
            raise RequestError("Git holds nothing of this file to compare with.")
        blocks = self._blocks()
        if not blocks:
            raise RequestError("The text is as git has it.")
        return blocks


def taken_back(text: Text, base: list[str], block: Block) -> Change:
    """The change that puts a block's old lines in the place of its new ones."""
    old = base[block.old_start : block.old_end]
    first, last = block.new_start, block.new_end
    if first == last:
        if first < len(text.lines):
            at = text.offset(first, 0)
            return Change(Span(at, at), "".join(f"{line}\n" for line in old))
        return Change(Span(len(text), len(text)), "".join(f"\n{line}" for line in old))
    span = text.rows(first, last - 1)
    if old:
        return Change(span, "\n".join(old))
    if last < len(text.lines):
        return Change(Span(span.start, span.end + 1), "")
    return Change(Span(max(span.start - 1, 0), span.end), "")
