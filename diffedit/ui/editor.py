"""The editor: a page that is typed into, with the keys and the mouse that a person expects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

from textual import events
from textual.document._document import EditResult, Location, Selection
from textual.geometry import Offset
from textual.message import Message

from diffedit.config.themes import Theme
from diffedit.core import span as core
from diffedit.core.document import Document
from diffedit.core.span import Span
from diffedit.ui import edits
from diffedit.ui.blocks import enclosing_block, indentation, word_at
from diffedit.ui.cells import following, preceding, settle
from diffedit.ui.clipboard import Clipboard, Copied
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.key_order import is_text
from diffedit.ui.page_area import PageArea
from diffedit.ui.rows import Overlay

__all__ = ["EditorView", "Overlay"]

CLICKS_WITHIN = 0.5
"""Seconds between two clicks that belong together."""
PROSE = ("", "markdown", "md", "restructuredtext", "rst", "text")
Unit = Literal["character", "word", "line"]


class EditorView(PageArea):
    """The page on the screen, to be edited."""

    BINDINGS: ClassVar[list[Any]] = editor_bindings()

    class Clipped(Message, namespace="editor_view"):
        """Something was copied or cut; `copied` says where it went."""

        def __init__(self, editor: EditorView, copied: Copied) -> None:
            super().__init__()
            self.editor = editor
            self.copied = copied

        @property
        def control(self) -> EditorView:
            """The editor it was copied from."""
            return self.editor

    def __init__(self, page: Document, *, theme: Theme, language: str = "", **kw: Any) -> None:
        self.unit = "    "
        """One level of indentation: a tab, or so many blanks."""
        self._clicks: tuple[float, Location, int] = (0.0, (-1, -1), 0)
        self._whole_line = ""
        self._grabbed: tuple[Unit, tuple[Location, Location]] = ("character", ((0, 0), (0, 0)))
        super().__init__(page, theme=theme, language=language, **kw)
        self.clipboard = Clipboard(write=self._write_to_terminal)

    def _set_document(self, text: str, language: str | None) -> None:
        """Learn how the page is indented, then show it."""
        self._learn_indentation()
        super()._set_document(text, language)

    def _learn_indentation(self) -> None:
        """One level of it, as the page has it."""
        self.unit = indentation(self.page.text.lines, self.code)
        self.indent_type = "tabs" if self.unit == "\t" else "spaces"

    def speak(self, language: str) -> None:
        """Another language may be indented in another way."""
        super().speak(language)
        self._learn_indentation()

    # Spans, for the app

    def selected_span(self) -> Span:
        """What is selected; an empty span at the cursor when nothing is."""
        return self.view.span(*self.selection)

    def block_span(self) -> Span:
        """The lines of the block that the cursor is in, without the last newline."""
        return self.page.text.rows(*enclosing_block(self.view.lines, self.cursor_location[0]))

    def select_span(self, span: Span) -> None:
        """Select a span; the cursor stands at its end."""
        text = self.page.text
        self.selection = Selection(text.location(span.start), text.location(span.end))
        self.record_cursor_width()
        self.page.break_group()

    def reveal(self, span: Span) -> None:
        """Scroll as little as needed to show a span, its start first when it is too long."""
        first, last = (self.page.text.location(at)[0] for at in (span.start, span.end))
        top, end = self.rows.y_of(first), self.rows.y_of(last) + 1
        above, height = self.scroll_offset.y, self.window.height
        if top < above or end - top > height:
            self.scroll_to(y=max(0, top - 1), animate=False)
        elif end > above + height:
            self.scroll_to(y=min(top, end + 1 - height), animate=False)

    def show_matches(self, find: Callable[[int], Iterable[tuple[int, int]]] | None) -> None:
        """Mark what a search found; `find` gives the columns in a line, as far as it knows."""
        self.scene.matches = find
        self.refresh()

    # Typing

    async def _on_key(self, event: events.Key) -> None:
        """Type what can be typed; all other keys are the table's or the app's."""
        event.prevent_default()  # TextArea would type it again
        self._restart_blink()
        if self.read_only or not is_text(event) or event.character is None:
            return
        event.stop()
        group = "type" if self.selection.is_empty else ""
        self.do(edits.replace(self._chosen(), event.character, group=group))

    async def _on_paste(self, event: events.Paste) -> None:
        """Put pasted text in, as one step."""
        event.stop()
        event.prevent_default()
        self._insert(event.text)

    def do(self, edit: edits.Edit | None) -> None:
        """Make an edit on the page, as one step that can be taken back."""
        if edit is None or self.read_only:
            return
        if not edit.changes:
            self.select_span(edit.selection.span)
            return
        self._tell_page_selection()
        self.page.apply(edit.changes, group=edit.group, selection=edit.selection)

    def _insert(self, text: str) -> None:
        """Put text from outside in the place of the selection."""
        if clean := edits.pasted(text):
            self.page.break_group()
            self.do(edits.replace(self._chosen(), clean))

    def _chosen(self) -> core.Selection:
        """The selection in characters."""
        self._tell_page_selection()
        return self.page.selection

    def _delete_via_keyboard(self, start: Location, end: Location) -> EditResult | None:
        """Deleting one character after the other is one step."""
        span = self.view.span(start, end)
        self._group = "delete" if "\n" not in self.page.text.slice(span) else ""
        try:
            return super()._delete_via_keyboard(start, end)
        finally:
            self._group = ""

    def action_newline(self) -> None:
        """Enter."""
        row, column = self.selection.end
        self.highlighter.ensure(row, row)
        quoted = any(
            start < column <= end and name.startswith(("Comment", "Literal.String.Doc"))
            for start, end, name in self.highlighter.line(row)
        )
        code = self.code not in PROSE and not quoted
        self.do(edits.newline(self.page.text, self._chosen(), self.unit, code=code))

    def action_indent(self) -> None:
        """Tab."""
        self.do(edits.tab(self.page.text, self._chosen(), self.unit))

    def action_outdent(self) -> None:
        """Shift+tab."""
        self.do(edits.outdent(self.page.text, self._chosen(), self.unit))

    def action_delete_left(self) -> None:
        """Backspace: in the indentation, back to its last stop."""
        edit = edits.backspace_in_indent(self.page.text, self._chosen(), self.unit)
        if edit is not None:
            self.do(edit)
        else:
            super().action_delete_left()

    def action_move_lines(self, by: int) -> None:
        """Move the selected lines up or down."""
        self.do(edits.move_lines(self.page.text, self._chosen(), by))

    def action_duplicate_lines(self) -> None:
        """The selected lines once more."""
        self.do(edits.duplicate_lines(self.page.text, self._chosen()))

    def action_delete_line(self) -> None:
        """Delete the selected lines."""
        self.do(edits.delete_lines(self.page.text, self._chosen()))

    def action_join_lines(self) -> None:
        """Make one line of two, or of the selected ones."""
        self.do(edits.join_lines(self.page.text, self._chosen()))

    def action_toggle_comment(self) -> None:
        """Make comments of the selected lines, or code again."""
        self.do(edits.toggle_comment(self.page.text, self._chosen(), self.code))

    # Clipboard

    def action_cut(self) -> None:
        """Cut the selection, or the line when nothing is selected."""
        if self.read_only:
            return
        self.action_copy()
        if self.selection.is_empty:
            self.action_delete_line()
        else:
            self.do(edits.replace(self._chosen(), ""))

    def action_copy(self) -> None:
        """Copy the selection, or the line when nothing is selected."""
        line = f"{self.view.lines[self.cursor_location[0]]}\n"
        text = self.selected_text or line
        self._whole_line = "" if self.selected_text else line
        self.clipboard.text = text
        self.run_worker(self._copy(text), exclusive=False)

    async def action_paste(self) -> None:  # type: ignore[override]
        """Paste from the clipboard; a line that was copied whole goes above this one."""
        text = await self.clipboard.paste()
        if text == self._whole_line and self.selection.is_empty:
            start = self.page.text.offset(self.cursor_location[0], 0)
            self.page.break_group()
            self.do(edits.insert(self._chosen(), text, start))
        else:
            self._insert(text)

    async def _copy(self, text: str) -> None:
        """Copy in the background; tools may take their time."""
        self.post_message(self.Clipped(self, await self.clipboard.copy(text)))

    def _write_to_terminal(self, sequence: str) -> None:
        """Send the terminal a sequence of its own."""
        if self.app._driver is not None:
            self.app._driver.write(sequence)

    # Moving

    def get_cursor_left_location(self) -> Location:
        """One character to the left, as a person counts them."""
        row, column = self.cursor_location
        if column == 0:
            return (row - 1, len(self.view.lines[row - 1])) if row else (0, 0)
        return row, preceding(self.view.lines[row], column)

    def get_cursor_right_location(self) -> Location:
        """One character to the right, as a person counts them."""
        row, column = self.cursor_location
        if column >= len(self.view.lines[row]):
            return (row + 1, 0) if row + 1 < self.view.line_count else (row, column)
        return row, following(self.view.lines[row], column)

    def _validate_selection(self, selection: Selection) -> Selection:
        """A cursor never rests within a character."""
        start, end = super()._validate_selection(selection)
        lines = self.view.lines
        return Selection(
            (start[0], settle(lines[start[0]], start[1])), (end[0], settle(lines[end[0]], end[1]))
        )

    def action_cursor_text_start(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """To the start of the text."""
        self.move_cursor((0, 0), select=select)

    def action_cursor_text_end(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """To the end of the text."""
        self.move_cursor(self.view.end, select=select)

    def action_cursor_page_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """One window up."""
        self._turn_page(-1, select=select)

    def action_cursor_page_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """One window down."""
        self._turn_page(1, select=select)

    def _turn_page(self, by: int, *, select: bool) -> None:
        """Scroll by a window, less one row to hold on to, and take the cursor along."""
        rows = by * max(1, self.window.height - 1)
        x, y = self._cursor_offset
        x = max(x, self.navigator.last_x_offset)
        self.scroll_relative(y=rows, animate=False)
        if 0 <= y + rows < self.rows.height:
            target = self.rows.offset_to_location(Offset(x, y + rows))
        else:
            target = self.view.start if by < 0 else self.view.end
        if target[0] == self.cursor_location[0] and self.rows.lent[1]:
            target = (max(0, min(target[0] + by, self.view.line_count - 1)), target[1])
        self.move_cursor(target, select=select, record_width=False)

    def action_scroll_lines(self, by: int) -> None:
        """Scroll without moving the cursor."""
        self.scroll_relative(y=by, animate=False)

    def action_select_line(self) -> None:
        """Select the line with its end; again, the next one too."""
        start, end = sorted(self.selection)
        row = end[0] + 1
        self.selection = Selection((start[0], 0), (row, 0) if row < self._count else self.view.end)

    def action_select_block(self) -> None:
        """Select the block that the cursor is in."""
        self.select_span(self.block_span())

    # Mouse

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor there; twice takes the word, three times the line; shift goes on."""
        event.prevent_default()
        if event.button not in (0, 1):
            return
        target = self.get_target_document_location(event)
        now = time.monotonic()
        at, place, count = self._clicks
        count = count % 3 + 1 if now - at < CLICKS_WITHIN and place == target else 1
        self._clicks = now, target, count
        unit: Unit = ("character", "word", "line")[count - 1]
        if event.x < self.gutter_width:
            unit = "line"
        self._selecting = True
        self.capture_mouse()
        self._pause_blink(visible=False)
        self.page.break_group()
        if event.shift and unit == "character":
            start = self.selection.start
            self._grabbed = unit, (start, start)
        else:
            self._grabbed = unit, self._around(target, unit)
        self._stretch(target)

    async def _on_mouse_move(self, event: events.MouseMove) -> None:
        """Stretch the selection, in the unit that was grabbed."""
        event.prevent_default()
        if self._selecting:
            self._stretch(self.get_target_document_location(event))

    def _stretch(self, target: Location) -> None:
        """Select from what was grabbed to the place under the mouse."""
        unit, (first, last) = self._grabbed
        start, end = self._around(target, unit)
        if start < first:
            self.selection = Selection(last, start)
        else:
            self.selection = Selection(first, max(end, last))

    def _around(self, place: Location, unit: Unit) -> tuple[Location, Location]:
        """The word or the line around a place, or the place itself."""
        row, column = place
        if unit == "word":
            start, end = word_at(self.view.lines[row], column)
            return (row, start), (row, end)
        if unit == "line":
            below = (row + 1, 0) if row + 1 < self._count else self.view.end
            return (row, 0), below
        return place, place
